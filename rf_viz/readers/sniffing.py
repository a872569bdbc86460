"""The first bytes of files, and names in archives, by which a reader is chosen."""

from __future__ import annotations

HDF5 = b"\x89HDF\r\n\x1a\n"

SAVED_MODEL = b"\x08\x01\x12"
"""How the message of a SavedModel starts: its version, then its graphs."""

CORE_ML = 200
"""The least field of a Core ML model's message that holds a model."""

KERAS_WEIGHTS = {"metadata.json", "model.weights.h5", "model.weights.npz", "model.weights.json"}
"""Files beside the configuration in an archive as Keras 3 writes it."""


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
