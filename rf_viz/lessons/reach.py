"""Reach of a unit by the closed form: the units that it would see if padding were input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .example import Example
from .layers import Conv


class Reach(NamedTuple):
    """Units from the first to the last that the closed form counts for a unit of the output.

    Attributes:
        first, last: the closed form's interval; it may begin before the input and end beyond it.
        seen: the input units that the unit sees.
        gaps: input units that no kernel on the way takes, with a stride or a dilation above it.
        padded: input units that only padding above the input would take, and padding holds no
            input.
    """

    first: int
    last: int
    seen: list[int]
    gaps: list[int]
    padded: list[int]

    @property
    def size(self) -> int:
        """Number of units that the closed form counts, r_0."""
        return self.last - self.first + 1


def reach(example: Example, unit: int) -> Reach:
    """Sort the units that the closed form counts for a unit of the output.

    The example is a chain of convolutions with fixed padding.
    """
    layers = [layer for layer in example.layers if isinstance(layer, Conv)]
    assert len(layers) == len(example.layers)
    would = _taken(layers, unit)
    mask = example.last.mask((unit,))
    inside = range(max(would[0], 0), min(would[-1], example.length - 1) + 1)
    unseen = [i for i in inside if not mask[i]]
    return Reach(
        would[0],
        would[-1],
        [i for i in inside if mask[i]],
        [i for i in unseen if i not in would],
        [i for i in unseen if i in would],
    )


def _taken(layers: Sequence[Conv], unit: int) -> list[int]:
    """The units of the input that a unit would take if padding were input, in order."""
    units = {unit}
    for layer in reversed(layers):
        assert layer.padding != "same"
        before = layer.padding[0]
        units = {
            u * layer.stride - before + tap * layer.dilation
            for u in units
            for tap in range(layer.kernel)
        }
    return sorted(units)
