"""Errors: a model that cannot be used as requested, and a defect of RF-Viz itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_LONGEST = 1000
"""The most letters of a sentence; names in hostile files have millions."""


def printable(text: str) -> str:
    """A text as it can be shown on one line of a terminal or a page, whatever file it is from.

    Control characters, which a terminal obeys, and halves of letters, which no file can hold,
    become question marks.
    """
    if text.isprintable():
        return text
    one_line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in one_line)


def _shown(sentence: str) -> str:
    """A sentence as it can be shown: printable, its middle cut out where it is long."""
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[: _LONGEST // 2]} ... {sentence[-_LONGEST // 3 :]}"
    return printable(sentence)


class ModelError(ValueError):
    """Raised for a model or a request that cannot be used.

    The message is one sentence for the user: what is wrong, and what to do.

    Attributes:
        sentence: the message without the line.
        line: a line of Python that helps, to copy; empty where there is none.
        node: the name of the operation at which the reading of a graph stopped; empty for others.
        extents: the shapes that this operation reads, and constants that may be one.
    """

    node: str = ""
    extents: tuple[tuple[int, ...], ...] = ()

    def __init__(self, sentence: str, line: str = "") -> None:
        sentence = _shown(sentence)
        super().__init__(f"{sentence}: {line}" if line else sentence)
        self.sentence, self.line = sentence, line

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it with all that it has, whatever its class is made from."""
        return revived, (type(self), str(self)), vars(self)


def revived(cls: type[ModelError], message: str) -> ModelError:
    """Make an error of its class and message, as it comes out of a pickle."""
    error = cls.__new__(cls, message)
    error.args = (message,)
    return error


class MissingFilesError(ModelError):
    """Raised for a model whose weights lie in other ``files``, which are not there."""

    def __init__(self, sentence: str, files: Sequence[str], line: str = "") -> None:
        super().__init__(sentence, line)
        self.files = tuple(files)


class SizeUnknownError(ModelError):
    """Raised for a model that opens at none of the sizes that were tried, and needs to be told one.

    Attributes:
        input: the name of the input whose size is missing.
        shape: its shape, None along axes of any size.
        symbols: the names of its axes of any size, where it has some: one string an axis.
        problem: the message without the advice.
    """

    def __init__(
        self, problem: str, input: str, shape: tuple[int | None, ...], symbols: tuple[str, ...]
    ) -> None:
        super().__init__(f"{problem}: say its size with input_size or input_shape")
        self.problem, self.input, self.shape, self.symbols = _shown(problem), input, shape, symbols


class DefectError(ModelError):
    """Raised for a defect of RF-Viz, met while it reads a model that may be correct.

    The message says so; the log of ``rf_viz`` holds the traceback.
    """


def defect(what: str, error: Exception) -> ModelError:
    """Log an unforeseen error with its traceback, and return the error to raise instead.

    ``what`` completes the sentence "RF-Viz could not ...", as in "describe Conv 'stem'". Want of
    memory is no defect.
    """
    if isinstance(error, MemoryError):
        return ModelError(f"there is not enough memory to {what}: choose a smaller input size")
    import logging  # rarely needed, and a cold start is short

    log = logging.getLogger("rf_viz")
    if not log.handlers:  # a library is silent unless somebody listens
        log.addHandler(logging.NullHandler())
    log.error("RF-Viz could not %s", what, exc_info=error)
    return DefectError(
        f"RF-Viz could not {what} ({type(error).__name__}): "
        "that is a defect of RF-Viz itself, please report it"
    )
