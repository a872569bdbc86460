"""Print what one cell sees, and save that part of a photograph as crop.png.

Usage: python regions.py [MODEL]
"""

import sys
from pathlib import Path

from PIL import Image

import rf_viz

ASSETS = Path(__file__).resolve().parent.parent / "assets"

path = sys.argv[1] if len(sys.argv) > 1 else ASSETS / "models" / "squeezenet1_1.onnx"
net = rf_viz.load(path).trace()

# The middle cell of a layer half way through the network.
layer = net.layers[len(net.layers) // 2]
cell = tuple(n // 2 for n in layer.grid)
region = layer.region(cell)
mask = layer.mask(cell)

print(f"{layer.name} ({layer.op}) has a grid of {layer.grid} cells.")
print(f"Cell {cell} sees the box from {region.start} to {region.stop}, rows before columns.")
print(f"{mask.sum()} of the {mask[region.slices].size} pixels in this box reach it.")

if len(net.input.size) == 2 and not region.empty:
    height, width = net.input.size
    photograph = Image.open(ASSETS / "images" / "chelsea.jpg").resize((width, height))
    (top, left), (bottom, right) = region.start, region.stop
    photograph.crop((left, top, right, bottom)).save("crop.png")
    print("The box is saved as crop.png.")
