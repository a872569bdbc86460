"""Leaving out what only trains a network: gradients, optimisers, savers, summaries."""

from __future__ import annotations

import re
from typing import Any

from ....runtimes.tensorflow.graph_names import VARIABLES, maker

_OPTIMISERS = re.compile("(Resource)?(Sparse)?Apply[A-Z].*")
_EFFECTS = re.compile(
    "Assign.*|(Resource)?Scatter(Nd)?(Add|Div|Max|Min|Mul|Sub|Update)|.*Summary(V2)?|Save.*|Restore.*|"
    "MergeV2Checkpoints|ShardedFilename|(Ref)?IsVariableInitialized|VarIsInitializedOp"
)
"""Operators that are run for what they change or write."""

_SPARSITY = re.compile("(^|/)zero_fraction(_[0-9]+)?/")
"""Scope of what ``tf.nn.zero_fraction`` computes, which summaries show."""

_GRADIENTS = re.compile("(^|/)gradients(_[0-9]+)?/")
"""Scope in which TensorFlow 1 puts what it derives."""


def without_training(graph_def: Any) -> tuple[Any, int]:  # noqa: ANN401
    """Leave out of a graph what only trains its network; returns also the number of such nodes.

    Gradients count, and so does whatever is computed from them, unless there is nothing to train:
    in a frozen graph without an optimiser they are results like others.
    """
    ops = {node.op for node in graph_def.node}
    optimisers = {op for op in ops if _OPTIMISERS.fullmatch(op)}
    trained = optimisers or not ops.isdisjoint(VARIABLES)
    summarised = any(op.endswith("Summary") for op in ops)
    if not (trained or summarised):
        return graph_def, 0
    kinds = {node.name: node.op for node in graph_def.node}
    pending = [name for name, op in kinds.items() if op in optimisers]
    if trained:
        pending += [n for n in kinds if "gradients" in n and _GRADIENTS.search(n)]
    if summarised:
        pending += [n for n in kinds if "zero_fraction" in n and _SPARSITY.search(n)]
    if not pending:  # what only assigns or saves leads to no layer
        return graph_def, 0
    readers: dict[str, list[str]] = {}
    for node in graph_def.node:
        for reference in node.input:
            if not reference.startswith("^"):
                readers.setdefault(maker(reference), []).append(node.name)
    training: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in training:
            training.add(name)
            pending.extend(readers.get(name, ()))
    for node in graph_def.node:
        if _EFFECTS.fullmatch(node.op) and training.issuperset(readers.get(node.name, ())):
            training.add(node.name)
    rest = type(graph_def)(
        node=[node for node in graph_def.node if node.name not in training],
        versions=graph_def.versions,
        library=graph_def.library,
    )
    for node in rest.node:
        kept = [reference for reference in node.input if maker(reference) not in training]
        if len(kept) < len(node.input):
            node.input[:] = kept
    return rest, len(training)
