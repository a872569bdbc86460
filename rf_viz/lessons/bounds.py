"""Facts that rule a number out: what an answer cannot be, whatever was done to get it.

Each function takes a wrong number and returns a sentence in Markdown that follows the number. It is
true of that number, and does not give the answer away.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, prod
from typing import NamedTuple

from .blueprint import Blueprint, Way
from .worked import front, runs, span


def size_fact(way: Way, names: tuple[str, ...], wrong: int) -> str:
    """Say why a number cannot be r of a way of plain layers."""
    if wrong < 1:
        return "is no size: a unit sees at least 1 unit."
    return _sum_fact(way, names, [span(layer) for layer in way], wrong, _STEPS)


def padding_fact(way: Way, names: tuple[str, ...], wrong: int) -> str:
    """Say why a number cannot be P of a way of plain layers."""
    if wrong < 0:
        return "is negative: padding lies in front of the input, and $P_0$ counts how much."
    pads = [front(layer) for layer in way]
    if not any(pads):
        return "is too large: no layer has any padding."
    return _sum_fact(way, names, pads, wrong, _PADS)


class _Words(NamedTuple):
    """How a sum over the layers is told: where it begins, and what it adds up."""

    first: int
    many: str
    each: str
    must: str
    wide: str


_STEPS = _Words(
    1,
    "steps",
    "step",
    "1 more than a multiple of {}",
    "A step is as wide as all strides below its layer multiplied.",
)
_PADS = _Words(
    0,
    "units of padding",
    "unit of padding",
    "a multiple of {}",
    "A unit of padding is as wide as all strides below its layer multiplied.",
)


def _sum_fact(
    way: Way, names: tuple[str, ...], counts: list[int], wrong: int, words: _Words
) -> str:
    """Say why a number cannot be a sum over the layers, each count as wide as the strides below."""
    widths = [prod(layer.stride for layer in way[:at]) for at in range(len(way))]
    top = max(at for at, n in enumerate(counts) if n)
    total, first = sum(counts), words.first
    right = first + sum(n * width for n, width in zip(counts, widths, strict=True))
    least, most = first + total, first + total * widths[top]
    has = f"the layers have {total} {words.many}, and none is"
    if wrong < least == right:
        return f"is too small: {has} narrower than 1 unit."
    if wrong < least:
        terms = " + ".join(str(n) for n in ([first] if first else []) + counts)
        return (
            f"is too small: without any stride it would be ${terms} = {least}$, and a stride only "
            f"widens the {words.many} of the layers above it."
        )
    if wrong > most:
        each = f"is too large: {has} wider than {widths[top]}, all strides below {names[top]} "
        if most == right:
            return f"{each}multiplied."
        product = f"{f'{first} + ' if first else ''}{total} \\cdot {widths[top]}"
        return f"{each}multiplied. Together that is at most ${product} = {most}$."
    common = gcd(*(n * width for n, width in zip(counts, widths, strict=True)))
    if (wrong - first) % common:
        must = words.must.format(common) if (common, first) != (2, 1) else "odd"
        return f"cannot be: it must be {must} here, as each layer adds a multiple of {common}."
    below = first + sum(n * w for n, w in zip(counts[:top], widths, strict=False))
    if wrong <= below:
        return f"is too small: the layers below {names[top]} alone make it {below}."
    wide = Fraction(wrong - below, counts[top])
    each = f"each {words.each} of {names[top]} were {wide} units wide"
    if wide.denominator > 1:
        return f"would be right only if {each}, which is no whole number. {words.wide}"
    return f"would be right if {each}. {words.wide}"


def stride_fact(way: Way, names: tuple[str, ...], wrong: int) -> str:
    """Say why a number cannot be S of a way of plain layers, or which stride it would take."""
    if wrong < 1:
        return "is no stride: neighbours are at least 1 unit apart."
    for layer, name in zip(way, names, strict=True):
        if wrong % layer.stride:
            return f"cannot be: it must be a multiple of {layer.stride}, the stride of {name}."
    strides = [layer.stride for layer in way]
    for at, name in enumerate(names):
        others = prod(strides[:at] + strides[at + 1 :])
        if wrong % others == 0:
            return f"would be right if {name} had stride {wrong // others}. Strides multiply."
    others = prod(strides[:-1])
    return (
        f"cannot be: it must be a multiple of {others}, all strides below {names[-1]} multiplied."
    )


def end_fact(blueprint: Blueprint, output: str, unit: int, wrong: int, *, first: bool) -> str:
    """Say why a number cannot be the first or the last input unit that a unit sees.

    ``output`` is the name of the last layer.
    """
    if not 0 <= wrong < blueprint.length:
        side = "lies in front of" if wrong < 0 else "lies beyond"
        return f"{side} the input, which has the units 0 to {blueprint.length - 1}."
    seen = blueprint.seen(unit)
    if wrong in seen:
        other, end = ("in front of it", "first") if first else ("after it", "last")
        return f"is seen, but it is not the {end}: a unit {other} is seen, too."
    if min(seen) < wrong < max(seen):
        return "is not seen: it lies in a hole, between units that are."
    reached = [u for u in range(blueprint.sizes(0)[-1]) if wrong in blueprint.seen(u)]
    if not reached:
        return f"is not seen: no unit of {output} takes anything of it."
    only = f"unit {reached[0]}" if len(reached) == 1 else f"units {runs(reached)}"
    return f"is not seen by unit {unit}: it reaches only {only} of {output}."
