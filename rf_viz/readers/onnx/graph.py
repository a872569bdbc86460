"""From an ONNX graph to described tensors: one pass over its nodes, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from ...errors import ModelError
from ...operators import everything
from ...relation import Edge, Output, Shape
from ...strands import Source, Tensor
from . import ops as _table  # noqa: F401  (fills OPERATORS)
from .fold import evaluate, initializer
from .node import OPERATORS, DataDependent, Describe, Node, Value


class Reading:
    """One pass over a model's graph at given input shapes; fills ``tensors``."""

    def __init__(
        self,
        model: onnx.ModelProto,
        folder: str | None,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
    ) -> None:
        self.folder, self.weight_aware = folder, weight_aware
        self.opsets = {_domain(o.domain): o.version for o in model.opset_import}
        self.tensors: list[Tensor] = [Tensor(source, source, "Input", shapes[source])]
        known: dict[str, Value] = {}
        for name, shape in shapes.items():
            known[name] = Value(shape, 0 if name == source else -1)
        self.read(model.graph, known)

    def read(self, graph: onnx.GraphProto, known: dict[str, Value]) -> None:
        """Describe the graph's nodes; ``known`` holds what is in scope, by name, and is added to."""
        for tensor in graph.initializer:
            known[tensor.name] = initializer(tensor, self.folder)
        for proto in graph.node:
            self._read_node(proto, known)

    def _read_node(self, proto: onnx.NodeProto, known: dict[str, Value]) -> None:
        try:
            inputs = [known[name] if name else None for name in proto.input]
        except KeyError as e:
            raise ModelError(
                f"{proto.op_type} {proto.name!r} reads {e.args[0]!r}, which nothing makes before "
                "it: the graph is invalid"
            ) from None
        names = proto.output
        domain = _domain(proto.domain)
        node = Node(
            proto,
            proto.name or names[0],
            inputs,
            self.opsets.get(domain, 1),
            self.weight_aware,
        )
        outputs = self._describe(node, OPERATORS.get((domain, proto.op_type)), domain)
        tensors = self.tensors
        for name, output in zip(names, outputs, strict=False):
            if not name:
                continue
            sources = [
                Source(inputs[edge.input].tensor, edge.relation, edge.rest)  # type: ignore[union-attr]
                for edge in output.edges
                if inputs[edge.input].tensor >= 0  # type: ignore[union-attr]
            ]
            if sources:
                known[name] = Value(output.shape, len(tensors))
                tensors.append(
                    Tensor(name, node.name, node.op, output.shape, sources, output.assumed)
                )
            elif output.value is not None:
                known[name] = Value(output.shape, value=output.value)
            else:
                known[name] = Value(output.shape, get=_later(node, name))

    def _describe(self, node: Node, describe: Describe | None, domain: str) -> Sequence[Output]:
        if describe is None:
            raise ModelError(f"unknown operator {domain}.{node.op}")
        outputs = describe(node)
        return [outputs] if isinstance(outputs, Output) else outputs


def _later(node: Node, name: str):  # type: ignore[no-untyped-def]
    return lambda: evaluate(node, name)


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


__all__ = ["DataDependent", "Edge", "Reading", "everything", "np"]
