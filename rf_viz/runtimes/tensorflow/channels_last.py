"""Graphs whose images have the channels in front, rewritten with the channels last.

On a processor TensorFlow convolves and pools with the channels last only. Its optimiser turns most
of the others round, but not all of their gradients.
"""

from __future__ import annotations

from typing import Any

_INT32 = 3
"""DataType's DT_INT32."""

_IMAGE = {
    **dict.fromkeys(("AvgPool", "AvgPool3D", "MaxPool", "MaxPool3D"), 0),
    **dict.fromkeys(("Conv2D", "Conv3D", "DepthwiseConv2dNative"), 0),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), 0),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv3DBackpropInputV2"), 2),
}
"""Which input of an operator is its image; the first output is one, too."""

_PER_AXIS = ("dilations", "ksize", "strides")
_BY_SIZE = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
"""Operators whose first input is the shape of their output."""


def put_channels_last(message: Any) -> None:  # noqa: ANN401  (protobuf messages have no types)
    """Rewrite a graph in place; its nodes keep their names and their values."""
    inner: dict[str, str] = {}
    for node in list(message.node):
        layout = node.attr["data_format"].s if "data_format" in node.attr else b""
        if node.op in _IMAGE and layout.startswith(b"NC"):
            inner[node.name] = _turn(message, node, len(layout))
    for node in message.node:
        for i, reference in enumerate(node.input):
            name, _, number = reference.partition(":")
            if name in inner and number not in ("", "0"):  # statistics, which have one axis
                node.input[i] = f"{inner[name]}:{number}"


def _turn(message: Any, node: Any, rank: int) -> str:  # noqa: ANN401
    """Turn the image of a node round, and what comes out back; returns the node's new name."""
    to_last, to_first = [0, *range(2, rank), 1], [0, rank - 1, *range(1, rank - 1)]
    name, prefix = node.name, f"rf_viz/last/{node.name}"
    last = _const(message, f"{prefix}/to_last", to_last)
    first = _const(message, f"{prefix}/to_first", to_first)
    kind = node.attr["T"].type
    node.name = f"{prefix}/node"
    at = _IMAGE[node.op]
    node.input[at] = _transpose(message, f"{prefix}/image", node.input[at], last, kind)
    if node.op in _BY_SIZE:
        zero = _const(message, f"{prefix}/zero", 0)
        size = [node.input[0], last, zero]
        gather = message.node.add(name=f"{prefix}/size", op="GatherV2", input=size)
        gather.attr["Tparams"].type = node.attr["Tshape"].type or _INT32
        gather.attr["Tindices"].type = gather.attr["Taxis"].type = _INT32
        node.input[0] = gather.name
    node.attr["data_format"].s = b"NHWC" if rank == 4 else b"NDHWC"
    for key in _PER_AXIS:
        values = list(node.attr[key].list.i) if key in node.attr else []
        if values:
            node.attr[key].list.i[:] = [values[axis] for axis in to_last]
    pads = list(node.attr["explicit_paddings"].list.i) if "explicit_paddings" in node.attr else []
    if pads:
        turned = [n for axis in to_last for n in pads[2 * axis : 2 * axis + 2]]
        node.attr["explicit_paddings"].list.i[:] = turned
    _transpose(message, name, node.name, first, kind)
    return str(node.name)


def _transpose(message: Any, name: str, tensor: str, order: str, kind: int) -> str:  # noqa: ANN401
    node = message.node.add(name=name, op="Transpose", input=[tensor, order])
    node.attr["T"].type, node.attr["Tperm"].type = kind, _INT32
    return name


def _const(message: Any, name: str, values: int | list[int]) -> str:  # noqa: ANN401
    """Add whole numbers to a graph."""
    node = message.node.add(name=name, op="Const")
    node.attr["dtype"].type = _INT32
    tensor = node.attr["value"].tensor
    tensor.dtype = _INT32
    if isinstance(values, list):
        tensor.tensor_shape.dim.add(size=len(values))
        tensor.int_val.extend(values)
    else:
        tensor.int_val.append(values)
    return name
