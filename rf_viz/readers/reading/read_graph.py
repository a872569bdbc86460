"""The pass from a graph to described tensors, over its nodes in order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from ...errors import ModelError, defect
from ...relation import MOST_AXES, Edge, Output, Shape, shapes_along
from ...relation.common.basic import everything
from ...trace.tensors import Category, Group, Source, Tensor
from .expansion import MOST_NODES
from .maskings import Maskings
from .node import BaseNode, Call, Subgraph, described_tensor, outputs_of
from .values import DataDependent, Value, leaves
from .within import Calls, behind, severed

C = TypeVar("C", bound=Call)
N = TypeVar("N", bound=BaseNode[Any])

_ROUNDED = {
    "Atan2", "BatchMatMul", "BatchMatMulV2", "Cos", "Exp", "Log", "MatMul", "MatrixInverse",
    "MatrixSolve", "Pow", "Rsqrt", "Sin", "Tan",
}  # fmt: skip
"""Operators whose results another runtime may round otherwise."""

LARGEST = 2**40
"""The most elements that any tensor may have."""


_CHIEF: tuple[Category, ...] = ("convolution", "attention, dense")
"""The categories that tell what a loop is, whatever else is in it."""


class BaseReading(ABC, Generic[C, N]):
    """A pass over a graph at given input shapes; fills ``tensors``, the traced input first.

    ``loops`` are the loops whose bodies were followed: what is to be said of them, by the name of
    their node.

    Nothing follows from the tensors ``stop``. A format adds its nodes, the computation of
    constants, the inference of shapes that no description knows, and its name for an operator that
    is not in its table.
    """

    def __init__(self, weight_aware: bool, stop: Collection[str] = ()) -> None:
        self.weight_aware, self._stop = weight_aware, frozenset(stop)
        self.tensors: list[Tensor] = []
        self._source: Value | None = None
        self._cut = self._stop
        self.loops: dict[str, str] = {}
        self._spent = self._depth = 0
        self.maskings = Maskings(self.tensors)

    @abstractmethod
    def node(self, call: C, inputs: Sequence[Value | None], scope: MutableMapping[str, Value]) -> N:
        """Make the node that the call's description gets."""

    @abstractmethod
    def evaluate(self, node: N, name: str, shape: Shape) -> NDArray[Any] | None:
        """Compute the values of an output, of that shape, that depends on constants only."""

    @abstractmethod
    def inferred_shape(self, name: str) -> Shape | None:
        """Infer the shape of a tensor as the format itself does; None where that fails."""

    @abstractmethod
    def unknown(self, node: N) -> str:
        """Say in words that the operator is not in the table."""

    def violation(self, node: N) -> str:
        """Say in words how a node breaks its operator's own rules; empty where it keeps them.

        Called where a description failed in an unforeseen way, to tell whose fault that is.
        """
        return ""

    def enter(self, name: str, shape: Shape) -> Value:
        """Enter the traced input."""
        self.tensors.append(Tensor(name, name, "Input", shape))
        return Value(shape, 0)

    def read_from(
        self,
        source: str,
        shape: Shape | None,
        program: Calls[C],
        values: MutableMapping[str, Value],
    ) -> None:
        """Read a program from a tensor within it, as if that were its input.

        Its shape is that of its description where none is given; ModelError where it has none.
        """
        calls = behind(source, program.fixed, program.calls, alone=shape is not None)
        self._cut = self._stop | {source}
        if shape is not None:
            values[source] = self._source = self.enter(source, shape)
        self.read(calls, values)
        if self._source is None:
            raise ModelError(f"{source!r} is no tensor that the graph computes from its inputs")

    def read(self, calls: Iterable[C], values: MutableMapping[str, Value]) -> None:
        """Describe calls in order; ``values`` holds what is in scope, by name, and is added to.

        Raises ModelError where bodies are nested too deeply, or in themselves.
        """
        if self._depth:
            return self._read_all(calls, values)
        try:
            return self._read_all(calls, values)
        except RecursionError as error:
            raise ModelError(
                "the graph has loops or branches in each other that are nested too deeply, or in "
                "themselves: it is invalid"
            ) from error

    def _read_all(self, calls: Iterable[C], values: MutableMapping[str, Value]) -> None:
        """Describe calls in order."""
        tensors, cut = self.tensors, self._cut
        for call in calls:
            if cut and not cut.isdisjoint(call.outputs):
                self._read_cut(call, values)
                continue
            if call.local:
                value = values.get(call.inputs[0])
                if value is not None and value.tensor >= 0:
                    name = call.outputs[0]
                    values[name] = Value(value.shape, len(tensors))
                    source = Source(value.tensor, ())
                    category = call.operator.category if call.operator else "other"
                    shape = value.shape or ()
                    tensors.append(
                        Tensor(
                            name,
                            call.name,
                            call.op,
                            shape,
                            (source,),
                            "",
                            None,
                            category,
                            False,
                            call,
                        )
                    )
                    continue
            self._read(call, values)

    def _read_cut(self, call: C, values: MutableMapping[str, Value]) -> None:
        """Read a call of which an output is the source, or is followed no further."""
        self._read(call, values)
        for name in self._cut.intersection(call.outputs):
            value = values[name]
            if name in self._stop:
                values[name] = severed(value)
                continue
            if self._source is None:
                if value.shape is None:
                    raise ModelError(
                        f"the shape of {name} depends on the data: say it with input_shape"
                    )
                self._source = self.enter(name, value.shape)
            values[name] = self._source

    def group_loops(self) -> None:
        """Make each loop with its operations one group, the outermost where they are nested."""
        for name, settings in self.loops.items():
            inside = [t for t in self.tensors if t.node.startswith(f"{name}/")]
            ends = [t for t in self.tensors if t.node == name]
            if not inside or any(t.group is not None for t in inside):
                continue
            last = (ends or inside)[-1]  # what is collected comes behind what is carried
            kinds = {t.category for t in inside}
            category = next((c for c in _CHIEF if c in kinds), last.category)
            group = Group(name, last.op if ends else "Loop", settings, last.name, category)
            for tensor in [*inside, *ends]:
                tensor.group = group

    def _read(self, call: C, values: MutableMapping[str, Value]) -> None:
        inputs = []
        for name in call.inputs:
            if name and name not in values:
                raise ModelError(
                    f"{call.op} {call.name!r} reads {name!r}, which nothing makes before it: "
                    "the graph is invalid"
                )
            inputs.append(values[name] if name else None)
        node = self.node(call, inputs, values)
        try:
            for name, output in zip(call.outputs, self.describe(node), strict=False):
                if name:
                    values[name] = self.bind(node, name, output)
        except RecursionError:
            raise
        except ModelError as error:
            _place(error, node)
            raise
        except Exception as error:
            problem = self._told(node, error)
            _place(problem, node)
            raise problem from error

    def described(self, node: N) -> Sequence[Output | Value]:
        """Describe a node's outputs as ``describe``; whatever goes wrong is told of the node."""
        try:
            return self.describe(node)
        except (ModelError, RecursionError):
            raise
        except Exception as error:
            raise self._told(node, error) from error

    def _told(self, node: N, error: Exception) -> ModelError:
        """The error to raise where describing a node failed otherwise than by ModelError."""
        call = node.call
        if isinstance(error, ValueError):  # by convention the graph breaks its operator's rules
            return ModelError(
                f"{call.op} {call.name!r} is not valid: {' '.join(str(error).split())}"
            )
        if isinstance(error, OverflowError):
            return ModelError(f"{call.op} {call.name!r} is not valid: a number in it is too large")
        why = self.violation(node)
        if why:
            return ModelError(f"{call.op} {call.name!r} is not valid: {why}")
        return defect(f"describe {call.op} {call.name!r}", error)

    def describe(self, node: N) -> Sequence[Output | Value]:
        """Describe a node's outputs by its operator's entry, or as far as possible without one."""
        call, mark = node.call, len(self.tensors)
        if call.operator is None:
            why = f"{self.unknown(node)}: assumed to see everything"
            return self._assumed(node, why, like_input=True)
        try:
            outputs = call.operator.describe(node)
        except DataDependent as reason:
            if all(v is None or v.tensor < mark for v in node.inputs):
                self._drop(mark)  # of a loop that was followed for some turns
            return self._assumed(node, str(reason))
        listed = [outputs] if isinstance(outputs, Output | Value) else list(outputs)
        if node.doubt:
            for output in listed:
                if isinstance(output, Output):
                    output.assumed = output.assumed or node.doubt
        if len(listed) < len(call.outputs):
            raise ModelError(
                f"{call.op} {call.name!r} has {len(call.outputs)} outputs, where its operator "
                f"has {len(listed)}: the graph is invalid"
            )
        return self._mention_all(node, listed)

    def bind(self, node: N, name: str, output: Output | Value) -> Value:
        """Give an output its name, and enter it as a tensor if it depends on the input."""
        if isinstance(output, Value):
            if output.tensor < 0 or self.tensors[output.tensor].name == name:
                return output
            edges: list[Source] = [Source(output.tensor, ())]
            shape, assumed = output.shape, ""
        else:
            shape, assumed = output.shape, output.assumed
            if len(shape) > MOST_AXES:
                raise ModelError(
                    f"{node.op} {node.name!r} makes a tensor of {len(shape)} axes: the limit is "
                    f"{MOST_AXES}"
                )
            if (
                not all(isinstance(n, int) for n in shape)
                or prod(shape) > LARGEST
                or min(shape, default=0) < 0
            ):
                raise ModelError(
                    f"{node.op} {node.name!r} makes a tensor of {list(shape)}: "
                    "the model does not work at this input size"
                )
            edges = [] if 0 in shape else _sources(node, output)
            if not edges:
                if output.value is not None:
                    return Value(shape, value=output.value)
                return Value(
                    shape,
                    get=lambda: self.evaluate(node, name, shape),
                    after=node.inputs,
                    rounded=node.op in _ROUNDED,
                )
        value = Value(shape, len(self.tensors))
        self.tensors.append(described_tensor(node, name, shape or (), edges, assumed))
        if node.masking is not None and not assumed:
            self.maskings.enter(value.tensor, node.masking)
        return value

    @contextmanager
    def inside(self, calls: int, of: str) -> Iterator[None]:
        """Count a body of so many calls, and what is read meanwhile as within it; as ``spend``."""
        self.spend(1 + calls, of)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def spend(self, calls: int, of: str) -> None:
        """Count calls of a body that are read, once more for each turn.

        Bodies in bodies multiply them. Raises DataDependent if there are too many in all: what
        the body is ``of`` is not followed then.
        """
        self._spent += calls * (1 + self._depth)  # names are looked up through all bodies around
        if self._spent > MOST_NODES:
            raise DataDependent(f"{of} has too many turns, or calls, to follow")

    def add(self, node: N, name: str, output: Output) -> Value:
        """Enter a tensor that no output of the node is called after."""
        return self.bind(node, name, output)

    def run(
        self,
        graph: Subgraph[C],
        inputs: Sequence[Value | None],
        outer: Mapping[str, Value],
        prefix: str,
    ) -> list[Value]:
        """Read a subgraph on these inputs; its tensors' names get the prefix."""
        if len(inputs) != len(graph.inputs):
            raise ModelError(
                f"{prefix.rstrip('/')} takes {len(graph.inputs)} inputs, where it gets "
                f"{len(inputs)}: the graph is invalid"
            )
        inner: MutableMapping[str, Value] = ChainMap(dict(graph.constants), outer)  # type: ignore[arg-type]
        for name, value in zip(graph.inputs, inputs, strict=True):
            inner[name] = value or Value(None)
        mark = len(self.tensors)
        try:
            with self.inside(len(graph.calls), prefix.rstrip("/")):
                self.read(graph.calls, inner)
        except ModelError:
            self._drop(mark)
            raise
        for tensor in self.tensors[mark:]:
            tensor.name, tensor.node = prefix + tensor.name, prefix + tensor.node
        return outputs_of(graph, inner, prefix)

    def _drop(self, mark: int) -> None:
        """Drop the tensors from this number on."""
        del self.tensors[mark:]
        self.maskings.forget(mark)

    def _assumed(
        self, node: BaseNode[Any], why: str, like_input: bool = False
    ) -> Sequence[Output | Value]:
        """Let every output depend on everything, with shapes by the format's own inference.

        With ``like_input`` an unknown shape is taken to be the first input's.
        """
        seen = leaves([*node.inputs, *(node.scope.get(n) for n in node.call.inner)])
        sources = [v for v in dict.fromkeys(seen) if v.tensor >= 0]
        node.inputs = sources or node.inputs
        outputs: list[Output | Value] = []
        for name in node.call.outputs:
            shape, reason = self.inferred_shape(name), why
            if shape is None and like_input:
                shape = next((v.shape for v in seen if v.shape is not None), None)
                reason += ", its output to have the shape of its input"
            if not sources:  # what is computed from constants alone is nobody's to feed
                outputs.append(Value(shape, get=lambda: None, after=node.inputs))
            elif shape is None:
                outputs.append(self.shapeless(node, name, why))
            else:
                edges = [Edge(i, everything(v.shape or (), shape)) for i, v in enumerate(sources)]
                outputs.append(Output(shape, edges, reason))
        return outputs

    def shapeless(self, node: BaseNode[Any], name: str, why: str) -> Value:
        """Enter a tensor whose shape depends on the data, listed as one without axes."""
        sources = [
            Source(v.tensor, everything(v.shape or (), ())) for v in node.inputs if v is not None
        ]
        self.tensors.append(described_tensor(node, name, (), sources, why))
        return Value(None, len(self.tensors) - 1)

    def _mention_all(self, node: N, outputs: Sequence[Output | Value]) -> list[Output | Value]:
        """Add an edge to each input that depends on the image and that no output mentions.

        Descriptions mention the inputs that carry data. A parameter (weights, a scale) that comes
        from the data too and is not mentioned is taken to reach everything. For a single number
        that is exact.
        """
        operator = node.call.operator
        described = [o for o in outputs if isinstance(o, Output)]
        if operator.asks_shape_only or len(described) < len(outputs):
            return list(outputs)
        mentioned = {e.input for o in described for e in o.edges}
        for i, value in enumerate(node.inputs):
            if value is None or value.tensor < 0 or i in mentioned:
                continue
            if i and operator.asks_types_only:
                continue
            shape = value.shape or ()
            why = ""
            if prod(shape) > 1:
                why = f"input {i} of {node.op} {node.name} depends on the data: assumed to "
                why += "reach everything"
            described = [
                Output(
                    o.shape,
                    [*o.edges, Edge(i, everything(shape, o.shape))],
                    why or o.assumed,
                )
                for o in described
            ]
        return list(described)


