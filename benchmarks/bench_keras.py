"""From the file of a Keras model to all regions of all its layers, cold caches aside.

Peer: Keras itself, loading the model with its weights and tracing one call of it. Limit: 1.3 times
as long. TensorFlow is loaded already for both.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import tensorflow as tf
from timing import compare, tell

import rf_viz


def by_keras(path: Path) -> None:
    """Load a model with Keras, and trace one call of it."""
    model = keras.saving.load_model(path, compile=False)
    call = tf.function(lambda x: model(x, training=False))
    call.get_concrete_function(tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype))


def by_us(path: Path) -> None:
    """Load a model with RF-Viz, and find all regions of all layers."""
    net = rf_viz.load(path).trace()
    assert all(layer.spans() for layer in net.layers)


def main() -> None:
    """Measure both forms of files."""
    print(f"{'':32} {'rf_viz':>12} {'keras':>12}")
    with TemporaryDirectory() as folder:
        for form in ("keras", "h5"):
            path = Path(folder) / f"mobilenet_v2.{form}"
            keras.applications.MobileNetV2(weights=None).save(path)
            ours, peer = compare(lambda: by_us(path), lambda: by_keras(path), runs=5)  # noqa: B023
            tell(path.name, ours, peer, limit=1.3)


if __name__ == "__main__":
    main()
