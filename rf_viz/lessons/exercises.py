"""Exercises on receptive fields: drawn at random, the same for everybody with the seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from .draws import draw
from .example import Example
from .layers import Transposed
from .slips import Slips, region_slips, size_slips
from .worked import SolutionStep, dilation, form, paths, region, sizes, within

LEVELS = (
    "One layer",
    "Strides",
    "Padding",
    "Dilation",
    "Two branches",
    "Beyond the closed form",
)
"""Topics of the levels, from the first one up."""

_LABELS = {
    "r": "Receptive field size r",
    "S": "Effective stride S",
    "P": "Effective padding P",
    "first": "First input unit",
    "last": "Last input unit",
}


@dataclass(frozen=True)
class Part:
    """Number to find. ``slips`` holds wrong answers, each with its likely cause."""

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
        remark: the closed form's answer, where it is not the region.
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
        question = f"What are {' and '.join(', '.join(asks).rsplit(', ', 1))} of {what}?"
        hints, solution = _size_hints(example, asks), sizes(example, asks)
    else:
        seen = last.region((asks,))
        answers = {"first": seen.start[0], "last": seen.stop[0] - 1}
        slips = region_slips(example, asks)
        question = f"Which input units does unit {asks} of {what} see?"
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
        "" if isinstance(asks, str) else _remark(example, asks),
    )


def _remark(example: Example, unit: int) -> str:
    """Say what the closed form gives for a unit instead; empty where it gives the same."""
    field, region = example.last.receptive_field, example.last.region((unit,))
    if field is None:
        return f"There is no closed form for this ({example.last.note}): the way down always works."
    counted = field.start((unit,))[0], field.stop((unit,))[0] - 1
    first, last = within(counted, example.length)
    if (first, last + 1) == (region.start[0], region.stop[0]):
        return ""
    return (
        f"The closed form says units {counted[0]} to {counted[1]}, padding counted; cut off at the "
        f"ends of the input {first} to {last}. That is not what the unit sees: of the padding "
        "further up it knows nothing."
    )


def _size_hints(example: Example, asks: str) -> list[str]:
    """Hints for r, S and P, of which ``asks`` names those to find."""
    ways = paths(example)
    hints = [
        "Go up from the input. A kernel adds $k - 1$ steps to $r$, each as wide as all strides "
        r"before it multiplied: $r_l = r_{l-1} + (k_l - 1)\,S_{l-1}$."
    ]
    if any(dilation(stage.layer) > 1 for path in ways for stage in path):
        hints.append("Dilation $d$ moves the taps apart: a kernel then adds $d(k - 1)$ steps.")
    if "P" in asks:
        hints.append(r"Padding counts in the same steps: $P_l = P_{l-1} + p_l\,S_{l-1}$.")
    if len(ways) > 1:
        hints.append(
            "Take the branches one at a time. Aligned branches have the same centre, so the wider "
            "one holds the other."
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
        hints.append("Take the branches one at a time. The sum sees what either of them sees.")
    return hints
