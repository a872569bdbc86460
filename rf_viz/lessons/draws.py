"""Draws of random small networks for the exercises' levels, with a question about each."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from random import Random
from typing import NamedTuple

from .blueprint import Blueprint, joined
from .example import Example
from .layers import Conv, Transposed
from .worked import Sliding, below, feeders, form, front, region, within

LARGEST = 32
"""The most units of a layer: a drawing of them can still be read."""

SMALLEST = 3
"""The fewest units of a layer."""


class Drawn(NamedTuple):
    """Network and a question: "rS" or "rSP" of its last layer, or the region of one unit."""

    example: Example
    asks: str | int


def draw(level: int, seed: int) -> Drawn:
    """Draw the network and the question of a level (1 to 6) and a seed.

    Plain arithmetic rejects most draws; the remaining ones are traced and checked.
    """
    rng = Random(f"{level}-{seed}")
    while True:
        blueprint = _blueprint(level, seed, rng)
        if blueprint is None or not _readable(blueprint):
            continue
        asks = _asks(level, seed, rng, blueprint)
        if isinstance(asks, int) and not _worth_asking(blueprint, level, seed, asks):
            continue
        drawn = Drawn(blueprint.stack(), asks)
        if _is_sound(drawn):
            return drawn


def _blueprint(level: int, seed: int, rng: Random) -> Blueprint | None:
    """A network of a level; None where it does not show what the level is about."""
    if level == 1:
        return _chain(rng, [Conv(rng.randint(2, 5), rng.randint(1, 3))])
    count = rng.randint(2, 3)
    if level == 2:
        layers = [Conv(rng.randint(2, 4), rng.randint(1, 3)) for _ in range(count)]
        return _chain(rng, layers) if prod(layer.stride for layer in layers[:-1]) > 1 else None
    if level == 3:
        layers = [_some(rng) for _ in range(count)]
        return _chain(rng, layers) if _pads_after_a_stride(layers) else None
    if level == 4:
        layers = [_some(rng, dilation=rng.choice((1, 2, 2, 3))) for _ in range(count)]
        dilated, padded = (any(map(has, layers)) for has in (_is_dilated, front))
        return _chain(rng, layers) if dilated and padded else None
    if level == 5:
        return _branches(rng, aligned=True)
    if seed % 3 == 0:
        return _branches(rng, aligned=False)
    return _turned(rng) if seed % 3 == 1 else _bordered(rng)


def _asks(level: int, seed: int, rng: Random, blueprint: Blueprint) -> str | int:
    """Choose the question: symbols, or a unit. Levels 3 and 4 ask for both in turn."""
    if level == 2:
        return "rS"
    if level == 5 or (level in (3, 4) and seed % 2):
        return "rSP"
    return rng.randrange(1 if level == 1 else 0, blueprint.sizes(0)[-1])


def _some(rng: Random, dilation: int = 1) -> Conv:
    """A random layer, padded alike at both ends."""
    kernel = rng.randint(2, 4)
    padding = rng.randint(0, min(2, (kernel - 1) * dilation))
    return Conv(kernel, rng.randint(1, 2), (padding, padding), dilation)


def _chain(rng: Random, layers: Sequence[Sliding]) -> Blueprint:
    """Layers one on the other, over an input of some length."""
    return Blueprint(rng.randint(10, LARGEST - 8), (tuple(layers),))


def _is_dilated(layer: Conv) -> bool:
    """Whether the taps of a layer lie apart."""
    return layer.dilation > 1


def _pads_after_a_stride(layers: Sequence[Conv]) -> bool:
    """Whether some padding is wider in input units than it looks."""
    stride = 1
    for layer in layers:
        if stride > 1 and front(layer):
            return True
        stride *= layer.stride
    return False


def _branches(rng: Random, *, aligned: bool) -> Blueprint | None:
    """One or two layers beside a single one of the same stride."""
    long = [_some(rng) for _ in range(rng.randint(1, 2))]
    padding = rng.randint(0, 2)
    short = Conv(rng.randint(1, 5), prod(layer.stride for layer in long), (padding, padding))
    (one, size), (other, kernel) = _box(long), _box([short])
    if size == kernel or aligned != (2 * one + size == 2 * other + kernel):
        return None
    return Blueprint(rng.randint(10, LARGEST - 8), (tuple(long), (short,)))


def _box(layers: Sequence[Conv]) -> tuple[int, int]:
    """Find where the field of unit 0 begins, padding counted, and its size."""
    seen = 0, 0
    for layer in reversed(layers):
        seen = below(layer, seen)
    return seen[0], seen[1] - seen[0] + 1


def _turned(rng: Random) -> Blueprint:
    """A transposed layer before or after a plain one."""
    stride = rng.randint(2, 3)
    kernel = rng.randint(stride, stride + 2)
    padding = rng.randint(0, min(1, kernel - stride))
    layers: list[Sliding] = [Transposed(kernel, stride, (padding, padding)), _some(rng)]
    rng.shuffle(layers)
    return Blueprint(rng.randint(6, 14), (tuple(layers),))


def _bordered(rng: Random) -> Blueprint:
    """A random padding, perhaps at one end only."""
    layers = []
    for _ in range(rng.randint(2, 3)):
        kernel = rng.randint(2, 4)
        padding = rng.randint(0, kernel - 1), rng.randint(0, kernel - 1)
        layers.append(Conv(kernel, rng.randint(1, 2), padding))
    return _chain(rng, layers)


def _readable(blueprint: Blueprint) -> bool:
    """Whether all ways end alike, and no layer is too long or too short to be drawn."""
    sizes = [blueprint.sizes(way) for way in range(len(blueprint.ways))]
    everything = [n for way in sizes for n in way]
    return (
        len({way[-1] for way in sizes}) == 1
        and min(everything) >= SMALLEST
        and max(everything) <= LARGEST
    )


def _worth_asking(blueprint: Blueprint, level: int, seed: int, unit: int) -> bool:
    """Whether the answer shows what the level is about.

    That is an end of the input, padding further up, or more than either branch sees.
    """
    ends = [within(end, blueprint.length) for end in blueprint.down(unit, cut=True)]
    seen = joined(ends)
    if any(last < first for first, last in ends) or seen[1] - seen[0] + 1 in (1, blueprint.length):
        return False
    if len(ends) > 1 and seen in ends:
        return False
    if level == 6 and seed % 3 != 2:
        return True
    counted = joined(blueprint.down(unit, cut=False))
    if level == 6:
        return seen != within(counted, blueprint.length)
    return seen == within(counted, blueprint.length) and (seen != counted) == (level > 1)


def _is_sound(drawn: Drawn) -> bool:
    """Whether the numbers are not trivial, and the worked solution agrees with the trace."""
    example, asks = drawn
    if isinstance(asks, str):
        size, _, _ = form(example.last)
        return 2 < size <= example.length
    seen = [units for way in feeders(example, asks) for units in way]
    if not all(seen):
        return False
    steps = region(example, asks)
    return all(
        step.values == (units[0], units[-1]) for step, units in zip(steps, seen, strict=False)
    )
