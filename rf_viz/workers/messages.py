"""Messages between the app and its workers: pickles whose arrays travel beside them, uncopied.

A worker handles strangers' files, so the app does not trust it: what it answers is taken for data,
of the classes that a traced network is made of, and never for code.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

_ROOMS = (
    "relation.",
    "trace.",
    "inputs.",
    "verify.",
    "errors.",
    "model.",
    "workers.facts.",
    "survey.records.",
)
"""Rooms of this package whose classes an answer may be made of."""

_PLAIN = {
    ("builtins", "slice"),
    ("builtins", "range"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "bytearray"),
    ("fractions", "Fraction"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy", "minimum"),
    ("numpy", "maximum"),
}
"""Other things that an answer may be made of, by module and name."""

_NUMPYS_OWN = {"_reconstruct", "_frombuffer", "scalar", "_ufunc_reconstruct"}
"""Functions by which NumPy's arrays, numbers and functions come out of a pickle."""

_REVIVED = ("rf_viz.errors", "revived")
"""The function by which errors come out of a pickle."""

_COUNT, _LENGTH = struct.Struct("<I"), struct.Struct("<Q")
_MOST_PARTS = 1 << 20


class TooLargeError(ValueError):
    """Raised for a message of more bytes than the reader takes."""


def packed(message: object) -> list[Any]:
    """Pickle a message; the parts are bytes and views of its arrays."""
    buffers: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    pickler = pickle.Pickler(head, protocol=5, buffer_callback=buffers.append)
    # Errors say themselves how they are pickled. Where tblib is installed, Keras has it register
    # another way for all of them, which names functions that no answer may name.
    pickler.dispatch_table = {
        kind: reduced
        for kind, reduced in copyreg.dispatch_table.items()
        if not issubclass(kind, BaseException)
    }
    pickler.dump(message)
    return [head.getvalue(), *(buffer.raw() for buffer in buffers)]


def send(pipe: BinaryIO, parts: Sequence[Any]) -> None:
    """Write the parts of a message. Raises OSError where the other side has ended."""
    pipe.write(_COUNT.pack(len(parts)))
    pipe.write(b"".join(_LENGTH.pack(len(part)) for part in parts))
    for part in parts:
        pipe.write(part)
    pipe.flush()


def receive(pipe: BinaryIO, most: int = 1 << 62) -> list[bytearray] | None:
    """Read the parts of a message; None where the other side has ended.

    Raises TooLargeError for a message of more than ``most`` bytes.
    """
    head = _exactly(pipe, _COUNT.size)
    if head is None:
        return None
    count = _COUNT.unpack(head)[0]
    if count > _MOST_PARTS:
        raise ValueError(f"a message of {count} parts")
    table = _exactly(pipe, count * _LENGTH.size)
    if table is None:
        return None
    lengths = [length for (length,) in _LENGTH.iter_unpack(table)]
    if sum(lengths) > most:
        raise TooLargeError(f"a message of {sum(lengths)} bytes")
    parts = []
    for length in lengths:
        part = _exactly(pipe, length)
        if part is None:
            return None
        parts.append(part)
    return parts


def _exactly(pipe: BinaryIO, length: int) -> bytearray | None:
    """Read so many bytes; None where the other side ends before."""
    data = bytearray(length)
    view, at = memoryview(data), 0
    while at < length:
        count = pipe.readinto(view[at:])  # type: ignore[attr-defined]
        if not count:
            return None
        at += count
    return data


def unpacked(parts: Sequence[bytearray]) -> Any:  # noqa: ANN401
    """The message of these parts, from a side that is trusted."""
    return pickle.loads(parts[0], buffers=parts[1:])


def answer_of(parts: Sequence[bytearray]) -> Any:  # noqa: ANN401
    """The message of these parts, from a worker. Raises pickle.UnpicklingError where it is none.

    It is made of plain data, arrays and the classes that describe a traced network.
    """
    return _Answer(io.BytesIO(parts[0]), buffers=parts[1:]).load()


class _Answer(pickle.Unpickler):
    """The reader of a pickle that is made of data only."""

    def find_class(self, module: str, name: str) -> type | Callable[..., Any]:
        """Look up what the pickle names. Raises pickle.UnpicklingError for what is no data."""
        package, _, room = module.partition(".")
        ours = package == "rf_viz" and f"{room}.".startswith(_ROOMS) and "." not in name
        numpys = package == "numpy" and name in _NUMPYS_OWN
        if ours or numpys or (module, name) in _PLAIN:
            thing: type | Callable[..., Any] = super().find_class(module, name)
            if not ours or isinstance(thing, type) or (module, name) == _REVIVED:
                return thing
        raise pickle.UnpicklingError(f"an answer with {module}.{name} in it")
