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


def _decoded(tensor: onnx.TensorProto, folder: str | None) -> Constant | None:
    try:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            return numpy_helper.to_array(tensor)
        if folder is None:
            return None
        copy = onnx.TensorProto()  # decoding writes the data into the message
        copy.CopyFrom(tensor)
        return numpy_helper.to_array(copy, folder)
    except (OSError, ValueError, TypeError, RuntimeError, onnx.checker.ValidationError):
        return None


def dense(sparse: onnx.SparseTensorProto) -> Constant | None:
    """A sparse constant written out; None where that is too large, or the constant is damaged."""
    try:
        return _written_out(sparse) if 0 <= prod(sparse.dims) <= LARGEST else None
    except (ValueError, TypeError, RuntimeError, IndexError):
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