_FEW = 8
"""Constants of up to so many numbers may be a shape."""


def _place(error: ModelError, node: BaseNode[Any]) -> None:
    """Note in an error at which node it occurred, unless that is known from within it."""
    if error.node:
        return
    error.node = node.name
    extents: list[Shape] = []
    for value in node.inputs:
        if value is None or value.shape is None:
            continue
        extents.append(value.shape)
        if len(value.shape) == 1 and value.shape[0] <= _FEW and value.tensor < 0:
            numbers = value.value()
            if numbers is not None and numbers.dtype.kind in "iu":
                extents.append(tuple(n for n in numbers.tolist() if n > 0))
    error.extents = tuple(extents)


def _sources(node: BaseNode[Any], output: Output) -> list[Source]:
    """The edges to tensors that depend on the input, each checked to fit them.

    Nothing gets through where no element is left on the way, as where all of an axis is cropped.
    """
    sources = []
    for number, relation, local_beside_mix in output.edges:
        value = node.inputs[number]
        if value is None:
            raise node.missing(f"input {number}")
        if value.tensor < 0:
            continue
        shape = value.shape or ()
        shapes = shapes_along(relation, shape) if relation else [shape]
        if shapes[-1] != output.shape:
            raise ModelError(
                f"{node.op} {node.name!r} cannot make {list(output.shape)} of {list(shape)}: "
                "the model does not work at this input size"
            )
        if not any(0 in s for s in shapes):
            sources.append(Source(value.tensor, relation, local_beside_mix))
    return sources
