"""The sample SqueezeNet in Keras, with the weights of its ONNX file."""

from __future__ import annotations

from typing import Any

import keras
import onnx
from onnx import numpy_helper

from rf_viz.catalogue.samples import SAMPLE_MODELS


def squeezenet() -> keras.Model:
    """Up to its last concatenation; layers have the names that they have in the file."""
    graph = onnx.load(str(SAMPLE_MODELS["squeezenet"].path)).graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers = keras.layers

    def convolved(x: Any, name: str, **options: Any) -> Any:  # noqa: ANN401
        kernel = weights[f"{name}.weight"].transpose(2, 3, 1, 0)
        layer = layers.Conv2D(
            kernel.shape[-1], kernel.shape[0], activation="relu", name=name.replace("/", "_"),
            **options,
        )  # fmt: skip
        y = layer(x)
        layer.set_weights([kernel, weights[f"{name}.bias"]])
        return y

    x = image = keras.Input((224, 224, 3))
    x = convolved(x, "conv1", strides=2)
    pools = {2, 4, 6}
    for fire in range(2, 10):
        if fire in pools:
            x = layers.MaxPooling2D(3, 2)(x)
        x = convolved(x, f"fire{fire}/squeeze1x1")
        wide = convolved(x, f"fire{fire}/expand3x3", padding="same")
        narrow = convolved(x, f"fire{fire}/expand1x1")
        x = layers.Concatenate(name=f"fire{fire}_concat")([narrow, wide])
    return keras.Model(image, x)
