"""Branches and loops: followed through where their course is known, else taken to see all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Output
from ....relation.common.basic import everything, reduce
from ...reading.branches import truth
from ...reading.outputs import SELF
from ...reading.turns import (
    MOST_TURNS,
    Around,
    Carried,
    Counted,
    Counter,
    Entering,
    Loop,
    assume,
    constant_states,
    follow,
    handed_on,
    is_tensor,
    name_turns,
    needs_only,
)
from ...reading.values import DataDependent, Outputs, Value
from ..node import DEAD, Node, operator
from .inputs import tensor

UNROLLED = 64
"""The most turns of a loop that are followed turn by turn."""

FEW = 8
"""So many turns are followed turn by turn even where all could be described together."""


@operator("Switch", "RefSwitch", category="other")
def switch(node: Node) -> Outputs:
    """Input 0 goes on as output 0 where input 1 is false, as output 1 where it is true."""
    data = tensor(node, 0)
    way = truth(tensor(node, 1))
    if way is not None:
        return [DEAD, data] if way else [data, DEAD]
    shape, condition = node.shape(0), node.shape(1)
    edges = [*SELF, Edge(1, everything(condition, shape))]
    return [Output(shape, edges), Output(shape, edges)]


@operator("_SwitchN", category="other")
def switch_by_number(node: Node) -> Outputs:
    """Input 0 goes on as the output that input 1 numbers; any other number is the last's."""
    data, count = tensor(node, 0), node.attribute("num_outs", len(node.outputs))
    way = node.known_int(1)
    if way is not None:
        way = way if 0 <= way < count else count - 1
        return [data if i == way else DEAD for i in range(len(node.outputs))]
    shape = node.shape(0)
    edges = [*SELF, Edge(1, everything(node.shape(1), shape))]
    return [Output(shape, edges)] * len(node.outputs)


@operator("Merge", "RefMerge", category="other")
def merge(node: Node) -> Outputs:
    """The input that arrives, and its number.

    The inputs may be followed by the tensors that decide on each of them (see ``Wiring``).
    """
    results = [r.removesuffix(":0") for r in node.call.proto.input if not r.startswith("^")]
    if not set(results) <= set(node.call.inputs):
        return _looped(node)
    count = len(results)
    lets = node.inputs[count:] or [None] * count
    arrives = [
        i
        for i, (value, let) in enumerate(zip(node.inputs, lets, strict=False))
        if value is not DEAD and let is not DEAD
    ]
    if not arrives:  # within a branch that is never run
        return [DEAD, DEAD]
    if len(arrives) == 1:
        only = node.inputs[arrives[0]]
        return [only or DEAD, Value((), value=np.array(arrives[0], np.int32))]
    shapes = {node.shape(i) for i in arrives}
    if len(shapes) != 1:
        raise DataDependent(f"the shape of what {node.op} {node.name} lets pass is one of several")
    (shape,) = shapes
    which = [Edge(i, reduce(shape, tuple(range(len(shape))), False)) for i in arrives]
    return [Output(shape, [Edge(i) for i in arrives]), Output((), which)]


def _looped(node: Node) -> Outputs:
    """The start of a loop's turns: any value that enters the loop may be there."""
    shape = node.shape(0)
    edges = [
        Edge(i, everything(node.shape(i), shape))
        for i in range(len(node.inputs))
        if node.depends(i)
    ]
    why = f"the loop around {node.op} {node.name} is not followed: assumed to see all that enters"
    return [Output(shape, edges, why), Output((), [Edge(0, everything(shape, ()))], why)]


@operator("While", "StatelessWhile", category="other")
def loop(node: Node) -> Outputs:
    """Turn by turn where there are few, and all turns together where there are many."""
    condition, body = node.call.body("cond"), node.call.body("body")
    if not condition.outputs:
        raise ModelError(f"the condition of {node.op} {node.name!r} returns nothing")
    count = len(node.inputs)
    if not len(condition.inputs) == len(body.inputs) == len(body.outputs) == count:
        raise ModelError(f"{node.op} {node.name!r} and its functions differ in what they carry")
    turns = _counted(node)
    together = turns is not None and len(turns) > FEW
    singly = turns is None or len(turns) <= UNROLLED
    why = ""
    for follow_turns in [_all_turns] * together + [_turn_by_turn] * singly:
        mark, entered = len(node.reading.tensors), node.inputs
        try:
            return follow_turns(node, turns or ())
        except DataDependent as reason:
            del node.reading.tensors[mark:]
            node.inputs, why = entered, str(reason)
    return _assumed(node, why)


