"""What the command line writes: to stdout the answer, to stderr errors and notes.

Names in a model's file may hold control characters, which would drive a terminal: they are written
as escapes, ``\\u001b``.
"""

from __future__ import annotations

import os
import sys


class OutputError(Exception):
    """Raised where the answer cannot be written; the message says in one sentence why."""


def printable(text: str) -> str:
    """Escape all characters but printable ones and ends of lines, as JSON escapes them."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def check_stdout() -> None:
    """Raise OutputError where there is no stdout, before work is done for nothing."""
    if sys.stdout is None:
        raise OutputError("standard output is closed")


def write(text: str) -> None:
    """Write an answer to stdout; one whose reader has seen enough, as "head" does, is cut off.

    Raises OutputError where it cannot be written.
    """
    check_stdout()
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_the_rest()
    except OSError as error:
        _discard_the_rest()
        raise OutputError(f"standard output cannot be written: {error.strerror}") from None


def is_terminal() -> bool:
    """Whether a person reads stdout as it is written."""
    return sys.stdout is not None and sys.stdout.isatty()


def _discard_the_rest() -> None:
    """Let what is still held back go nowhere: Python would try again as it ends, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(message: str) -> int:
    """Tell an error in one line; returns the exit code."""
    _tell("error", message)
    return 2


def note(message: str) -> None:
    """Tell in one line what is worth knowing besides the answer."""
    _tell("note", message)


def _tell(kind: str, message: str) -> None:
    if sys.stderr is not None:
        print(f"rf_viz: {kind}:", printable(" ".join(message.split())), file=sys.stderr)
