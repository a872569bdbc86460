"""Jobs for workers: of what model, what is to be done, how it ended, and who waits for it."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from ..errors import ModelError
from .messages import packed
from .processes import Kind


class Outcome(IntEnum):
    """How a worker ended a job."""

    VALUE = 0
    """It is done, and the answer has its value."""
    REFUSAL = 1
    """The model cannot be used so, and the answer has the ModelError that says why."""
    MEMORY = 2
    """There was not enough memory."""
    DEFECT = 3
    """Something failed as nobody foresaw; the answer has the name of the error's class."""


class EndedError(ModelError):
    """Raised where a job was ended before it was done: trying again may help."""


@dataclass(eq=False)
class Source:
    """A model for workers, by the function that loads it.

    Attributes:
        name: what messages call it.
        load: a function of some module, which workers import; it is called with ``arguments``.
        dropped: whether nobody needs it any more.
        ended: why jobs were ended, by their keys: they are not begun again before ``forgive``.
    """

    name: str
    load: Callable[..., Any]
    arguments: tuple[Any, ...]
    dropped: bool = False
    ended: dict[bytes, str] = field(default_factory=dict)

    def message(self) -> list[Any]:
        """The parts of the message that has a worker load it; large contents are not copied."""
        large = tuple(
            pickle.PickleBuffer(part) if isinstance(part, bytes) else part
            for part in self.arguments
        )
        return packed((self.load, large))

    def forgive(self) -> None:
        """Let what was ended be begun again."""
        self.ended.clear()

    def drop(self) -> None:
        """Let workers that have it end."""
        self.dropped = True


@dataclass(eq=False)
class Job:
    """A job, which several may wait for.

    Attributes:
        source: the model that it is about.
        kind: what its worker has loaded beforehand.
        request: the parts of the message that asks for it.
        what: what is done with the model, in a participle.
        key: stands for the request.
        waiting: how many wait for it.
        left: when the last of them went away, by ``time.monotonic``.
        cause: why it was ended: "time", "left", or empty.
        done: set when there is a value or an error.
    """

    source: Source
    kind: Kind
    request: list[Any]
    what: str
    key: bytes
    waiting: int = 0
    left: float = field(default_factory=time.monotonic)
    cause: str = ""
    done: threading.Event = field(default_factory=threading.Event)
    _value: Any = None
    _error: ModelError | None = None

    def succeed(self, value: object) -> None:
        """End it with a value."""
        self._value = value
        self.done.set()

    def fail(self, error: ModelError) -> None:
        """End it with an error."""
        self._error = error
        self.done.set()

    def value(self) -> Any:  # noqa: ANN401
        """Its value, once it is done. Raises the ModelError by which it ended."""
        if self._error is not None:
            raise self._error
        return self._value
