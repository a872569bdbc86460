"""List all layers with their receptive field size r, stride S and padding P.

Usage: python list_layers.py [MODEL]
"""

import sys
from pathlib import Path

import rf_viz

SAMPLE = Path(__file__).resolve().parent.parent / "assets" / "models" / "squeezenet1_1.onnx"

path = sys.argv[1] if len(sys.argv) > 1 else SAMPLE
net = rf_viz.load(path).trace()


def text(numbers: tuple[int | None, ...]) -> str:
    """Numbers along the spatial axes of the input; a single one where all are the same."""
    return "x".join(map(str, numbers if len(set(numbers)) > 1 else numbers[:1]))


print(f"{'layer':32} {'operator':20} {'r':>9} {'S':>7} {'P':>9}")
for layer in net.layers:
    field = layer.receptive_field
    if field is None:
        print(f"{layer.name:32} {layer.op:20} no closed form: {layer.note}")
    else:
        r, s, p = text(field.size), text(field.stride), text(field.padding)
        print(f"{layer.name:32} {layer.op:20} {r:>9} {s:>7} {p:>9}")
