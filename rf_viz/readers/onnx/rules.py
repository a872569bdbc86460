"""Nodes checked against the rules of their operators, by the standard's own word."""

from __future__ import annotations

import onnx
from onnx import checker

from .node import Node


def broken_rule(node: Node) -> str:
    """Say in words how a node breaks its operator's rules; empty where it keeps them.

    ONNX's checker sees what is missing, superfluous or of the wrong type, in operators of the
    standard. Its inference of shapes would see more, but reads beyond its arrays where numbers are
    out of range: descriptions have to see for themselves that shapes fit.
    """
    proto = onnx.NodeProto()
    proto.CopyFrom(node.proto)
    proto.domain = node.call.domain
    for attribute in proto.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:  # it may use names from around the node
            attribute.g.CopyFrom(onnx.GraphProto(name="body"))
    context = checker.C.CheckerContext()
    context.ir_version = onnx.IR_VERSION
    context.opset_imports = dict(node.call.opsets)
    try:
        checker.check_node(proto, context)
    except checker.ValidationError as error:
        return " ".join(str(error).split()).rstrip(".")
    return ""
