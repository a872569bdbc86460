"""The order of a model's inputs, those that are like images first, whatever the format."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ...model import ModelInput
from .node import Call

_NUMBERS = ("float", "bfloat", "uint8", "int8")
"""How the types begin that images and signals come in; wider integers are indices or sizes."""


def images_first(inputs: Sequence[ModelInput], calls: Iterable[Call]) -> tuple[ModelInput, ...]:
    """Sort a model's inputs by how much each is like an image.

    First come those that most convolutions take as their data, also within branches and loops; then
    numeric ones; then those of most axes; then those that most poolings take.
    """
    if len(inputs) < 2:
        return tuple(inputs)
    reached = _reached_as_data([i.name for i in inputs], calls)

    def unlike_an_image(model_input: ModelInput) -> tuple[int, bool, bool, int]:
        name, numbers = model_input.name, model_input.dtype.startswith(_NUMBERS)
        convolutions, poolings = (reached[c][name] for c in ("convolution", "pooling"))
        # Poolings come last: a reduction is one too, and says little of what it reduces.
        return -convolutions, not numbers, len(model_input.shape) < 3, -poolings

    return tuple(sorted(inputs, key=unlike_an_image))


def _reached_as_data(names: Iterable[str], calls: Iterable[Call]) -> Mapping[str, Counter[str]]:
    """Count, by category and input, the operators that the input reaches as data.

    Inputs that hold an operator's weights are no data. Where several others are left (the extents
    of a transposed convolution besides its data), their types and axes tell them apart.
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reaching: dict[str, set[str]] = {name: {name} for name in names}

    def follow(calls: Iterable[Call]) -> set[str]:
        everything: set[str] = set()
        for call in calls:
            operator = call.operator
            if operator is not None and operator.asks_shape_only:
                continue
            sources = [reaching.get(name, set()) for name in call.inputs]
            if operator is not None:
                weights = () if operator.weights == "any" else operator.weights
                data = (s for i, s in enumerate(sources) if i not in weights)
                counts[operator.category].update(set().union(*data))
            reached = set().union(*sources, *(follow(graph.calls) for graph in call.graphs))
            reaching.update((name, reached) for name in call.outputs if name)
            everything |= reached
        return everything

    follow(calls)
    return counts
