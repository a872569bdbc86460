"""The stand-in for a Keras layer that is not executed."""

from __future__ import annotations

from ....relation import Edge, Output
from ....relation.common.basic import everything
from ..node import Node, operator

NOT_EXECUTED = "rf_viz>NotExecuted"
"""The operation's name. Its last input is the shape of its output, its attribute ``reason`` says
in words what it stands for."""


@operator(NOT_EXECUTED, category="other")
def not_executed(node: Node) -> Output:
    """Every element is taken to depend on everything."""
    last = max(0, len(node.inputs) - 1)
    after = node.required_ints(last)
    edges = [Edge(i, everything(node.shape(i), after)) for i in range(last) if node.depends(i)]
    return Output(after, edges, f"{node.attribute('reason')}: assumed to see everything")
