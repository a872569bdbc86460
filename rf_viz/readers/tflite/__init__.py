"""The reader of TensorFlow Lite files: every operator is translated to TensorFlow's.

TensorFlow's table then describes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...model import Model, ModelInput
from ...relation import Shape
from ...trace.tensors import Tensor
from ..content import Content
from ..reading.image_inputs import images_first
from .file import parse
from .graph import Reading, work_out
from .parameters import parameters
from .program import File

if TYPE_CHECKING:
    from ...runtimes.tflite.runtime import TfliteRuntime


class TfliteModel(Model):
    """A model read from the bytes of a TFLite file: its main graph.

    Inputs of a quantised type take its own integers, or real numbers as any float.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name, self._data = name, data
        graphs = parse(data, name)
        graph = graphs[0]
        if not graph.operators:
            raise ModelError(f"{name} holds no graph of operations: it is empty or cut off")
        self._tensors = {t.name: (i, t) for i, t in enumerate(graph.tensors)}
        self._program = File(graphs, work_out).program(0)
        inputs = [self._tensors[n][1] for n in self._program.inputs]
        self.inputs = images_first(
            [ModelInput(t.name, t.signature, t.dtype or "object") for t in inputs],
            self._program.calls,
        )

    def describe(
        self, shapes: Mapping[str, Shape], source: str, weight_aware: bool
    ) -> list[Tensor]:
        """Describe the file's tensors at these input shapes (see ``Model``)."""
        declared: dict[str, Shape] = {}
        if all(self._tensors[name][1].shape == shape for name, shape in shapes.items()):
            declared = {name: t.shape for name, (_, t) in self._tensors.items()}
        return Reading(self._program, shapes, source, weight_aware, declared).tensors

    def activations(
        self, tensor: NDArray[np.generic], names: Sequence[str], *, input: str | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Run the file by LiteRT (see ``Model``)."""
        source = self._input(input)
        shapes = self.shapes(tensor.shape, input=source.name)
        return self._runtime.activations({source.name: tensor}, names, shapes)

    def parameters(self) -> dict[str, int]:
        """Count the weights of each operation (see ``Model``)."""
        return parameters(self._program)

    @cached_property
    def _runtime(self) -> TfliteRuntime:
        from ...runtimes.tflite.runtime import TensorSlot, TfliteRuntime

        slots = {n: TensorSlot(i, t.dtype, t.quantised) for n, (i, t) in self._tensors.items()}
        return TfliteRuntime(
            self._data,
            {name: slots[name] for name in self._program.shown},
            {name: slots[name] for name in self._program.inputs},
        )


def load(content: Content) -> TfliteModel:
    """Read a TFLite file. Raises ModelError where it is damaged, or LiteRT's package missing."""
    return TfliteModel(content.read(), content.name)
