"""Constants of an ONNX file, decoded."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx
from onnx import numpy_helper

from ..reading.constants import LARGEST, Constant
from ..reading.values import Value


def initializer(tensor: onnx.TensorProto, folder: str | None) -> Value:
    """A constant of the file, its values decoded when first asked for.

    Those in a side file are only read from within ``folder``; they are not known without one.
    """
    return Value(tuple(tensor.dims), get=lambda: _decoded(tensor, folder))


_UNREADABLE = (
    OSError, ValueError, TypeError, RuntimeError, KeyError, IndexError,
    onnx.checker.ValidationError,
)  # fmt: skip
"""What decoding raises where a tensor is damaged, or of a type that ONNX does not have."""


def _decoded(tensor: onnx.TensorProto, folder: str | None) -> Constant | None:
    """The values of a constant; None where they cannot be read."""
    try:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            return numpy_helper.to_array(tensor)
        if folder is None:
            return None
        copy = onnx.TensorProto()  # decoding writes the data into the message
        copy.CopyFrom(tensor)
        return numpy_helper.to_array(copy, folder)
    except _UNREADABLE:
        return None


def dense(sparse: onnx.SparseTensorProto) -> Constant | None:
    """A sparse constant written out; None where that is too large, or the constant is damaged."""
    try:
        return _written_out(sparse) if 0 <= prod(sparse.dims) <= LARGEST else None
    except _UNREADABLE:
        return None


def _written_out(sparse: onnx.SparseTensorProto) -> Constant:
    values = numpy_helper.to_array(sparse.values)
    indices = numpy_helper.to_array(sparse.indices)
    out = np.zeros(tuple(sparse.dims), values.dtype)
    if indices.ndim == 1:
        out.reshape(-1)[indices] = values
    else:
        out[tuple(indices.T)] = values
    return out
