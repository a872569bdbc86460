"""Which of a model's inputs are images or signals, whatever the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ...model import ModelInput
from .node import Call


def images_first(inputs: Sequence[ModelInput], calls: Iterable[Call]) -> tuple[ModelInput, ...]:
    """Those first that most windows slide over, then numbers, then what has most axes."""
    if len(inputs) < 2:
        return tuple(inputs)
    sources = {i.name: {i.name} for i in inputs}
    slid: Counter[str] = Counter()
    for call in calls:
        if call.operator and call.operator.asks_shape_only:
            continue
        seen = [sources[name] for name in call.inputs if name in sources]
        if seen and ("Conv" in call.op or "Pool" in call.op):
            slid.update(seen[-1] if "Backprop" in call.op else seen[0])
        sources.update(dict.fromkeys(call.outputs, set().union(*seen)))

    def unlike_an_image(given: ModelInput) -> tuple[int, bool, bool]:
        numbers = given.dtype.startswith(("float", "bfloat", "uint8", "int8"))
        return -slid[given.name], not numbers, len(given.shape) < 3

    return tuple(sorted(inputs, key=unlike_an_image))
