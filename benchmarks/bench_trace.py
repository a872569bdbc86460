"""Tracing a network, with the region bounds of all cells of all layers, against reading it.

Ours: load the file, trace it at its own size, and ask every layer for the bounds of its cells.
Peer: ``onnx.load`` and ONNX's own shape inference. Limit: 5 times the peer; aim: 3.
What is cached between traces of one process is cleared first.
"""

from __future__ import annotations

import gc
from functools import _lru_cache_wrapper

import onnx
from timing import LIGHT, compare, tell

import rf_viz


def forget() -> None:
    """Empty every cache of functions, as in a fresh process."""
    for thing in gc.get_objects():
        if isinstance(thing, _lru_cache_wrapper) and thing.__module__.startswith("rf_viz"):
            thing.cache_clear()


def main() -> None:
    """Measure every network that the onnx package ships."""
    print(f"{'':32} {'rf_viz':>12} {'onnx':>12}")
    for path in sorted(LIGHT.glob("*.onnx")):

        def trace() -> None:
            """Load, trace, and bound all cells of all layers."""
            net = rf_viz.load(path).trace()  # noqa: B023
            for layer in net.layers:
                layer.spans()

        def read() -> None:
            """Let ONNX load the file and infer its shapes."""
            onnx.shape_inference.infer_shapes(onnx.load(path))  # noqa: B023

        ours, peer = compare(trace, read, before=forget)
        tell(path.stem.removeprefix("light_"), ours, peer, limit=5)


if __name__ == "__main__":
    main()
