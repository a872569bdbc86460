"""The archive that torch.export.save writes: a zip of JSON and weights. Nothing is unpickled.

PyTorch 2.5 to 2.7 wrote ``serialized_exported_program.json`` beside pickles; since 2.8 the graph is
``models/NAME.json``, and since 2.9 the weights are raw bytes, one file for each storage, listed in
``data/weights/NAME_weights_config.json`` (torch/csrc/export/pt2_archive_constants.h).
"""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...errors import ModelError
from ..bounded import open_zip, parse_json, read_entry
from ..content import Content

OLD_PROGRAM = "serialized_exported_program.json"
"""The graph in archives of PyTorch 2.5 to 2.7."""

MOST_JSON = 2**27
"""The most bytes of one JSON file; graphs of published networks take some millions."""

_MOST_ENTRIES = 200_000
_GROWTH, _ALLOWANCE = 40, 2**24
"""The most that all entries unpack to: so many times the file, and so many bytes more."""

_LARGE, _LARGE_GROWTH = 2**29, 4
"""What unpacks to more bytes than these is only so many times larger than the file."""

_LOCAL_HEADER = 30
"""The bytes of an entry's own header, before its name (PKWARE's APPNOTE, 4.3.7)."""


@dataclass(frozen=True)
class Place:
    """Where the bytes of an entry lie as they are: in which file, from where on, how many."""

    path: str
    offset: int
    length: int


def _largest(size: int) -> int:
    """The most bytes that the entries of a file of this size may have."""
    return min(_GROWTH * size + _ALLOWANCE, max(_LARGE, _LARGE_GROWTH * size))


class Archive:
    """An archive of exported programs, open until it is left as a context.

    ``programs`` are their graphs' entries, by the programs' names; ``size`` is the number of bytes
    that all entries have. Raises ModelError where it is
    damaged, unpacks to far more than its size, or holds no such program.
    """

    def __init__(self, content: Content) -> None:
        self.name = content.name
        self._content = content
        self._file = content.open()
        try:
            self._zip = open_zip(self._file)
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
            raise self._damaged() from error
        if len(entries) > _MOST_ENTRIES:
            raise ModelError(f"{self.name} has {len(entries)} entries: refused")
        total = sum(entry.file_size for entry in entries)
        if total > _largest(content.size):
            raise ModelError(
                f"{self.name} would unpack to {total / 1e9:.1f} GB, far more than an exported "
                "program of its size: refused"
            )
        self.size = total
        self._entries = {entry.filename: entry for entry in entries}
        self._root = self._common_root()
        self.programs = self._programs()
        if not self.programs:
            raise ModelError(f"{self.name} {self._contents()}")

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @cached_property
    def location(self) -> str | None:
        """The path of the file, None for mere bytes, and where it has several names.

        References to weights are followed into regular files with one name only.
        """
        if self._content.path is None:
            return None
        path = os.path.realpath(self._content.path)
        return path if os.stat(path).st_nlink == 1 else None

    @property
    def folder(self) -> str | None:
        """The folder of the file that references to weights lead to."""
        return None if self.location is None else os.path.dirname(self.location)

    def has(self, name: str) -> bool:
        """Tell whether there is an entry of this name, below the root folder."""
        return self._root + name in self._entries

    def length(self, name: str) -> int:
        """The bytes of an entry, unpacked. Raises ModelError where there is none of this name."""
        return self._entry(name).file_size

    def read(self, name: str, most: int | None = None) -> bytes:
        """Read an entry, below the root folder. Raises ModelError where it is damaged."""
        entry = self._entry(name)
        if most is not None and entry.file_size > most:
            raise ModelError(f"{self.name} has {entry.file_size:,} bytes of {name}: refused")
        try:
            return read_entry(self._zip, entry.filename)
        except zipfile.BadZipFile as error:
            raise self._damaged() from error

    def read_json(self, name: str) -> Any:  # noqa: ANN401
        """Parse an entry as JSON. Raises ModelError."""
        data = self.read(name, MOST_JSON)
        try:
            return parse_json(data)
        except ValueError as error:
            raise ModelError(
                f"{self.name} holds a {name} that is not valid JSON: it is damaged, export it again"
            ) from error

    def place(self, name: str) -> Place | None:
        """Where an entry's bytes lie in the file; None where they are packed, or in memory."""
        entry, path = self._entry(name), self.location
        if path is None or entry.compress_type != zipfile.ZIP_STORED:
            return None
        self._file.seek(entry.header_offset)
        header = self._file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise self._damaged()
        skipped = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        offset = entry.header_offset + _LOCAL_HEADER + skipped
        if offset + entry.file_size > self._content.size:
            raise self._damaged()
        return Place(path, offset, entry.file_size)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = self._entries.get(self._root + name)
        if entry is None:
            raise ModelError(f"{self.name} lacks {name}: it is damaged or was not saved whole")
        return entry

    def _damaged(self) -> ModelError:
        return ModelError(f"{self.name} is damaged or cut off: download or export it again")

    def _common_root(self) -> str:
        """The folder that everything lies in, its slash included; empty where there is none."""
        for name in self._entries:
            root, slash, rest = name.partition("/")
            if slash and (rest == "archive_format" or rest.startswith("models/")):
                return root + slash
        return ""

    def _programs(self) -> dict[str, str]:
        if OLD_PROGRAM in self._entries:
            return {"model": OLD_PROGRAM}
        names = [name.removeprefix(self._root) for name in self._entries]
        return {
            name[len("models/") : -len(".json")]: name
            for name in names
            if name.startswith("models/") and name.endswith(".json") and name.isprintable()
        }

    def _contents(self) -> str:
        """Say what the archive holds instead of a program, to complete a sentence."""
        names = [name.removeprefix(self._root) for name in self._entries]
        if any("aotinductor/" in name for name in names):
            return (
                "is compiled by AOTInductor: it holds machine code but no graph; save the exported "
                "program with torch.export.save and open that"
            )
        if any(name.startswith("data/executorch") or name.endswith(".pte") for name in names):
            return (
                "holds a program for ExecuTorch but no graph that is read here; save the exported "
                "program with torch.export.save and open that"
            )
        return "holds no exported program: write it with torch.export.save"


