"""The pass over an ONNX graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ...relation import Shape
from ..reading.read_graph import BaseReading
from ..reading.values import Value
from .call import Call
from .fold import evaluate
from .node import ATEN, Node
from .program import Program
from .rules import broken_rule


class Reading(BaseReading[Call, Node]):
    """One pass over a program at given input shapes."""

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
        values: dict[str, Value] = {name: Value(None) for name in program.graph.inputs}
        values.update(program.constants)
        values.update((name, Value(shape)) for name, shape in shapes.items())
        values.update((n, Value(a.shape, value=a)) for n, a in (feeds or {}).items())
        if source in program.graph.inputs:
            values[source] = self.enter(source, shapes[source])
            self.read(program.calls, values)
        else:
            self.read_from(source, shapes.get(source), program, values)
        self.group_loops()

    def node(
        self, call: Call, inputs: Sequence[Value | None], scope: MutableMapping[str, Value]
    ) -> Node:
        """Make a node, as ``BaseReading.node``."""
        return Node(call, inputs, self, scope)

    def evaluate(self, node: Node, name: str, shape: Shape) -> NDArray[Any] | None:
        """Compute values as ``BaseReading.evaluate``, by NumPy or ONNX's reference evaluator."""
        return evaluate(node, name, shape)

    def inferred_shape(self, name: str) -> Shape | None:
        """Infer a shape as ``BaseReading.inferred_shape``; the whole model is inferred once."""
        if self._program is None:
            return None
        if self._inferred is None:
            self._inferred = self._program.infer(self._program.proto, self._shapes)
        return self._inferred.get(name)

    def unknown(self, node: Node) -> str:
        """Name an unknown operator as ``BaseReading.unknown``, with its domain."""
        if node.call.domain == ATEN:
            return f"PyTorch's operator {node.op} has no description for what it was called with"
        home = f"of domain {node.call.domain} " if node.call.domain else ""
        return f"custom operator {node.op} {home}is not known"

    def violation(self, node: Node) -> str:
        """Name a violation as ``BaseReading.violation``, by the standard's schemas."""
        return broken_rule(node)


def work_out(calls: Iterable[Call], values: dict[str, Value]) -> None:
    """Read calls that depend on no input."""
    Reading(None, {}, "", False).read(calls, values)
