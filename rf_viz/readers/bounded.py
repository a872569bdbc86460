"""JSON and archives, opened in bounds: what is made to fill the memory is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from itertools import islice
from typing import Any, BinaryIO

_MOST_PARTS = 2**22
"""The most objects, lists and elements of a JSON document; each takes some hundred bytes."""

_LONGEST_DIRECTORY = 2**24
"""The most bytes of the list of an archive's entries; each entry takes some hundreds in memory."""

MOST_ENTRIES = 10_000
"""The most entries of an archive with a model; a SavedModel has some ten."""

_SMALL, _EXPANSION, _LARGEST = 2**26, 20, 2**34
"""What an archive may unpack to: so many bytes, or so many times its own size, and never more.

Weights hardly shrink: packed halves of float16 come to a third of what float32 takes. Weights that
are all zero shrink to nothing, which the first number leaves room for.
"""

PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
"""How gzip, bzip2 and xz archives start, which a tar may be in."""

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_LONGEST_END = 22 + 2**16
"""An archive ends with a record of 22 bytes and a comment (PKWARE's APPNOTE, 4.3.16)."""


_UNREADABLE = (
    zlib.error, OSError, EOFError, ValueError, RuntimeError, KeyError, NotImplementedError,
    MemoryError,
)  # fmt: skip
"""What reading an entry raises where it is damaged, beside zipfile.BadZipFile."""


def parse_json(data: bytes) -> Any:  # noqa: ANN401
    """Parse a JSON document. Raises ValueError where it is none, or has too many parts."""
    if sum(map(data.count, (b"{", b"[", b","))) > _MOST_PARTS:
        raise ValueError(f"a document of more than {_MOST_PARTS:,} parts")
    try:
        return json.loads(data)
    except (RecursionError, MemoryError) as error:
        raise ValueError("a document that is nested too deeply") from error


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip archive, and list its entries.

    Raises zipfile.BadZipFile where their list is too long, and what ``zipfile.ZipFile`` raises.
    """
    if _directory_length(file) > _LONGEST_DIRECTORY:
        raise zipfile.BadZipFile("too many entries")
    return zipfile.ZipFile(file)


def read_entry(archive: zipfile.ZipFile, name: str, most: int | None = None) -> bytes:
    """Unpack an entry, no more of it than the archive says, and at most so many bytes.

    Raises zipfile.BadZipFile where it is damaged, or packed by other means than deflate: these
    take as much memory as the file says.
    """
    try:
        entry = archive.getinfo(name)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("an entry that is packed as nobody packs")
        size = entry.file_size if most is None else min(entry.file_size, most)
        with archive.open(entry) as file:  # without a number, all that is packed would be unpacked
            data = file.read(size)
    except _UNREADABLE as error:
        raise zipfile.BadZipFile(str(error)) from error
    if len(data) < size:
        raise zipfile.BadZipFile("an entry that is shorter than the archive says")
    return data


def most_unpacked(size: int) -> int:
    """The most bytes that an archive of this size may unpack to."""
    return min(max(_SMALL, _EXPANSION * size), _LARGEST)


class TooLargeError(tarfile.TarError):
    """Raised where an archive would unpack to more bytes than it may."""


class _Unpacked(io.RawIOBase):
    """What a packed file holds, up to a number of bytes: nothing behind them is unpacked.

    A tar says before an entry how long it is, so that most of what is too large is never begun.
    """

    def __init__(self, packed: BinaryIO, most: int) -> None:
        self._packed, self._most = packed, most

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position in what is unpacked."""
        return self._packed.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position from the start, or from here. Raises TooLargeError."""
        target = offset + (self.tell() if whence == io.SEEK_CUR else 0)
        if whence == io.SEEK_END or target > self._most:
            raise TooLargeError
        return self._packed.seek(target)

    def read(self, size: int | None = -1) -> bytes:
        """Read so many bytes. Raises TooLargeError."""
        if size is None or size < 0 or self.tell() + size > self._most:
            raise TooLargeError
        return self._packed.read(size)


def open_tar(file: BinaryIO, head: bytes, size: int) -> tarfile.TarFile:
    """Open a tar, packed or not, of ``size`` bytes that begin with ``head``.

    It raises TooLargeError where more of a packed one is read than it may unpack to. Raises what
    ``tarfile.open`` raises.
    """
    openers: Any = (gzip.open, bz2.open, lzma.open)
    for start, unpack in zip(PACKED, openers, strict=True):
        if head.startswith(start):
            file = _Unpacked(unpack(file), most_unpacked(size))  # type: ignore[assignment]
    return tarfile.open(fileobj=file, mode="r:")


def names_in_archive(file: BinaryIO, head: bytes, size: int) -> frozenset[str]:
    """List the names in a zip or tar archive, none for any other file.

    Args:
        file: the archive, at its start.
        head: its first bytes.
        size: the number of its bytes; of what is packed only so much is unpacked.
    """
    names: list[str] = []
    try:
        if head[:2] == b"PK":
            with open_zip(file) as archive:
                names += archive.namelist()
        elif head.startswith(PACKED) or head[257:262] == b"ustar":
            with open_tar(file, head, size) as tar:
                # One at a time: what was listed counts, whatever comes behind it.
                names += (entry.name.removeprefix("./") for entry in islice(tar, MOST_ENTRIES))
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, *_UNREADABLE):
        pass
    return frozenset(names)


def _directory_length(file: BinaryIO) -> int:
    """The bytes of the list of entries, as the end of the archive tells; 0 where there is none."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - _LONGEST_END - 76, 0))
    tail = file.read()
    plain = len(tail) - 22
    at = plain if tail[max(plain, 0) :].startswith(_END) else tail.rfind(_END)
    if at < 0:
        return 0
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    if at >= 76 and tail[at - 20 :].startswith(_END_64):  # the record of large archives is before
        length = max(length % (2**32 - 1), int.from_bytes(tail[at - 36 : at - 28], "little"))
    return length
