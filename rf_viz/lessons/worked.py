"""Worked solutions: the article's recurrences with the numbers of one network filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..trace.network import Layer as Traced
from .example import Example, Row
from .layers import Conv, Fork, Transposed

Interval = tuple[int, int]
"""The first and the last of some units, both included."""

Sliding = Conv | Transposed
"""A layer whose kernel slides."""


class Stage(NamedTuple):
    """Layer of a path, its row, and the number of units below it."""

    layer: Sliding
    row: Row
    below: int

    @property
    def traced(self) -> Traced:
        """Layer of the traced network."""
        assert self.row.layer is not None
        return self.row.layer

    @property
    def subscript(self) -> str:
        """Subscript of its symbols: "1", "A2"."""
        return self.row.name.removeprefix("layer ")

    @property
    def title(self) -> str:
        """Heading of its step of the solution."""
        return f"Layer {self.subscript}, {self.row.about}"


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
    for way in ways:
        below, stages = example.length, []
        for layer in way:
            assert isinstance(layer, Sliding)
            row = next(rows)
            stages.append(Stage(layer, row, below))
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
    """Solve for those of r, S and P that ``symbols`` names: from the input up, layer by layer."""
    steps = []
    ways = paths(example)
    for path in ways:
        was, before = "0", (1, 1, 0)
        for stage in path:
            layer, now, after = stage.layer, stage.subscript, form(stage.traced)
            equations = {
                "r": _size(layer, was, now, before, after[0]),
                "S": rf"S_{{{now}}} = S_{{{was}}}\,s_{{{now}}}"
                rf" = {before[1]} \cdot {layer.stride} = {after[1]}",
                "P": rf"P_{{{now}}} = P_{{{was}}} + p_{{{now}}}\,S_{{{was}}}"
                rf" = {before[2]} + {front(layer)} \cdot {before[1]} = {after[2]}",
            }
            start = " It stands on the input, where $r_0 = S_0 = 1$" if was == "0" else ""
            if start:
                start += " and $P_0 = 0$." if "P" in symbols else "."
            steps.append(
                SolutionStep(
                    f"**{stage.title}.**{start}",
                    tuple(equations[symbol] for symbol in symbols),
                    _named(after, symbols),
                )
            )
            was, before = now, after
    if len(ways) > 1:
        steps.append(_meeting(example, ways, symbols))
    return tuple(steps)


def _named(values: tuple[int, int, int], symbols: str) -> tuple[int, ...]:
    """Pick those of r, S and P that ``symbols`` names."""
    return tuple(values["rSP".index(symbol)] for symbol in symbols)


def _size(layer: Sliding, was: str, now: str, before: tuple[int, int, int], after: int) -> str:
    """The equation of r, from the subscript ``was`` to ``now``."""
    named = rf"(k_{{{now}}} - 1)\,S_{{{was}}}"
    numbers = rf"{layer.kernel - 1} \cdot {before[1]}"
    if dilation(layer) > 1:
        named, numbers = rf"d_{{{now}}}\,{named}", rf"{dilation(layer)} \cdot {numbers}"
    return rf"r_{{{now}}} = r_{{{was}}} + {named} = {before[0]} + {numbers} = {after}"


def _meeting(example: Example, ways: list[Path], symbols: str) -> SolutionStep:
    """The step from aligned branches to their sum."""
    ends = [path[-1] for path in ways]
    names = [end.subscript for end in ends]
    forms = [form(end.traced) for end in ends]
    total = form(example.last)
    centres = [
        rf"c_{{{name}}} = -P_{{{name}}} + \tfrac{{1}}{{2}}(r_{{{name}}} - 1)"
        rf" = {-padding} + \tfrac{{1}}{{2}} \cdot {size - 1} = {-padding + (size - 1) / 2:g}"
        for name, (size, _, padding) in zip(names, forms, strict=True)
    ]
    wide = max(range(len(ends)), key=lambda i: forms[i][0])
    of = {
        "r": rf"r = \max({', '.join(str(size) for size, _, _ in forms)}) = {total[0]}",
        "S": rf"S = {' = '.join(f'S_{{{name}}}' for name in names)} = {total[1]}",
        "P": rf"P = P_{{{names[wide]}}} = {total[2]}",
    }
    return SolutionStep(
        f"**The sum, {example.last.name}.** Both branches have the same stride, and the same "
        f"centre $c$ of unit 0: they are aligned. So the wider one, {'AB'[wide]}, holds the "
        "other, and its numbers are those of the sum.",
        (*centres, *(of[symbol] for symbol in symbols)),
        _named(total, symbols),
    )


def region(example: Example, unit: int) -> tuple[SolutionStep, ...]:
    """Solve for the first and last input unit that a unit of the last layer sees.

    From the unit down, layer by layer.
    """
    steps, ends = [], []
    for path in paths(example):
        seen = (unit, unit)
        for at in reversed(range(len(path))):
            seen, step = _down(path[at], path[at - 1].subscript if at else "0", seen)
            steps.append(step)
        ends.append(seen)
    if len(ends) > 1:
        first, last = min(a for a, _ in ends), max(b for _, b in ends)
        steps.append(
            SolutionStep(
                f"**The sum, {example.last.name},** sees what either branch sees: from the lower "
                "first unit to the higher last one.",
                (
                    rf"u_0 = \min({', '.join(str(a) for a, _ in ends)}) = {first}",
                    rf"v_0 = \max({', '.join(str(b) for _, b in ends)}) = {last}",
                ),
                (first, last),
            )
        )
    return tuple(steps)


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


def _down(stage: Stage, under: str, seen: Interval) -> tuple[Interval, SolutionStep]:
    """Go down to the layer below, of subscript ``under``: the units seen there, and the step."""
    (u, v), layer = seen, stage.layer
    full = below(layer, seen)
    real = within(full, stage.below)
    says = f"**{stage.title}.** "
    if isinstance(layer, Transposed):
        cut = " - p" if front(layer) else ""
        says += (
            rf"Unit $i$ below it reaches the units $s\,i{cut}$ to $s\,i{cut} + k - 1$. "
            "The other way round, "
        )
        sides = _turned_sides(layer, stage.subscript, seen)
    else:
        says += f"In the {'input' if under == '0' else 'layer below'}, "
        sides = _sides(layer, stage.subscript, seen)
    says += f"unit {u} sees" if u == v else f"units {u} to {v} see"
    says += f" the units $u_{{{under}}}$ to $v_{{{under}}}$"
    if full == real:
        says += ":"
    else:
        says += (
            f". Only the units 0 to {stage.below - 1} are there: what lies beyond is padding and "
            "holds nothing."
        )
    equations = [
        rf"{name}_{{{under}}} = {side} = {counted}"
        + (rf" \;\rightarrow\; {kept}" if counted != kept else "")
        for name, side, counted, kept in zip("uv", sides, full, real, strict=True)
    ]
    return real, SolutionStep(says, tuple(equations), real)


def _sides(layer: Conv, now: str, seen: Interval) -> tuple[str, str]:
    """Write where what units see begins and ends: in symbols, and in numbers."""
    (u, v), padding = seen, front(layer)
    symbols, span_of_taps = "k - 1", str(layer.kernel - 1)
    if layer.dilation > 1:
        symbols, span_of_taps = "d(k - 1)", rf"{layer.dilation} \cdot {span_of_taps}"
    named, numbers = (" - p", f" - {padding}") if padding else ("", "")
    return (
        rf"s\,u_{{{now}}}{named} = {layer.stride} \cdot {u}{numbers}",
        rf"s\,v_{{{now}}}{named} + {symbols} = {layer.stride} \cdot {v}{numbers} + {span_of_taps}",
    )


def _turned_sides(layer: Transposed, now: str, seen: Interval) -> tuple[str, str]:
    """Write as ``_sides`` does, of a transposed layer."""
    (u, v), padding = seen, front(layer)
    named, numbers = (" + p", f" + {padding}") if padding else ("", "")
    low = rf"(u_{{{now}}}{named} - k + 1) / s", f"({u}{numbers} - {layer.kernel} + 1)"
    high = rf"(v_{{{now}}}{named}) / s", f"({v}{numbers})"
    return (
        rf"\lceil {low[0]} \rceil = \lceil {low[1]} / {layer.stride} \rceil",
        rf"\lfloor {high[0]} \rfloor = \lfloor {high[1]} / {layer.stride} \rfloor",
    )
