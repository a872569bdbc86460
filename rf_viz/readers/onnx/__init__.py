"""Reads ONNX files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ...errors import ModelError
from ...model import Model, ModelInput
from ...relation import Shape
from ...strands import Tensor
from .graph import Reading, work_out
from .program import Program


class OnnxModel(Model):
    """A model read from an ONNX file; ``proto`` is the message, ``folder`` where it lay."""

    def __init__(self, proto: onnx.ModelProto, name: str, folder: str | None = None) -> None:
        self.proto, self.name, self.folder = proto, name, folder
        constants = {i.name for i in proto.graph.initializer}
        inputs = [_declared(i) for i in proto.graph.input if i.name not in constants]
        self.inputs = tuple(sorted(inputs, key=_unlike_an_image))

    def describe(
        self, shapes: Mapping[str, Shape], source: str, weight_aware: bool
    ) -> list[Tensor]:
        return Reading(self._program, shapes, source, weight_aware).tensors

    def activations(
        self, tensor: NDArray[np.generic], names: Sequence[str], *, input: str | None = None
    ) -> dict[str, NDArray[np.float32]]:
        source = self._input(input)
        shapes = self.shapes(tensor.shape, input=source.name)
        feeds: dict[str, NDArray[Any]] = {source.name: tensor}
        return self._runtime.activations(feeds, names, shapes)

    @cached_property
    def _program(self) -> Program:
        return Program(self.proto, self.folder, work_out)

    @cached_property
    def _runtime(self) -> Any:
        from ...runtimes.onnx_runtime import OnnxRuntime

        return OnnxRuntime(self.proto, self.folder)


def _declared(value: onnx.ValueInfoProto) -> ModelInput:
    kind = value.type.tensor_type
    shape = tuple(
        d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in kind.shape.dim
    )
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    except KeyError:
        dtype = "float32"
    return ModelInput(value.name, shape, dtype)


def _unlike_an_image(given: ModelInput) -> tuple[int, int]:
    """Sorts what an image or a signal could go into to the front."""
    rank = len(given.shape)
    return (0 if given.dtype.startswith(("float", "bfloat", "uint8")) else 1, 0 if rank >= 3 else 1)


def load(source: str | os.PathLike[str] | bytes, name: str | None = None) -> OnnxModel:
    """Read an ONNX file, or its bytes."""
    if isinstance(source, bytes):
        return OnnxModel(onnx.load_model_from_string(source), name or "model")
    path = os.fspath(source)
    proto = onnx.load(path, load_external_data=False)
    if not proto.graph.node:
        raise ModelError(f"{path} holds no graph")
    return OnnxModel(proto, name or os.path.basename(path), os.path.dirname(os.path.abspath(path)))
