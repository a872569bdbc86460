"""Twin of a TensorFlow graph (see ``runtimes.Twin``), run by TensorFlow.

Fed with 1 at some pixels and 0 elsewhere, it is 1 wherever these pixels reach. An operator
without a rule here cannot be kept: what lies behind it is ``lost``, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph_names import PLACEHOLDERS, VARIABLES, data_inputs, maker
from ..runtime import TensorFlowRuntime
from .masks import Masks
from .rules import RULES
from .writer import FLOAT, NoTwinError, Writer

_SHAPE_ONLY = ("Rank", "Shape", "ShapeN", "Size")
_LIKE = ("OnesLike", "ZerosLike")
_SOURCE = "twin/source"
"""The name of the placeholder for signals that come in at a tensor within the graph."""


class TensorFlowTwin:
    """Twin of a flat graph for signals that come in at the tensor ``source``.

    ``shapes`` are those of all inputs and of the tensors that depend on the source. With
    ``weight_aware`` kernel positions whose weights are all zero stay zero. Variables that have no
    values take part with their shape. ``feeds`` are the values of side inputs.
    Signals go no further than the tensors ``stop``.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401  (protobuf messages have no types)
        source: str,
        shapes: Mapping[str, Sequence[int]],
        weight_aware: bool = False,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> None:
        self._shapes, self._feeds = shapes, feeds or {}
        writer = Writer(graph_def, shapes, weight_aware)
        nodes = {node.name: node for node in graph_def.node}
        writer.masks = Masks(writer, nodes)
        self._source = source
        if source not in nodes or nodes[source].op not in PLACEHOLDERS:
            self._source = _SOURCE
        writer.node("Placeholder", self._source).attr["dtype"].type = FLOAT
        writer.signals[source] = self._source
        own: dict[str, str] = {}
        lost: dict[str, str] = {}
        for name in _in_order(nodes):
            if name != self._source:
                _rewrite(writer, nodes[name])
                writer.signals[source] = self._source
            for tensor in _stopped(name, stop, shapes):
                lost[tensor] = writer.why_lost(tensor)
                own[tensor] = writer.signals.get(tensor, "")
                zero = writer.constant(np.asarray(0, np.float32))
                writer.signals[tensor] = writer.add("Fill", writer.dimensions(tensor), zero)
        within = "it is inside a loop, which the twin does not follow"
        self.lost: Mapping[str, str] = {
            name: lost.get(name, writer.why_lost(name)) if maker(name) in nodes else within
            for name in shapes
            if maker(name) not in nodes or lost.get(name, writer.why_lost(name))
        }
        self._signals = {n: at for n, at in {**writer.signals, **own}.items() if at}
        self._runtime = TensorFlowRuntime(writer.graph_def)

    def reached(self, signal: NDArray[np.bool_], name: str) -> NDArray[np.bool_]:
        """Mark the elements of a tensor that the marked elements of the source reach.

        ``signal`` has the source's shape. Raises ModelError where TensorFlow refuses.
        """
        if name not in self._signals:
            return np.zeros(tuple(self._shapes[name]), bool)
        at = self._signals[name]
        feeds = {**self._feeds, self._source: signal}
        value = self._runtime.activations(feeds, [at], self._shapes)[at]
        return np.not_equal(value, 0)


def _stopped(node: str, stop: Collection[str], shapes: Mapping[str, Sequence[int]]) -> list[str]:
    """The outputs of a node that a signal may come to and that it stops at."""
    return [tensor for tensor in stop if maker(tensor) == node and tensor in shapes]


def _in_order(nodes: Mapping[str, Any]) -> list[str]:
    """The nodes, each after those that it reads, as far as they are in no loop."""
    order: dict[str, None] = {}
    for start in nodes:
        pending = [(start, False)]
        begun = set()
        while pending:
            name, done = pending.pop()
            if done:
                order[name] = None
            elif name in nodes and name not in order and name not in begun:
                begun.add(name)
                pending.append((name, True))
                pending.extend((maker(i), False) for i in nodes[name].input)
    return list(order)


def _rewrite(writer: Writer, node: Any) -> None:  # noqa: ANN401
    """Write what a node becomes in the twin, or note why it is lost."""
    inputs = data_inputs(node)
    lost = next(filter(None, map(writer.why_lost, inputs)), "")
    if lost:
        writer.lost[node.name] = lost
    elif writer.signals.keys().isdisjoint(inputs):
        _keep(writer, node)
    elif node.op in _SHAPE_ONLY:
        copy = writer.copy(node)
        copy.attr["T"].type = FLOAT
        copy.input[:] = [writer.signals.get(i, i) for i in inputs]
    elif node.op in _LIKE:
        copy = writer.keep("Fill", node.name, writer.dimensions(inputs[0]))
        copy.input.append(writer.number(node.attr["T"].type, int(node.op == "OnesLike")))
        copy.attr["T"].type = node.attr["T"].type
    else:
        try:
            _follow(writer, node, inputs)
        except NoTwinError as error:
            writer.lost[node.name] = f"{node.op} {node.name}{error}"


def _keep(writer: Writer, node: Any) -> None:  # noqa: ANN401
    """Keep a node that no signal comes to; of a variable only the shape is known."""
    if node.op in VARIABLES:
        writer.ones_of(node)
    elif node.op == "ReadVariableOp":
        copy = writer.keep("Identity", node.name, *node.input[:1])
        copy.attr["T"].type = node.attr["dtype"].type
    else:
        copy = writer.copy(node)
        copy.input[:] = [i for i in node.input if maker(i) in writer.kept]


def _follow(writer: Writer, node: Any, inputs: Sequence[str]) -> None:  # noqa: ANN401
    """Write a node that signals come to. Raises NoTwinError where it has no counterpart."""
    rule = RULES.get(node.op)
    if rule is None:
        raise NoTwinError(" is an operator that the twin does not know")
    if writer.signals.keys().isdisjoint(inputs[rule.data]):
        raise NoTwinError(" takes only parameters from the image")
    data = range(len(inputs))[rule.data]
    reaching_all = [
        _single(writer, i, name)
        for i, name in enumerate(inputs)
        if name in writer.signals and i not in data
    ]
    for number, value in enumerate(rule.make(writer, node)):
        name = f"{node.name}:{number}" if number else node.name
        if not rule.clean or reaching_all:
            value = writer.add("Sign", writer.total([value, *reaching_all]))
        writer.signals[name] = value


def _single(writer: Writer, i: int, name: str) -> str:
    """A parameter that comes from the image: one number, such as a scale, reaches everything."""
    if np.prod(writer.shape(name)) != 1:
        raise NoTwinError(f" takes its input {i} from the image")
    return writer.reshape(writer.signals[name], ())
