"""Zip and tar archives that models come in: read without trusting what they say of themselves.

Nothing is written where an entry's name leads: an entry that would leave the folder, a link or a
device is refused, and so is an archive that unpacks to far more than a model has.
"""

from __future__ import annotations

import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from ..errors import ModelError
from .bounded import MOST_ENTRIES, TooLargeError, most_unpacked, open_tar, open_zip
from .content import Content

_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
           ValueError, RuntimeError, NotImplementedError, MemoryError)  # fmt: skip


class _Opened(Protocol):
    """Archive of either kind, zip or tar."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Bytes of each file, by its name."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file of the archive to read it."""
        ...


class Archive:
    """Open archive whose entries have been looked at; ``names`` are its files'."""

    def __init__(self, opened: _Opened, content: Content) -> None:
        self._opened, self._content = opened, content
        self.names = tuple(opened.sizes)

    @classmethod
    @contextmanager
    def open(cls, content: Content) -> Iterator[Archive]:
        """Open an archive.

        Raises ModelError where it is damaged, or its entries are not to be trusted.
        """
        with ExitStack() as stack:
            with _told_as_damaged(content):
                file = stack.enter_context(content.open())
                opened: _Opened
                if content.head.startswith(b"PK"):
                    opened = _Zip(stack.enter_context(open_zip(file)), content)
                else:
                    tar = open_tar(file, content.head, content.size)
                    opened = _Tar(stack.enter_context(tar), content)
            yield cls(opened, content)

    def read(self, name: str, limit: int) -> bytes:
        """Read an entry. Raises ModelError where it is damaged or has more bytes than the limit."""
        with _told_as_damaged(self._content), self._opened.open(name) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise ModelError(
                f"{name} in {self._content.name} is larger than {limit:,} bytes: refused"
            )
        return data

    def extract(self, prefix: str, folder: str) -> None:
        """Write the entries whose names start with ``prefix`` into a folder, without it.

        Raises ModelError where one is damaged, or cannot be written beside the others.
        """
        for name in self.names:
            if name.startswith(prefix):
                path = os.path.join(folder, *PurePosixPath(name[len(prefix) :]).parts)
                with _told_as_damaged(self._content):
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with self._opened.open(name) as source, open(path, "xb") as target:
                        shutil.copyfileobj(source, target)


@contextmanager
def _told_as_damaged(content: Content) -> Iterator[None]:
    """Raise the errors of archive readers as ModelError."""
    name = content.name
    try:
        yield
    except ModelError:
        raise
    except TooLargeError as error:
        raise _too_large(content, most_unpacked(content.size)) from error
    except _BROKEN as error:
        raise ModelError(
            f"{name} is an archive that is damaged or cut off: download or pack it again"
        ) from error


class _Zip:
    """Entries of a zip archive. Raises ModelError where they are not to be trusted."""

    def __init__(self, archive: zipfile.ZipFile, content: Content) -> None:
        self._archive = archive
        entries = archive.infolist()
        for entry in entries:
            kind = entry.external_attr >> 28
            if kind not in (0, 4, 8):  # unknown, a folder, a file; as Unix counts them
                raise ModelError(f"{content.name} holds a link, {entry.filename!r}: refused")
        self.sizes = _checked(
            content, [(e.filename, e.file_size, e.filename.endswith("/")) for e in entries]
        )

    def open(self, name: str) -> BinaryIO:
        """Open a file of the archive to read it."""
        if self._archive.getinfo(name).compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise zipfile.BadZipFile  # others take as much memory as the file says
        return self._archive.open(name)  # type: ignore[return-value]


class _Tar:
    """Entries of a tar archive. Raises ModelError where they are not to be trusted."""

    def __init__(self, archive: tarfile.TarFile, content: Content) -> None:
        self._archive = archive
        self._files: dict[str, tarfile.TarInfo] = {}
        entries = []
        total = 0
        for entry in archive:  # which unpacks a compressed one as it goes
            if not (entry.isfile() or entry.isdir()):
                raise ModelError(
                    f"{content.name} holds a link or a device, {entry.name!r}: refused"
                )
            total += entry.size
            name = _plain(entry.name)
            entries.append((name, entry.size, entry.isdir()))
            if entry.isfile():
                self._files[name] = entry
            _check_size(content, total, len(entries))
        self.sizes = _checked(content, entries)

    def open(self, name: str) -> BinaryIO:
        """Open a file of the archive to read it."""
        # By its entry, not its name, which a folder further on may have too.
        return self._archive.extractfile(self._files[name])  # type: ignore[return-value]


def _plain(name: str) -> str:
    """A name without the "./" that tar likes to begin it with."""
    while name.startswith("./"):
        name = name[2:].lstrip("/") if name[2:3] == "/" else name[2:]
    return name


def _checked(content: Content, entries: list[tuple[str, int, bool]]) -> dict[str, int]:
    """The sizes of the files by name. Raises ModelError for what is not to be unpacked."""
    _check_size(content, sum(size for _, size, _ in entries), len(entries))
    sizes: dict[str, int] = {}
    for name, size, folder in entries:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name.split("/")[0]:
            raise ModelError(
                f"{content.name} holds an entry that leaves its folder, {name!r}: refused"
            )
        if folder:
            continue
        if name in sizes:
            raise ModelError(f"{content.name} holds two entries called {name!r}: refused")
        sizes[name] = size
    return sizes


def _check_size(content: Content, total: int, count: int) -> None:
    """See to it that an archive is of a sane size. Raises ModelError."""
    if count > MOST_ENTRIES:
        raise ModelError(f"{content.name} has more than {MOST_ENTRIES:,} entries: refused")
    if total > most_unpacked(content.size):
        raise _too_large(content, total)


def _too_large(content: Content, total: int) -> ModelError:
    return ModelError(
        f"{content.name} has {content.size:,} bytes and unpacks to {total:,} or more: refused"
    )
