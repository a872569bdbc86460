"""Wrong answers that people give, each with its likely cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod

from .example import Example
from .layers import Conv, Transposed
from .worked import Interval, Sliding, below, dilation, form, front, paths, span, within

Slips = Mapping[int, str]
"""Wrong answers, each with what was likely done."""

_Path = Sequence[Sliding]


def size_slips(example: Example) -> dict[str, Slips]:
    """List likely wrong answers for r, S and P of the last layer."""
    ways = paths(example)
    ends = [form(path[-1].traced) for path in ways]
    wide = max(range(len(ends)), key=lambda n: ends[n][0])
    path = [stage.layer for stage in ways[wide]]
    by_symbol = [_size(path), _stride(path), _padding(path)]
    if len(ends) > 1:
        for symbol, slips in enumerate(by_symbol):
            slips[:0] = _of_branches(symbol, [end[symbol] for end in ends], wide)
    return {
        symbol: _without(right, slips)
        for symbol, right, slips in zip("rSP", form(example.last), by_symbol, strict=True)
    }


def _without(right: int, slips: Iterable[tuple[int, str]]) -> Slips:
    """The likeliest slips first, without those that happen to be right."""
    kept: dict[int, str] = {}
    for wrong, why in slips:
        if wrong != right:
            kept.setdefault(wrong, why)
    return kept


def _of_branches(symbol: int, values: list[int], wide: int) -> list[tuple[int, str]]:
    """Slips where paths meet, of r, S or P; ``wide`` is the number of the wider path."""
    if symbol == 1:
        return [
            (
                sum(values),
                "That adds the strides of both paths: they step together, and the sum with them.",
            ),
            (
                prod(values),
                "That multiplies the strides of both paths: they run side by side, not one after "
                "the other.",
            ),
        ]
    return [
        (
            values[1 - wide],
            f"That is ${'rSP'[symbol]}_0$ along path {'AB'[1 - wide]}: the wider path decides.",
        ),
        (
            sum(values),
            "That adds the paths up: they run side by side and look at the same units, not one "
            "after the other.",
        ),
    ]


def _size(path: _Path) -> list[tuple[int, str]]:
    """Slips in r of a path."""
    before = _strides_before(path)

    def total(width: Callable[[Sliding], int], strides: Sequence[int] = before) -> int:
        """The closed form, with other widths of the layers or other strides before them."""
        return 1 + sum(width(layer) * s for layer, s in zip(path, strides, strict=True))

    return [
        (
            total(span, [1] * len(path)),
            "That forgets the strides: a step in a layer is as many input units as all strides "
            "below it multiplied.",
        ),
        (
            total(lambda layer: layer.kernel - 1),
            "That leaves the dilation out: the taps are $d$ units apart, so a kernel spans "
            "$d(k - 1) + 1$ units.",
        ),
        (
            total(lambda layer: layer.kernel * dilation(layer) - 1),
            "That takes a dilated kernel to be $d k$ wide: its $k$ taps have $k - 1$ distances of "
            "$d$ between them, so it spans $d(k - 1) + 1$ units.",
        ),
        (
            total(span, [s * layer.stride for s, layer in zip(before, path, strict=True)]),
            "That multiplies by each layer's own stride, too: only the strides below a layer "
            "spread its taps.",
        ),
        (
            total(span) - 1,
            "One short: the sum counts the steps from the first unit to the last, so the first "
            "unit itself is still to be added.",
        ),
        (
            sum(layer.kernel for layer in path),
            "That adds the kernels up: a layer adds only $k - 1$ steps, each as wide as all "
            "strides below it multiplied.",
        ),
        (
            prod(layer.kernel for layer in path),
            "That multiplies the kernels: each layer adds steps to what is seen, it does not "
            "multiply it.",
        ),
        (
            total(span) - span(path[-1]) * before[-1],
            "That is the size for the layer before the last: one more layer to go.",
        ),
        (
            span(path[-1]) + 1,
            "That is what the last layer sees of the layer below it: go on down to the input.",
        ),
    ]


def _stride(path: _Path) -> list[tuple[int, str]]:
    """Slips in S of a path."""
    strides = [layer.stride for layer in path]
    return [
        (
            sum(strides),
            "That adds the strides: a layer's stride counts units of the layer below it, so "
            "strides multiply.",
        ),
        (
            prod(strides[:-1]),
            "That leaves the last layer's stride out: $S_0$ is the distance between its units, "
            "measured in input units, so its own stride counts.",
        ),
        (
            strides[-1],
            "That is the last layer's stride alone, in units of the layer below: multiply it by "
            "the strides below.",
        ),
        (prod(strides[1:]), "That leaves the first layer's stride out."),
        (max(strides), "That is the largest stride: all of them multiply."),
    ]


def _padding(path: _Path) -> list[tuple[int, str]]:
    """Slips in P of a path."""
    before = _strides_before(path)

    def total(widths: Sequence[int]) -> int:
        """The padding in front, a unit of each layer's as wide as this."""
        return sum(front(layer) * width for layer, width in zip(path, widths, strict=True))

    return [
        (
            total([1] * len(path)),
            "That forgets to multiply by the stride so far: one unit of padding is as many input "
            "units wide as all strides below it multiplied.",
        ),
        (
            total([s * layer.stride for s, layer in zip(before, path, strict=True)]),
            "That multiplies by each layer's own stride, too: only the strides below a layer "
            "widen its padding.",
        ),
        (
            -total(before),
            "The sign: the field of unit 0 begins at $-P_0$, so $P_0$ itself is not negative.",
        ),
        (2 * total(before), "That counts the padding of both ends: $P_0$ is what lies in front."),
        (
            total([s * dilation(layer) for s, layer in zip(before, path, strict=True)]),
            "That multiplies by the dilation: padding is counted in plain units, whatever the "
            "gaps of the kernel.",
        ),
        (
            front(path[-1]),
            "That is the last layer's padding alone, in units of the layer below.",
        ),
        (front(path[0]), "That is the first layer's padding alone: later ones add to it."),
    ]


