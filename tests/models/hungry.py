"""Small models that take much: for ever, or gigabytes."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def _model(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> bytes:
    weights = {"w": np.ones((4, 3, 3, 3), np.float32), **constants}
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1]), *nodes],
        "hungry",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = helper.make_opsetid("", 17)
    content: bytes = helper.make_model(
        graph, ir_version=8, opset_imports=[opset]
    ).SerializeToString()
    return content


def endless(turns: int = 10**12) -> bytes:
    """A convolution, and behind it a loop of so many turns: its values never come."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["cond"], ["on"]),
            helper.make_node("Add", ["v", "v"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("cond", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["turns", "", "c"], ["y"], "loop", body=body)
    return _model([loop], {"turns": np.array(turns)})


def gigabytes(count: int = 60) -> bytes:
    """A convolution, and behind it tensors of 1,000,000,000 bytes each, all needed at once."""
    parts = [helper.make_node("Expand", ["m", "s"], [f"e{i}"]) for i in range(count)]
    return _model(
        [
            helper.make_node("ReduceMean", ["c"], ["m"], keepdims=0),
            *parts,
            helper.make_node("Concat", [f"e{i}" for i in range(count)], ["all"], axis=0),
            helper.make_node("ReduceMean", ["all"], ["y"], "mean", keepdims=0),
        ],
        {"s": np.array([250_000, 1000])},
    )


def vast(megabytes: int) -> bytes:
    """A convolution, and behind it its mean, repeated until it takes so many bytes (2**20)."""
    return _model(
        [
            helper.make_node("ReduceMean", ["c"], ["m"], "mean", keepdims=0),
            helper.make_node("Expand", ["m", "s"], ["y"], "vast"),
        ],
        {"s": np.array([megabytes, 2**18])},
    )
