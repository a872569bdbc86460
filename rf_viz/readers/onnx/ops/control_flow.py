"""Branches and loops: followed through where their course is known, else taken to see all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ....errors import DefectError, ModelError
from ....relation import Edge, Output, Shape, Taps
from ....relation.common.basic import reshape, transpose
from ...reading.branches import either, truth
from ...reading.turns import (
    MOST_TURNS,
    Around,
    Carried,
    Counted,
    Counter,
    Entering,
    Loop,
    Scanned,
    assume,
    constant_states,
    follow,
    handed_on,
    name_turns,
    needs_only,
)
from ...reading.values import DataDependent, Outputs, Value
from ..call import Graph
from ..node import Node, operator
from .sequence import items, stack

UNROLLED = 64
"""The most turns of a loop that are followed turn by turn."""

MOST_SCANNED = 2**20
"""The most turns along a scanned axis, whose number needs no counting."""

FEW = 8
"""So many turns are followed turn by turn even where all could be described together."""


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
    decision = truth(condition)
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
    return either(node, condition, branches, count)


@operator("Loop", category="other")
def loop(node: Node) -> Outputs:
    """Turn by turn where there are few, and all turns together where there are many."""
    carried = node.inputs[2:]
    body = _graph(node, "body", 1 + max(len(carried), len(node.outputs)))
    if len(body.inputs) != 2 + len(carried):
        raise ModelError(
            f"{node.op} {node.name!r} carries {len(carried)} values, where its body takes "
            f"{len(body.inputs) - 2}: the graph is invalid"
        )
    same = handed_on(body)
    entering: list[Entering] = [Around(Value(())), Around(Value((), value=np.array(True)))]
    for i, value in enumerate(carried):
        if value is None or same.get(1 + i) == 2 + i:
            entering.append(Around(value or Value(None)))
        else:
            entering.append(Carried(value, 1 + i))
    turns = _counted(node, body, entering)
    axes = (0,) * (len(node.outputs) - len(carried))
    return _in_turns(node, _Turns(body, entering, len(carried), 1, axes), turns)


def _counted(
    node: Node, body: Graph, entering: Sequence[Entering]
) -> list[dict[int, Value]] | None:
    """What is known of each turn, whatever is fed; None where their number is not known."""
    limit = node.inputs[0]
    most = node.known_int(0)
    states = {i: (e.value, e.result) for i, e in enumerate(entering) if isinstance(e, Carried)}
    same = {i for i, e in enumerate(entering) if isinstance(e, Around) and e.value.tensor < 0}
    constants = constant_states(node, body, same, states)
    first = truth(node.inputs[1]) if node.has(1) else True
    if (limit is not None and most is None) or first is None:
        return None
    if not needs_only(node, body, body.outputs[0], constants):
        return None
    changing = sorted(constants & set(states))
    counter = Counter(
        node, body, [body.outputs[0], *(body.outputs[states[i][1]] for i in changing)]
    )
    now = {
        i: e.value
        for i, e in enumerate(entering)
        if i in constants and isinstance(e, Carried | Around)
    }
    turns: list[dict[int, Value]] = []
    go: bool | None = first
    try:
        while go and (most is None or len(turns) < most):
            if len(turns) > MOST_TURNS:
                return None
            now[0] = Value((), value=np.array(len(turns), np.int64))
            turns.append({i: now[i] for i in (0, *changing)})
            decision, *results = counter.turn({body.inputs[i]: v for i, v in now.items()})
            go = truth(decision)
            now.update(zip(changing, results, strict=True))
    except DataDependent:
        return None
    return None if go is None and (most is None or len(turns) < most) else turns


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
    entering: list[Entering] = [
        Around(Value(None)) if value is None else Carried(value, i)
        for i, value in enumerate(node.inputs[:first])
    ]
    for value, axis, back in zip(node.inputs[first:], places, backward, strict=True):
        order = range(length)[::-1] if back else range(length)
        entering.append(Scanned(value or Value(None), axis, order))
    outputs = len(body.outputs) - first
    turned = node.attribute("scan_output_directions", (0,) * outputs)
    if len(turned) != outputs:
        raise ModelError(f"{node.op} {node.name!r} has {len(turned)} directions of {outputs}")
    axes = node.attribute("scan_output_axes", (0,) * outputs)
    if length > MOST_SCANNED:
        raise DataDependent(f"{node.op} {node.name} has {length:,} turns, too many to follow")
    turns: list[dict[int, Value]] = [{}] * length
    return _in_turns(node, _Turns(body, entering, first, 0, axes, turned), turns)


class _Turns(NamedTuple):
    """A loop as its node has it.

    Attributes:
        body: the subgraph of a turn.
        entering: what its inputs are.
        carried: the number of values that are carried from turn to turn.
        before: the number of results in front of those that are carried.
        axes: the axes along which what is collected is put together, in each output.
        backward: which of them begin with the last turn.
    """

    body: Graph
    entering: Sequence[Entering]
    carried: int
    before: int
    axes: Sequence[int]
    backward: Sequence[int] = ()


def _in_turns(node: Node, turns: _Turns, counts: Sequence[Mapping[int, Value]] | None) -> Outputs:
    """Follow a loop as far as its course is known; ``counts`` is what is known of each turn."""
    together = counts is not None and len(counts) > FEW
    singly = counts is not None and len(counts) <= UNROLLED
    why = f"how often {node.op} {node.name} turns depends on the data"
    for follow_turns in [_all_turns] * together + [_turn_by_turn] * singly:
        mark, entered = len(node.reading.tensors), node.inputs
        try:
            return follow_turns(node, turns, counts or ())
        except DataDependent as reason:
            del node.reading.tensors[mark:]
            node.inputs, why = entered, str(reason)
    return _assumed(node, turns, len(counts or ()), why)


def _turn_by_turn(node: Node, turns: _Turns, counts: Sequence[Mapping[int, Value]]) -> Outputs:
    """Follow each turn."""
    states = turns.before + turns.carried
    carried: list[Value | None] = []
    scanned: list[tuple[int, Scanned]] = []
    first = 2 * turns.before  # a Loop's body takes the number of the turn, and the condition
    for i, entered in enumerate(turns.entering[first:]):
        if isinstance(entered, Scanned):
            scanned.append((i, entered))
        elif not isinstance(entered, Counted):
            carried.append(entered.value)
    rows: list[list[Value]] = []
    for turn in range(len(counts)):
        inputs: list[Value | None] = [
            *([Value((), value=np.array(turn, np.int64)), Value((), value=np.array(True))][:first]),
            *carried,
            *(_slice(node, i, e.axis, e.positions[turn], turn) for i, e in scanned),
        ]
        results = node.run(turns.body, inputs, str(turn))
        carried[:] = results[turns.before : states]
        rows.append(results[states:])
    rows = [
        [rows[-1 - t if back else t][i] for i, back in enumerate(_backward(turns, rows))]
        for t in range(len(rows))
    ]
    outputs = _collected(node, [v or Value(None) for v in carried], rows, turns.axes)
    name_turns(node, len(counts))
    return outputs


def _backward(turns: _Turns, rows: Sequence[Sequence[Value]]) -> Sequence[int]:
    return turns.backward or (0,) * len(rows[0])


def _loop(turns: _Turns, counts: Sequence[Mapping[int, Value]], collected: int) -> Loop:
    """The loop in the terms of all formats, with so many outputs that are collected."""
    entering = [
        Counted([turn[i] for turn in counts]) if counts and i in counts[0] else e
        for i, e in enumerate(turns.entering)
    ]
    first = turns.before + turns.carried
    return Loop(turns.body, entering, range(first, first + collected), len(counts))


def _all_turns(node: Node, turns: _Turns, counts: Sequence[Mapping[int, Value]]) -> Outputs:
    """Describe all turns together."""
    entered = list(turns.entering)
    loop = _loop(turns, counts, len(node.outputs) - turns.carried)
    followed = follow(node, loop, turns.body.inputs.__getitem__)
    ends: dict[int, Output | Value] = dict(followed.states)
    changing = [i for i, e in enumerate(entered) if isinstance(e, Carried) and i not in ends]
    if changing:
        results = [turns.body.outputs[entered[i].result] for i in changing]  # type: ignore[union-attr]
        constants = {
            turns.body.inputs[i]: e.value for i, e in enumerate(entered) if isinstance(e, Around)
        }
        constants |= {turns.body.inputs[i]: v for i, v in counts[-1].items()}
        ends.update(zip(changing, Counter(node, turns.body, results).turn(constants), strict=True))
    return _outputs(
        turns, ends, [_moved(output, turns, i) for i, output in enumerate(followed.collected)]
    )


def _outputs(
    turns: _Turns, ends: Mapping[int, Output | Value], collected: Sequence[Output | Value]
) -> Outputs:
    states = range(2 * turns.before, 2 * turns.before + turns.carried)
    kept = {i: e.value for i, e in enumerate(turns.entering) if isinstance(e, Around)}
    return [*(ends[i] if i in ends else kept[i] for i in states), *collected]


def _moved(output: Output | Value, turns: _Turns, i: int) -> Output | Value:
    """What all turns yield, its first axis where the node's output has it."""
    shape = output.shape
    axis = turns.axes[i] if i < len(turns.axes) else 0
    back = bool(turns.backward and turns.backward[i])
    if shape is None or (axis in (0, -len(shape)) and not back):
        return output
    if not -len(shape) <= axis < len(shape):
        raise ModelError(f"a loop puts together its turns along axis {axis} of {list(shape)}")
    order = list(range(1, len(shape)))
    order.insert(axis % len(shape), 0)
    after = tuple(shape[a] for a in order)
    if isinstance(output, Value):

        def moved() -> np.ndarray | None:
            array = output.value()
            return None if array is None else (array[::-1] if back else array).transpose(order)

        return Value(after, get=moved, after=(output,))
    flipped = np.arange(shape[0])[::-1, None]
    flip = (Taps(0, shape[0], flipped, slides=True, why="the last turn comes first"),) * back
    relation = flip + transpose(tuple(order))
    return Output(after, [e._replace(relation=e.relation + relation) for e in output.edges])


def _assumed(node: Node, turns: _Turns, count: int, why: str) -> Outputs:
    """Let all that the turns change depend on all that enters them."""
    collected = len(node.outputs) - turns.carried
    loop = _loop(turns, (), collected)._replace(turns=count)
    shapes = [node.reading.inferred_shape(name) for name in node.outputs]
    states = [
        shapes[i - 2 * turns.before] if i - 2 * turns.before < len(shapes) else None
        for i, e in enumerate(loop.entering)
        if isinstance(e, Carried)
    ]
    ends = assume(
        node, loop, turns.body.inputs.__getitem__, [*states, *shapes[turns.carried :]], why
    )
    return _outputs(
        turns,
        ends.states,
        [
            output
            if declared is not None and output.shape == declared
            else _moved(output, turns, i)
            for i, (output, declared) in enumerate(
                zip(ends.collected, shapes[turns.carried :], strict=True)
            )
        ],
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
