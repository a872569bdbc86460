"""Sets of exercises for a class: drawn by a seed or listed, and spelled in a link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from random import Random

from .exercises import LEVELS

Link = tuple[int, int]
"""Level and number of an exercise."""

LAST = 9999
"""Largest number of an exercise, on every level: more than anybody can want."""

MOST = 40
"""The most exercises of a set: more than a lesson has time for."""

_DRAWN_TO = 999
"""Largest number of an exercise that is drawn: short to read out."""


def read_link(text: str) -> Link | None:
    """Read the level and the number of an exercise such as "3-17"; None if there is none."""
    level, _, number = text.partition("-")
    with suppress(ValueError):
        numbers = int(level), int(number)
        if 1 <= numbers[0] <= len(LEVELS) and 1 <= numbers[1] <= LAST:
            return numbers
    return None


def write_link(link: Link) -> str:
    """Spell an exercise: "3-17"."""
    return f"{link[0]}-{link[1]}"


def read_set(text: str) -> tuple[Link, ...]:
    """Read a list such as "1-3, 2-7"; "~", spaces and semicolons part exercises, too.

    An exercise that is listed twice counts once. Raises ValueError, with a sentence, where
    there is no such exercise, or where there are more than ``MOST``.
    """
    links: dict[Link, None] = {}
    for part in re.split(r"[\s,;~]+", text.strip(" \t\r\n,;~")):
        link = read_link(part[:12])
        if link is None:
            raise ValueError(
                f"there is no exercise {part[:12]!r}: write level and number, such as 2-7"
            )
        links[link] = None
        if len(links) > MOST:
            raise ValueError(f"a set has at most {MOST} exercises")
    return tuple(links)


def write_set(links: Iterable[Link]) -> str:
    """Spell a set for an address: "1-3~2-7"."""
    return "~".join(map(write_link, links))


def drawn_set(counts: Sequence[int], seed: int) -> tuple[Link, ...]:
    """Draw so many different exercises of each level, from level 1 up.

    The same for everybody with the seed.
    """
    return tuple(
        (level, number)
        for level, count in enumerate(counts, 1)
        for number in Random(f"set {seed}, level {level}").sample(range(1, _DRAWN_TO + 1), count)
    )
