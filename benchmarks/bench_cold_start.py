"""A cold ``python -m rf_viz layers`` against a cold process that only reads the file.

Peer: a fresh Python that imports onnx and numpy and loads the same file. Limit: twice as long.
"""

from __future__ import annotations

import subprocess
import sys

from timing import LIGHT, compare, tell


def cold(*argv: str) -> None:
    """Run Python once, in a process of its own."""
    subprocess.run([sys.executable, *argv], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Measure two networks."""
    print(f"{'':32} {'rf_viz':>12} {'onnx':>12}")
    for path in (LIGHT / "light_resnet50.onnx", LIGHT / "light_densenet121.onnx"):
        ours, peer = compare(
            lambda: cold("-m", "rf_viz", "layers", str(path)),  # noqa: B023
            lambda: cold("-c", f"import onnx, numpy; onnx.load({str(path)!r})"),  # noqa: B023
            runs=9,
        )
        tell(f"layers {path.stem.removeprefix('light_')}", ours, peer, limit=2)


if __name__ == "__main__":
    main()
