"""The book of a browser: what was tried of each exercise, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from ...lessons.exercise_set import Link, write_link
from ...lessons.exercises import LEVELS
from ..browser.token import browser_token


@dataclass
class Attempt:
    """State of one exercise in a session.

    Attributes:
        answer: the latest answer; empty before the first.
        wrong: number of wrong answers.
        hints: number of hints that show.
        solved: whether the right answer came before the solution was shown.
        shown: whether the solution shows.
    """

    answer: tuple[int, ...] = ()
    wrong: int = 0
    hints: int = 0
    solved: bool = False
    shown: bool = False

    @property
    def tried(self) -> bool:
        """Whether there is an answer, or the solution was shown."""
        return bool(self.answer) or self.shown

    def outcome(self) -> str:
        """How it went, in words."""
        if self.solved:
            tries = f"solved at try {self.wrong + 1}" if self.wrong else "solved at the first try"
        elif self.wrong:
            tries = f"not solved, {self.wrong} wrong answer{'s' * (self.wrong > 1)}"
        else:
            tries = "not solved" if self.shown else "not tried"
        hints = f"{self.hints} hint{'s' * (self.hints > 1)}" if self.hints else ""
        solution = "solution shown" if self.shown else ""
        return ", ".join(filter(None, (tries, hints, solution)))


@dataclass
class Book:
    """Attempts of a session by level and number of the exercise.

    ``streak`` counts the exercises of one level that were solved in a row.
    """

    attempts: dict[Link, Attempt] = field(default_factory=dict)
    streak: int = 0

    def attempt(self, link: Link) -> Attempt:
        """Attempt at an exercise, a new one where there was none."""
        return self.attempts.setdefault(link, Attempt())

    def record(self, attempt: Attempt, answer: tuple[int, ...], right: bool) -> None:
        """Records an answer; none counts once the exercise is solved or its solution shown."""
        attempt.answer = answer
        if attempt.solved or attempt.shown:
            return
        attempt.solved = right
        attempt.wrong += not right
        self.streak = self.streak + 1 if right else 0

    def score(self) -> str:
        """Number of solved exercises in a sentence; empty before the first answer."""
        tried = [attempt for attempt in self.attempts.values() if attempt.tried]
        return f"Solved {_counts(tried)}." if tried else ""

    def summary(self, links: Sequence[Link], address: str) -> str:
        """How a set went, as plain text: a line in all, and one for each exercise."""
        attempts = [self.attempts.get(link, Attempt()) for link in links]
        lines = [
            f"{number}. Exercise {write_link(link)}, {LEVELS[link[0] - 1]}: {attempt.outcome()}"
            for number, (link, attempt) in enumerate(zip(links, attempts, strict=True), 1)
        ]
        helped = sum(attempt.solved and attempt.hints > 0 for attempt in attempts)
        hints = f", {helped} with hints" if helped else ""
        return "\n".join([f"Solved {_counts(attempts)}{hints}.", *lines, address])


def _counts(attempts: Sequence[Attempt]) -> str:
    """How many are solved, and how many of them at the first try."""
    solved = [attempt for attempt in attempts if attempt.solved]
    first = sum(not attempt.wrong for attempt in solved)
    tries = f", {first} of them at the first try" if first else ""
    return f"{len(solved)} of {len(attempts)}{tries}"


def browser_book() -> Book:
    """The book of this browser, which outlasts a reload."""
    return _book(browser_token())


@st.cache_resource(max_entries=1000, show_spinner=False)
def _book(token: str) -> Book:
    """The book of a token. No link holds it: it is for others, too."""
    return Book()
