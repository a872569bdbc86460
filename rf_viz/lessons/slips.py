"""Wrong answers that people give, each with what it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod

from .blueprint import Blueprint, joined
from .example import Example
from .worked import Interval, Sliding, dilation, form, front, paths, span, within

Slips = Mapping[int, str]
"""Wrong answers, each with what it comes from."""

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
                "That is the sum of both strides: the paths step together, and the sum with them.",
            ),
            (
                prod(values),
                "That is both strides multiplied: the paths run side by side, not one after the "
                "other.",
            ),
        ]
    return [
        (
            values[1 - wide],
            f"That is ${'rSP'[symbol]}_0$ along path {'AB'[1 - wide]}: the wider path decides.",
        ),
        (
            sum(values),
            "That is the sum of both paths: they run side by side and look at the same units, not "
            "one after the other.",
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
            total(lambda layer: layer.kernel * dilation(layer) - 1),
            "That is the size with kernels that are $d k$ wide: but $k$ taps have $k - 1$ "
            "distances of $d$ between them, so they span $d(k - 1) + 1$ units.",
        ),
        (
            total(span, [s * layer.stride for s, layer in zip(before, path, strict=True)]),
            "That is the size with each layer's own stride multiplied in: but only the strides "
            "below a layer spread its taps.",
        ),
        (
            total(span) - 1,
            "That is how many steps there are from the first unit to the last: the first unit "
            "itself is still to be added.",
        ),
        *(
            (
                total(lambda layer: layer.kernel) - one,
                "That is the sum with $k$ steps for each layer: but $k$ taps in a row have only "
                "$k - 1$ steps between them.",
            )
            for one in (0, 1)
        ),
        (
            sum(layer.kernel for layer in path),
            "That is the sum of the kernels: a layer adds only $k - 1$ steps, each as wide as all "
            "strides below it multiplied.",
        ),
        (
            prod(layer.kernel for layer in path),
            "That is the product of the kernels: each layer adds steps to what is seen, it does "
            "not multiply it.",
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
            "That is the sum of the strides: a layer's stride counts units of the layer below it, "
            "so strides multiply.",
        ),
        (
            prod(strides[:-1]),
            "That is without the last layer's stride: $S_0$ is the distance between its units, "
            "measured in input units, so its own stride counts.",
        ),
        (
            strides[-1],
            "That is the last layer's stride alone, in units of the layer below: multiply it by "
            "the strides below.",
        ),
        (
            prod(strides[1:]),
            "That is without the first layer's stride: all of them multiply.",
        ),
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
            "That is the sum of the paddings: one unit of padding is as many input "
            "units wide as all strides below it multiplied.",
        ),
        (
            total([s * layer.stride for s, layer in zip(before, path, strict=True)]),
            "That is the sum with each layer's own stride multiplied in: but only the strides "
            "below a layer widen its padding.",
        ),
        (
            -total(before),
            "That is where the field of unit 0 begins, at $-P_0$: $P_0$ itself is not negative.",
        ),
        (
            2 * total(before),
            "That is the padding of both ends together: $P_0$ is what lies in front.",
        ),
        (
            total([s * dilation(layer) for s, layer in zip(before, path, strict=True)]),
            "That is the sum with the dilation multiplied in: padding is counted in plain units, "
            "whatever the gaps of the kernel.",
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
    blueprint = Blueprint.of(example)
    intervals: list[tuple[Interval, str]] = []
    if len(blueprint.ways) > 1:
        for name, way in zip("AB", blueprint.ways, strict=True):
            seen = Blueprint(blueprint.length, (way,)).seen(unit)
            why = f"That is what the sum sees by path {name} alone: it sees more by the other."
            intervals.append(((min(seen), max(seen)), why))
    counted = joined(blueprint.down(unit, cut=False))
    bare = blueprint._replace(ways=tuple(tuple(map(_unpadded, way)) for way in blueprint.ways))
    intervals += [
        (
            counted,
            "That counts padding as input: what a window reaches beyond the input is no input.",
        ),
        (
            within(counted, blueprint.length),
            "That is cut off at the ends of the input only. But padding further up holds no input "
            "either: go down layer by layer, and keep to the units that are there.",
        ),
        (
            within(joined(bare.down(unit, cut=False)), blueprint.length),
            "That leaves the padding out: unit 0 begins $p$ units in front of what is there.",
        ),
    ]
    region = example.last.region((unit,))
    (start,), (stop,) = region.start, region.stop
    lasts = [
        (stop, "It would be right as a half-open end: here the last unit is one that is seen."),
        *((last, why) for (_, last), why in intervals),
    ]
    firsts = [
        *((first, why) for (first, _), why in intervals),
        (start + 1, "It would be right if units were counted from 1: here they begin with 0."),
    ]
    return {"first": _without(start, firsts), "last": _without(stop - 1, lasts)}


def _unpadded(layer: Sliding) -> Sliding:
    """The layer without padding."""
    return replace(layer, padding=(0, 0))
