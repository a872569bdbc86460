"""Texts that come from elsewhere: attributes of HDF5 files, and what Keras complains of."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

HDF5_COMPLAINTS = (OSError, RuntimeError, ValueError, KeyError, OverflowError)
"""What h5py raises for a file that is damaged."""

_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_CALL = re.compile(r"Exception encountered when calling (?:layer )?(\S+?)(?:\.call)?\(\)\.\s*")
_CLASS = re.compile(r"<class '[^']*?(\w+)'>")
_OBJECT = re.compile(r"<(?:[\w.]*\.)?(\w+)[ :][^<>]*>")
_STUMBLE = re.compile(
    r"NoneType|'\w+' object|object is not|unsupported operand|indices must be|not supported between"
)
"""What Python says where Keras trips over a setting that it did not check."""


def attribute_text(value: Any) -> str:  # noqa: ANN401
    """An attribute of an HDF5 file as text, with a mark for each byte that is none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def attribute_texts(values: Any) -> list[str]:  # noqa: ANN401
    """A list of texts in an attribute. Raises ValueError where it is no list."""
    if np.ndim(values) != 1 or not isinstance(values, np.ndarray | list | tuple):
        raise ValueError("an attribute that should be a list of names is none")
    return [attribute_text(value) for value in values]


def complaint(error: Exception) -> str:
    """What an exception of Keras says, as far as it is written for people, line by line.

    Where it names the layer that it was calling, that comes first.
    """
    text = _COLOUR.sub("", str(error))
    if _STUMBLE.search(text) or not text.strip():
        return "a setting is of another type than Keras expects there"
    text = _CALL.sub(r"\1: ", text.replace(" Error: ", " "))
    return _OBJECT.sub(r"\1", _CLASS.sub(r"\1", text))
