"""The reader of ONNX files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import onnx
from numpy.typing import NDArray

from ...model import Model, ModelInput, Remark
from ...relation import Shape
from ...trace.tensor_names import TensorNames
from ...trace.tensors import Tensor
from ..content import Content
from ..reading.image_inputs import images_first
from .file import checked, parse
from .graph import Reading, work_out
from .inferred import infer_shapes
from .modules import Place, places
from .ops import OPERATORS
from .parameters import parameters
from .program import Infer, Program

if TYPE_CHECKING:
    from ...runtimes.onnx.runtime import OnnxRuntime
    from ...runtimes.onnx.twin import OnnxTwin


class OnnxModel(Model):
    """A model read from an ONNX file: its message, and the folder with its side files."""

    def __init__(
        self,
        proto: onnx.ModelProto,
        name: str,
        folder: str | None = None,
        infer: Infer = infer_shapes,
    ) -> None:
        self.proto, self.name, self.folder = proto, name, folder
        self._program = Program(proto, folder, OPERATORS, work_out, infer)
        self.inputs = images_first(_declared_inputs(proto.graph), self._program.graph.calls)

    def describe(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> list[Tensor]:
        """Describe the tensors as ``Model.describe``, in the file's order, loops turn by turn."""
        tensors = Reading(self._program, shapes, source, weight_aware, feeds, stop).tensors
        for tensor in tensors if self._places else ():
            place = self._places.get(tensor.node)
            if place is not None and tensor.group is None:
                tensor.group, tensor.fused = place
        return tensors

    @cached_property
    def _places(self) -> dict[str, Place]:
        """The modules of PyTorch that the file's operations are part of, by their names."""
        graph = self._program.graph
        return places(graph.calls, graph.outputs)

    @cached_property
    def names(self) -> TensorNames:
        """The names of the main graph's tensors and nodes, as ``Model.names``."""
        groups: dict[str, str] = {}
        for place in self._places.values():
            for group in (place.group, *place.fused):
                groups.update((outer.name, outer.output) for outer in group.around)
        calls = self._program.graph.calls
        return TensorNames(((c.name, c.outputs) for c in calls), groups)

    def run(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Shape],
    ) -> dict[str, NDArray[np.float32]]:
        """Compute values as ``Model.run``, by ONNX Runtime."""
        return self._runtime.activations(feeds, names, shapes)

    def tune(self) -> None:
        """Prepare for many runs as ``Model.tune``."""
        self._runtime.tune()

    def twin(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> OnnxTwin | None:
        """Build the twin as ``Model.twin``, run by ONNX Runtime."""
        from ...runtimes.onnx.twin import OnnxTwin

        return OnnxTwin(self.proto, source, shapes, weight_aware, self.folder, feeds, stop)

    def parameters(self) -> dict[str, int]:
        """Count weights as ``Model.parameters``: constants in the inputs that hold weights."""
        return parameters(self._program)

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth knowing of the file, as ``Model.remarks``."""
        from .remarks import remarks  # rarely needed, and a cold start is short

        program, producer = self._program, self.proto.producer_name
        calls = program.graph.calls
        return remarks(calls, program.constants, self.name, producer, self.inputs)

    @cached_property
    def _runtime(self) -> OnnxRuntime:
        from ...runtimes.onnx.runtime import OnnxRuntime

        return OnnxRuntime(self.proto, self.folder)


def load(content: Content) -> OnnxModel:
    """Read an ONNX file. Raises ModelError where it is damaged, or too new to be understood."""
    return OnnxModel(parse(content), content.name, content.folder)


def of_message(message: onnx.ModelProto, name: str | None = None) -> OnnxModel:
    """Read a model that is in memory; it may be changed afterwards. Raises ModelError."""
    name = name or message.graph.name or "model"
    proto = onnx.ModelProto()
    proto.CopyFrom(message)
    return OnnxModel(checked(proto, name, None), name)


def _declared_inputs(graph: onnx.GraphProto) -> list[ModelInput]:
    """The inputs that a person feeds, in the file's order."""
    constants = {t.name for t in graph.initializer}
    constants |= {t.values.name for t in graph.sparse_initializer}
    return [
        _declared(i)
        for i in graph.input
        if i.name not in constants and i.type.WhichOneof("value") in (None, "tensor_type")
    ]


_ANY_RANK = 4
"""The axes of an input that does not say how many it has: an image's."""


def _declared(value: onnx.ValueInfoProto) -> ModelInput:
    kind = value.type.tensor_type
    dims = list(kind.shape.dim)
    if not kind.HasField("shape"):
        return ModelInput(value.name, (None,) * _ANY_RANK, _dtype(kind.elem_type))
    return ModelInput(
        value.name,
        tuple(d.dim_value if d.dim_value > 0 else None for d in dims),
        _dtype(kind.elem_type),
        tuple(d.dim_param for d in dims),
    )


def _dtype(kind: int) -> str:
    try:
        return onnx.helper.tensor_dtype_to_np_dtype(kind).name
    except (KeyError, TypeError):
        return "float32"
