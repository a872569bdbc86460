"""Small files: what opening costs whatever the size of the graph.

A network of one convolution, loaded and traced, against what ten further convolutions and
activations add: at most once as much. Then real files of a few layers, against ``onnx.load`` and
ONNX's own shape inference: at most 12 times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from timing import compare, tell

import rf_viz

CASES = Path(__file__).resolve().parent.parent / "tests" / "data" / "cases"
FILES = (
    "pytorch/train_False.onnx",
    "odd_structures/bayer.onnx",
    "odd_structures/head_ReduceMean.onnx",
    "onnx_values/if_flag.onnx",
)
TIMES = 100


def chain(convolutions: int, size: int | str) -> bytes:
    """Convolutions with activations between them, for an image of that size."""
    nodes, last = [], "x"
    for number in range(convolutions):
        if number:
            nodes.append(helper.make_node("Relu", [last], [f"r{number}"]))
            last = f"r{number}"
        nodes.append(helper.make_node("Conv", [last, "w"], [f"c{number}"], pads=[1] * 4))
        last = f"c{number}"
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 2, size, size])],
        [onnx.ValueInfoProto(name=last)],
        [numpy_helper.from_array(np.ones((2, 2, 3, 3), np.float32), "w")],
    )
    opsets = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())


def often(work: Callable[[], object]) -> Callable[[], None]:
    """The same work many times, long enough to be measured."""

    def many() -> None:
        """Do it."""
        for _ in range(TIMES):
            work()

    return many


def main() -> None:
    """Measure the constant cost, then the real files."""
    print(f"{f'{TIMES} times':32} {'one':>12} {'ten more':>12}")
    for name, size in (("a fixed size", 64), ("any size", "s")):
        models = [chain(1, size), chain(11, size)]
        one, eleven = compare(
            *(often(lambda model=model: rf_viz.load(model).trace()) for model in models)
        )
        tell(f"one convolution of {name}", one, eleven - one, 1)
    print(f"{f'{TIMES} times':32} {'rf_viz':>12} {'onnx':>12}")
    for name in FILES:
        path = CASES / name
        ours, peer = compare(
            often(lambda: rf_viz.load(path).trace()),  # noqa: B023
            often(lambda: onnx.shape_inference.infer_shapes(onnx.load(path))),  # noqa: B023
        )
        tell(path.stem, ours, peer, 12)


if __name__ == "__main__":
    main()