def _strides_before(path: _Path) -> list[int]:
    """Multiply all strides before each layer."""
    return [prod(layer.stride for layer in path[:at]) for at in range(len(path))]


def region_slips(example: Example, unit: int) -> dict[str, Slips]:
    """List likely wrong answers for the first and the last input unit that a unit sees.

    The unit is one of the last layer.
    """
    ways = paths(example)
    intervals: list[tuple[Interval, str]] = []
    if len(ways) > 1:
        for name, path in zip("AB", ways, strict=True):
            seen = path[-1].traced.region((unit,))
            why = f"That is what the sum sees by path {name} alone: it sees more by the other."
            intervals.append(((seen.start[0], seen.stop[0] - 1), why))
    field = example.last.receptive_field
    if field is not None:
        counted = field.start((unit,))[0], field.stop((unit,))[0] - 1
        intervals += [
            (
                counted,
                "That counts padding as input: what a window reaches beyond the input is no input.",
            ),
            (
                within(counted, example.length),
                "That is the closed form cut off at the ends of the input. But padding further up "
                "holds no input either: go down layer by layer, and keep to the units that are "
                "there.",
            ),
        ]
    for path in ways:
        intervals += _of_path([stage.layer for stage in path], example.length, unit)
    region = example.last.region((unit,))
    (start,), (stop,) = region.start, region.stop
    lasts = [
        (stop, "One too far: units are counted from 0, and this is the first that is not seen."),
        *((last, why) for (_, last), why in intervals),
    ]
    firsts = [
        *((first, why) for (first, _), why in intervals),
        (start + 1, "One too far: units are counted from 0."),
    ]
    return {"first": _without(start, firsts), "last": _without(stop - 1, lasts)}


def _of_path(path: _Path, size: int, unit: int) -> list[tuple[Interval, str]]:
    """The interval when one thing is forgotten on the way down a path."""
    forgot: list[tuple[list[Sliding], int, str]] = [
        (
            [replace(layer, stride=1) if isinstance(layer, Conv) else layer for layer in path],
            unit,
            "That forgets to multiply by a stride: one unit further on in a layer is $s$ units "
            "further on in the layer below.",
        ),
        (
            [replace(layer, padding=(0, 0)) for layer in path],
            unit,
            "That forgets the padding: unit 0 begins $p$ units in front of what is there.",
        ),
        (
            [replace(layer, dilation=1) if isinstance(layer, Conv) else layer for layer in path],
            unit,
            "That leaves the dilation out: the taps are $d$ units apart.",
        ),
        (
            [
                Conv(layer.kernel, layer.stride, layer.padding)
                if isinstance(layer, Transposed)
                else layer
                for layer in path
            ],
            unit,
            "That takes a transposed layer for a plain one: it has about $s$ units for each one "
            "below, so going down divides by $s$.",
        ),
        (list(path), unit - 1, "Units are counted from 0: that is what the unit before sees."),
    ]
    return [(_at_the_end(layers, size, u), why) for layers, u, why in forgot]


def _at_the_end(path: _Path, size: int, unit: int) -> Interval:
    """The interval when it is cut off at the input's ends only."""
    seen = unit, unit
    for layer in reversed(path):
        seen = below(layer, seen)
    return within(seen, size)
