"""A picture with the region that a cell sees."""

from __future__ import annotations

import numpy as np

from rf_viz.figures.region import region_figure
from tests.oracles.onnx_oracle import single, traced


def test_the_outline_is_the_region_and_the_rest_is_dark() -> None:
    shape = (1, 1, 20, 30)
    layer = traced(single("MaxPool", shape, kernel_shape=[3, 5], pads=[1, 2, 1, 2]))["y"]
    figure = region_figure(layer, (4, 29), np.zeros((20, 30, 3), np.uint8))
    (outline,) = (shape for shape in figure.layout.shapes if shape.name == "exact region")
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (26.5, 29.5, 2.5, 5.5)
    (veil,) = (shape for shape in figure.layout.shapes if shape.name == "outside the region")
    assert veil.path.startswith("M-0.5,-0.5H29.5V19.5H-0.5Z M26.5,2.5H29.5V5.5")
