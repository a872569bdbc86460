"""Cases: mutated files, each by its number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from random import Random

from tests.fuzz.formats import FORMATS, Seed

ORDER = tuple(name for name, form in FORMATS.items() for _ in range(form.weight))


@dataclass(frozen=True)
class Case:
    """A mutated file.

    Attributes:
        number: which case it is.
        form: the name of its format.
        name: what the file is called.
        data: its content.
        runs: whether the model is run, too.
    """

    number: int
    form: str
    name: str
    data: bytes
    runs: bool


def form_of(number: int) -> str:
    """The format of the case of that number; formats come up by their weights."""
    return Random(number // len(ORDER)).sample(ORDER, len(ORDER))[number % len(ORDER)]


def first_cases(cases: int, form: str | None = None, start: int = 0) -> list[int]:
    """The numbers of so many cases, of one format alone if one is named."""
    return list(islice((n for n in count(start) if form in (None, form_of(n))), cases))


def is_run(number: int) -> bool:
    """Whether the model of that case is run."""
    runs = FORMATS[form_of(number)].runs
    return bool(runs) and Random(number).randrange(runs) == 0


def needs_tensorflow(number: int) -> bool:
    """Whether TensorFlow has to be started to examine that case."""
    form = FORMATS[form_of(number)]
    return form.needs_tensorflow or (form.runs_tensorflow and is_run(number))


def make_case(seed: int, number: int) -> Case:
    """The case of that number, always the same one."""
    form = form_of(number)
    rng = Random(f"{seed} {number}")
    name, data = rng.choice(_seeds(form))
    return Case(number, form, name, FORMATS[form].mutate(data, rng), is_run(number))


@cache
def _seeds(form: str) -> list[Seed]:
    seeds = list(FORMATS[form].seeds())
    assert seeds, form
    return seeds
