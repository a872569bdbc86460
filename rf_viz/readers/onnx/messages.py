"""The graphs, nodes and names in an ONNX message, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import onnx


def every_graph(proto: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """Yield a model's graph and every graph that a node holds."""
    yield proto.graph
    for node in every_node(proto):
        yield from _graphs(node)


def every_node(proto: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Yield every node of a model, those of its subgraphs and functions among them."""
    yield from with_inner(chain(proto.graph.node, *(f.node for f in proto.functions)))


def with_inner(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """Yield nodes, and those of the graphs that they hold."""
    pending = [iter(nodes)]
    while pending:
        for node in pending[-1]:
            yield node
            inner = list(_graphs(node))
            if inner:
                pending.extend(iter(graph.node) for graph in inner)
                break
        else:
            pending.pop()


def _graphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs that a node holds."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def broken_texts(proto: onnx.ModelProto) -> Iterator[object]:
    """Yield the names of a model that are no text: protobuf returns them as bytes."""
    return (text for text in _texts(proto) if not isinstance(text, str))


def _texts(proto: onnx.ModelProto) -> Iterator[object]:
    """The names in a model that are read: of graphs, tensors, nodes, operators and axes."""
    yield proto.producer_name
    for opset in proto.opset_import:
        yield opset.domain
    for function in proto.functions:
        yield from (function.domain, function.name, function.overload)
        yield from (*function.input, *function.output, *function.attribute)
    for graph in every_graph(proto):
        yield graph.name
        for tensor in (*graph.initializer, *(s.values for s in graph.sparse_initializer)):
            yield tensor.name
            yield from _side_file(tensor)
        for value in (*graph.input, *graph.output, *graph.value_info):
            yield value.name
            yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim)
    for node in every_node(proto):
        yield from (node.op_type, node.domain, node.overload, node.name)
        yield from (*node.input, *node.output)
        for attribute in node.attribute:
            yield from (attribute.name, attribute.ref_attr_name)
            for tensor in (attribute.t, *attribute.tensors):
                yield from _side_file(tensor)
        for entry in node.metadata_props:
            yield from (entry.key, entry.value)


def _side_file(tensor: onnx.TensorProto) -> Iterator[object]:
    """The texts that say where in another file a tensor's values are."""
    for entry in tensor.external_data:
        yield from (entry.key, entry.value)
