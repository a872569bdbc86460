"""How much work is done at a time, where somebody waits and wants to see it come."""

from __future__ import annotations

import time
from types import TracebackType

_FIRST = 4
_LEAST = 0.01


class Pace:
    """So many pieces of work as take about so many seconds, by how long the last ones took.

    ``with pace:`` stands around the work on ``pace.count`` pieces.
    """

    def __init__(self, seconds: float) -> None:
        self.count = _FIRST
        self._seconds, self._begun = seconds, 0.0

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            seconds = max(time.monotonic() - self._begun, _LEAST)
            self.count = max(1, min(int(self.count * self._seconds / seconds), 2 * self.count))
