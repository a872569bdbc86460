"""The search for garbage, when nobody clicks and seldom among what stays; memory given back."""

from __future__ import annotations

import ctypes
import gc
import time
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_LOOK = 0.5
"""Seconds between two looks at whether a search is due."""

_BUSY = 0.1
"""The share of a processor from which on the server counts as busy."""

_SEEN = "widgets seen"
"""Where a session keeps the widgets of its page."""

_LARGE = 2**18
"""The bytes of a block from which on its memory goes back as soon as it is free."""


class Collector:
    """Searches for garbage, and sets aside what stays.

    Python's search looks at all objects and stops everything else meanwhile. By itself Streamlit
    has it after every run of a page (``runner.postScriptGC``, switched off in its settings), where
    a click waits for it, and with a class all clicks do. Most objects are modules and traced
    networks, which stay: they are set aside (``gc.freeze``), so that a search is quick. From time
    to time all of them are searched, so that what has become garbage meanwhile is freed.

    Attributes:
        soon, late: seconds after a search until the next, when the server is idle and at most.
        rest: seconds for which what is set aside is not searched; twice that while it is busy.
        least: seconds of work without which nothing is searched.
    """

    soon, late, rest, least = 1.0, 5.0, 120.0, 0.1

    def __init__(self, now: float, worked: float) -> None:
        """Sets aside all that lives.

        Times are those of ``time.monotonic`` and ``time.process_time``.
        """
        gc.freeze()
        _keep_little()
        self._searched = self._searched_all = now
        self._worked = self._worked_all = worked

    def start(self) -> None:
        """Lets it work in a thread of its own, as long as the server runs."""
        Thread(target=self._watch, name="rf_viz garbage", daemon=True).start()

    def _watch(self) -> None:
        while True:
            before = time.process_time()
            time.sleep(_LOOK)
            worked = time.process_time()
            self.look(time.monotonic(), worked, idle=worked - before < _BUSY * _LOOK)

    def look(self, now: float, worked: float, *, idle: bool) -> None:
        """Searches what is due at this time, after so much work in all."""
        since, since_all = now - self._searched, now - self._searched_all
        if since_all >= (self.rest if idle else 2 * self.rest):
            if worked - self._worked_all >= self.least:
                gc.unfreeze()
                gc.collect()
                gc.freeze()
                _give_back()
            self._searched = self._searched_all = now
            self._worked = self._worked_all = worked
        elif since >= (self.soon if idle else self.late) and worked - self._worked >= self.least:
            gc.collect()
            self._searched, self._worked = now, worked


@dataclass
class _Seen:
    """The widgets that Streamlit knew when a page was last drawn, and those gone by then."""

    widgets: dict[str, object] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


def forget_widgets() -> None:
    """Has Streamlit forget the widgets that neither this run of the page nor the last has drawn.

    It forgets their values by itself, but keeps their callbacks as long as the session lasts, and
    with these the pictures and networks that they are about. Call it when all is drawn. A click on
    a widget that the next run no longer draws is still heard.
    """
    context = get_script_run_ctx(suppress_warning=True)
    with suppress(AttributeError):  # none of this is public
        widgets = context.session_state._state._new_widget_state.widget_metadata  # type: ignore[union-attr]
        seen = st.session_state.setdefault(_SEEN, _Seen())
        # Whatever is drawn has a new entry; not all of these are among the context's own ids.
        same = {name for name, widget in widgets.items() if seen.widgets.get(name) is widget}
        for name in same & seen.gone:
            del widgets[name]
        seen.widgets, seen.gone = dict(widgets), same - seen.gone


def _keep_little() -> None:
    """Has memory go back to the system as soon as a large block is free, where glibc is at work.

    By itself it takes to keeping blocks of up to 32 MB, in eight heaps for each processor, which
    the threads of a class soon fragment (manual page mallopt(3)).
    """
    mmap_threshold, arena_max = -3, -8
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(mmap_threshold, _LARGE)
        library.mallopt(arena_max, 2)


def _give_back() -> None:
    """Gives memory that is free back to the system, where glibc is at work."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
