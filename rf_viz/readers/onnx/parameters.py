"""The weights of an ONNX graph: constants that its operators take as such."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import onnx

from ..reading.node import Call
from ..reading.weights import Constants, summed, taken
from .program import Program

_POSITIONS: dict[str, tuple[int, ...]] = {
    "Attention": (1, 2),  # of com.microsoft; keys and values in the standard's
    "BatchNormalization": (1, 2, 3, 4),
    "BiasAdd": (1,),
    "BiasGelu": (1,),
    "CausalConvWithState": (1, 2),
    "Conv": (1, 2),
    "ConvInteger": (1,),
    "ConvTranspose": (1, 2),
    "DeformConv": (1, 3),
    "DequantizeLinear": (0,),
    "DynamicQuantizeMatMul": (1, 4),
    "EmbedLayerNormalization": (2, 3, 4, 5, 6),
    "FastGelu": (1,),
    "FusedConv": (1, 2),
    "FusedGemm": (0, 1, 2),
    "FusedMatMul": (0, 1),
    "GRU": (1, 2, 3),
    "Gemm": (0, 1, 2),
    "GemmFastGelu": (0, 1, 2),
    "GroupNorm": (1, 2),
    "GroupNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "LSTM": (1, 2, 3, 7),
    "LayerNormalization": (1, 2),
    "MatMul": (0, 1),
    "MatMulInteger": (0, 1),
    "MatMulInteger16": (0, 1),
    "MatMulIntegerToFloat": (0, 1, 6),
    "MultiHeadAttention": (3,),
    "NhwcConv": (1, 2),
    "NhwcFusedConv": (1, 2),
    "PRelu": (1,),
    "QAttention": (1, 2),
    "QGemm": (0, 3, 6),
    "QLinearConv": (3, 8),
    "QLinearMatMul": (0, 3),
    "QuantizeLinear": (0,),
    "RMSNormalization": (1,),
    "RNN": (1, 2, 3),
    "SimplifiedLayerNormalization": (1,),
    "SkipLayerNormalization": (2, 3, 4),
    "SkipSimplifiedLayerNormalization": (2, 3),
    "TransposeMatMul": (0, 1),
}
"""Where operators have their weights."""

_ARITHMETIC = frozenset(("Add", "Div", "Einsum", "Gather", "Mul", "Sub"))
"""Operators that take weights anywhere, besides numbers that are none."""

_FLOATS = frozenset(
    number
    for name, number in onnx.TensorProto.DataType.items()
    if name in ("DOUBLE", "BFLOAT16") or name.startswith("FLOAT")
)


class _Constants(Constants):
    def weights(self, call: Call) -> list[str]:
        at = _POSITIONS.get(call.op)
        if at is not None:
            return [call.inputs[i] for i in at if i < len(call.inputs)]
        if call.op in _ARITHMETIC or id(call) in self._fixed:
            return [n for n in call.inputs if n in self._several or n not in self._sizes]
        return []


def parameters(program: Program) -> dict[str, int]:
    """How many weights each operation takes that is the first to use them, by its output's name.

    A graph does not say which of its constants were trained: all that stand where weights do
    count, and in arithmetic all real ones of more than one number.
    """
    live = set(map(id, program.calls))
    fixed = [call for call in program.graph.calls if id(call) not in live]
    constants = dict(_constants(program))
    sizes = {name: size for name, (size, _) in constants.items()}
    real = {name for name, (_, kind) in constants.items() if kind in _FLOATS}
    kinds = _Constants(fixed, sizes, real)
    found = taken(fixed, program.calls, sizes, kinds.weights)
    return summed((next(filter(None, call.outputs), call.name), n) for call, n in found)


def _constants(program: Program) -> Iterator[tuple[str, tuple[int, int]]]:
    """Of every constant its name, its size, and its type as a number of ``DataType``."""
    graph = program.proto.graph
    for tensor in graph.initializer:
        yield tensor.name, _told(tensor)
    for sparse in graph.sparse_initializer:
        yield sparse.values.name, (prod(sparse.dims), sparse.values.data_type)
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute:
            yield node.output[0], _value(node.attribute[0])


def _told(tensor: onnx.TensorProto) -> tuple[int, int]:
    return prod(tensor.dims), tensor.data_type


def _value(attribute: Any) -> tuple[int, int]:  # noqa: ANN401
    match attribute.type:
        case onnx.AttributeProto.TENSOR:
            return _told(attribute.t)
        case onnx.AttributeProto.SPARSE_TENSOR:
            sparse = attribute.sparse_tensor
            return prod(sparse.dims), sparse.values.data_type
        case onnx.AttributeProto.FLOATS:
            return len(attribute.floats), onnx.TensorProto.FLOAT
    return 1, onnx.TensorProto.UNDEFINED  # one number, or no real ones
