"""Operators whose channels come last, described by those whose channels are second."""

from __future__ import annotations

from collections.abc import Callable

from ....relation import Edge, Output
from ....relation.common.basic import transpose
from ...reading.values import Value
from ..node import Node

DescribeTensors = Callable[[Node], Output | list[Output]]
"""A description of an operator whose outputs are all tensors that it makes."""


def channels_last(node: Node, describe: DescribeTensors, inputs: tuple[int, ...] = (0,)) -> Output:
    """Describe a node whose channels come last by a description of channels that are second.

    These inputs are turned before it, and its first output back again.
    """
    turned = list(node.inputs)
    orders: dict[int, tuple[int, ...]] = {}
    for i in inputs:
        value = node.inputs[i] if i < len(node.inputs) else None
        if value is not None:
            rank = len(node.shape(i, least=3))
            orders[i] = (0, rank - 1, *range(1, rank - 1))
            turned[i] = Value(tuple(node.shape(i)[a] for a in orders[i]), value.tensor)
    outputs = describe(Node(node.call, turned, node.reading, node.scope))
    output = outputs if isinstance(outputs, Output) else outputs[0]
    rank = len(output.shape)
    back = (0, *range(2, rank), 1)
    edges = [
        Edge(
            e.input,
            transpose(orders.get(e.input, ())) + e.relation + transpose(back),
            e.local_beside_mix,
        )
        for e in output.edges
    ]
    return Output(tuple(output.shape[a] for a in back), edges, output.assumed)
