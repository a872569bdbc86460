"""The lengths of counts, which graphs compute although they are known."""

from __future__ import annotations

from typing import Any

from ....runtimes.tensorflow.graph_names import maker


def settle_counts(graph_def: Any) -> None:  # noqa: ANN401
    """Let a count take its length from a constant where it is cut to one, in place.

    ``tf.math.bincount`` with a largest length that is the smallest too computes
    ``min(length, max(length, ...))``, which is ``length`` whatever is counted.
    """
    counts = [node for node in graph_def.node if node.op in ("Bincount", "DenseBincount")]
    if not counts:
        return
    nodes = {node.name: node for node in graph_def.node}
    for count in counts:
        least = _origin(nodes, count.input[1])
        if least is None or least.op != "Minimum":
            continue
        for length, other in (least.input, reversed(least.input)):
            most, constant = _origin(nodes, other), _constant(nodes, length)
            if constant is None or most is None or most.op != "Maximum":
                continue
            if constant in (_constant(nodes, bound) for bound in most.input):
                count.input[1] = length


def _origin(nodes: Any, reference: str) -> Any:  # noqa: ANN401
    """The node that makes a tensor, past those that pass it on; None for none."""
    node = nodes.get(maker(reference))
    while node is not None and node.op == "Identity":
        node = nodes.get(maker(node.input[0]))
    return node


def _constant(nodes: Any, reference: str) -> bytes | None:  # noqa: ANN401
    """A constant as its message's bytes."""
    node = _origin(nodes, reference)
    if node is None or node.op != "Const":
        return None
    return bytes(node.attr["value"].SerializeToString())
