"""Worked solutions: the article's recurrences with the numbers of one network filled in.

The notation is that of Araujo, Norris and Sim (Distill 2019, doi 10.23915/distill.00021): layers
are counted from the input, from 1 to L. What an output sees of the units that layer l makes is r_l,
S_l, P_l, and u_l to v_l. So r_L = 1, and r_0 is the answer. A superscript tells paths apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..trace.network import Layer as Traced
from .example import Example, Row
from .layers import Conv, Fork, Transposed

Interval = tuple[int, int]
"""The first and the last of some units, both included."""

Sliding = Conv | Transposed
"""A layer whose kernel slides."""


class Stage(NamedTuple):
    """Layer of a path, its row, and the number of units below it.

    ``number`` counts the layers of the path from 1; ``path`` is the path's letter, empty where
    there is only one.
    """

    layer: Sliding
    row: Row
    below: int
    number: int
    path: str

    @property
    def traced(self) -> Traced:
        """Layer of the traced network."""
        assert self.row.layer is not None
        return self.row.layer

    def symbol(self, letter: str, number: int | None = None) -> str:
        """Write a symbol of this path in LaTeX, of this layer or of the one with that number."""
        at = self.number if number is None else number
        superscript = f"^{{{self.path}}}" if self.path else ""
        return f"{letter}_{{{at}}}{superscript}"

    @property
    def title(self) -> str:
        """Heading of its step of the solution."""
        return f"Layer {self.row.name.removeprefix('layer ')}, {self.row.about}"


Path = tuple[Stage, ...]
"""The layers from the input to the output."""


@dataclass(frozen=True)
class SolutionStep:
    """Step of a solution.

    Attributes:
        says: the step in words, in Markdown.
        equations: in LaTeX, with the numbers filled in.
        values: the numbers to find, as they are after this step.
    """

    says: str
    equations: tuple[str, ...]
    values: tuple[int, ...]


def paths(example: Example) -> list[Path]:
    """List the paths from the input to the output, each from the input up.

    The example is one path of layers, or one fork.
    """
    first = example.layers[0]
    ways = first.paths if isinstance(first, Fork) else (example.layers,)
    rows = iter(example.rows[1:])
    chains = []
    for letter, way in zip("AB" if len(ways) > 1 else ("",), ways, strict=True):
        below, stages = example.length, []
        for number, layer in enumerate(way, 1):
            assert isinstance(layer, Sliding)
            row = next(rows)
            stages.append(Stage(layer, row, below, number, letter))
            below = row.size
        chains.append(tuple(stages))
    return chains


def front(layer: Sliding) -> int:
    """Return how many units of padding there are in front."""
    assert layer.padding != "same"
    return layer.padding[0]


def dilation(layer: Sliding) -> int:
    """Return how many units the taps of a kernel lie apart."""
    return layer.dilation if isinstance(layer, Conv) else 1


def span(layer: Sliding) -> int:
    """Return the distance from the kernel's first tap to its last, in units."""
    return (layer.kernel - 1) * dilation(layer)


def form(layer: Traced) -> tuple[int, int, int]:
    """Return r, S and P of a layer that has them, along the first axis."""
    field = layer.receptive_field
    assert field is not None
    size, stride, padding = field.size[0], field.stride[0], field.padding[0]
    assert padding is not None
    return size, stride, padding


def sizes(example: Example, symbols: str) -> tuple[SolutionStep, ...]:
    """Solve for those of r_0, S_0 and P_0 that ``symbols`` names: from the output down."""
    steps, ends = [], []
    ways = paths(example)
    for path in ways:
        seen = 1, 1, 0
        for stage in reversed(path):
            layer, before = stage.layer, seen
            seen = below_form(layer, before)
            equations = {
                "r": _size(stage, before[0], seen[0]),
                "S": f"{stage.symbol('S', stage.number - 1)}"
                rf" = {stage.symbol('s')}\,{stage.symbol('S')}"
                rf" = {layer.stride} \cdot {before[1]} = {seen[1]}",
                "P": f"{stage.symbol('P', stage.number - 1)}"
                rf" = {stage.symbol('s')}\,{stage.symbol('P')} + {stage.symbol('p')}"
                rf" = {layer.stride} \cdot {before[2]} + {front(layer)} = {seen[2]}",
            }
            steps.append(
                SolutionStep(
                    f"**{stage.title}.**{_top(stage, symbols) if stage is path[-1] else ''}",
                    tuple(equations[symbol] for symbol in symbols),
                    _named(seen, symbols),
                )
            )
        ends.append(seen)
    if len(ways) > 1:
        steps.append(_meeting(example, ends, symbols))
    return tuple(steps)


