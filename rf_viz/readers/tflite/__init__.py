"""The reader of TensorFlow Lite files: every operator is translated to TensorFlow's.

TensorFlow's table then describes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...model import Model, ModelInput
from ...relation import Shape
from ...trace.tensor_names import TensorNames
from ...trace.tensors import Tensor
from ..content import Content
from ..reading.image_inputs import images_first
from .file import parse, signatures
from .graph import Reading, work_out
from .parameters import parameters
from .program import File

if TYPE_CHECKING:
    from ...runtimes.tflite.runtime import TfliteRuntime


class TfliteModel(Model):
    """A model read from the bytes of a TFLite file: its main graph, or that of a signature.

    Inputs of a quantised type take its own integers, or real numbers as any float. Raises
    ModelError where there is no such signature.
    """

    def __init__(self, data: bytes, name: str, signature: str | None = None) -> None:
        self.name, self._data = name, data
        graphs, by_signature = parse(data, name), signatures(data, name)
        self.signatures = tuple(by_signature)
        if signature is not None and signature not in by_signature:
            there = ", ".join(by_signature) or "none"
            raise ModelError(f"{name} has no signature {signature!r}; it has {there}")
        self._number = 0 if signature is None else by_signature[signature]
        self.signature = signature or next((s for s, n in by_signature.items() if n == 0), "")
        graph = graphs[self._number]
        if not graph.operators and set(graph.outputs) & set(graph.inputs):
            raise ModelError(f"{name} hands its inputs on as they are: it has no layers to show")
        if not graph.operators:
            raise ModelError(f"{name} holds no graph of operations: it is empty or cut off")
        self._tensors = {t.name: (i, t) for i, t in enumerate(graph.tensors)}
        self._file = File(graphs, work_out)
        self._program = self._file.program(self._number)
        inputs = [self._tensors[n][1] for n in self._program.inputs]
        self.inputs = images_first(
            [
                ModelInput(
                    t.name,
                    t.signature,
                    t.dtype or "object",
                    quantised=t.quantised is not None,
                )
                for t in inputs
            ],
            self._program.calls,
        )

    def describe(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> list[Tensor]:
        """Describe the file's tensors at these input shapes (see ``Model``)."""
        declared: dict[str, Shape] = {}
        if all(self._tensors[name][1].shape == shape for name, shape in shapes.items()):
            declared = {name: t.shape for name, (_, t) in self._tensors.items()}
        return Reading(self._program, shapes, source, weight_aware, declared, feeds, stop).tensors

    @cached_property
    def names(self) -> TensorNames:
        """The names of the file's tensors (see ``Model``)."""
        return TensorNames(((name, (name,)) for name in self._program.shown), {})

    def run(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Shape],
    ) -> dict[str, NDArray[np.float32]]:
        """Run the file by LiteRT (see ``Model``)."""
        return self._runtime.activations(feeds, names, shapes)

    def parameters(self) -> dict[str, int]:
        """Count the weights of each operation (see ``Model``)."""
        return parameters(self._program)

    @cached_property
    def _runtime(self) -> TfliteRuntime:
        from ...runtimes.tflite.runtime import TfliteRuntime

        return TfliteRuntime(self._data, self._file.runnable(self._number), self._program.shown)


def load(content: Content) -> TfliteModel:
    """Read a TFLite file. Raises ModelError where it is damaged, or LiteRT's package missing."""
    return TfliteModel(content.read(), content.name, content.signature)
