"""A bar that shows how far long work is, while somebody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WIDTH = 24
"""Characters of the whole bar."""

_CLEAR = "\r\x1b[K"
"""Goes to the beginning of a terminal's line, and clears it."""


@contextmanager
def progress(what: str, parts: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr if that is a terminal, and clear it at the end.

    ``what`` says what is done, ``parts`` what is counted. Call what it gives with the number of
    parts that are done and of all.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, count: None
        return
    began = time.monotonic()

    def show(done: int, count: int) -> None:
        filled = _WIDTH * done // max(count, 1)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        minutes, seconds = divmod(int(time.monotonic() - began), 60)
        line = f"{what} [{bar}] {done} of {count} {parts}, {minutes}:{seconds:02}"
        print(f"{_CLEAR}{line}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(_CLEAR, end="", file=sys.stderr, flush=True)
