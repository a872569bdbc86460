"""Which of a model's inputs are images or signals, whatever the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ...model import ModelInput
from .node import Call
from .operators import Operator

_NUMBERS = ("float", "bfloat", "uint8", "int8")
"""How the types begin that images and signals come in; wider integers are indices or sizes."""


def images_first(inputs: Sequence[ModelInput], calls: Iterable[Call]) -> tuple[ModelInput, ...]:
    """Sort a model's inputs by how much each is like an image.

    Those come first that most windows slide over, those of convolutions and poolings, also within
    branches and loops; then those of numbers; then those of most axes.
    """
    if len(inputs) < 2:
        return tuple(inputs)
    numbers = {i.name for i in inputs if i.dtype.startswith(_NUMBERS)}
    slid = _slid_over([i.name for i in inputs], numbers, calls)

    def unlike_an_image(model_input: ModelInput) -> tuple[int, bool, bool]:
        name = model_input.name
        return -slid[name], name not in numbers, len(model_input.shape) < 3

    return tuple(sorted(inputs, key=unlike_an_image))


def _slid_over(names: Iterable[str], numbers: set[str], calls: Iterable[Call]) -> Counter[str]:
    """Count for each input the convolutions and poolings that it reaches as data.

    An operator's data is the first of its inputs that holds no weights and that ``numbers`` reach:
    the extents of a transposed convolution stand before its data, offsets, zero points and what
    is added to the result after it.
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
            if operator is not None and _slides(operator):
                weights = () if operator.weights == "any" else operator.weights
                data = [s for i, s in enumerate(sources) if s and i not in weights]
                slid.update(min(data, key=numbers.isdisjoint, default=()))
            reached = set().union(*sources, *(follow(graph.calls) for graph in call.graphs))
            reaching.update((name, reached) for name in call.outputs if name)
            everything |= reached
        return everything

    follow(calls)
    return slid


def _slides(operator: Operator) -> bool:
    """Tell whether an operator's windows slide over its data.

    A reduction takes whole axes of anything, and says little of what it reduces.
    """
    return operator.category in ("convolution", "pooling") and not operator.reduces
