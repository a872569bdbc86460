"""List which cells of each layer see the middle pixel of the input: its projective field.

Usage: python who_sees_pixel.py [MODEL]
"""

import sys
from pathlib import Path

import numpy as np

import rf_viz

SAMPLE = Path(__file__).resolve().parent.parent / "assets" / "models" / "squeezenet1_1.onnx"

path = sys.argv[1] if len(sys.argv) > 1 else SAMPLE
net = rf_viz.load(path).trace()
pixel = tuple(n // 2 for n in net.input.size)

print(f"Pixel {pixel} of {net.input.size} is seen by:")
for name, cells in net.seen_by(pixel).items():
    if cells.size > 1 and cells.any():
        indices = np.argwhere(cells)
        first, last = tuple(indices.min(axis=0).tolist()), tuple(indices.max(axis=0).tolist())
        print(f"{name:32} {cells.sum():6} of {cells.size:6} cells, from {first} to {last}")
