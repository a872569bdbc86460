"""Branches and loops: followed through where their course is known, else taken to see all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....errors import DefectError, ModelError
from ....relation import Edge, Output, Shape, Taps
from ....relation.common.basic import everything, reshape
from ...reading.values import DataDependent, Outputs, Value
from ..call import Graph
from ..node import Node, operator
from .sequence import items, stack

UNROLLED = 64
"""Loops of up to so many turns are followed turn by turn."""


def _graph(node: Node, name: str, outputs: int = 0) -> Graph:
    """A subgraph. Raises ModelError where it is missing or has fewer outputs than the node uses."""
    graph = node.attribute(name)
    if not isinstance(graph, Graph):
        raise node.missing(f"graph {name}")
    if len(graph.outputs) < outputs:
        raise ModelError(
            f"{node.op} {node.name!r} has a {name} of {len(graph.outputs)} outputs, "
            f"where it takes {outputs}: the graph is invalid"
        )
    return graph


@operator("If", category="other")
def branch(node: Node) -> Outputs:
    """The results of the one branch where the condition is known, else of both, and the condition.

    A branch that does not work out at this input size is not the one that runs.
    """
    condition = node.inputs[0] if node.has(0) else None
    if condition is None:
        raise node.missing("input 0")
    count = len(node.outputs)
    decision = _truth(condition)
    if decision is not None:
        name = "then" if decision else "else"
        return node.run(_graph(node, f"{name}_branch", count), (), name)
    branches, failed = [], []
    for name in ("then", "else"):
        try:
            branches.append(node.run(_graph(node, f"{name}_branch", count), (), name))
        except DefectError:
            raise
        except ModelError as error:
            failed.append(error)
    if not branches:
        raise failed[0]
    node.inputs = [condition, *(value for values in branches for value in values[:count])]
    outputs = []
    for i in range(count):
        shapes = {values[i].shape for values in branches}
        shape = branches[0][i].shape
        if shape is None or len(shapes) > 1:
            raise DataDependent(f"the shape of what {node.op} {node.name} makes is either of two")
        edges = [Edge(1 + i + number * count) for number in range(len(branches))]
        outputs.append(Output(shape, [Edge(0, everything(condition.shape or (), shape)), *edges]))
    return outputs


@operator("Loop", category="other")
def loop(node: Node) -> Outputs:
    """The results of the body, turn by turn, as long as each is known to come."""
    carried = list(node.inputs[2:])
    body = _graph(node, "body", 1 + max(len(carried), len(node.outputs)))
    limit = node.ints(0)
    go = _truth(node.inputs[1]) if node.has(1) else True
    rows: list[list[Value]] = []
    turn = 0
    while go and (limit is None or turn < limit[0]):
        if go is None or turn == UNROLLED:
            raise DataDependent(f"how often {node.op} {node.name} turns is unknown or large")
        count = Value((), value=np.array(turn, np.int64))
        results = node.run(body, [count, Value((), value=np.array(True)), *carried], str(turn))
        go = _truth(results[0])
        carried[:] = results[1 : 1 + len(carried)]
        rows.append(results[1 + len(carried) :])
        turn += 1
        if go is None and (limit is None or turn < limit[0]):
            raise DataDependent(f"when {node.op} {node.name} ends depends on the data")
    return _collected(node, [v or Value(None) for v in carried], rows, ())


def _truth(condition: Value | None) -> bool | None:
    """Tell whether a condition holds; None where that is not known."""
    array = None if condition is None else condition.value()
    return None if array is None or not array.size else bool(array.reshape(-1)[0])


@operator("Scan", category="other")
def scan(node: Node) -> Outputs:
    """The results of the body, turn by turn along the scanned axes."""
    if node.opset < 9:
        raise DataDependent(f"{node.op} {node.name} is of the form before opset 9")
    count = node.required("num_scan_inputs")
    first = len(node.inputs) - count
    if first < 0:
        raise ModelError(f"{node.op} {node.name!r} scans {count} of {len(node.inputs)} inputs")
    body = _graph(node, "body", max(first, len(node.outputs)))
    axes = node.attribute("scan_input_axes", (0,) * count)
    backward = node.attribute("scan_input_directions", (0,) * count)
    places = [node.count_axis(a, len(node.shape(first + i))) for i, a in enumerate(axes)]
    lengths = {node.shape(first + i)[a] for i, a in enumerate(places)}
    if len(lengths) != 1:
        raise ModelError(f"{node.op} {node.name!r} scans inputs of different lengths")
    (length,) = lengths
    if length > UNROLLED:
        raise DataDependent(f"{node.op} {node.name} has {length} turns")
    carried: list[Value | None] = list(node.inputs[:first])
    rows: list[list[Value]] = []
    for turn in range(length):
        slices: list[Value | None] = [
            _slice(node, first + i, a, length - 1 - turn if back else turn, turn)
            for i, (a, back) in enumerate(zip(places, backward, strict=True))
        ]
        results = node.run(body, [*carried, *slices], str(turn))
        carried[:] = results[:first]
        rows.append(results[first:])
    outputs = len(body.outputs) - first
    turned = node.attribute("scan_output_directions", (0,) * outputs)
    if len(turned) != outputs:
        raise ModelError(f"{node.op} {node.name!r} has {len(turned)} directions of {outputs}")
    rows = [
        [rows[-1 - t if back else t][i] for i, back in enumerate(turned)] for t in range(len(rows))
    ]
    return _collected(
        node,
        [v or Value(None) for v in carried],
        rows,
        node.attribute("scan_output_axes", (0,) * outputs),
    )


def _slice(node: Node, i: int, axis: int, at: int, turn: int) -> Value:
    """One position of a scanned input."""
    shape = node.shape(i)
    one = (*shape[:axis], 1, *shape[axis + 1 :])
    after = (*shape[:axis], *shape[axis + 1 :])
    scanned = node.inputs[i]
    if scanned is not None and scanned.tensor < 0:
        return Value(after, get=lambda: _position(scanned, axis, at), after=(scanned,))
    step = Taps(axis, shape[axis], np.array([[at]]), slides=True, why="single positions are taken")
    relation = (step, *reshape(one, after))
    return node.add(f"{node.name}/{turn}/input{i}", Output(after, [Edge(i, relation)]))


def _position(scanned: Value, axis: int, at: int) -> np.ndarray | None:
    array = scanned.value()
    return None if array is None else np.take(array, at, axis=axis)


def _collected(
    node: Node, carried: list[Value], rows: list[list[Value]], axes: Sequence[int]
) -> Outputs:
    """A node's outputs: what is carried to the end, and the results of all turns, stacked."""
    outputs: list[Output | Value] = list(carried)
    yielded = len(node.outputs) - len(carried)
    if not rows and yielded > 0:
        raise DataDependent(f"{node.op} {node.name} has no turn")
    stacked: list[Value] = []
    for i in range(yielded):
        values = [row[i] for row in rows]
        shapes: list[Shape] = [v.shape for v in values if v.shape is not None]
        if len(shapes) < len(values) or len(set(shapes)) != 1:
            raise DataDependent(f"the shape of what {node.op} {node.name} yields")
        axis = node.count_axis(axes[i] if i < len(axes) else 0, len(shapes[0]) + 1)
        output = stack(node, values, shapes, axis)
        start = len(stacked)
        stacked.extend(values)
        if all(v.tensor < 0 for v in values):
            outputs.append(_constants(output.shape, values, axis))
        else:
            output.edges = [Edge(start + e.input, e.relation) for e in output.edges]
            outputs.append(output)
    node.inputs = stacked
    return outputs


def _constants(shape: Shape, values: list[Value], axis: int) -> Value:
    def get() -> np.ndarray | None:
        arrays = [v.value() for v in values]
        return None if any(a is None for a in arrays) else np.stack(arrays, axis)  # type: ignore[arg-type]

    return Value(shape, get=get, after=values)


@operator("SequenceMap", category="other")
def sequence_map(node: Node) -> Outputs:
    """The results of the body on every item."""
    body = _graph(node, "body", len(node.outputs))
    count = len(items(node))
    if any(v is not None and v.items is not None and len(v.items) < count for v in node.inputs):
        raise ModelError(f"{node.op} {node.name!r} takes sequences of different lengths")
    rows = []
    for i in range(count):
        inputs = [v if v is None or v.items is None else v.items[i] for v in node.inputs]
        rows.append(node.run(body, inputs, str(i)))
    return [Value(None, items=[row[k] for row in rows]) for k in range(len(node.outputs))]
