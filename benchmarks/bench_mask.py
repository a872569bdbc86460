"""The exact mask of one deep central cell, against a forward pass of ONNX Runtime.

Ours: the mask of the middle cell of the last layer that still has a map of cells. Peer: one pass
over the whole network with two threads, for networks whose pass takes over 10 ms. Limit: 3 passes.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from timing import LIGHT, compare, seconds, tell

import rf_viz


def main() -> None:
    """Measure every network that is slow enough."""
    print(f"{'':32} {'rf_viz':>12} {'pass':>12}")
    for path in sorted(LIGHT.glob("*.onnx")):
        net = rf_viz.load(path).trace()
        deep = [layer for layer in net.layers if len(layer.grid) == 2 and min(layer.grid) > 1][-1]
        cell = [n // 2 for n in deep.grid]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        image = np.zeros(net.input.shape, np.float32)

        def run() -> None:
            """Run the whole network."""
            session.run(None, {net.input.name: image})  # noqa: B023

        def mask() -> None:
            """Find the exact mask of the cell."""
            deep.mask(cell)  # noqa: B023

        run()
        if seconds(run) > 0.01:
            name = f"{path.stem.removeprefix('light_')} {deep.name[:12]}"
            tell(name, *compare(mask, run, runs=5), limit=3)


if __name__ == "__main__":
    main()
