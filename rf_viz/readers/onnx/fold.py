"""Values that do not depend on the input: constants, and results computed from them.

The arithmetic that exporters do on shapes is done here; everything else by ONNX's own reference
implementation, which is slow to import.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import prod
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from ...relation import Shape
from ..reading.constants import (
    LARGEST,
    Compute,
    Constant,
    chain,
    divide,
    each,
)
from .node import Node

RANDOM = {
    "Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
    "RandomUniformLike",
}  # fmt: skip


def evaluate(node: Node, name: str, shape: Shape | None = None) -> Constant | None:
    """The value of one of a node's outputs, of that shape if it is known beforehand.

    None where an input is not known, and where the value would be too large or cannot be computed.
    """
    values: list[Constant | None] = []
    for node_input in node.inputs:
        value = None
        if node_input is not None:
            value = node_input.value()
            if value is None:
                return None
        values.append(value)
    if node.op == "ConstantOfShape" and not node.call.domain and shape is not None:
        fill = node.attribute("value")
        one = np.float32(0) if fill is None else numpy_helper.to_array(fill).reshape(-1)[0]
        return np.broadcast_to(one, shape)
    size = prod(shape) if shape is not None else sum(v.size for v in values if v is not None)
    if size > LARGEST or node.op in RANDOM:
        return None
    if any(v is not None and v.size > LARGEST and 0 in v.strides for v in values):
        return None  # one number, repeated as often as the file says
    compute = _ARITHMETIC.get(node.op) if not node.call.domain else None
    try:
        with np.errstate(all="ignore"):
            if compute is not None:
                with suppress(NotImplementedError):  # a rare mode
                    return np.asarray(compute(node, values))
            if node.op in _SAME_ELEMENTS and shape is not None and values[0] is not None:
                return values[0].reshape(shape)
            return _by_reference(node, name, values)
    except Exception:  # whatever goes wrong here, the value is just not known
        return None


def _by_reference(node: Node, name: str, values: list[Constant | None]) -> Constant | None:
    """One node, run by ONNX's reference implementation."""
    from onnx.reference import ReferenceEvaluator

    if node.call.graphs:
        return None
    feeds = {n: v for n, v in zip(node.call.inputs, values, strict=True) if v is not None}
    inputs = [helper.make_empty_tensor_value_info(n) for n in feeds]
    outputs = [helper.make_empty_tensor_value_info(name)]
    graph = helper.make_graph([node.proto], "constant", inputs, outputs)
    opset = helper.make_opsetid(node.call.domain, node.opset)
    model = helper.make_model(graph, opset_imports=[opset])
    results: Any = ReferenceEvaluator(model).run([name], feeds)
    return np.asarray(results[0]) if isinstance(results[0], np.ndarray | np.generic) else None


def _cast(node: Node, values: list[Any]) -> Constant:
    kind = helper.tensor_dtype_to_np_dtype(node.attribute("to"))
    return np.asarray(values[0].astype(kind))


def _slice(node: Node, values: list[Any]) -> Constant:
    data, *parts = values
    if node.opset < 10:
        parts = [node.attribute("starts"), node.attribute("ends"), node.attribute("axes")]
    starts, ends, axes, steps = ([*parts, None, None])[:4]
    index = [slice(None)] * data.ndim
    for i, start in enumerate(starts):
        axis = i if axes is None else int(axes[i])
        index[axis] = slice(int(start), int(ends[i]), 1 if steps is None else int(steps[i]))
    return np.asarray(data[tuple(index)])


def _reduce(function: Callable[..., Any]) -> Compute:
    def compute(node: Node, values: list[Any]) -> Constant:
        axes = node.attribute("axes")
        if len(values) > 1 and values[1] is not None:
            axes = tuple(values[1].tolist())
        if not axes and node.attribute("noop_with_empty_axes", 0):
            return np.asarray(values[0])
        keep = bool(node.attribute("keepdims", 1))
        reduced = function(values[0], axis=axes or None, keepdims=keep)
        return np.asarray(reduced, values[0].dtype)

    return compute


def _clip(node: Node, values: list[Any]) -> Constant:
    data, *bounds = values
    if node.opset < 11:
        bounds = [node.attribute("min"), node.attribute("max")]
    least, most = ([*bounds, None, None])[:2]
    if least is not None:
        data = np.maximum(data, np.asarray(least, data.dtype))
    return np.asarray(data if most is None else np.minimum(data, np.asarray(most, data.dtype)))


def _mod(node: Node, values: list[Any]) -> Constant:
    function = np.fmod if node.attribute("fmod", 0) else np.mod
    return np.asarray(function(*values), values[0].dtype)


def _gather_nd(node: Node, values: list[Any]) -> Constant:
    data, indices = values
    if node.attribute("batch_dims", 0):
        raise NotImplementedError
    return np.asarray(data[tuple(np.moveaxis(indices, -1, 0))])


def _scatter_nd(node: Node, values: list[Any]) -> Constant:
    data, indices, updates = values
    if node.attribute("reduction", "none") != "none":
        raise NotImplementedError
    after = data.copy()
    after[tuple(np.moveaxis(indices, -1, 0))] = updates
    return np.asarray(after)


_SAME_ELEMENTS = {"Flatten", "Reshape", "Squeeze", "Unsqueeze"}

_ARITHMETIC: dict[str, Compute] = {
    "Abs": each(np.abs),
    "Add": each(np.add),
    "And": each(np.logical_and),
    "Cast": _cast,
    "Ceil": each(np.ceil),
    "Clip": _clip,
    "Concat": lambda node, values: np.concatenate(values, node.attribute("axis", 1)),
    "Div": each(divide),
    "Equal": each(np.equal),
    "Expand": lambda node, values: np.broadcast_to(
        values[0], np.broadcast_shapes(values[0].shape, tuple(values[1].tolist()))
    ),
    "Floor": each(np.floor),
    "Gather": lambda node, values: np.take(values[0], values[1], node.attribute("axis", 0)),
    "GatherND": _gather_nd,
    "Greater": each(np.greater),
    "GreaterOrEqual": each(np.greater_equal),
    "Identity": each(lambda a: a),
    "Less": each(np.less),
    "LessOrEqual": each(np.less_equal),
    "Max": chain(np.maximum),
    "Min": chain(np.minimum),
    "Mod": _mod,
    "Mul": each(np.multiply),
    "Neg": each(np.negative),
    "Not": each(np.logical_not),
    "Or": each(np.logical_or),
    "Pow": lambda node, values: np.power(*values).astype(values[0].dtype),
    "Range": lambda node, values: np.arange(*values).astype(values[0].dtype),
    "ReduceMax": _reduce(np.max),
    "ReduceMean": _reduce(np.mean),
    "ReduceMin": _reduce(np.min),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "Relu": each(lambda a: np.maximum(a, 0)),
    "ScatterND": _scatter_nd,
    "Slice": _slice,
    "Sqrt": each(np.sqrt),
    "Sub": each(np.subtract),
    "Tile": lambda node, values: np.tile(values[0], values[1]),
    "Transpose": lambda node, values: np.transpose(values[0], node.attribute("perm")),
    "Where": each(np.where),
}
