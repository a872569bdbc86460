"""Exercises on receptive fields: drawn at random, the same for everybody with the seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from .draws import draw
from .example import Example
from .layers import Transposed
from .slips import Slips, region_slips, size_slips
from .worked import SolutionStep, closed_form, dilation, form, paths, region, sizes, within

LEVELS = (
    "One layer",
    "Strides",
    "Padding",
    "Dilation",
    "Two branches",
    "Beyond the closed form",
)
"""Topics of the levels, from the first one up."""

_TOTALS = {symbol: f"{symbol}\N{SUBSCRIPT ZERO}" for symbol in "rSP"}
"""The article's symbols of what the output sees of the input, as plain text."""

_LABELS = {
    "r": f"Receptive field size {_TOTALS['r']}",
    "S": f"Effective stride {_TOTALS['S']}",
    "P": f"Effective padding {_TOTALS['P']}",
    "first": "First input unit",
    "last": "Last input unit",
}


@dataclass(frozen=True)
class Part:
    """Number to find. ``slips`` holds wrong answers, each with what it comes from."""

    symbol: str
    label: str
    answer: int
    slips: Slips


@dataclass(frozen=True)
class Exercise:
    """Small network and a question about it.

    Attributes:
        level, seed: the level and the seed that it was drawn from.
        example: the network.
        unit: the unit of the last layer that the question is about; None for the whole layer.
        question: the question in a sentence.
        parts: the numbers to find.
        hints: hints short of the solution, one after the other.
        solution: step by step; the last step has the answer.
        remark: the closed form beside the solution, or why it does not give the region.
    """

    level: int
    seed: int
    example: Example = field(repr=False)
    unit: int | None
    question: str
    parts: tuple[Part, ...]
    hints: tuple[str, ...]
    solution: tuple[SolutionStep, ...]
    remark: str = ""

    @property
    def answer(self) -> tuple[int, ...]:
        """Right numbers of all parts."""
        return tuple(part.answer for part in self.parts)


@lru_cache(maxsize=256)
def exercise(level: int, seed: int) -> Exercise:
    """Draw the exercise of a level and a seed, both from 1; the same for the same two.

    Raises ValueError for a level or a seed that does not exist.
    """
    if not 1 <= level <= len(LEVELS) or seed < 1:
        raise ValueError(f"there is no exercise {level}-{seed}")
    example, asks = draw(level, seed)
    last = example.last
    what = last.name if len(paths(example)) == 1 else f"the sum {last.name}"
    if isinstance(asks, str):
        right = dict(zip("rSP", form(last), strict=True))
        answers = {symbol: right[symbol] for symbol in asks}
        slips = size_slips(example)
        totals = [_TOTALS[symbol] for symbol in asks]
        question = f"What are {' and '.join([', '.join(totals[:-1]), totals[-1]])} of {what}?"
        hints, solution = _size_hints(example, asks), sizes(example, asks)
    else:
        seen = last.region((asks,))
        answers = {"first": seen.start[0], "last": seen.stop[0] - 1}
        slips = region_slips(example, asks)
        question = f"What are the first and the last input unit that unit {asks} of {what} sees?"
        hints, solution = _region_hints(example), region(example, asks)
    if len(solution) > 1:
        begin = ", ".join(f"${equation}$" for equation in solution[0].equations)
        hints.append(f"The first step: {begin}.")
    return Exercise(
        level,
        seed,
        example,
        None if isinstance(asks, str) else asks,
        question,
        tuple(Part(symbol, _LABELS[symbol], n, slips[symbol]) for symbol, n in answers.items()),
        tuple(hints),
        solution,
        _sum(example) if isinstance(asks, str) else _remark(example, asks),
    )


def _sum(example: Example) -> str:
    """Give the closed form of a chain of layers; empty where there are two paths."""
    if len(paths(example)) > 1:
        return ""
    return (
        "The closed form is the same, counted from the input upwards: each layer adds $k - 1$ "
        "steps, each as wide as all strides below that layer multiplied. "
        f"${closed_form(example)}$."
    )


def _remark(example: Example, unit: int) -> str:
    """Say what the closed form gives for a unit instead; empty where it gives the same."""
    field, region = example.last.receptive_field, example.last.region((unit,))
    if field is None:
        turned = any(isinstance(layer, Transposed) for layer in example.layers)
        why = "with a transposed layer" if turned else f"here ({example.last.note})"
        return f"There is no closed form {why}. The way down always works."
    counted = field.start((unit,))[0], field.stop((unit,))[0] - 1
    first, last = within(counted, example.length)
    if (first, last + 1) == (region.start[0], region.stop[0]):
        return ""
    return (
        f"The closed form gives {counted[0]} to {counted[1]}, padding counted. Cut off at the ends "
        f"of the input, that is {first} to {last}. The unit does not see that far: the closed form "
        "takes the padding between the layers for input."
    )


def _size_hints(example: Example, asks: str) -> list[str]:
    """Hints for r_0, S_0 and P_0, of which ``asks`` names those to find."""
    ways = paths(example)
    hints = [
        r"Go down from the output, where $r_L = S_L = 1$. The $r_l$ units that layer $l$ makes "
        r"span $r_{l-1} = s_l\,r_l + (k_l - s_l)$ units below it, and $S_{l-1} = s_l\,S_l$."
    ]
    if any(dilation(stage.layer) > 1 for path in ways for stage in path):
        hints.append(
            "Dilation $d$ moves the taps apart: put what the kernel spans, $d(k - 1) + 1$, in "
            "place of $k$."
        )
    if "P" in asks:
        hints.append(r"Padding goes the same way: $P_L = 0$, and $P_{l-1} = s_l\,P_l + p_l$.")
    if len(ways) > 1:
        hints.append(
            "Take the paths one at a time. Aligned paths have the same centre, so the region by "
            "the wider one holds the other."
        )
    return hints


def _region_hints(example: Example) -> list[str]:
    """Hints for the region of a unit."""
    ways = paths(example)
    layers = [stage.layer for path in ways for stage in path]
    padded = any(layer.padding != (0, 0) for layer in layers)
    minus = " - p" if padded else ""
    span = "d(k - 1)" if any(dilation(layer) > 1 for layer in layers) else "k - 1"
    hints = [
        "Go down from the unit, one layer at a time: what the units $u$ to $v$ see begins at "
        rf"$s\,u{minus}$ and ends at $s\,v{minus} + {span}$."
    ]
    if any(isinstance(layer, Transposed) for layer in layers):
        hints.append(
            "A transposed layer goes the other way: unit $i$ below reaches the units "
            rf"$s\,i{minus}$ to $s\,i{minus} + k - 1$ above. Which $i$ reach yours?"
        )
    if padded:
        hints.append("Padding holds no input: at each layer, keep to the units that are there.")
    if len(ways) > 1:
        hints.append("Take the paths one at a time. The sum sees the units of both.")
    return hints