def below_form(layer: Sliding, seen: tuple[int, int, int]) -> tuple[int, int, int]:
    """Turn r, S and P of the units that a layer makes into those of the units that it takes."""
    size, stride, padding = seen
    return (
        layer.stride * size + span(layer) + 1 - layer.stride,
        layer.stride * stride,
        layer.stride * padding + front(layer),
    )


def _top(stage: Stage, symbols: str) -> str:
    """Say where the recurrences of a path begin: at its last layer."""
    values = {"r": 1, "S": 1, "P": 0}
    begin = [f"${stage.symbol(symbol)} = {values[symbol]}$" for symbol in symbols]
    says = f"{', '.join(begin[:-1])} and {begin[-1]}"
    if stage.path:
        return f" The sum takes one unit of it, so path {stage.path} begins with {says}."
    return f" It makes the output, so {says}."


def _named(values: tuple[int, int, int], symbols: str) -> tuple[int, ...]:
    """Pick those of r, S and P that ``symbols`` names."""
    return tuple(values["rSP".index(symbol)] for symbol in symbols)


def _size(stage: Stage, above: int, below: int) -> str:
    """The equation of r from a layer's output to its input."""
    k, s, layer = stage.symbol("k"), stage.symbol("s"), stage.layer
    kernel, number = k, str(layer.kernel)
    if dilation(layer) > 1:
        kernel = rf"{stage.symbol('d')} ({k} - 1) + 1"
        number = rf"{dilation(layer)} \cdot {layer.kernel - 1} + 1"
    return (
        rf"{stage.symbol('r', stage.number - 1)} = {s}\,{stage.symbol('r')} + ({kernel} - {s})"
        rf" = {layer.stride} \cdot {above} + ({number} - {layer.stride}) = {below}"
    )


def closed_form(example: Example) -> str:
    """Write the closed form of r_0 of a chain of layers, with its numbers, in LaTeX."""
    (path,) = paths(example)
    stride, terms = 1, ["1"]
    for stage in path:
        spread = rf"{dilation(stage.layer)} \cdot " if dilation(stage.layer) > 1 else ""
        terms.append(rf"{spread}({stage.layer.kernel} - 1) \cdot {stride}")
        stride *= stage.layer.stride
    return f"r_0 = {' + '.join(terms)} = {form(example.last)[0]}"


def _meeting(example: Example, forms: Sequence[tuple[int, int, int]], symbols: str) -> SolutionStep:
    """The step from aligned paths to their sum."""
    names = "AB"
    total = form(example.last)
    centres = [
        rf"c_0^{{{name}}} = -P_0^{{{name}}} + \tfrac{{1}}{{2}}(r_0^{{{name}}} - 1)"
        rf" = {-padding} + \tfrac{{1}}{{2}} \cdot {size - 1} = {-padding + (size - 1) / 2:g}"
        for name, (size, _, padding) in zip(names, forms, strict=True)
    ]
    wide = max(range(len(forms)), key=lambda i: forms[i][0])
    of = {
        "r": rf"r_0 = \max({', '.join(str(size) for size, _, _ in forms)}) = {total[0]}",
        "S": rf"S_0 = {' = '.join(f'S_0^{{{name}}}' for name in names)} = {total[1]}",
        "P": rf"P_0 = P_0^{{{names[wide]}}} = {total[2]}",
    }
    return SolutionStep(
        f"**The sum, {example.last.name}.** Both paths have the same stride, and unit 0 has the "
        "same centre $c_0$ by both: they are aligned. So the region by the wider one, path "
        f"{names[wide]}, holds the other, and its numbers are those of the sum.",
        (*centres, *(of[symbol] for symbol in symbols)),
        _named(total, symbols),
    )


def region(example: Example, unit: int) -> tuple[SolutionStep, ...]:
    """Solve for the first and last input unit that a unit of the last layer sees.

    From the unit down, layer by layer; it has to see some unit of each.
    """
    steps, ends = [], []
    for path, ways_down in zip(paths(example), feeders(example, unit), strict=True):
        seen, units = (unit, unit), [unit]
        for stage, feeding in zip(reversed(path), ways_down, strict=True):
            seen, step = _down(stage, seen, units, feeding)
            steps.append(step)
            units = feeding
        ends.append(seen)
    if len(ends) > 1:
        first, last = min(a for a, _ in ends), max(b for _, b in ends)
        steps.append(
            SolutionStep(
                f"**The sum, {example.last.name},** sees the input units of both paths: from the "
                "lower of the two first units, to the higher of the two last ones.",
                (
                    rf"u_0 = \min({', '.join(str(a) for a, _ in ends)}) = {first}",
                    rf"v_0 = \max({', '.join(str(b) for _, b in ends)}) = {last}",
                ),
                (first, last),
            )
        )
    return tuple(steps)


