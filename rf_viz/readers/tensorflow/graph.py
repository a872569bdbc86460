"""The pass over a TensorFlow graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ...relation import Output, Shape
from ...runtimes.tensorflow.graph_names import maker
from ..reading.read_graph import BaseReading
from ..reading.values import Value
from .call import Call
from .fold import evaluate
from .node import DEAD, Node
from .program import Program

_NEVER_INFERRED = {
    *("ListDiff", "Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2", "Where"),
    *("NonMaxSuppression", "NonMaxSuppressionV2", "NonMaxSuppressionV3"),
    *("DynamicPartition", "NonMaxSuppressionWithOverlaps", "BooleanMask"),
    # These have a shape as far as their inputs have one.
    *("Add", "AddV2", "Cast", "Concat", "ConcatV2", "Div", "Equal", "Exp", "ExpandDims", "Gather"),
    *("GatherNd", "GatherV2", "Greater", "GreaterEqual", "Identity", "Less", "LessEqual"),
    *("LogicalAnd", "LogicalNot", "LogicalOr", "Maximum", "Minimum", "Mul", "Neg", "NotEqual"),
    *("Pack", "Pad", "PadV2", "RealDiv", "Relu", "Relu6", "Select", "SelectV2", "Sigmoid"),
    *(
        "Softmax",
        "Split",
        "Sqrt",
        "Square",
        "Squeeze",
        "StridedSlice",
        "Sub",
        "Tanh",
        "Transpose",
        "Unpack",
    ),
}
"""Operators whose shape TensorFlow itself cannot tell where no description does."""


class Reading(BaseReading[Call, Node]):
    """One pass over a program at the shapes of its inputs; ``source`` is the traced one."""

    def __init__(
        self,
        program: Program | None,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[Any]] | None = None,
        stop: Collection[str] = (),
    ) -> None:
        super().__init__(weight_aware, stop)
        self._program, self._shapes = program, shapes
        self._inferred: Mapping[str, Shape] | None = None
        if program is None:
            return
        values = dict(program.constants)
        values.update((name, Value(None)) for name in program.entering)
        values.update((name, Value(shape)) for name, shape in shapes.items())
        values.update((n, Value(a.shape, value=a)) for n, a in (feeds or {}).items())
        if maker(source) in program.placeholders:
            values[source] = self.enter(source, shapes[source])
            self.read(program.calls, values)
        else:
            self.read_from(source, shapes.get(source), program, values)
        self.group_loops()

    def node(
        self, call: Call, inputs: Sequence[Value | None], scope: MutableMapping[str, Value]
    ) -> Node:
        """Return the node that the call's description gets."""
        return Node(call, inputs, self, scope)

    def describe(self, node: Node) -> Sequence[Output | Value]:
        """Return a node's outputs; those of a branch that is never run are dead."""
        if DEAD in node.inputs and node.op not in ("Merge", "RefMerge"):
            return [DEAD] * len(node.outputs)
        return super().describe(node)

    def evaluate(self, node: Node, name: str, shape: Shape) -> NDArray[Any] | None:
        """Compute an output, of that shape, that depends on constants only."""
        return evaluate(node, name, shape)

    def inferred_shape(self, name: str) -> Shape | None:
        """Return the shape of a tensor by TensorFlow's own inference."""
        if self._program is None or not self._program.standard:
            return None
        if self._program.ops.get(name, "") in _NEVER_INFERRED:  # loading TensorFlow takes seconds
            return None
        if self._inferred is None:
            from .inferred import infer_shapes  # which loads TensorFlow

            self._inferred = infer_shapes(self._program, self._shapes)
        return self._inferred.get(name)

    def unknown(self, node: Node) -> str:
        """Return, in words, that the operator is not in the table."""
        return f"operator {node.op} is not known"

    def violation(self, node: Node) -> str:
        """Return, in words, how a node breaks its op's rules; empty where it keeps them."""
        from .rules import violation  # which loads TensorFlow

        return violation(node)


def work_out(calls: Iterable[Call], values: dict[str, Value]) -> None:
    """Read calls that depend on no input."""
    Reading(None, {}, "", False).read(calls, values)
