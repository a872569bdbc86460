"""Measure which pixels really move a cell on one image, and compare with what it can see.

Usage: python influence.py [MODEL]
"""

import sys
from pathlib import Path

import numpy as np

import rf_viz
from rf_viz.analysis.effective import expected_field

SAMPLE = Path(__file__).resolve().parent.parent / "assets" / "models" / "squeezenet1_1.onnx"

model = rf_viz.load(sys.argv[1] if len(sys.argv) > 1 else SAMPLE)
net = model.trace(cut_global=True)
layer = [other for other in net.layers if len(other.grid) > 0 and min(other.grid) > 4][-1]
cell = tuple(n // 2 for n in layer.grid)
tensor = np.random.default_rng(0).normal(size=net.input.shape).astype(np.float32)

# Every runtime can cover patches; those of Keras and PyTorch have method="gradient", too.
influence = model.influence(tensor, layer, cell, method="occlusion")
mask = layer.mask(cell)
falling = np.sort(influence[mask])[::-1].cumsum()
half = np.searchsorted(falling, falling[-1] / 2) + 1

print(f"Cell {cell} of {layer.name} can see {mask.sum()} pixels.")
print(f"On this image, half of the influence lies on {half} of them, and none outside.")
print(f"Effective size to expect of random weights: {expected_field(layer, cell).size:.1f}")
