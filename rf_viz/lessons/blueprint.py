"""Blueprints of small networks: their layers in numbers, worked out without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..relation.common.basic import extent
from .example import Example, stack
from .layers import Fork, Transposed
from .worked import Interval, Sliding, below, below_form, dilation, paths, within

Way = tuple[Sliding, ...]
"""Layers from the input to the output."""


class Blueprint(NamedTuple):
    """Blueprint of one way from the input to the output, or of two that are added."""

    length: int
    ways: tuple[Way, ...]

    @classmethod
    def of(cls, example: Example) -> Blueprint:
        """Read the blueprint off a traced network."""
        ways = (tuple(stage.layer for stage in path) for path in paths(example))
        return cls(example.length, tuple(ways))

    def sizes(self, way: int) -> list[int]:
        """Count the units of the layers along a way, those of the input first."""
        sizes = [self.length]
        for layer in self.ways[way]:
            sizes.append(units_above(layer, sizes[-1]))
        return sizes

    def fits(self) -> bool:
        """Whether each layer makes a unit, and all ways end with as many."""
        sizes = [self.sizes(way) for way in range(len(self.ways))]
        return min(n for way in sizes for n in way) > 0 and len({way[-1] for way in sizes}) == 1

    def down(self, unit: int, *, cut: bool) -> list[Interval]:
        """Find the interval that a unit of the output sees by each way, with padding.

        With ``cut`` only the padding of the input counts, not that of the layers further up.
        """
        ends = []
        for number, way in enumerate(self.ways):
            seen, sizes = (unit, unit), self.sizes(number)
            for at in reversed(range(len(way))):
                seen = below(way[at], seen)
                if cut and at:
                    seen = within(seen, sizes[at])
            ends.append(seen)
        return ends

    def seen(self, unit: int) -> set[int]:
        """Find the input units that a unit of the output sees, tap by tap."""
        inputs: set[int] = set()
        for number, way in enumerate(self.ways):
            units = {unit}
            for layer, size in zip(reversed(way), self.sizes(number)[-2::-1], strict=True):
                units = {i for above in units for i in _taps(layer, above) if 0 <= i < size}
            inputs |= units
        return inputs

    def form(self) -> tuple[int, int, int] | None:
        """Work out r, S and P of the output; None where there is a transposed layer.

        None, too, where the ways are not aligned.
        """
        if any(isinstance(layer, Transposed) for way in self.ways for layer in way):
            return None
        forms = [way_form(way) for way in self.ways]
        if len({(stride, size - 2 * padding) for size, stride, padding in forms}) > 1:
            return None
        return max(forms)

    def stack(self) -> Example:
        """Trace the network."""
        return stack(self.ways[0] if len(self.ways) == 1 else (Fork(self.ways),), self.length)


def way_form(way: Sequence[Sliding]) -> tuple[int, int, int]:
    """Work out r, S and P of a way of plain layers, from the output down."""
    form = 1, 1, 0
    for layer in reversed(way):
        form = below_form(layer, form)
    return form


def units_above(layer: Sliding, size: int) -> int:
    """Count the units that a layer makes; not positive where it does not fit its input."""
    assert layer.padding != "same"
    pads = sum(layer.padding)
    if isinstance(layer, Transposed):
        return (size - 1) * layer.stride + layer.kernel - pads
    return extent(size, layer.kernel, layer.stride, layer.dilation, pads, ceil=False)


def _taps(layer: Sliding, unit: int) -> range:
    """The units below that a unit takes, padding counted."""
    first, last = below(layer, (unit, unit))
    return range(first, last + 1, dilation(layer))


def joined(ends: Sequence[Interval]) -> Interval:
    """Join intervals, from the lowest unit to the highest."""
    return min(first for first, _ in ends), max(last for _, last in ends)
