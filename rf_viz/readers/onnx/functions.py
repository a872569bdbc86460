"""Local functions of an ONNX model, put in the place of their calls."""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx import inliner

from ...errors import ModelError
from ..reading.expansion import Part, check_expansion
from .messages import every_node, with_inner

_Key = tuple[str, str, str]
"""A function by its domain, its name and its overload."""

_NUMBER = 16
"""The letters that putting a function in place adds to the names of its tensors."""


def inlined(proto: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """Put a model's local functions in the place of their calls.

    Raises ModelError where they do not fit their calls, or make the graph too large.
    """
    if not proto.functions:
        return proto
    functions = {_key(f.domain, f.name, f.overload): f for f in proto.functions}
    calls = [node for node in every_node(proto) if _key_of(node) in functions]
    largest = max((a.ByteSize() for call in calls for a in call.attribute), default=0)

    def part(nodes: Iterable[onnx.NodeProto]) -> Part[_Key]:
        count = names = size = 0
        called: list[tuple[_Key, int]] = []
        for node in with_inner(nodes):
            count += 1
            names += 1 + len(node.input) + len(node.output)
            key = _key_of(node)
            if key in functions:
                called.append((key, _NUMBER))
            # What a call passes on is put wherever its function refers to it.
            size += largest * sum(bool(a.ref_attr_name) for a in node.attribute)
        size += sum(node.ByteSize() for node in nodes)
        return Part(count, names, size, called)

    try:
        check_expansion(part(proto.graph.node), lambda key: part(functions[key].node))
    except ModelError as error:
        raise ModelError(f"{name} cannot be opened: {error}") from error
    try:
        return inliner.inline_local_functions(proto)
    except Exception as error:
        raise ModelError(f"{name} has functions that cannot be put in place: {error}") from error


def _key(domain: str, name: str, overload: str) -> _Key:
    return ("" if domain == "ai.onnx" else domain, name, overload)


def _key_of(node: onnx.NodeProto) -> _Key:
    return _key(node.domain, node.op_type, node.overload)
