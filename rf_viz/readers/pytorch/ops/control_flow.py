"""Branches and loops, whose bodies are graphs of their own."""

from __future__ import annotations

from onnx import GraphProto, TensorProto, ValueInfoProto, helper

from .. import dtypes
from ..program import Argument, Graph, Name
from ..site import Site, Untranslatable, rule_of


def _graphs(site: Site) -> list[Graph]:
    return [a for a in site.node.arguments.values() if isinstance(a, Graph)]


def _operands(site: Site) -> list[list[Name]]:
    """The lists of tensors among the arguments. Raises Untranslatable for plain numbers."""
    lists = [a for a in site.node.arguments.values() if isinstance(a, list)]
    if not all(isinstance(v, Name) for values in lists for v in values):
        raise Untranslatable
    return lists


def _returns(graph: GraphProto, outputs: list[str]) -> GraphProto:
    """A body that returns values, each made within it under a name of its own."""
    within = {name for node in graph.node for name in node.output}
    seen: set[str] = set()
    for number, output in enumerate(outputs):
        name = output
        if output not in within or output in seen:  # handed on as it came, or returned twice
            name = f"{graph.name}_out_{number}"
            graph.node.append(helper.make_node("Identity", [output], [name], name=name))
        seen.add(name)
        graph.output.append(ValueInfoProto(name=name))
    return graph


@rule_of("higher_order.cond")
def branch(site: Site) -> list[str | None]:
    """One of two graphs, as a condition says."""
    graphs, condition = _graphs(site), next(iter(site.node.arguments.values()))
    if len(graphs) != 2:
        raise Untranslatable
    values = [site.scope.value(v.name) for operands in _operands(site) for v in operands]
    branches = [
        _returns(*site.scope.subgraph(graph, values, f"{site.node.name}_{label}"))
        for graph, label in zip(graphs, ("then", "else"), strict=True)
    ]
    picked = site.reshape(site.scalar(condition, dtypes.BOOL), [])
    return list(
        site.writer.add_many(
            "If", [picked], len(site.results), then_branch=branches[0], else_branch=branches[1]
        )
    )


@rule_of("higher_order.while_loop")
def loop(site: Site) -> list[str | None]:
    """A graph run again and again, while another one says so."""
    graphs, operands = _graphs(site), _operands(site)
    if len(graphs) != 2 or not operands:
        raise Untranslatable
    carried = [site.scope.value(v.name) for v in operands[0]]
    fixed = [site.scope.value(v.name) for values in operands[1:] for v in values]
    name = site.node.name
    test, body_graph = graphs
    first = site.scope.inline(test, [*operands[0], *_flat(operands[1:])])
    if len(first) != 1:
        raise Untranslatable
    body, outputs = site.scope.subgraph(
        body_graph, [*[None] * len(carried), *fixed], f"{name}_body"
    )
    again, goes_on = site.scope.subgraph(test, [*outputs, *fixed], f"{name}_test")
    body.node.extend(again.node)
    turn, before = f"{name}_turn", f"{name}_before"
    inputs = [
        helper.make_tensor_value_info(turn, TensorProto.INT64, []),
        helper.make_tensor_value_info(before, TensorProto.BOOL, []),
        *body.input,
    ]
    del body.input[:]
    body.input.extend(inputs)
    body = _returns(body, [*goes_on, *outputs])
    condition = site.reshape(first[0], [])
    return list(
        site.writer.add_many("Loop", ["", condition, *carried], len(site.results), body=body)
    )


def _flat(lists: list[list[Name]]) -> list[Argument]:
    return [value for values in lists for value in values]


@rule_of("higher_order.scan")
def scan(site: Site) -> list[str | None]:
    """A graph run for each slice of tensors, handing a state on."""
    graphs, operands = _graphs(site), _operands(site)
    numbers = [a for a in site.node.arguments.values() if isinstance(a, bool | int)]
    if len(graphs) != 1 or not 2 <= len(operands) <= 3 or any(numbers):
        raise Untranslatable
    states, slices = operands[:2]
    fixed = [site.scope.value(v.name) for values in operands[2:] for v in values]
    inputs: list[str | None] = [None] * (len(states) + len(slices))
    body, outputs = site.scope.subgraph(graphs[0], [*inputs, *fixed], f"{site.node.name}_body")
    values = [site.scope.value(v.name) for v in (*states, *slices)]
    return list(
        site.writer.add_many(
            "Scan",
            values,
            len(site.results),
            body=_returns(body, outputs),
            num_scan_inputs=len(slices),
        )
    )
