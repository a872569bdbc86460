"""From an ONNX graph to described tensors: one pass over its nodes, in order."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from math import prod

from ...errors import ModelError
from ...operators import everything
from ...relation import Edge, Output, Shape
from ...shapes import shape_after
from ...strands import Source, Tensor
from .fold import evaluate
from .inferred import infer_shapes
from .node import DataDependent, Node, Value
from .program import Call, Graph, Program

LARGEST = 2**40
"""The most elements that any tensor may have."""

SHAPE_ONLY = {"EyeLike", "RandomNormalLike", "RandomUniformLike", "Shape", "Size"}
"""Operators that ask an input for its shape only."""

FIRST_ONLY = {"CastLike"}
"""Operators that ask all inputs but the first for their type only."""


class Reading:
    """One pass over a program at given input shapes; fills ``tensors``."""

    def __init__(
        self,
        program: Program | None,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
    ) -> None:
        self.weight_aware = weight_aware
        self.tensors: list[Tensor] = []
        self._program, self._shapes = program, shapes
        self._inferred: Mapping[str, Shape] | None = None
        if program is None:
            return
        self.tensors.append(Tensor(source, source, "Input", shapes[source]))
        values: dict[str, Value] = {name: Value(None) for name in program.graph.inputs}
        values.update(program.constants)
        for name, shape in shapes.items():
            values[name] = Value(shape, 0 if name == source else -1)
        self.read(program.calls, values)

    def read(self, calls: Iterable[Call], values: MutableMapping[str, Value]) -> None:
        """Describe calls in order; ``values`` holds what is in scope, by name, and is added to."""
        tensors = self.tensors
        for call in calls:
            if call.local:
                given = values.get(call.inputs[0])
                if given is not None and given.tensor >= 0:
                    name = call.outputs[0]
                    values[name] = Value(given.shape, len(tensors))
                    source = Source(given.tensor, ())
                    tensors.append(Tensor(name, call.name, call.op, given.shape or (), (source,)))
                    continue
            self._read(call, values)

    def _read(self, call: Call, values: MutableMapping[str, Value]) -> None:
        inputs = []
        for name in call.inputs:
            if name and name not in values:
                raise ModelError(
                    f"{call.op} {call.name!r} reads {name!r}, which nothing makes before it: "
                    "the graph is invalid"
                )
            inputs.append(values[name] if name else None)
        node = Node(call, inputs, self, values)
        try:
            for name, output in zip(call.outputs, self._describe(node), strict=False):
                if name:
                    values[name] = self._bind(node, name, output)
        except (ModelError, RecursionError):
            raise
        except Exception as error:
            # Whatever a description trips over is a graph that breaks its operator's rules.
            why = " ".join(str(error).split()) or type(error).__name__
            raise ModelError(f"{call.op} {call.name!r} is not valid: {why}") from error

    def _describe(self, node: Node) -> Sequence[Output | Value]:
        call, mark = node.call, len(self.tensors)
        if call.describe is None:
            return self._unknown(node)
        try:
            outputs = call.describe(node)
        except DataDependent as reason:
            if all(v is None or v.tensor < mark for v in node.inputs):
                del self.tensors[mark:]  # of a loop that was followed for some turns
            return self._assumed(node, str(reason))
        listed = [outputs] if isinstance(outputs, Output | Value) else list(outputs)
        if len(listed) < len(call.outputs):
            raise ModelError(
                f"{call.op} {call.name!r} has {len(call.outputs)} outputs, where its operator "
                f"has {len(listed)}: the graph is invalid"
            )
        _mention_all(node, listed)
        return listed

    def _bind(self, node: Node, name: str, output: Output | Value) -> Value:
        """Give an output its name, and enter it as a tensor if it depends on the input."""
        if isinstance(output, Value):
            if output.tensor < 0 or self.tensors[output.tensor].name == name:
                return output
            edges: list[Source] = [Source(output.tensor, ())]
            shape, assumed = output.shape, ""
        else:
            shape, assumed = output.shape, output.assumed
            if prod(shape) > LARGEST or min(shape, default=0) < 0:
                raise ModelError(
                    f"{node.op} {node.name!r} makes a tensor of {list(shape)}: "
                    "the model does not work at this input size"
                )
            edges = [] if 0 in shape else _sources(node, output)
            if not edges:
                if output.value is not None:
                    return Value(shape, value=output.value)
                return Value(shape, get=lambda: evaluate(node, name, shape), after=node.inputs)
        value = Value(shape, len(self.tensors))
        self.tensors.append(Tensor(name, node.name, node.op, shape or (), edges, assumed))
        return value

    def add(self, node: Node, name: str, output: Output) -> Value:
        return self._bind(node, name, output)

    def run(
        self,
        graph: Graph,
        inputs: Sequence[Value | None],
        outer: Mapping[str, Value],
        prefix: str,
    ) -> list[Value]:
        inner: MutableMapping[str, Value] = ChainMap(dict(graph.constants), outer)  # type: ignore[arg-type]
        for name, value in zip(graph.inputs, inputs, strict=True):
            inner[name] = value or Value(None)
        mark = len(self.tensors)
        self.read(graph.calls, inner)
        for tensor in self.tensors[mark:]:
            tensor.name, tensor.node = prefix + tensor.name, prefix + tensor.node
        missing = [name for name in graph.outputs if name not in inner]
        if missing:
            raise ModelError(f"nothing in {prefix} makes its output {missing[0]!r}")
        return [inner[name] for name in graph.outputs]

    def _unknown(self, node: Node) -> Sequence[Output | Value]:
        home = f"of domain {node.call.domain} " if node.call.domain else ""
        return self._assumed(
            node,
            f"custom operator {node.op} {home}is not known: assumed to see everything",
            like_input=True,
        )

    def _assumed(
        self, node: Node, why: str, like_input: bool = False
    ) -> Sequence[Output | Value]:
        """Every output depends on everything; shapes as far as ONNX itself can tell them.

        ``like_input`` takes a shape that cannot be told to be the first input's.
        """
        seen = _leaves([*node.inputs, *(node.scope.get(n) for n in node.call.inner)])
        sources = [v for v in dict.fromkeys(seen) if v.tensor >= 0]
        node.inputs = sources or node.inputs
        outputs: list[Output | Value] = []
        for name in node.call.outputs:
            shape, reason = self._inferred_shape(name), why
            if shape is None and like_input:
                shape = next((v.shape for v in seen if v.shape is not None), None)
                reason += ", its output to have the shape of its input"
            if not sources:
                outputs.append(Value(shape))
            elif shape is None:
                outputs.append(self._shapeless(node, name, why))
            else:
                edges = [
                    Edge(i, everything(v.shape or (), shape)) for i, v in enumerate(sources)
                ]
                outputs.append(Output(shape, edges, reason))
        return outputs

    def _shapeless(self, node: Node, name: str, why: str) -> Value:
        """A tensor whose shape depends on the data, listed as one that has no axes."""
        sources = [
            Source(v.tensor, everything(v.shape or (), ()))
            for v in node.inputs
            if v is not None
        ]
        self.tensors.append(Tensor(name, node.name, node.op, (), sources, why))
        return Value(None, len(self.tensors) - 1)

    def _inferred_shape(self, name: str) -> Shape | None:
        if self._program is None:
            return None
        if self._inferred is None:
            self._inferred = infer_shapes(self._program.proto, self._shapes)
        return self._inferred.get(name)


def _leaves(values: Iterable[Value | None]) -> list[Value]:
    """Tensors, and the items of sequences."""
    leaves: list[Value] = []
    for value in values:
        if value is None:
            continue
        if value.items is None:
            leaves.append(value)
        else:
            leaves.extend(_leaves(value.items))
    return leaves


def _sources(node: Node, output: Output) -> list[Source]:
    """The edges to tensors that depend on the input, each seen to fit them."""
    sources = []
    for number, relation, rest in output.edges:
        given = node.inputs[number]
        if given is None:
            raise ModelError(f"{node.op} {node.name!r} lacks its input {number}")
        if given.tensor < 0:
            continue
        shape = given.shape or ()
        if (shape_after(relation, shape) if relation else shape) != output.shape:
            raise ModelError(
                f"{node.op} {node.name!r} cannot make {list(output.shape)} of {list(shape)}: "
                "the model does not work at this input size"
            )
        sources.append(Source(given.tensor, relation, rest))
    return sources


def _mention_all(node: Node, outputs: Sequence[Output | Value]) -> None:
    """See to it that no input that depends on the image is passed over in silence.

    Descriptions tell of the inputs that carry data; where a parameter (weights, a scale) comes
    from the data too and none is told of it, it is taken to reach everything. For a single
    number that is exact.
    """
    if node.op in SHAPE_ONLY or not all(isinstance(o, Output) for o in outputs):
        return
    told = {e.input for o in outputs for e in o.edges}  # type: ignore[union-attr]
    for i, given in enumerate(node.inputs):
        if given is None or given.tensor < 0 or i in told or (i and node.op in FIRST_ONLY):
            continue
        shape = given.shape or ()
        for number, output in enumerate(outputs):
            assert isinstance(output, Output)
            edges = [*output.edges, Edge(i, everything(shape, output.shape))]
            assumed = output.assumed
            if prod(shape) > 1 or given.shape is None:
                assumed = f"input {i} of {node.op} {node.name} depends on the data: assumed to "
                assumed += "reach everything"
            outputs[number] = Output(output.shape, edges, assumed)  # type: ignore[index]


def work_out(calls: Iterable[Call], values: dict[str, Value]) -> None:
    """Read calls that depend on no input."""
    Reading(None, {}, "", False).read(calls, values)
