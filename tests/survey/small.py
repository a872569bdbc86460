"""A small network whose values are whole numbers, images for it, and what NumPy makes of both."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper
from PIL import Image

from rf_viz.inputs.images import fit
from tests.oracles.onnx_oracle import build

SIZE = 20
"""The height and width of the network's input."""

IMAGES = 60
BROKEN = 17
"""The number of images, and which of them is broken."""


def weights() -> dict[str, np.ndarray]:
    """Whole numbers, so that sums are exact in whatever order they are taken."""
    rng = np.random.default_rng(5)
    shapes = {"w1": (4, 3, 3, 3), "w2": (3, 4, 1, 1), "w3": (7, 5)}
    return {name: rng.integers(-2, 3, shape).astype(np.float32) for name, shape in shapes.items()}


def network() -> onnx.ModelProto:
    """conv: 3x3, stride 2, pad 1. cat: conv and what a 1x1 makes of it. head: of the maxima."""
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["conv"]),
        helper.make_node("Conv", ["conv", "w2"], ["point"]),
        helper.make_node("Concat", ["conv", "point"], ["cat"], axis=1),
        helper.make_node("GlobalMaxPool", ["cat"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w3"], ["head"]),
    ]
    return build(nodes, {"x": [1, 3, SIZE, SIZE]}, weights())


def picture(number: int) -> np.ndarray:
    """An image of some size; every tenth is like the one before it."""
    rng = np.random.default_rng(number - (number % 10 == 9))
    height, width = rng.integers(SIZE, 3 * SIZE, 2)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def values(number: int) -> dict[str, np.ndarray]:
    """The values of the layers for an image, (channels, cells), and its pixels as they are fed."""
    pixels = fit(Image.fromarray(picture(number)), (SIZE, SIZE), "crop")
    padded = np.pad(pixels.astype(np.float64), ((1, 1), (1, 1), (0, 0)))
    known = weights()
    conv = np.zeros((4, SIZE // 2, SIZE // 2))
    for y in range(SIZE // 2):
        for x in range(SIZE // 2):
            window = padded[2 * y : 2 * y + 3, 2 * x : 2 * x + 3].transpose(2, 0, 1)
            conv[:, y, x] = np.maximum((known["w1"] * window).sum(axis=(1, 2, 3)), 0)
    point = np.einsum("oc,cyx->oyx", known["w2"][:, :, 0, 0], conv)
    cat = np.concatenate([conv, point]).reshape(7, -1)
    return {
        "conv": conv.reshape(4, -1),
        "cat": cat,
        "head": (cat.max(axis=1) @ known["w3"])[:, None],
        "pixels": pixels,
    }
