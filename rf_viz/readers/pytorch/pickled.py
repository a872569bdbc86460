"""The tensors that a file of torch.save lists, told from its pickle without unpickling it.

Pickle is a list of instructions for a small machine, which can call any function. Here they are
read as data: nothing is imported and nothing is called. A few calls are recognised by name, those
that PyTorch writes for tensors (torch/_utils.py); whatever else is called is unknown.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from ..pickles import Built, Name, PickleError, Stored, read_pickle
from . import dtypes

_ORDERED = Name("collections", "OrderedDict")
_TENSOR = Name("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = Name("torch._utils", "_rebuild_parameter")

_STORAGES = {
    "ByteStorage": dtypes.UINT8,
    "CharStorage": dtypes.INT8,
    "ShortStorage": dtypes.INT16,
    "IntStorage": dtypes.INT32,
    "LongStorage": dtypes.INT64,
    "HalfStorage": dtypes.HALF,
    "FloatStorage": dtypes.FLOAT,
    "DoubleStorage": dtypes.DOUBLE,
    "BoolStorage": dtypes.BOOL,
    "BFloat16Storage": dtypes.BFLOAT16,
}
"""The types of numbers, by the names of their storages' classes."""


@dataclass(frozen=True, slots=True)
class PickledTensor:
    """A tensor: the name of its storage, its type, and how it lies in the storage."""

    storage: str
    dtype: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def pickled_tensors(pickle: bytes) -> dict[str, PickledTensor]:
    """The tensors of a pickled dictionary, by its keys; empty where it is anything else."""
    try:
        value = read_pickle(io.BytesIO(pickle)).value
    except PickleError:
        return {}
    items = value.items if isinstance(value, Built) and value.call == _ORDERED else value
    if not isinstance(items, dict):
        return {}
    tensors = ((key, _tensor(item)) for key, item in items.items() if isinstance(key, str))
    return {key: tensor for key, tensor in tensors if tensor is not None}


def _tensor(value: Any) -> PickledTensor | None:  # noqa: ANN401
    """The tensor that a call builds, if it is one of PyTorch's for tensors and parameters."""
    if not isinstance(value, Built) or not isinstance(value.arguments, tuple):
        return None
    if value.call == _PARAMETER and value.arguments:
        inner = value.arguments[0]
        return _tensor(inner) if isinstance(inner, Built) and inner.call == _TENSOR else None
    if value.call != _TENSOR or len(value.arguments) < 4:
        return None
    storage, offset, shape, strides = value.arguments[:4]
    if not isinstance(shape, tuple) or not isinstance(strides, tuple):
        return None
    if not all(type(n) is int and abs(n) < 2**62 for n in (offset, *shape, *strides)):
        return None
    place = storage.identity if isinstance(storage, Stored) else None
    if not isinstance(place, tuple) or len(place) < 3:
        return None
    _, kind, key, *_ = place
    dtype = _STORAGES.get(kind.name) if isinstance(kind, Name) else None
    if dtype is None or not isinstance(key, str):
        return None
    return PickledTensor(key, dtype, offset, shape, strides)
