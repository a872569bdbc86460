"""Influence on one cell, against runs of the same model up to the same layer.

Occlusion: 256 patches over the region of a cell of the sample network. Peer: as many runs of it,
one by one. Limit: 1.25 times as long. Gradient: that of one channel of a Keras MobileNetV2 with
random weights. Peer: one run up to that layer. Limit: 5 runs.
"""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from timing import compare, tell

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS

PATCHES = 256


def main() -> None:
    """Measure both."""
    print(f"{'':32} {'rf_viz':>12} {'peer':>12}")
    model, name = rf_viz.load(SAMPLE_MODELS["squeezenet"].path), "fire9/concat"
    layer = model.trace()[name]
    image = np.random.default_rng(0).normal(size=layer.net.input.shape).astype(np.float32)

    def occlusion() -> None:
        """Cover 16 x 16 patches."""
        model.influence(image, layer, (6, 6), 0, method="occlusion")

    def runs() -> None:
        """Run the model as often."""
        for _ in range(PATCHES):
            model.activations(image, [name])

    tell("occlusion, SqueezeNet", *compare(occlusion, runs, runs=3), limit=1.25)

    network = rf_viz.load(keras.applications.MobileNetV2(weights=None))
    deep = network.trace().layers
    last = next(layer for layer in reversed(deep) if min(layer.extents, default=0) > 1)
    pixels = np.random.default_rng(0).normal(size=last.net.input.shape).astype(np.float32)

    def gradient() -> None:
        """Backpropagate one channel."""
        network.influence(pixels, last, (3, 3), 0)

    def run() -> None:
        """Run up to the same layer."""
        network.activations(pixels, [last.name])

    tell("gradient, MobileNetV2", *compare(gradient, run), limit=5)


if __name__ == "__main__":
    main()
