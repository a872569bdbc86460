"""The judgement of which graphs may be run: arithmetic, and nothing that reaches beyond it.

A graph is a program. Some operators read or write files, reach the network, start servers or call
Python. Operators that keep state are refused unless they are known to be harmless; the others are
refused if their name or their documentation says that they reach outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .substitutes import SUBSTITUTED

_OUTSIDE = re.compile(
    "File|Py|Dataset|Debug|Reader|Snapshot|Xla|TPU|Tpu|Send|Recv|Save|Restore|PrintV2"
    # These read a file that an attribute names.
    "|ImmutableConst|DecodeProto|EncodeProto"
)
_HARMLESS_STATE = re.compile(
    "StatefulPartitionedCall|While|If|Case|Assert|Print|CheckNumerics.*|GuaranteeConst|DeepCopy|DisableCopyOnRead"
    "|Empty|CudnnRNN.*|Multinomial|.*Random.*|Stateful.*(Normal|Uniform).*|TruncatedNormal"
    "|ParameterizedTruncatedNormal|RngReadAndSkip|RngSkip|SampleDistortedBoundingBox.*"
    "|TensorArray.*|Stack.*|Variable.*|VarHandleOp|ReadVariableOp|ResourceGather.*"
    "|(Mutable)?(Dense)?HashTable.*|LookupTable.*"
)


def may_run(graph_def: Any) -> str:  # noqa: ANN401  (protobuf messages have no types)
    """Say in words why this graph is not run; empty if it may be run. Loads TensorFlow."""
    from tensorflow.python.framework import op_def_registry

    own = {function.signature.name for function in graph_def.library.function}
    for node in _nodes(graph_def):
        if node.op in own or node.op in SUBSTITUTED:
            continue
        definition = op_def_registry.get(node.op)
        if definition is None and "reason" in node.attr:
            return str(node.attr["reason"].s.decode("utf-8", "replace"))  # a reader's stand-in
        if definition is None:
            return f"{node.op} ({node.name}) is not an operator of TensorFlow's own"
        if _OUTSIDE.search(node.op) or (
            definition.is_stateful and not _HARMLESS_STATE.fullmatch(node.op)
        ):
            return (
                f"{node.op} ({node.name}) reaches beyond the graph, to files, devices, the "
                "network or Python, and is never run"
            )
    return ""


def _nodes(graph_def: Any) -> Iterator[Any]:  # noqa: ANN401
    """All nodes of a graph and of its functions."""
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def
