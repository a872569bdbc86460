"""Which of a model's inputs are images or signals, whatever the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ...model import ModelInput
from .node import Call

_NUMBERS = ("float", "bfloat", "uint8", "int8")
"""How the types begin that images and signals come in; wider integers are indices or sizes."""


def images_first(inputs: Sequence[ModelInput], calls: Iterable[Call]) -> tuple[ModelInput, ...]:
    """Sort a model's inputs by how much each is like an image.

    Those come first that most convolutions and pools take as their data, also within branches and
    loops; then those of numbers; then those of most axes.
    """
    if len(inputs) < 2:
        return tuple(inputs)
    slid = _slid_over([i.name for i in inputs], calls)

    def unlike_an_image(model_input: ModelInput) -> tuple[int, bool, bool]:
        numbers = model_input.dtype.startswith(_NUMBERS)
        return -slid[model_input.name], not numbers, len(model_input.shape) < 3

    return tuple(sorted(inputs, key=unlike_an_image))


def _slid_over(names: Iterable[str], calls: Iterable[Call]) -> Counter[str]:
    """Count for each input the convolutions and pools that it reaches as data.

    Inputs that hold an operator's weights are no data. Where several others are left (the extents
    of a transposed convolution besides its data), their types and axes tell them apart.
    """
    slid: Counter[str] = Counter()
    reaching: dict[str, set[str]] = {name: {name} for name in names}

    def follow(calls: Iterable[Call]) -> set[str]:
        everything: set[str] = set()
        for call in calls:
            operator = call.operator
            if operator is not None and operator.asks_shape_only:
                continue
            sources = [reaching.get(name, set()) for name in call.inputs]
            if operator is not None and operator.category in ("convolution", "pooling"):
                weights = () if operator.weights == "any" else operator.weights
                slid.update(set().union(*(s for i, s in enumerate(sources) if i not in weights)))
            reached = set().union(*sources, *(follow(graph.calls) for graph in call.graphs))
            reaching.update((name, reached) for name in call.outputs if name)
            everything |= reached
        return everything

    follow(calls)
    return slid
