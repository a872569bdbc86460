"""The reader of TensorFlow's graphs, which every TensorFlow format comes down to.

A graph is opened and traced without loading TensorFlow itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...inputs.feeds import SideInput
from ...model import Model, ModelInput, Remark
from ...relation import Shape
from ...runtimes.tensorflow.graph_names import PLACEHOLDERS
from ...runtimes.values import neutral
from ...trace.tensor_names import TensorNames
from ...trace.tensors import Group, Tensor
from ..reading.image_inputs import images_first
from ..reading.values import Value
from .arrivals import arrivals
from .call import Call, declared_shape
from .graph import Reading, work_out
from .ops import entry
from .parameters import parameters
from .program import Program
from .protobuf.flatten import flatten
from .protobuf.held import filled
from .protobuf.scopes import enclosing
from .protobuf.tensors import dtype

if TYPE_CHECKING:
    from ...runtimes.tensorflow.loops import Loop
    from ...runtimes.tensorflow.runtime import TensorFlowRuntime
    from ...runtimes.tensorflow.twin import TensorFlowTwin

_ANY_RANK = 4
"""The axes of an input that does not say how many it has: an image's."""

_SCALARS_SINCE = 24
"""The version of graphs since which an input that is said to have no axes has none."""


class TensorFlowModel(Model):
    """A model that is a graph; ``graph_def`` is the flat one, every tensor in sight.

    ``inputs`` are its placeholders, unless the format knows better. ``held`` are the values of
    the placeholders and handles that stand for weights, by name; ``groups`` are the layers of the
    framework that wrote the graph, by the scope of their operations. ``hidden`` is as in ``Model``.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401  (protobuf messages have no types)
        name: str,
        inputs: Sequence[ModelInput] | None = None,
        *,
        held: Mapping[str, Value] | None = None,
        groups: Mapping[str, Group] | None = None,
        hidden: int = 0,
    ) -> None:
        self.name, self.hidden = name, hidden
        self.graph_def = flatten(graph_def)
        self.held, self._groups = held or {}, groups or {}
        self._arrivals = arrivals(self.graph_def.node)
        program = Program(self.graph_def, entry, self._bound, work_out, self._arrivals.keys())
        self._program, self._programs = program, {frozenset[str](): program}
        placeholders = {n: p for n, p in program.placeholders.items() if n not in self._arrivals}
        if inputs is None:
            old = 0 < graph_def.versions.producer < _SCALARS_SINCE
            inputs = [_declared(node, old) for node in placeholders.values()]
        arriving = [i for group in self._arrivals.values() for i in group]
        arriving = [i for i in arriving if i.name in program.entering]
        if arriving:  # the bytes that they come from are no images
            inputs = [i for i in inputs if i.dtype != "object"]
        self.inputs = images_first([*inputs, *arriving], program.calls)

    def describe(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> list[Tensor]:
        """Describe the graph's tensors at these input shapes (see ``Model``)."""
        program = self._fed(feeds) if feeds else self._program
        tensors = Reading(program, shapes, source, weight_aware, feeds, stop).tensors
        if self._groups:
            for tensor in tensors:
                scope = enclosing(tensor.node, self._groups)
                if scope is not None:
                    tensor.group = self._groups[scope]
        return tensors

    @cached_property
    def names(self) -> TensorNames:
        """The names of the graph's tensors, nodes and layers (see ``Model``)."""
        calls = [*self._program.fixed, *self._program.calls]
        operations = ((c.name, c.outputs) for c in calls if c.op != "Const")
        return TensorNames(operations, {g.name: g.output for g in self._groups.values()})

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth knowing of the graph, as ``Model.remarks``."""
        count = sum(
            call.op.startswith("FusedBatchNorm") and bool(call.attributes.get("is_training", True))
            for call in self._program.calls
        )
        if not count:
            return ()
        return (
            Remark(
                "Saved in training mode",
                f"{self.name} was saved in training mode: {count} batch "
                f"normalisation{'s' * (count > 1)} take{'s' * (count == 1)} mean and variance from "
                "the image that is fed, so that every layer behind sees the whole image, which it "
                "does not in inference. Build it for inference (is_training=False, training=False) "
                "and save it again",
            ),
        )

    def _fed(self, feeds: Iterable[str]) -> Program:
        """The program in which these inputs do not hold what the graph has for them."""
        presets = frozenset(self._presets.keys() & feeds)
        if presets not in self._programs:
            fed = presets | self._arrivals.keys()
            self._programs[presets] = Program(self.graph_def, entry, self._bound, work_out, fed)
        return self._programs[presets]

    @cached_property
    def _presets(self) -> dict[str, SideInput]:
        """The inputs for which the graph has a value that a person may replace, by name."""
        presets = {}
        for node in self._program.nodes:
            if node.op == "PlaceholderWithDefault":
                value = self._program.constants.get(node.name)
                array = None if value is None else value.value()
            elif node.op in PLACEHOLDERS and node.name not in self.held:
                value = bound(node)
                array = None if value is None else value.value()
            else:
                continue
            kind = dtype(node.attr["dtype"].type)
            if array is not None and array.size == 1 and kind:
                default = float(array.reshape(-1)[0])
                presets[node.name] = SideInput(
                    node.name, kind, array.shape, array.shape, default, fixed=True
                )
        return presets

    def _side_inputs(
        self, source: ModelInput, shapes: Mapping[str, Shape]
    ) -> tuple[SideInput, ...]:
        declared = super()._side_inputs(source, shapes)
        names = {source.name, *(side.name for side in declared)}
        return (*declared, *(p for name, p in self._presets.items() if name not in names))

    def _bound(self, placeholder: Any) -> Value | None:  # noqa: ANN401
        return self.held.get(placeholder.name) or bound(placeholder)

    @property
    def why_not_runnable(self) -> str:
        """Say in words why there are no activations; empty where there are."""
        variables = [name for name in self._program.variables if name not in self.held]
        if not variables:
            return ""
        return (
            f"{self.name} holds no weights: the graph names {len(variables)} variables "
            f"({variables[0]} ...), whose values are in a checkpoint; freeze them into the graph, "
            "or open the checkpoint's .meta, .index and .data-... files together"
        )

    @property
    def runnable(self) -> bool:
        """Whether the graph can be run for its activations."""
        return not self.why_not_runnable

    @property
    def heavy_runtime(self) -> str:
        """TensorFlow, where the graph can be run in it."""
        return "tensorflow" if self.runnable else ""

    def run(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Shape],
    ) -> dict[str, NDArray[np.float32]]:
        """Run the graph (see ``Model``). Raises ModelError where it has no weights."""
        return self._runtime.activations(self._all_fed(feeds, shapes), names, shapes)

    @property
    def has_gradients(self) -> bool:
        """Whether there are gradients: wherever the graph can be run."""
        return self.runnable

    def gradients(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        seeds: Sequence[NDArray[np.floating[Any]]],
        shapes: Mapping[str, Shape],
    ) -> list[NDArray[np.floating[Any]]]:
        """Compute gradients as ``Model.gradients``, by TensorFlow."""
        fed = self._all_fed(feeds, shapes)
        return self._runtime.gradients(fed, name, source, seeds, shapes)

    def gradient_gaps(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Shape],
    ) -> tuple[str, ...]:
        """List the operators that pass no gradient, as ``Model.gradient_gaps``."""
        return self._runtime.gradient_gaps(self._all_fed(feeds, shapes), name, source, shapes)

    def _all_fed(
        self, feeds: Mapping[str, NDArray[np.generic]], shapes: Mapping[str, Shape]
    ) -> dict[str, NDArray[np.generic]]:
        """The feeds, and what stands for inputs that come from elsewhere.

        Raises ModelError where the graph has no weights.
        """
        if self.why_not_runnable:
            raise ModelError(self.why_not_runnable)
        unfed = {
            i.name: neutral(i.name, shapes[i.name], np.dtype(i.dtype))
            for i in self.inputs
            if i.origin and i.name not in feeds and i.name in shapes
        }
        return {**unfed, **feeds}

    def twin(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> TensorFlowTwin:
        """Return the twin of the graph at these input shapes (see ``Model``)."""
        from ...runtimes.tensorflow.twin import TensorFlowTwin

        return TensorFlowTwin(self._filled, source, shapes, weight_aware, feeds, stop)

    def parameters(self) -> dict[str, int]:
        """Count the weights of each operation (see ``Model``)."""
        return parameters(self._program, self.held)

    @cached_property
    def _runtime(self) -> TensorFlowRuntime:
        from ...runtimes.tensorflow.runtime import TensorFlowRuntime

        handles = {
            name: self.held[name].value for name in self._program.variables if name in self.held
        }
        return TensorFlowRuntime(self._filled, handles, self._loops)

    def _loops(self) -> dict[str, Loop]:
        """The loops of the graph that have functions, by name."""
        from ...runtimes.tensorflow.loops import Body, Loop

        def body(call: Call, role: str) -> Body:
            function = call.body(role)
            nodes = [inner.proto for inner in function.calls]
            return Body(nodes, function.inputs, function.outputs)

        def loops(calls: Iterable[Call]) -> dict[str, Loop]:
            return {
                call.name: Loop(
                    call.name,
                    call.inputs,
                    body(call, "cond"),
                    body(call, "body"),
                    loops(call.body("body").calls),
                )
                for call in calls
                if call.op in ("While", "StatelessWhile")
            }

        return loops((*self._program.fixed, *self._program.calls))

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