def feeders(example: Example, unit: int) -> list[list[list[int]]]:
    """List the units that feed a unit of the last layer, path by path.

    For each layer of a path, from the top down, those of the layer below it; the input's come last.
    """
    feeding = example.last.trail((unit,))
    ways = []
    for path in paths(example):
        marks = [feeding.get(stage.row.name, ()) for stage in reversed(path[:-1])]
        marks.append(path[-1].traced.mask((unit,)))
        ways.append([np.flatnonzero(units).tolist() for units in marks])
    return ways


def below(layer: Sliding, seen: Interval) -> Interval:
    """Find the units between which the taps of some units lie in the layer below.

    Padding counts: they may lie below 0 or beyond the last unit.
    """
    (u, v), stride, padding = seen, layer.stride, front(layer)
    if isinstance(layer, Transposed):
        return -((span(layer) - padding - u) // stride), (v + padding) // stride
    return u * stride - padding, v * stride - padding + span(layer)


def within(seen: Interval, size: int) -> Interval:
    """Cut an interval off at the ends of a layer of ``size`` units."""
    return max(seen[0], 0), min(seen[1], size - 1)


def _down(
    stage: Stage, seen: Interval, units: Sequence[int], feeding: Sequence[int]
) -> tuple[Interval, SolutionStep]:
    """Go down to the layer below: the interval seen there, and the step.

    ``units`` are the units that were seen so far, ``feeding`` those that they see below: there may
    be others between the first and the last.
    """
    layer = stage.layer
    full = below(layer, seen)
    real = within(full, stage.below)
    says = f"**{stage.title}.** "
    if isinstance(layer, Transposed):
        cut = " - p" if front(layer) else ""
        says += (
            rf"Unit $i$ below it reaches the units $s\,i{cut}$ to $s\,i{cut} + k - 1$. "
            "The other way round, "
        )
        sides = _turned_sides(stage, seen)
    else:
        below_it = "layer below" if stage.number > 1 else "input"
        says += f"In the {below_it}, "
        sides = _sides(stage, seen)
    first, last = (stage.symbol(letter, stage.number - 1) for letter in "uv")
    says += f"unit {units[0]} sees" if len(units) == 1 else f"units {runs(units)} see"
    if len(feeding) == real[1] - real[0] + 1:
        says += f" the units ${first}$ to ${last}$"
    else:
        says += f" {len(feeding)} of the units ${first}$ to ${last}$, these two among them"
    if full == real:
        says += ":"
    else:
        says += (
            f". Only the units 0 to {stage.below - 1} are there. What lies beyond them is padding "
            "and holds no input:"
        )
    equations = [
        rf"{name} = {side} = {counted}" + (rf" \;\rightarrow\; {kept}" if counted != kept else "")
        for name, side, counted, kept in zip((first, last), sides, full, real, strict=True)
    ]
    return real, SolutionStep(says, tuple(equations), real)


def runs(units: Sequence[int]) -> str:
    """Name sorted units, neighbours together: "2 to 5, 8 and 10"."""
    parts: list[list[int]] = []
    for unit in units:
        if parts and unit == parts[-1][-1] + 1:
            parts[-1].append(unit)
        else:
            parts.append([unit])
    names = [str(part[0]) if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in parts]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _sides(stage: Stage, seen: Interval) -> tuple[str, str]:
    """Write where what units see begins and ends: in symbols, and in numbers."""
    (u, v), layer = seen, stage.layer
    padding, taps = front(layer), str(layer.kernel - 1)
    reach = f"{stage.symbol('k')} - 1"
    if dilation(layer) > 1:
        reach = rf"{stage.symbol('d')}({reach})"
        taps = rf"{dilation(layer)} \cdot {taps}"
    named, numbers = (f" - {stage.symbol('p')}", f" - {padding}") if padding else ("", "")
    s = stage.symbol("s")
    return (
        rf"{s}\,{stage.symbol('u')}{named} = {layer.stride} \cdot {u}{numbers}",
        rf"{s}\,{stage.symbol('v')}{named} + {reach} = {layer.stride} \cdot {v}{numbers} + {taps}",
    )


def _turned_sides(stage: Stage, seen: Interval) -> tuple[str, str]:
    """Write as ``_sides`` does, of a transposed layer."""
    (u, v), layer = seen, stage.layer
    padding = front(layer)
    named, numbers = (f" + {stage.symbol('p')}", f" + {padding}") if padding else ("", "")
    k, s = stage.symbol("k"), stage.symbol("s")
    low = rf"({stage.symbol('u')}{named} - {k} + 1) / {s}", f"({u}{numbers} - {layer.kernel} + 1)"
    high = rf"({stage.symbol('v')}{named}) / {s}", f"({v}{numbers})"
    return (
        rf"\lceil {low[0]} \rceil = \lceil {low[1]} / {layer.stride} \rceil",
        rf"\lfloor {high[0]} \rfloor = \lfloor {high[1]} / {layer.stride} \rfloor",
    )
