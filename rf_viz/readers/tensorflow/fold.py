"""Values that do not depend on the input: the arithmetic that graphs do on shapes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, cast

import numpy as np

from ...relation import SUM, Output, Shape, push
from ..reading.constants import (
    LARGEST,
    Compute,
    Constant,
    chain,
    divide,
    each,
)
from .node import OPERATORS, Node
from .protobuf.tensors import dtype


def evaluate(node: Node, name: str, shape: Shape) -> Constant | None:
    """Compute one of a node's outputs, of that shape.

    Returns None where an input is not known, and where it would be too large or cannot be
    computed.
    """
    compute = COMPUTE.get(node.op)
    if compute is None or prod(shape) > LARGEST:
        return None
    values = []
    for tensor in node.inputs:
        value = None if tensor is None else tensor.value()
        if value is None:
            return None
        values.append(value)
    try:
        with np.errstate(all="ignore"):
            result = compute(node, values)
            if isinstance(result, list | tuple):
                result = result[node.outputs.index(name)]
            return np.asarray(result).reshape(shape)
    except Exception:  # whatever goes wrong here, the value is just not known
        return None


def _reduce(function: Callable[..., Any]) -> Compute:
    def compute(node: Node, values: list[Any]) -> Constant:
        axes = tuple(np.asarray(values[1]).reshape(-1).tolist())
        reduced = function(values[0], axis=axes, keepdims=bool(node.attribute("keep_dims")))
        return np.asarray(reduced, values[0].dtype)

    return compute


def _arg(function: Callable[..., Any]) -> Compute:
    def compute(node: Node, values: list[Any]) -> Constant:
        kind = dtype(node.attribute("output_type", 9))
        return np.asarray(function(values[0], axis=int(values[1])), kind)

    return compute


def _cast(node: Node, values: list[Any]) -> Constant:
    kind = dtype(node.attribute("DstT"))
    return np.asarray(values[0].astype("float32" if kind == "bfloat16" else kind))


def _first(node: Node, values: list[Any]) -> Constant:
    return np.asarray(values[0])


def _concatenated(node: Node, values: list[Any]) -> Constant:
    return np.asarray(np.concatenate(values[:-1], int(values[-1])))


def _split(node: Node, values: list[Any]) -> list[Constant]:
    return list(np.split(values[1], node.attribute("num_split"), int(values[0])))


def _split_by_sizes(node: Node, values: list[Any]) -> list[Constant]:
    array, sizes, axis = values[0], list(values[1]), int(values[2])
    if -1 in sizes:
        sizes[sizes.index(-1)] = array.shape[axis] - sum(sizes) - 1
    return list(np.split(array, np.cumsum(sizes)[:-1], axis))


def _unpacked(node: Node, values: list[Any]) -> list[Constant]:
    axis = node.attribute("axis", 0)
    return [np.take(values[0], i, axis) for i in range(values[0].shape[axis])]


def _moved(node: Node, values: list[Any]) -> list[Constant]:
    """The outputs of an operator that only moves elements, by its own description."""
    outputs = OPERATORS[node.op].describe(node)
    arrays = []
    for output in cast(list[Output], outputs if isinstance(outputs, list) else [outputs]):
        (edge,) = output.edges
        moved = push(edge.relation, np.asarray(values[edge.input]), SUM)
        arrays.append(np.broadcast_to(moved, output.shape))
    return arrays


def _band(node: Node, values: list[Any]) -> Constant:
    matrix, below, above = values
    low = -int(below) if below >= 0 else -matrix.shape[-2]
    high = int(above) if above >= 0 else matrix.shape[-1]
    return np.asarray(np.tril(np.triu(matrix, low), high))


def _summed(node: Node, values: list[Any]) -> Constant:
    values_along, axis = values[0], int(values[1])
    if node.attribute("reverse"):
        values_along = np.flip(values_along, axis)
    sums = np.cumsum(values_along, axis, dtype=values_along.dtype)
    if node.attribute("exclusive"):
        sums = sums - values_along
    return np.asarray(np.flip(sums, axis) if node.attribute("reverse") else sums)


def _one_hot(node: Node, values: list[Any]) -> Constant:
    indices, depth, on, off = values
    axis = node.attribute("axis", -1)
    codes = np.expand_dims(np.arange(int(depth)), tuple(range(1, indices.ndim + 1)))
    codes = np.moveaxis(codes, 0, axis)
    return np.asarray(np.where(np.expand_dims(indices, axis) == codes, on, off))


def _product(node: Node, values: list[Any]) -> Constant:
    turned = [
        np.swapaxes(a, -1, -2) if node.attribute(plain) or node.attribute(batched) else a
        for a, plain, batched in zip(
            values, ("transpose_a", "transpose_b"), ("adj_x", "adj_y"), strict=True
        )
    ]
    return np.asarray(np.matmul(*turned))


def _solved(node: Node, values: list[Any]) -> Constant:
    matrix, right = values
    if node.attribute("adjoint"):
        matrix = np.swapaxes(matrix, -1, -2)
    return np.asarray(np.linalg.solve(matrix, right))


def _padded(node: Node, values: list[Any]) -> Constant:
    fill = values[2] if len(values) > 2 else 0
    return np.asarray(np.pad(values[0], values[1], constant_values=fill))


COMPUTE: dict[str, Compute] = {
    "Abs": each(np.abs),
    "Acos": each(np.arccos),
    "Acosh": each(np.arccosh),
    "Add": each(np.add),
    "AddN": chain(np.add),
    "AddV2": each(np.add),
    "All": _reduce(np.all),
    "Any": _reduce(np.any),
    "ArgMax": _arg(np.argmax),
    "ArgMin": _arg(np.argmin),
    "Asin": each(np.arcsin),
    "Asinh": each(np.arcsinh),
    "Atan": each(np.arctan),
    "Atan2": each(np.arctan2),
    "Atanh": each(np.arctanh),
    "BatchMatMul": _product,
    "BatchMatMulV2": _product,
    "BatchMatrixBandPart": _band,
    "BitwiseAnd": each(np.bitwise_and),
    "BitwiseOr": each(np.bitwise_or),
    "BitwiseXor": each(np.bitwise_xor),
    "BroadcastArgs": each(lambda a, b: np.broadcast_shapes(tuple(a), tuple(b))),
    "BroadcastTo": each(lambda a, shape: np.broadcast_to(a, tuple(shape))),
    "Cast": _cast,
    "Ceil": each(np.ceil),
    "ClipByValue": each(np.clip),
    "Concat": lambda node, values: np.concatenate(values[1:], int(values[0])),
    "ConcatV2": _concatenated,
    "Cos": each(np.cos),
    "Cosh": each(np.cosh),
    "Cumsum": _summed,
    "DataFormatVecPermute": _moved,
    "Div": each(divide),
    "DivNoNan": each(lambda a, b: np.where(b == 0, 0, a / b).astype(a.dtype)),
    "Equal": each(np.equal),
    "Exp": each(np.exp),
    "ExpandDims": _first,
    "Expm1": each(np.expm1),
    "Fill": each(lambda shape, value: np.broadcast_to(value, tuple(shape))),
    "Floor": each(np.floor),
    "FloorDiv": each(np.floor_divide),
    "FloorMod": each(np.mod),
    "Gather": each(lambda a, at: np.take(a, at, 0)),
    "GatherNd": each(lambda a, at: a[tuple(np.moveaxis(at, -1, 0))]),
    "GatherV2": each(lambda a, at, axis: np.take(a, at, int(axis))),
    "Greater": each(np.greater),
    "GreaterEqual": each(np.greater_equal),
    "Identity": _first,
    "Inv": each(np.reciprocal),
    "Invert": each(np.invert),
    "InvertPermutation": each(lambda order: np.argsort(order).astype(order.dtype)),
    "IsFinite": each(np.isfinite),
    "IsInf": each(np.isinf),
    "IsNan": each(np.isnan),
    "LeftShift": each(np.left_shift),
    "Less": each(np.less),
    "LessEqual": each(np.less_equal),
    "LinSpace": each(lambda start, stop, count: np.linspace(start, stop, int(count))),
    "Log": each(np.log),
    "Log1p": each(np.log1p),
    "LogicalAnd": each(np.logical_and),
    "LogicalNot": each(np.logical_not),
    "LogicalOr": each(np.logical_or),
    "MatMul": _product,
    "MatrixBandPart": _band,
    "MatrixDiag": _moved,
    "MatrixDiagPart": _moved,
    "MatrixDiagPartV3": _moved,
    "MatrixDiagV3": _moved,
    "MatrixInverse": each(np.linalg.inv),
    "MatrixSolve": _solved,
    "Max": _reduce(np.max),
    "Maximum": each(np.maximum),
    "Mean": _reduce(np.mean),
    "Min": _reduce(np.min),
    "Minimum": each(np.minimum),
    "Mod": each(np.fmod),
    "Mul": each(np.multiply),
    "MulNoNan": each(lambda a, b: np.where(b == 0, 0, a * b).astype(a.dtype)),
    "Neg": each(np.negative),
    "NotEqual": each(np.not_equal),
    "OneHot": _one_hot,
    "OnesLike": each(np.ones_like),
    "Pack": lambda node, values: np.stack(values, node.attribute("axis", 0)),
    "Pad": _padded,
    "PadV2": _padded,
    "PlaceholderWithDefault": _first,
    "Pow": each(np.power),
    "Prod": _reduce(np.prod),
    "Range": lambda node, values: np.arange(*values).astype(values[0].dtype),
    "RealDiv": each(np.divide),
    "Reciprocal": each(np.reciprocal),
    "Relu": each(lambda a: np.maximum(a, 0)),
    "Relu6": each(lambda a: np.clip(a, 0, 6)),
    "Reshape": _first,
    "Reverse": _moved,
    "ReverseV2": _moved,
    "RightShift": each(np.right_shift),
    "Rint": each(np.rint),
    "Roll": _moved,
    "Round": each(np.rint),
    "Rsqrt": each(lambda a: 1 / np.sqrt(a)),
    "Select": each(np.where),
    "SelectV2": each(np.where),
    "Sigmoid": each(lambda a: 1 / (1 + np.exp(-a))),
    "Sign": each(np.sign),
    "Sin": each(np.sin),
    "Sinh": each(np.sinh),
    "Slice": _moved,
    "Snapshot": _first,
    "Split": _split,
    "SplitV": _split_by_sizes,
    "Sqrt": each(np.sqrt),
    "Square": each(np.square),
    "SquaredDifference": each(lambda a, b: np.square(a - b)),
    "Squeeze": _first,
    "StopGradient": _first,
    "StridedSlice": _moved,
    "Sub": each(np.subtract),
    "Sum": _reduce(np.sum),
    "Tan": each(np.tan),
    "Tanh": each(np.tanh),
    "Tile": each(lambda a, times: np.tile(a, times)),
    "Transpose": each(lambda a, order: np.transpose(a, order)),
    "TruncateDiv": each(divide),
    "TruncateMod": each(np.fmod),
    "Unpack": _unpacked,
    "ZerosLike": each(np.zeros_like),
}
"""How the outputs of operators are computed, by name; an operator with several returns a list."""