def _turn_by_turn(node: Node, turns: Sequence[Mapping[int, Value]]) -> Outputs:
    """Follow each turn, as long as it is known before each whether it is the last."""
    condition, body = node.call.body("cond"), node.call.body("body")
    carried = list(node.inputs)
    for turn in range(UNROLLED + 1):
        go = truth(node.run(condition, carried, f"{turn}/condition")[0])
        if go is None:
            raise DataDependent(f"how often {node.op} {node.name} turns depends on the data")
        if not go:
            name_turns(node, turn)
            return [value or DEAD for value in carried]
        carried[:] = node.run(body, carried, str(turn))
    raise DataDependent(f"{node.op} {node.name} turns more than {UNROLLED} times")


def _state_name(number: int) -> str:
    """The name of what turns carry: those of a function's arguments tell nothing."""
    return f"state_{number}"


def _states(node: Node) -> dict[int, tuple[Value, int]]:
    """What the turns change, by the number of the input: its first value, and the result."""
    same = handed_on(node.call.body("body"))
    return {i: (v, i) for i, v in enumerate(node.inputs) if v is not None and same.get(i) != i}


def _counted(node: Node) -> list[dict[int, Value]] | None:
    """What is known of each turn, whatever is fed; None where their number is not known."""
    condition, body = node.call.body("cond"), node.call.body("body")
    states = _states(node)
    same = {
        i
        for i, v in enumerate(node.inputs)
        if i not in states and v is not None and v.tensor < 0 and is_tensor(v)
    }
    constants = constant_states(node, body, same, states)
    if not needs_only(node, condition, condition.outputs[0], constants):
        return None
    changing = sorted(constants & set(states))
    ahead = Counter(node, condition, condition.outputs[:1])
    through = Counter(node, body, [body.outputs[i] for i in changing])
    now = {i: node.inputs[i] or DEAD for i in constants}
    turns: list[dict[int, Value]] = []
    try:
        while True:
            go = truth(ahead.turn({condition.inputs[i]: v for i, v in now.items()})[0])
            if go is None or len(turns) > MOST_TURNS:
                return None
            if not go:
                return turns
            turns.append(dict(now))
            results = through.turn({body.inputs[i]: v for i, v in now.items()})
            now.update(zip(changing, results, strict=True))
    except DataDependent:
        return None


def _entering(node: Node, turns: Sequence[Mapping[int, Value]]) -> list[Entering]:
    """What each input of the body is."""
    states = _states(node)
    entering: list[Entering] = []
    for i, value in enumerate(node.inputs):
        if i not in states:
            entering.append(Around(value or DEAD))
        elif turns and i in turns[0]:
            entering.append(Counted([turn[i] for turn in turns]))
        else:
            entering.append(Carried(value or DEAD, i))
    return entering


def _all_turns(node: Node, turns: Sequence[Mapping[int, Value]]) -> Outputs:
    """Describe all turns together."""
    body, entered = node.call.body("body"), list(node.inputs)
    entering = _entering(node, turns)
    followed = follow(node, Loop(body, entering, (), len(turns)), _state_name)
    counted = [i for i, e in enumerate(entering) if isinstance(e, Counted)]
    ends: dict[int, Output | Value] = dict(followed.states)
    if counted:
        last = {body.inputs[i]: v for i, v in turns[-1].items()}
        through = Counter(node, body, [body.outputs[i] for i in counted])
        ends.update(zip(counted, through.turn(last), strict=True))
    return [ends.get(i, value or DEAD) for i, value in enumerate(entered)]


def _assumed(node: Node, why: str) -> Outputs:
    """Let all that the turns change depend on all that enters them."""
    body, entered = node.call.body("body"), list(node.inputs)
    entering = _entering(node, ())
    declared = [*(node.attribute("output_shapes") or ()), *[None] * len(entering)]
    shapes = [
        None if shape is None or -1 in shape else shape
        for shape, e in zip(declared, entering, strict=False)
        if isinstance(e, Carried)
    ]
    ends = assume(node, Loop(body, entering, (), 0), _state_name, shapes, why).states
    return [ends.get(i, value or DEAD) for i, value in enumerate(entered)]
