"""The first bytes of files, and the names in archives: by these a reader is chosen."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice

from .content import Content

HDF5 = b"\x89HDF\r\n\x1a\n"

SAVED_MODEL = b"\x08\x01\x12"
"""How the message of a SavedModel starts: its version, then its graphs."""

CORE_ML = 200
"""The least field of a Core ML model's message that holds a model."""

KERAS_WEIGHTS = {"metadata.json", "model.weights.h5", "model.weights.npz", "model.weights.json"}
"""Files beside the configuration in an archive as Keras 3 writes it."""

_MOST_NAMES = 10_000
_SMALL, _EXPANSION = 2**30, 100
"""So many bytes of an archive are unpacked to list it, or so many times its own size."""

PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
"""How gzip, bzip2 and xz archives start, which a tar may be in."""


def archive_names(content: Content) -> frozenset[str]:
    """List the names in a zip or tar archive, none for any other file. Nothing is unpacked."""
    head = content.head
    packed = head.startswith(PACKED)
    try:
        with content.open() as file:
            if head[:2] == b"PK":
                with zipfile.ZipFile(file) as archive:
                    return frozenset(archive.namelist())
            if packed or head[257:262] == b"ustar":
                with tarfile.open(fileobj=file) as tar:
                    return frozenset(_names_in(tar, max(_SMALL, _EXPANSION * content.size)))
    except (
        zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError,
        NotImplementedError,
    ):  # fmt: skip
        pass
    return frozenset()


def _names_in(tar: tarfile.TarFile, most: int) -> Iterator[str]:
    """Yield the names in a tar, up to an entry behind more bytes than may be unpacked."""
    unpacked = 0
    for entry in islice(tar, _MOST_NAMES):
        yield entry.name.removeprefix("./")
        unpacked += entry.size
        if unpacked > most:  # the next name comes behind them
            return


def protobuf_fields(head: bytes) -> dict[int, int]:
    """Read the numbers of the fields that a message starts with, each with its wire type.

    Reads as far as the first bytes go; empty where they are no such message.
    """
    fields: dict[int, int] = {}
    at = 0
    while at < len(head):
        key, at = varint(head, at)
        number, kind = key >> 3, key & 7
        if not 0 < number < 2**29 or kind not in (0, 1, 2, 5):
            return {}
        fields.setdefault(number, kind)
        if kind == 2:
            length, at = varint(head, at)
            at += length
        elif kind == 0:
            _, at = varint(head, at)
        else:
            at += 8 if kind == 1 else 4
    return fields


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Read the varint at a position; returns the number and the position after it."""
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    return value, at
