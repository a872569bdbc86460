"""The weights of an ONNX graph: constants that its operators take as such."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import onnx

from ..reading.weights import Constants, first_uses, summed
from .program import Program

_FLOATS = frozenset(
    number
    for name, number in onnx.TensorProto.DataType.items()
    if name in ("DOUBLE", "BFLOAT16") or name.startswith("FLOAT")
)


def parameters(program: Program) -> dict[str, int]:
    """Count the weights that each operation is the first to use, by its output's name.

    A graph does not say which of its constants were trained: all that stand where weights do
    count, and in arithmetic all real ones of more than one number.
    """
    live = set(map(id, program.calls))
    fixed = [call for call in program.graph.calls if id(call) not in live]
    constants = dict(_constants(program))
    sizes = {name: size for name, (size, _) in constants.items()}
    real = {name for name, (_, kind) in constants.items() if kind in _FLOATS}
    kinds = Constants(fixed, sizes, real)
    uses = first_uses(fixed, program.calls, sizes, kinds.weights)
    return summed((next(filter(None, call.outputs), call.name), n) for call, n in uses)


def _constants(program: Program) -> Iterator[tuple[str, tuple[int, int]]]:
    """The name, the size and the type (a number of ``DataType``) of every constant."""
    graph = program.proto.graph
    for tensor in graph.initializer:
        yield tensor.name, _size_and_type(tensor)
    for sparse in graph.sparse_initializer:
        yield sparse.values.name, (prod(sparse.dims), sparse.values.data_type)
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute:
            yield node.output[0], _value(node.attribute[0])


def _size_and_type(tensor: onnx.TensorProto) -> tuple[int, int]:
    return prod(tensor.dims), tensor.data_type


def _value(attribute: Any) -> tuple[int, int]:  # noqa: ANN401
    match attribute.type:
        case onnx.AttributeProto.TENSOR:
            return _size_and_type(attribute.t)
        case onnx.AttributeProto.SPARSE_TENSOR:
            sparse = attribute.sparse_tensor
            return prod(sparse.dims), sparse.values.data_type
        case onnx.AttributeProto.FLOATS:
            return len(attribute.floats), onnx.TensorProto.FLOAT
    return 1, onnx.TensorProto.UNDEFINED  # one number, or no real ones
