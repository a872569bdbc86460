"""A model file, or the bytes of one."""

from __future__ import annotations

import io
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelError
from .bounded import names_in_archive

_HEAD = 2**16

_BESIDE = re.compile(r"(\.onnx|\.pb|\.meta)?([._]data|\.index|\.data-\d+-of-\d+)")
"""How the names of data files go on where that of their model, or its beginning, ends."""


@dataclass(frozen=True)
class Content:
    """A model file at ``path``, or its bytes in ``data``, and how it is to be read.

    ``name`` is what messages call it. A folder that is a model (a SavedModel) has no bytes of its
    own. ``signature`` is the one to read of several, None for the usual one; with ``training_ops``
    the operations that only train a network are read too.
    """

    name: str
    path: str | None
    data: bytes = b""
    signature: str | None = None
    training_ops: bool = False

    @classmethod
    def of(cls, source: str | os.PathLike[str] | bytes, name: str | None) -> Content:
        """Make the content of a path or of bytes. Raises ModelError where there is no such file."""
        if isinstance(source, bytes | bytearray | memoryview):
            return cls(name or "model", None, bytes(source))
        path = os.fspath(source)
        shown = name or path
        name = name or os.path.basename(os.path.normpath(path))
        if not os.path.exists(path):
            raise ModelError(f"there is no file {shown}")
        content = cls(name, path)
        as_text = os.path.exists(os.path.join(path, "saved_model.pbtxt"))
        if as_text and not content.holds_saved_model:
            raise ModelError(f"{name} is a SavedModel written as text: save it in binary form")
        return content

    @property
    def extension(self) -> str:
        """The end of the name from its last dot on, in lower case; empty without one."""
        return os.path.splitext(self.name)[1].lower()

    @cached_property
    def is_folder(self) -> bool:
        """Whether the model is a folder rather than a file."""
        return self.path is not None and os.path.isdir(self.path)

    @property
    def holds_saved_model(self) -> bool:
        """Whether it is the folder of a SavedModel."""
        path = self.path or ""
        return self.is_folder and os.path.exists(os.path.join(path, "saved_model.pb"))

    @property
    def folder(self) -> str | None:
        """The folder in which the file lies, its side files beside it; None for mere bytes."""
        return None if self.path is None else os.path.dirname(os.path.abspath(self.path))

    @cached_property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.data) if self.path is None else os.path.getsize(self.path)

    @cached_property
    def head(self) -> bytes:
        """The first bytes; none for a folder."""
        if self.is_folder:
            return b""
        with self.open() as file:
            return file.read(_HEAD)

    @cached_property
    def archive_names(self) -> frozenset[str]:
        """The names in a zip or tar archive, none for any other file."""
        if self.is_folder:
            return frozenset()
        with self.open() as file:
            return names_in_archive(file, self.head, self.size)

    def read(self) -> bytes:
        """Read all bytes. Raises ModelError where they cannot be read."""
        if self.path is None:
            return self.data
        if len(self.head) < _HEAD:  # that was all of it
            return self.head
        with self.open() as file:
            return file.read()

    def open(self) -> BinaryIO:
        """Open the file at its start. Raises ModelError where it cannot be read."""
        if self.path is None:
            return io.BytesIO(self.data)
        try:
            return open(self.path, "rb")
        except OSError as error:
            raise ModelError(f"{self.name} cannot be read: {error.strerror}") from error


def beside(path: Path) -> list[Path]:
    """List the data files that lie beside a model's file, as their names tell.

    These are those of ONNX models and of TensorFlow's checkpoints, named like the model.
    """
    with suppress(OSError):
        stem = path.stem
        rest = {
            other.name: other.name[len(stem) :] for other in path.parent.glob(f"{escape(stem)}*")
        }
        return [path.with_name(n) for n in sorted(rest) if _BESIDE.fullmatch(rest[n])]
    return []
