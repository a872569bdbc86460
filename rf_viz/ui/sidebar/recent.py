"""Recent uploads of all browsers: a reload begins a new session, and finds its files here.

A file is found by the token of the browser that uploaded it, and by nothing else. The same content
uploaded by a whole class is held once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import streamlit as st

from ..browser.token import browser_token
from ..cache import File

_MOST_BYTES = 2**30
"""All files have at most so many bytes together: twice the largest upload."""

_LONGEST = 8 * 3600.0
"""A file that nobody has asked for since is dropped, after so many seconds."""


@dataclass
class _Entry:
    """A file of a browser, and when it was last asked for."""

    file: File
    used: float


class RecentUploads:
    """Files by browser, by what they are and by their key, within bounds of size and age."""

    def __init__(
        self,
        most_bytes: int = _MOST_BYTES,
        longest: float = _LONGEST,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without files; ``now`` tells the time in seconds."""
        self._most_bytes, self._longest, self._now = most_bytes, longest, now
        self._entries: dict[tuple[str, str, str], _Entry] = {}
        self._lock = Lock()

    def keep(self, token: str, what: str, key: str, file: File) -> File:
        """Keeps a file, and returns it, or the one of the same content that is here already."""
        with self._lock:
            for entry in self._entries.values():
                if entry.file == file:
                    file = entry.file
                    break
            if file.held <= self._most_bytes:
                place = (token, what, key)
                self._entries.pop(place, None)  # the latest come last
                self._entries[place] = _Entry(file, self._now())
            self._tidy()
            return file

    def files(self, token: str, what: str) -> dict[str, File]:
        """The files of a browser of one kind, by their keys, the latest last."""
        with self._lock:
            self._tidy()
            files = {}
            for (owner, kind, key), entry in self._entries.items():
                if (owner, kind) == (token, what):
                    entry.used, files[key] = self._now(), entry.file
            return files

    def _tidy(self) -> None:
        """Drops what is too old, and then what was not asked for longest, until all fits."""
        oldest = self._now() - self._longest
        self._entries = {k: entry for k, entry in self._entries.items() if entry.used >= oldest}
        # Equal contents are one object, which counts once.
        while sum({id(e.file): e.file.held for e in self._entries.values()}.values()) > (
            self._most_bytes
        ):
            del self._entries[min(self._entries, key=lambda k: self._entries[k].used)]


@st.cache_resource(show_spinner=False)
def _recent() -> RecentUploads:
    return RecentUploads()


def keep(what: str, key: str, file: File) -> File:
    """Keeps an upload of this browser over a reload; returns the file to use from now on."""
    return _recent().keep(browser_token(), what, key, file)


def files(what: str) -> dict[str, File]:
    """The recent uploads of this browser of one kind, by their keys."""
    return _recent().files(browser_token(), what)
