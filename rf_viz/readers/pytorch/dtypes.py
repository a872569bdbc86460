"""The types of numbers, and which of them an operation computes in.

The numbers of types are those of ScalarType in torch/_export/serde/schema.py; how types combine is
described in PyTorch's documentation under "type promotion".
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

UINT8, INT8, INT16, INT32, INT64, HALF, FLOAT, DOUBLE = range(1, 9)
COMPLEX32, COMPLEX64, COMPLEX128, BOOL, BFLOAT16 = range(9, 14)
UINT16, FLOAT8E4M3FN, FLOAT8E5M2, FLOAT8E4M3FNUZ, FLOAT8E5M2FNUZ, FLOAT8E8M0FNU = range(28, 34)
UINT32, UINT64 = 34, 35

ONNX = {
    UINT8: TensorProto.UINT8,
    INT8: TensorProto.INT8,
    INT16: TensorProto.INT16,
    INT32: TensorProto.INT32,
    INT64: TensorProto.INT64,
    HALF: TensorProto.FLOAT16,
    FLOAT: TensorProto.FLOAT,
    DOUBLE: TensorProto.DOUBLE,
    COMPLEX64: TensorProto.COMPLEX64,
    COMPLEX128: TensorProto.COMPLEX128,
    BOOL: TensorProto.BOOL,
    BFLOAT16: TensorProto.BFLOAT16,
    UINT16: TensorProto.UINT16,
    FLOAT8E4M3FN: TensorProto.FLOAT8E4M3FN,
    FLOAT8E5M2: TensorProto.FLOAT8E5M2,
    FLOAT8E4M3FNUZ: TensorProto.FLOAT8E4M3FNUZ,
    FLOAT8E5M2FNUZ: TensorProto.FLOAT8E5M2FNUZ,
    FLOAT8E8M0FNU: TensorProto.FLOAT8E8M0,
    UINT32: TensorProto.UINT32,
    UINT64: TensorProto.UINT64,
}
"""ONNX' numbers of the types, by PyTorch's."""

_FLOATING = {
    HALF, FLOAT, DOUBLE, BFLOAT16, FLOAT8E4M3FN, FLOAT8E5M2, FLOAT8E4M3FNUZ, FLOAT8E5M2FNUZ,
    FLOAT8E8M0FNU,
}  # fmt: skip
_COMPLEX = {COMPLEX32, COMPLEX64, COMPLEX128}


def is_floating(dtype: int) -> bool:
    """Tell whether a type has real fractions."""
    return dtype in _FLOATING


def is_complex(dtype: int) -> bool:
    """Tell whether a type has an imaginary part."""
    return dtype in _COMPLEX


def onnx_type(dtype: int) -> int:
    """ONNX' number of a type; that of float32 for types that ONNX lacks."""
    return int(ONNX.get(dtype, TensorProto.FLOAT))


def width(dtype: int) -> int | None:
    """The bytes of one number; None for types that ONNX lacks."""
    return None if dtype not in ONNX else int(array_type(dtype).itemsize)


def array_type(dtype: int) -> np.dtype[np.generic]:
    """NumPy's type with the same bytes."""
    return np.dtype(helper.tensor_dtype_to_np_dtype(onnx_type(dtype)))


def scalar(value: complex | float | bool, dtype: int) -> NDArray[np.generic]:
    """A number as an array without axes; what does not fit the type is wrapped or rounded."""
    with np.errstate(all="ignore"):
        if isinstance(value, int) and not isinstance(value, bool) and dtype in _INTEGERS:
            bits = 8 * array_type(dtype).itemsize
            low = 0 if dtype in (UINT8, UINT16, UINT32, UINT64) else -(2 ** (bits - 1))
            value = (value - low) % 2**bits + low
        return np.asarray(value).astype(array_type(dtype))


_INTEGERS = {UINT8, INT8, INT16, INT32, INT64, UINT16, UINT32, UINT64}


def _kind(dtype: int) -> int:
    """The category that promotion compares first: truth values, integers, fractions, complex."""
    if dtype == BOOL:
        return 0
    return 3 if dtype in _COMPLEX else 2 if dtype in _FLOATING else 1


def of_number(value: complex | float | bool) -> int:
    """The type that a plain number brings into an operation."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT64
    return COMPLEX64 if isinstance(value, complex) else FLOAT


def promoted(tensors: Iterable[int], single: Iterable[int], numbers: Iterable[int]) -> int:
    """The type that operands combine to.

    Tensors with axes go before tensors of one number, and those before plain numbers, unless these
    are of a higher category.
    """
    result: int | None = None
    for group in (tensors, single, numbers):
        combined: int | None = None
        for dtype in group:
            combined = dtype if combined is None else _wider(combined, dtype)
        if combined is None:
            continue
        if result is None or _kind(combined) > _kind(result):
            result = combined
    return FLOAT if result is None else result


def _wider(one: int, other: int) -> int:
    if one == other:
        return one
    if _kind(one) != _kind(other):
        return one if _kind(one) > _kind(other) else other
    if {one, other} == {HALF, BFLOAT16}:
        return FLOAT
    if {one, other} <= _INTEGERS and UINT8 in (one, other):
        return INT16 if INT8 in (one, other) else max(one, other)
    return max((one, other), key=_rank)


def _rank(dtype: int) -> int:
    return (_COMPLEX_RANK if dtype in _COMPLEX else 0) + array_type(dtype).itemsize


_COMPLEX_RANK = 100
