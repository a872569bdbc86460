"""TensorFlow's data types and constants, decoded without TensorFlow."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...reading.constants import LARGEST
from ...reading.values import Value
from .messages import REFERENCE

_DTYPES: dict[int, str] = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 8: "complex64",
    9: "int64", 10: "bool", 11: "int8", 12: "uint8", 13: "int32", 14: "bfloat16", 15: "int16",
    16: "uint16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
"""NumPy's names of the values of the enumeration DataType; the quantised ones as they are stored.
"""

_FIELDS: dict[str, str] = {
    "float32": "float_val", "float64": "double_val", "int32": "int_val", "uint8": "int_val",
    "int16": "int_val", "int8": "int_val", "uint16": "int_val", "complex64": "scomplex_val",
    "int64": "int64_val", "bool": "bool_val", "complex128": "dcomplex_val",
    "float16": "half_val", "bfloat16": "half_val", "uint32": "uint32_val", "uint64": "uint64_val",
}  # fmt: skip


def dtype(kind: int) -> str | None:
    """Return NumPy's name of a type, or of what a reference refers to; None if it has none."""
    return _DTYPES.get(kind % REFERENCE)


def constant(tensor: Any) -> Value:  # noqa: ANN401
    """Read a constant of the graph, its values decoded when first asked for.

    Raises ValueError for a negative extent.
    """
    shape = tuple(d.size for d in tensor.tensor_shape.dim)
    if min(shape, default=0) < 0:
        raise ValueError(f"it is a constant of {shape}")
    return Value(shape, get=lambda: decoded(tensor))


def decoded(tensor: Any) -> NDArray[Any] | None:  # noqa: ANN401
    """Decode the values of a TensorProto; None where they are no numbers, or damaged.

    Where fewer are listed than there are elements, the last is repeated.
    """
    name = dtype(tensor.dtype)
    shape = tuple(d.size for d in tensor.tensor_shape.dim)
    if name is None:
        return None
    stored = np.dtype("uint16" if name == "bfloat16" else name)
    count = prod(shape)
    if tensor.tensor_content:
        if len(tensor.tensor_content) != count * stored.itemsize:
            return None
        values = np.frombuffer(tensor.tensor_content, stored)
    else:
        values = np.asarray(getattr(tensor, _FIELDS[name]))
        if stored.kind == "c":
            values = values[0::2] + 1j * values[1::2]
        if name == "float16":
            values = values.astype(np.uint16).view(np.float16)
        if not len(values):
            values = np.zeros(1)
        values = values.astype(stored)
        if len(values) == 1:
            return np.broadcast_to(values.reshape(()), shape)
        if len(values) > count or count > LARGEST:
            return None
        values = np.concatenate([values, np.repeat(values[-1:], count - len(values))])
    if name == "bfloat16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.reshape(shape)
