"""Branches and loops, whose parts are other graphs of the file."""

from __future__ import annotations

from ....errors import DefectError, ModelError
from ...reading.branches import either, truth
from ...reading.operators import Operator
from ...reading.values import Outputs
from ...tensorflow.node import Node
from ..node import OPERATORS as ENTRIES
from ..node import Entry, Site, operator
from ..tf_op import TfOp


@operator("WHILE", like="While")
def loop(site: Site) -> TfOp:
    """A loop: one graph says whether it goes on, another is its body."""
    graphs = {
        "cond": site.option("condSubgraphIndex"),
        "body": site.option("bodySubgraphIndex"),
    }
    return TfOp("While", site.every, graphs, same=False)


def _branch(node: Node) -> Outputs:
    """The results of the one branch where the condition is known, else of both."""
    condition, *inputs = node.inputs
    if condition is None:
        raise node.missing("input 0")
    count = len(node.outputs)
    decision = truth(condition)
    ways = ("then", "else") if decision is None else ("then",) if decision else ("else",)
    results, failed = [], []
    for way in ways:
        body = node.call.body(way)
        if len(body.outputs) < count:
            raise ModelError(f"{node.op} {node.name!r} has a branch with too few results")
        try:
            results.append(node.run(body, inputs, way))
        except DefectError:
            raise
        except ModelError as error:  # a branch that does not work out at this size is not taken
            failed.append(error)
    if not results:
        raise failed[0]
    return results[0] if decision is not None else either(node, condition, results, count)


def _called(node: Node) -> Outputs:
    """The results of another graph."""
    return node.run(node.call.body("graph"), node.inputs, "call")


_IF = Operator(_branch, category="other")
_CALL = Operator(_called, category="other")


def _if(site: Site) -> TfOp:
    """One of two graphs, by a condition."""
    graphs = {"then": site.option("thenSubgraphIndex"), "else": site.option("elseSubgraphIndex")}
    return TfOp("If", site.every, graphs, same=False, operator=_IF)


def _call(site: Site) -> TfOp:
    """Another graph in place of the operation."""
    return TfOp("Call", site.every, {"graph": site.option("subgraph")}, False, _CALL)


ENTRIES["IF"] = Entry(_if, "other", None)
ENTRIES["CALL"] = Entry(_call, "other", None)
