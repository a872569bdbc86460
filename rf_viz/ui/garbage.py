"""Sets aside what lives long from Python's search for garbage, so that a click does not wait."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from typing import Any


class LongLived:
    """Sets aside what has lived through a slow search for garbage.

    Streamlit searches all objects after every run of a page. Modules and traced networks are
    hundreds of thousands of objects that stay: a click that is answered in 10 ms waited for 80 ms
    more. What is set aside (``gc.freeze``) is searched again from time to time, so that it is freed
    in the end.
    """

    def __init__(self, slow: float = 0.02, rest: float = 120) -> None:
        """Use ``add_to_gc`` to let it work.

        Args:
            slow: how many seconds a search may take without anything being set aside.
            rest: for how many seconds what is set aside is not searched.
        """
        self.slow, self.rest = slow, rest
        self._begun = self._searched = time.monotonic()

    def add_to_gc(self) -> None:
        """Sets aside all that lives now, and watches the searches to come."""
        gc.freeze()
        gc.callbacks.append(self)

    def __call__(self, phase: str, info: Mapping[str, Any]) -> None:
        """Python calls it before and after every search."""
        if info["generation"] < 2:
            return
        now = time.monotonic()
        if phase == "start":
            if now - self._searched >= self.rest:
                gc.unfreeze()
                self._searched = now
            self._begun = now
        elif now - self._begun > self.slow:
            gc.freeze()
