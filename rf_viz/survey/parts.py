"""The partial results of a survey that is under way, on disk, so that it can go on after a stop.

A file holds the tallies of a chunk, or of all chunks up to one. Files are written under another
name and then renamed, so that what is there is whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelError
from .look import Note, pack, unpack
from .tally import Tally

_MERGE = 32
"""After so many chunks their files are replaced by one."""


class Parts:
    """The folder of partial results. What chunks tell is merged in their order."""

    def __init__(self, folder: Path, layers: int) -> None:
        self._folder, self._layers = folder, layers
        self._merged: list[Tally] = []
        self._next = self._saved = 0

    def begin(self, key: str) -> None:
        """Make the folder, for the plan with that key."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write(self._folder / "plan.json", json.dumps({"key": key}).encode())

    def resume(self) -> set[int]:
        """Take up what is there; the numbers of the chunks that are done."""
        merged = sorted(self._folder.glob("merged-*.npz"))
        if merged:
            self._next = self._saved = _number(merged[-1])
            _, self._merged = self._unpacked(merged[-1])
        chunks = {_number(path) for path in self._folder.glob("chunk-*.npz")}
        done = chunks | set(range(self._next))
        self._advance()
        return done

    def add(self, number: int, content: bytes) -> None:
        """Keep the result of a chunk."""
        notes, _ = unpack(content, 0)
        write(self._path("notes", number, "json"), json.dumps(notes).encode())
        write(self._path("chunk", number, "npz"), content)
        self._advance()

    def tallies(self) -> list[Tally]:
        """What all chunks told of each layer."""
        return self._merged

    def notes(self) -> Iterator[list[Note]]:
        """What chunks noted of their images, one list a chunk, in order."""
        for number in range(self._next):
            path = self._path("notes", number, "json")
            yield [Note(*note) for note in json.loads(path.read_bytes())]

    def crops(self, number: int) -> Path:
        """The file for the crops of a chunk."""
        return self._path("crops", number, "bin")

    def sum(self, number: int) -> Path:
        """The file for what a series of images tells of a layer's field."""
        return self._path("sum", number, "npz")

    def drop(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)

    def _advance(self) -> None:
        """Merge the chunks that are next."""
        while (path := self._path("chunk", self._next, "npz")).exists():
            _, tallies = self._unpacked(path)
            if self._merged:
                pairs = zip(self._merged, tallies, strict=True)
                tallies = [before.merged(later) for before, later in pairs]
            self._merged = tallies
            self._next += 1
            if self._next - self._saved >= _MERGE:
                self._save()

    def _save(self) -> None:
        """Replace the files of merged chunks by one."""
        write(self._path("merged", self._next, "npz"), pack([], self._merged))
        if self._saved:
            self._path("merged", self._saved, "npz").unlink(missing_ok=True)
        for number in range(self._saved, self._next):
            self._path("chunk", number, "npz").unlink(missing_ok=True)
        self._saved = self._next

    def _unpacked(self, path: Path) -> tuple[list[Note], list[Tally]]:
        try:
            return unpack(path.read_bytes(), self._layers)
        except Exception as error:  # what was no such file raises almost anything
            raise ModelError(f"{path} is damaged: start the survey anew with --restart") from error

    def _path(self, what: str, number: int, extension: str) -> Path:
        return self._folder / f"{what}-{number:08}.{extension}"


def plan_key(folder: Path) -> str:
    """The key of the plan that the partial results in a folder are of; empty where there are none.

    Raises ModelError where that cannot be told.
    """
    path = folder / "plan.json"
    if not path.exists():
        return ""
    try:
        return str(json.loads(path.read_bytes())["key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged: start the survey anew with --restart") from error


def write(path: Path, content: bytes) -> None:
    """Write a file that is whole whenever it is there."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(beside, "wb") as file:
        file.write(content)
    os.replace(beside, path)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
