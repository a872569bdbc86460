"""The pass over a TFLite graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from ...relation import Shape
from ...trace.tensors import Source, Tensor
from ..reading.node import BaseNode
from ..reading.read_graph import BaseReading
from ..reading.values import Value
from ..tensorflow.fold import evaluate
from .call import Call
from .program import Program, Shown

Node = BaseNode[Call]


class Reading(BaseReading[Call, Node]):
    """One pass over a program at the shapes of its inputs; ``source`` is the traced one.

    ``declared`` are the shapes that the file tells of its tensors, where they hold at this size.
    """

    def __init__(
        self,
        program: Program | None,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        declared: Mapping[str, Shape],
        feeds: Mapping[str, NDArray[Any]] | None = None,
        stop: Collection[str] = (),
    ) -> None:
        super().__init__(weight_aware, stop)
        self._declared = declared
        if program is None:
            return
        values = dict(program.constants)
        values.update((name, Value(shape)) for name, shape in shapes.items())
        values.update((n, Value(a.shape, value=a)) for n, a in (feeds or {}).items())
        if source in program.inputs:
            values[source] = self.enter(source, shapes[source])
            self.read(program.calls, values)
        else:
            self.read_from(source, shapes.get(source), program, values)
        self.tensors = shown(self.tensors, program.shown, tuple(f"{name}/" for name in self.loops))
        self.group_loops()

    def node(
        self, call: Call, inputs: Sequence[Value | None], scope: MutableMapping[str, Value]
    ) -> Node:
        """Return the node that the call's description gets."""
        return BaseNode(call, inputs, self, scope)

    def evaluate(self, node: Node, name: str, shape: Shape) -> NDArray[Any] | None:
        """Compute an output, of that shape, where TensorFlow's values are TFLite's too."""
        return evaluate(node, name, shape) if node.call.same else None  # type: ignore[arg-type]

    def inferred_shape(self, name: str) -> Shape | None:
        """Return the shape that the file tells of a tensor."""
        return self._declared.get(name)

    def unknown(self, node: Node) -> str:
        """Return, in words, that the operator is not in the table."""
        return f"operator {node.op} is not known"


def work_out(calls: Iterable[Call], values: dict[str, Value]) -> None:
    """Read calls that depend on no input."""
    Reading(None, {}, "", False, {}).read(calls, values)


def shown(
    tensors: Sequence[Tensor], operators: Mapping[str, Shown], loops: tuple[str, ...] = ()
) -> list[Tensor]:
    """Return the input and the tensors of the file, those between them passed through.

    ``operators`` are the file's operators by the names of its computed tensors. ``loops`` are the
    scopes of loops, whose tensors stay: paths through many turns are too many to be told apart.
    """
    kept: list[Tensor] = []
    paths: list[tuple[Sequence[Source], str]] = []  # from each tensor to those that are kept
    for number, tensor in enumerate(tensors):
        sources: list[Source] = []
        assumed = tensor.assumed
        for source, relation, local in tensor.sources:
            through, why = paths[source]
            assumed = assumed or why
            sources += [
                Source(s.tensor, s.relation + relation, s.local_beside_mix or local)
                for s in through
            ]
        operator = operators.get(tensor.name)
        inside = tensor.node.startswith(loops) and "\0" not in tensor.name
        if number and operator is None and not inside:
            paths.append((sources, assumed))
            continue
        paths.append(((Source(len(kept), ()),), ""))
        if operator is None:
            kept.append(replace(tensor, sources=sources, assumed=assumed))
            continue
        kept.append(
            Tensor(
                tensor.name,
                tensor.node,
                operator.op,
                tensor.shape,
                sources,
                assumed,
                category=operator.category,
                multiplies=operator.multiplies,
            )
        )
    return kept
