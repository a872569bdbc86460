"""The weights of an exported program as ONNX tensors, left in the file where that can be.

Since PyTorch 2.9 storages are entries of the archive. Before, they lay in files of torch.save
within it; which tensors these hold is told from their pickles, without unpickling them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from onnx import TensorProto

from ...errors import ModelError
from .archive import Archive, SavedFile
from .dtypes import array_type, onnx_type, width
from .pickled import pickled_tensors
from .program import TensorMeta, tensor_meta
from .sizes import Size, example

_CONFIGS = (
    ("{}_weights_config.json", "{}_model_param_config.json"),
    (
        "{}_constants_config.json",
        "{}_model_constants_config.json",
    ),
)
_SAVED = (
    "serialized_state_dict.pt",
    "serialized_constants.pt",
    "data/weights/{}.pt",
    "data/constants/{}.pt",
)
_FOLDERS = ("data/weights/", "data/constants/")

_BY_REFERENCE = 4096
"""Bytes from which a weight is left in the file. Shapes and axes are told by smaller ones."""

_MOST_COPIES, _ALLOWANCE = 4, 2**26
"""The most bytes of all weights: so many times those of the archive, and so many more.

Weights share storages where they are tied, and their axes may repeat the same numbers.
"""

_NOWHERE = "\0"
"""The place of weights without values: no file has such a name."""


@dataclass(frozen=True, slots=True)
class Payload:
    """How a weight lies in its storage, and where that lies: in which archive, as which entry."""

    archive: Archive | SavedFile
    entry: str
    meta: TensorMeta


class Weights:
    """The weights of one program. ``missing`` are the names of those without values."""

    def __init__(self, archive: Archive, program: str) -> None:
        self._archive = archive
        self._payloads = {**dict(_pickled(archive, program)), **dict(_payloads(archive, program))}
        self._storages: dict[tuple[int, str], bytes] = {}
        self._left = _MOST_COPIES * archive.size + _ALLOWANCE
        self.missing: set[str] = set()

    def tensor(self, name: str, meta: TensorMeta) -> TensorProto:
        """Make the ONNX tensor of a weight, without values where they are not known.

        ``meta`` is what the graph says of it. Raises ModelError where the storage is too small.
        """
        payload = self._payloads.get(name)
        if payload is None:
            return self._unknown(name, meta)
        if payload.meta.sizes != meta.sizes or payload.meta.dtype != meta.dtype:
            raise self._broken(name)
        archive, meta = payload.archive, payload.meta
        shape, strides, offset = _static(meta.sizes), _static(meta.strides), example(meta.offset)
        size = width(meta.dtype)
        if shape is None or strides is None or offset is None or size is None:
            return self._unknown(name, meta)
        count, wide = prod(shape), len(strides) == len(shape)
        if min(shape, default=0) < 0 or offset < 0 or not wide:
            raise self._broken(name)
        result = TensorProto(name=name, data_type=onnx_type(meta.dtype), dims=shape)
        if count == 0:
            return result
        last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
        if min(strides, default=0) < 0 or last >= 2**40:
            raise self._broken(name)
        place, length = archive.place(payload.entry), archive.length(payload.entry)
        if length == 0:  # exported without values, from tensors that are only shapes
            return self._unknown(name, meta)
        if (last + 1) * size > length:
            raise self._broken(name)
        dense = _is_dense(shape, strides)
        if place is not None and dense and count * size >= _BY_REFERENCE:
            result.data_location = TensorProto.EXTERNAL
            for key, value in (
                ("location", Path(place.path).name),
                ("offset", str(place.offset + offset * size)),
                ("length", str(count * size)),
            ):
                result.external_data.add(key=key, value=value)
            return result
        self._left -= count * size
        if self._left < 0:  # numbers that are repeated, made to claim
            raise self._broken(name)
        raw = self._storage(payload)
        if dense:
            result.raw_data = raw[offset * size : (offset + count) * size]
        else:
            flat = np.frombuffer(raw, array_type(meta.dtype), last + 1 - offset, offset * size)
            steps = [s * size for s in strides]
            result.raw_data = np.lib.stride_tricks.as_strided(flat, shape, steps).tobytes()
        return result

    def memory(self, name: str) -> object:
        """What tells apart the memories that weights lie in; None where that is not known."""
        payload = self._payloads.get(name)
        return None if payload is None else (id(payload.archive), payload.entry)

    def _storage(self, payload: Payload) -> bytes:
        key = id(payload.archive), payload.entry
        if key not in self._storages:
            self._storages[key] = payload.archive.read(payload.entry)
        return self._storages[key]

    def _unknown(self, name: str, meta: TensorMeta) -> TensorProto:
        self.missing.add(name)
        return unknown(name, meta)

    def _broken(self, name: str) -> ModelError:
        return ModelError(
            f"{self._archive.name} holds fewer numbers of {name} than its shape says: it is "
            "damaged, download or export it again"
        )


def unknown(name: str, meta: TensorMeta) -> TensorProto:
    """A tensor of which only type and shape are known: it refers to a file that there is not."""
    tensor = TensorProto(name=name, data_type=onnx_type(meta.dtype), dims=_static(meta.sizes) or ())
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=_NOWHERE)
    return tensor


def _payloads(archive: Archive, program: str) -> Iterable[tuple[str, Payload]]:
    """The weights that the archive lists as raw bytes. Raises ModelError."""
    for folder, forms in zip(_FOLDERS, _CONFIGS, strict=True):
        for form in forms:
            config = folder + form.format(program)
            if not archive.has(config):
                continue
            try:
                for name, entry in archive.read_json(config)["config"].items():
                    if not entry["use_pickle"] and entry["tensor_meta"]:
                        path = folder + entry["path_name"]
                        yield name, Payload(archive, path, tensor_meta(entry["tensor_meta"]))
            except ModelError:
                raise
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise ModelError(
                    f"{archive.name} holds a {config} that does not describe weights: it is "
                    "damaged, export it again"
                ) from error
            break


def _pickled(archive: Archive, program: str) -> Iterable[tuple[str, Payload]]:
    """The weights in files of torch.save within the archive."""
    for form in _SAVED:
        entry = form.format(program)
        if not archive.has(entry):
            continue
        saved = SavedFile.within(archive, entry)
        if saved is None:
            continue
        for name, tensor in pickled_tensors(saved.pickle).items():
            path = f"data/{tensor.storage}"
            if saved.has(path):
                meta = TensorMeta(tensor.dtype, tensor.shape, tensor.strides, tensor.offset)
                yield name, Payload(saved, path, meta)


def _static(sizes: Iterable[Size]) -> tuple[int, ...] | None:
    """Sizes that are all numbers; None otherwise."""
    listed = tuple(sizes)
    return tuple(n for n in listed if isinstance(n, int)) if _fixed(listed) else None


def _fixed(sizes: Iterable[Size]) -> bool:
    return all(isinstance(n, int) for n in sizes)


def _is_dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Tell whether elements follow each other in memory as NumPy orders them."""
    step = 1
    for n, stride in zip(shape[::-1], strides[::-1], strict=True):
        if n != 1 and stride != step:
            return False
        step *= n
    return True
