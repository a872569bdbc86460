"""What a unit of a small one-dimensional network takes: one tap after the other, no core."""

from __future__ import annotations

from functools import cache
from itertools import product

from rf_viz.lessons import Fork, Transposed
from rf_viz.lessons.exercises import Exercise
from rf_viz.lessons.worked import Sliding


def taps(layer: Sliding, size: int, unit: int) -> set[int]:
    """The units below that a unit takes, padding left out: one tap after the other."""
    assert layer.padding != "same"
    if isinstance(layer, Transposed):
        return {
            i
            for i, tap in product(range(size), range(layer.kernel))
            if i * layer.stride - layer.padding[0] + tap == unit
        }
    taps = (
        unit * layer.stride - layer.padding[0] + tap * layer.dilation for tap in range(layer.kernel)
    )
    return {tap for tap in taps if 0 <= tap < size}


@cache
def units_above(layer: Sliding, size: int) -> int:
    """How many units a layer makes: as many as have all their taps on units or padding."""
    assert layer.padding != "same"
    if isinstance(layer, Transposed):
        return (size - 1) * layer.stride + layer.kernel - sum(layer.padding)
    last = size + layer.padding[1] - 1
    unit = 0
    while unit * layer.stride - layer.padding[0] + (layer.kernel - 1) * layer.dilation <= last:
        unit += 1
    return unit


def ways(task: Exercise) -> list[tuple[Sliding, ...]]:
    """The layers of an exercise, way by way."""
    first = task.example.layers[0]
    return list(first.paths) if isinstance(first, Fork) else [task.example.layers]


def extents(way: tuple[Sliding, ...], length: int) -> list[int]:
    """How many units there are along a way, those of the input first."""
    sizes = [length]
    for layer in way:
        sizes.append(units_above(layer, sizes[-1]))
    return sizes


def seen(way: tuple[Sliding, ...], length: int, unit: int) -> set[int]:
    """The input units that a unit depends on by this way."""
    sizes = extents(way, length)
    units = {unit}
    for layer, size in zip(reversed(way), sizes[-2::-1], strict=True):
        units = {below for above in units for below in taps(layer, size, above)}
    return units
