"""The reader of TensorFlow's graphs, which every TensorFlow format comes down to.

A graph is opened and traced without loading TensorFlow itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...model import Model, ModelInput
from ...relation import Shape
from ...trace.tensors import Group, Tensor
from ..reading.image_inputs import images_first
from ..reading.values import Value
from .call import declared_shape
from .graph import Reading, work_out
from .ops import entry
from .parameters import parameters
from .program import Program
from .protobuf.flatten import flatten
from .protobuf.held import filled
from .protobuf.scopes import enclosing
from .protobuf.tensors import dtype

if TYPE_CHECKING:
    from ...runtimes.tensorflow.runtime import TensorFlowRuntime
    from ...runtimes.tensorflow.twin import TensorFlowTwin

_ANY_RANK = 4
"""The axes of an input that does not say how many it has: an image's."""

_SCALARS_SINCE = 24
"""The version of graphs since which an input that is said to have no axes has none."""


class TensorFlowModel(Model):
    """A model that is a graph; ``graph_def`` is the flat one, every tensor in sight.

    ``inputs`` are its placeholders, unless the format knows better. ``held`` are placeholders that
    stand for weights, by name; ``groups`` are the layers of the framework that wrote the graph, by
    the scope of their operations.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401  (protobuf messages have no types)
        name: str,
        inputs: Sequence[ModelInput] | None = None,
        *,
        held: Mapping[str, Value] | None = None,
        groups: Mapping[str, Group] | None = None,
    ) -> None:
        self.name = name
        self.graph_def = flatten(graph_def)
        self.held, self._groups = held or {}, groups or {}
        self._program = Program(self.graph_def, entry, self._bound, work_out)
        if inputs is None:
            old = 0 < graph_def.versions.producer < _SCALARS_SINCE
            inputs = [_declared(node, old) for node in self._program.placeholders.values()]
        self.inputs = images_first(inputs, self._program.calls)

    def describe(
        self, shapes: Mapping[str, Shape], source: str, weight_aware: bool
    ) -> list[Tensor]:
        """Describe the graph's tensors at these input shapes (see ``Model``)."""
        tensors = Reading(self._program, shapes, source, weight_aware).tensors
        if self._groups:
            for tensor in tensors:
                scope = enclosing(tensor.node, self._groups)
                if scope is not None:
                    tensor.group = self._groups[scope]
        return tensors

    def _bound(self, placeholder: Any) -> Value | None:  # noqa: ANN401
        return self.held.get(placeholder.name) or bound(placeholder)

    @property
    def why_not_runnable(self) -> str:
        """Say in words why there are no activations; empty where there are."""
        variables = self._program.variables
        if not variables:
            return ""
        return (
            f"{self.name} holds no weights: the graph names {len(variables)} variables "
            f"({variables[0]} ...), whose values are in a checkpoint; freeze them into the graph"
        )

    @property
    def runnable(self) -> bool:
        """Whether the graph can be run for its activations."""
        return not self.why_not_runnable

    @property
    def heavy_runtime(self) -> str:
        """TensorFlow, where the graph can be run in it."""
        return "tensorflow" if self.runnable else ""

    def activations(
        self, tensor: NDArray[np.generic], names: Sequence[str], *, input: str | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Run the graph (see ``Model``). Raises ModelError where it has no weights."""
        if self.why_not_runnable:
            raise ModelError(self.why_not_runnable)
        source = self._input(input)
        shapes = self.shapes(tensor.shape, input=source.name)
        return self._runtime.activations({source.name: tensor}, names, shapes)

    def twin(self, shapes: Mapping[str, Shape], source: str, weight_aware: bool) -> TensorFlowTwin:
        """Return the twin of the graph at these input shapes (see ``Model``)."""
        from ...runtimes.tensorflow.twin import TensorFlowTwin

        return TensorFlowTwin(self._filled, source, shapes, weight_aware)

    def parameters(self) -> dict[str, int]:
        """Count the weights of each operation (see ``Model``)."""
        return parameters(self._program, self.held)

    @cached_property
    def _runtime(self) -> TensorFlowRuntime:
        from ...runtimes.tensorflow.runtime import TensorFlowRuntime

        return TensorFlowRuntime(self._filled)

    @cached_property
    def _filled(self) -> Any:  # noqa: ANN401
        return filled(self.graph_def, self.held)


def bound(placeholder: Any) -> Value | None:  # noqa: ANN401
    """Return what a placeholder holds that no person feeds: a single switch is off."""
    kind = dtype(placeholder.attr["dtype"].type)
    if kind == "bool" and declared_shape(placeholder) in ((), None):
        return Value((), value=np.array(False))
    return None


def _declared(placeholder: Any, old: bool) -> ModelInput:  # noqa: ANN401
    """An input; ``old`` graphs say that it has no axes where it may have any."""
    shape = declared_shape(placeholder)
    if shape is None or (old and not shape):
        extents: tuple[int | None, ...] = (None,) * _ANY_RANK
    else:
        extents = tuple(n if n > 0 else None for n in shape)
    kind = dtype(placeholder.attr["dtype"].type)
    return ModelInput(placeholder.name, extents, kind or "object")
