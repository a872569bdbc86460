"""Branches and loops: followed through where their course is known, else taken to see all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Output, Shape, Taps
from ....relation.common.basic import everything, reshape
from ...reading.values import DataDependent, Outputs, Value
from ..call import Graph
from ..node import Node, operator
from .sequence import items, stack

UNROLLED = 64
"""Loops of up to so many turns are followed turn by turn."""


def _graph(node: Node, name: str) -> Graph:
    graph: Graph | None = node.attribute(name)
    if graph is None:
        raise ModelError(f"{node.op} {node.name!r} lacks its {name}: the graph is invalid")
    return graph


@operator("If", category="other")
def branch(node: Node) -> Outputs:
    """The branch that is taken where that is known; else whatever either of them sees, and the
    condition. A branch that does not work out at this input size is not the one taken."""
    condition = node.value(0)
    if condition is not None:
        name = "then_branch" if np.asarray(condition).reshape(-1)[0] else "else_branch"
        return node.run(_graph(node, name), (), name.split("_")[0])
    ways, failed = [], []
    for way in ("then", "else"):
        try:
            ways.append(node.run(_graph(node, f"{way}_branch"), (), way))
        except ModelError as error:
            failed.append(error)
    if not ways:
        raise failed[0]
    count = len(ways[0])
    asked = node.inputs[0]
    assert asked is not None
    node.inputs = [asked, *(value for way in ways for value in way)]
    outputs = []
    for i, made in enumerate(zip(*ways, strict=True)):
        shape = made[0].shape
        if shape is None or any(value.shape != shape for value in made):
            raise DataDependent(f"the shape of what {node.op} {node.name} makes is either of two")
        edges = [Edge(1 + i + way * count) for way in range(len(ways))]
        outputs.append(Output(shape, [Edge(0, everything(asked.shape or (), shape)), *edges]))
    return outputs


@operator("Loop", category="other")
def loop(node: Node) -> Outputs:
    """Turn by turn, as long as it is known before each whether it is the last."""
    body = _graph(node, "body")
    carried = list(node.inputs[2:])
    limit = node.ints(0)
    go = _truth(node.inputs[1]) if node.has(1) else True
    rows: list[list[Value]] = []
    turn = 0
    while go and (limit is None or turn < limit[0]):
        if go is None or turn == UNROLLED:
            raise DataDependent(f"how often {node.op} {node.name} turns is unknown or large")
        told = [Value((), value=np.array(turn, np.int64)), Value((), value=np.array(True))]
        made = node.run(body, [*told, *carried], str(turn))
        go = _truth(made[0])
        carried[:] = made[1 : 1 + len(carried)]
        rows.append(made[1 + len(carried) :])
        turn += 1
        if go is None and (limit is None or turn < limit[0]):
            raise DataDependent(f"when {node.op} {node.name} ends depends on the data")
    return _collected(node, [v or Value(None) for v in carried], rows, ())


def _truth(value: Value | None) -> bool | None:
    known = None if value is None else value.value()
    return None if known is None else bool(np.asarray(known).reshape(-1)[0])


@operator("Scan", category="other")
def scan(node: Node) -> Outputs:
    """Turn by turn along the scanned axes."""
    body = _graph(node, "body")
    if node.opset < 9:
        raise DataDependent(f"{node.op} {node.name} is of the form before opset 9")
    count = node.attribute("num_scan_inputs", 0)
    first = len(node.inputs) - count
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
        made = node.run(body, [*carried, *slices], str(turn))
        carried[:] = made[:first]
        rows.append(made[first:])
    outputs = len(rows[0]) if rows else 0
    turned = node.attribute("scan_output_directions", (0,) * outputs)
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
    given = node.inputs[i]
    if given is not None and given.tensor < 0:
        return Value(after, get=lambda: _taken(given, axis, at), after=(given,))
    step = Taps(axis, shape[axis], np.array([[at]]), slides=True, why="single positions are taken")
    relation = (step, *reshape(one, after))
    return node.add(f"{node.name}/{turn}/input{i}", Output(after, [Edge(i, relation)]))


def _taken(given: Value, axis: int, at: int) -> np.ndarray | None:
    known = given.value()
    return None if known is None else np.take(known, at, axis=axis)


def _collected(
    node: Node, carried: list[Value], rows: list[list[Value]], axes: Sequence[int]
) -> Outputs:
    """What is carried to the end, and what each turn yields, one after another."""
    outputs: list[Output | Value] = list(carried)
    asked = len(node.outputs) - len(carried)
    if not rows and asked > 0:
        raise DataDependent(f"{node.op} {node.name} has no turn")
    stacked: list[Value] = []
    for i in range(asked):
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
        known = [v.value() for v in values]
        return None if any(v is None for v in known) else np.stack(known, axis)  # type: ignore[arg-type]

    return Value(shape, get=get, after=values)


@operator("SequenceMap", category="other")
def sequence_map(node: Node) -> Outputs:
    """The body on every item."""
    body = _graph(node, "body")
    sequence = items(node)
    rows = []
    for i in range(len(sequence)):
        given = [v if v is None or v.items is None else v.items[i] for v in node.inputs]
        rows.append(node.run(body, given, str(i)))
    return [Value(None, items=[row[k] for row in rows]) for k in range(len(node.outputs))]
