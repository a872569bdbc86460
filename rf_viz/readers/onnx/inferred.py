"""Shapes that no description knows: by ONNX's own inference and the model's declarations."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from math import prod

import onnx

from ...relation import Shape

_SMALL = 1024
"""Constants of up to so many elements may say something about a shape."""

_FOLLOWED = {
    "Abs", "Add", "And", "ArgMax", "Compress", "Concat", "Flatten", "Gather", "MatMul",
    "NonMaxSuppression", "NonZero", "Shape", "Size", "Softmax", "Squeeze", "TopK", "Transpose",
    "Unique", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Cast", "CastLike",
    "Ceil", "Clip", "Cos", "Div", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater",
    "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu", "Less",
    "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu",
    "Pow", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
    "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Round",
    "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tan", "Tanh", "Where",
    "Xor",
}  # fmt: skip
"""Operators through which ONNX infers shapes: elementwise ones, reductions, and a few more.

It does so in native code. That of others reads beyond its arrays, or allocates what a file claims,
where numbers are out of range, and would end the process.
"""


def infer_shapes(model: onnx.ModelProto, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """The shapes that are known for sure when the inputs have these.

    They are those that the model declares, and what follows from them where shapes depend on the
    data on the way.
    """
    bound = onnx.ModelProto(
        ir_version=max(model.ir_version, 4),
        opset_import=model.opset_import,
    )
    bound.graph.node.extend(
        node
        for node in model.graph.node
        if node.op_type in _FOLLOWED and node.domain in ("", "ai.onnx")
    )
    bound.graph.name = "bound"
    for tensor in model.graph.initializer:
        if 0 <= prod(tensor.dims) <= min(_SMALL, 8 * tensor.ByteSize()):  # and holds its values
            bound.graph.initializer.add().CopyFrom(tensor)
        else:
            _declare(bound.graph.input.add(), tensor.name, tensor.data_type, tensor.dims)
    symbols: dict[str, int] = {}
    declared = True
    for value in model.graph.input:
        shape = shapes.get(value.name)
        if shape is None:
            continue
        kind = value.type.tensor_type
        _declare(bound.graph.input.add(), value.name, kind.elem_type, shape)
        for dim, n in zip(kind.shape.dim, shape, strict=False):
            if dim.dim_param:
                symbols[dim.dim_param] = n
            elif dim.dim_value not in (0, n):
                declared = False
    if declared:  # what the model says of its other tensors holds at the sizes it declares
        for ours, theirs in (
            (bound.graph.value_info, model.graph.value_info),
            (bound.graph.output, model.graph.output),
        ):
            for value in theirs:
                ours.add().CopyFrom(value)
                for dim in ours[-1].type.tensor_type.shape.dim:
                    if dim.dim_param in symbols:
                        dim.dim_value = symbols[dim.dim_param]
    # Without data_prop: that writes out values of as many elements as a file claims to have.
    with suppress(Exception):  # where ONNX refuses, what the model itself says is left
        bound = onnx.shape_inference.infer_shapes(bound)
    return {
        value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in (*bound.graph.value_info, *bound.graph.output)
        if value.type.tensor_type.HasField("shape")
        and all(d.HasField("dim_value") for d in value.type.tensor_type.shape.dim)
    }


def _declare(value: onnx.ValueInfoProto, name: str, kind: int, shape: Shape) -> None:
    value.CopyFrom(onnx.helper.make_tensor_value_info(name, kind or 1, list(shape)))