class SavedFile:
    """A file of torch.save, held in memory: a pickle, and the storages of its tensors."""

    def __init__(self, archive: zipfile.ZipFile, root: str, damaged: ModelError) -> None:
        self._zip, self._root, self._damaged = archive, root, damaged
        self._lengths = {entry.filename: entry.file_size for entry in archive.infolist()}

    @classmethod
    def within(cls, archive: Archive, name: str) -> SavedFile | None:
        """Open such a file in an archive; None where it is none, or unpacks to far more."""
        data = archive.read(name)
        try:
            inner = open_zip(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
            return None
        entries = inner.infolist()
        pickle = next((e.filename for e in entries if e.filename.endswith("data.pkl")), None)
        total = sum(entry.file_size for entry in entries)
        if pickle is None or total > _largest(len(data)):
            return None
        damaged = ModelError(f"{archive.name} holds a {name} that is damaged: export it again")
        return cls(inner, pickle.removesuffix("data.pkl"), damaged)

    @property
    def pickle(self) -> bytes:
        """The pickle, unread."""
        return self.read("data.pkl")

    def has(self, name: str) -> bool:
        """Tell whether there is an entry of this name, below the root folder."""
        return self._root + name in self._lengths

    def length(self, name: str) -> int:
        """The bytes of an entry, unpacked."""
        return self._lengths[self._root + name]

    def read(self, name: str) -> bytes:
        """Read an entry, below the root folder. Raises ModelError where it is damaged."""
        try:
            return read_entry(self._zip, self._root + name)
        except zipfile.BadZipFile as error:
            raise self._damaged from error

    def place(self, name: str) -> Place | None:
        """Entries of a file in memory lie nowhere else."""
        return None
