"""Branches and loops: followed through where their course is known, else taken to see all."""

from __future__ import annotations

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Output
from ....relation.common.basic import everything, reduce
from ...reading.outputs import SELF
from ...reading.values import DataDependent, Outputs, Value
from ..node import DEAD, Node, operator
from .inputs import tensor

UNROLLED = 64
"""The most turns of a loop that are followed turn by turn."""


@operator("Switch", "RefSwitch", category="other")
def switch(node: Node) -> Outputs:
    """Input 0 goes on as output 0 where input 1 is false, as output 1 where it is true."""
    data = tensor(node, 0)
    truth = _truth(tensor(node, 1))
    if truth is not None:
        return [DEAD, data] if truth else [data, DEAD]
    shape, condition = node.shape(0), node.shape(1)
    edges = [*SELF, Edge(1, everything(condition, shape))]
    return [Output(shape, edges), Output(shape, edges)]


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
    """Turn by turn, as long as it is known before each whether it is the last."""
    condition, body = node.call.body("cond"), node.call.body("body")
    carried = list(node.inputs)
    for turn in range(UNROLLED + 1):
        results = node.run(condition, carried, f"{turn}/condition")
        if not results:
            raise ModelError(f"the condition of {node.op} {node.name!r} returns nothing")
        go = _truth(results[0])
        if go is None:
            raise DataDependent(f"how often {node.op} {node.name} turns depends on the data")
        if not go:
            return [value or DEAD for value in carried]
        carried[:] = node.run(body, carried, str(turn))
    raise DataDependent(f"{node.op} {node.name} turns more than {UNROLLED} times")


def _truth(value: Value) -> bool | None:
    """Whether a tensor's first element is true; None where that is not known."""
    array = value.value()
    return None if array is None or not array.size else bool(np.asarray(array).reshape(-1)[0])
