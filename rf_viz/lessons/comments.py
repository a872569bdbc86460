"""Comments on answers: what a wrong number would be right for, or why it cannot be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from ..analysis.numbers import minus
from .blueprint import Blueprint
from .bounds import end_fact, padding_fact, size_fact, stride_fact
from .exercises import Exercise, Part, exercise
from .variations import names, variations, wider
from .worked import paths

_ON_THE_WAY = {
    "r": ("size", "r"),
    "S": ("stride", "S"),
    "P": ("padding", "P"),
    "first": ("first unit", "u"),
    "last": ("last unit", "v"),
}
"""What a part is called at a layer on the way down, in words and by the article's letter."""


def comment(task: Exercise, part: Part, number: int) -> str:
    """Comment on a number for one part of an exercise, in Markdown.

    A wrong one is commented by the known slip that gives it, else by the simplest variation of the
    exercise that it would be right for, else by a fact that rules it out.
    """
    head = f"**{part_name(part)} = {minus(str(number))}**"
    if number == part.answer:
        return f"{head} is right."
    if number in part.slips:
        return f"{head}: not quite. {part.slips[number]}"
    right_for = _right_for(task.level, task.seed)[part.symbol]
    if number in right_for:
        return f"{head} would be right {right_for[number]}"
    return f"{head} {_fact(task, part.symbol, number)}"


def part_name(part: Part) -> str:
    """Name of a part within a sentence, in Markdown."""
    return f"${part.symbol}$" if len(part.symbol) == 1 else f"{part.symbol} unit"


@lru_cache(maxsize=256)
def _right_for(level: int, seed: int) -> Mapping[str, Mapping[int, str]]:
    """For each part, what numbers would be right for: the rest of a sentence by the number."""
    task = exercise(level, seed)
    by_symbol: dict[str, dict[int, str]] = {part.symbol: {} for part in task.parts}
    for symbol, number, says in (*_on_the_way(task), *_varied(task)):
        by_symbol[symbol].setdefault(number, says)
    return by_symbol


def _varied(task: Exercise) -> Iterator[tuple[str, int, str]]:
    """Symbol, answer and words of all variations of an exercise."""
    symbols = [part.symbol for part in task.parts]
    for varied in variations(Blueprint.of(task.example), names(task.example), task.unit):
        says = f"{varied.condition}. {varied.lesson}".rstrip()
        for symbol, number in varied.answers().items():
            if symbol in symbols:
                yield symbol, number, says


def _on_the_way(task: Exercise) -> Iterator[tuple[str, int, str]]:
    """Symbol, number and words of the other parts, and of the steps on the way down."""
    for part in task.parts:
        for other in task.parts:
            if other is not part:
                label = other.label[0].lower() + other.label[1:]
                yield part.symbol, other.answer, f"for the {label}."
    ways = [(path, stage) for path in paths(task.example) for stage in reversed(path)]
    for step, (path, stage) in zip(task.solution, ways, strict=False):
        if stage is path[0]:
            continue  # It is at the input, and no longer on the way.
        below = path[stage.number - 2].row.name
        for part, number in zip(task.parts, step.values, strict=True):
            word, letter = _ON_THE_WAY[part.symbol]
            symbol = stage.symbol(letter, stage.number - 1)
            says = f"for the {word} at {below}, ${symbol}$: go on down to the input."
            yield part.symbol, number, says


def _fact(task: Exercise, symbol: str, number: int) -> str:
    """A fact that rules a number out."""
    blueprint, called = Blueprint.of(task.example), names(task.example)
    if task.unit is not None:
        output = task.example.rows[-1].name
        return end_fact(blueprint, output, task.unit, number, first=symbol == "first")
    wide = wider(blueprint)
    facts = {"r": size_fact, "S": stride_fact, "P": padding_fact}
    fact = facts[symbol](blueprint.ways[wide], called[wide], number)
    if len(blueprint.ways) == 1 or number < (0 if symbol == "P" else 1):
        return fact
    return f"{fact} This is along path {'AB'[wide]}: it is the wider one, and decides."
