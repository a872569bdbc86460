"""The pass over a TFLite graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ...relation import Shape
from ...trace.tensors import Source, Tensor
from ..reading.node import BaseNode
from ..reading.read_graph import BaseReading
from ..reading.values import Value
from ..tensorflow.fold import evaluate
from .program import Call, Program

Node = BaseNode[Call]


class Reading(BaseReading[Call, Node]):
    """One pass over a program at given input shapes.

    ``declared`` are the shapes that the file tells of its tensors, where they hold at this size.
    """

    def __init__(
        self,
        program: Program | None,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        declared: Mapping[str, Shape],
    ) -> None:
        super().__init__(weight_aware)
        self._declared = declared
        if program is None:
            return
        values = dict(program.constants)
        values.update((name, Value(shape)) for name, shape in shapes.items())
        values[source] = self.enter(source, shapes[source])
        self.read(program.calls, values)
        self.tensors = shown(self.tensors, program.shown)

    def node(
        self, call: Call, inputs: Sequence[Value | None], scope: MutableMapping[str, Value]
    ) -> Node:
        return BaseNode(call, inputs, self, scope)

    def evaluate(self, node: Node, name: str, shape: Shape) -> NDArray[Any] | None:
        return evaluate(node, name, shape) if node.call.same else None  # type: ignore[arg-type]

    def inferred_shape(self, name: str) -> Shape | None:
        return self._declared.get(name)

    def unknown(self, node: Node) -> str:
        return f"operator {node.op} is not known"


def work_out(calls: Iterable[Call], values: dict[str, Value]) -> None:
    """Read calls that depend on no input."""
    Reading(None, {}, "", False, {}).read(calls, values)


def shown(tensors: Sequence[Tensor], operators: Mapping[str, str]) -> list[Tensor]:
    """The input and the tensors of the file, those between them passed through.

    ``operators`` names the operator of each tensor of the file.
    """
    kept: list[Tensor] = []
    reach: list[tuple[Sequence[Source], str]] = []
    for number, tensor in enumerate(tensors):
        sources: list[Source] = []
        assumed = tensor.assumed
        for source, relation, local in tensor.sources:
            through, why = reach[source]
            assumed = assumed or why
            sources += [
                Source(s.tensor, s.relation + relation, s.local_beside_mix or local)
                for s in through
            ]
        if number and tensor.name not in operators:
            reach.append((sources, assumed))
            continue
        reach.append(((Source(len(kept), ()),), ""))
        op = operators.get(tensor.name, tensor.op)
        kept.append(Tensor(tensor.name, tensor.node, op, tensor.shape, sources, assumed))
    return kept
