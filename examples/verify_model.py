"""Hold the computed regions against the running model.

Pixels outside a cell's region are changed, and the cell must keep its value. Then pixels along
each side of the region are changed, and the value must change too.

Usage: python verify_model.py [MODEL]
"""

import sys
from pathlib import Path

import rf_viz
from rf_viz.verify import verify

SAMPLE = Path(__file__).resolve().parent.parent / "assets" / "models" / "squeezenet1_1.onnx"

path = sys.argv[1] if len(sys.argv) > 1 else SAMPLE
model = rf_viz.load(path)
net = model.trace()

# The regions of the last layers with several cells follow from all layers before them.
names = [layer.name for layer in net.layers if max(layer.grid, default=1) > 1][-3:]
report = verify(model, net, names, cells=3)
print(report.summary())
sys.exit(not report.ok)
