"""Small Keras models for tests."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

from rf_viz import Layer, Network


def small(size: int | None = 20) -> keras.Model:
    """Strides, dilation, groups, branches, a layer called twice, and a global one."""
    layers = keras.layers
    x = image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="first")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Dropout(0.5, name="dropped")(x)
    shared = layers.Conv2D(6, 3, padding="same", groups=3, name="shared")
    x = shared(shared(x))
    y = layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", name="wide")(x)
    x = layers.Concatenate(name="joined")([x, y])
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="padded")(x)
    x = layers.MaxPooling2D(3, 2, name="pool")(x)
    z = layers.Dense(12, activation="swish", name="gate")(layers.GlobalAveragePooling2D()(x))
    x = layers.Multiply(name="gated")([x, z[:, None, None]])
    return keras.Model(image, x, name="small")


def randomised(model: keras.Model) -> keras.Model:
    """The same with weights of which none is zero or one."""
    random = np.random.default_rng(0)
    for variable in model.variables:
        if variable.dtype.startswith("float"):
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
    return model


def frozen(model: keras.Model) -> bytes:
    """A model as a GraphDef with its weights in it."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as freeze,
    )

    specs = [tf.TensorSpec(t.shape, t.dtype, name=t.name) for t in model.inputs]
    call = tf.function(lambda x: model(x, training=False))
    graph = freeze(call.get_concrete_function(*specs)).graph.as_graph_def()
    return bytes(graph.SerializeToString())


def all_forms(model: keras.Model, folder: Path) -> dict[str, Path]:
    """A model in every form that Keras and TensorFlow write one."""
    model.save(folder / "a.keras")
    model.save(folder / "a.h5")
    (folder / "a.json").write_text(model.to_json())
    model.export(folder / "exported", verbose=False)
    tf.saved_model.save(model, folder / "saved")
    (folder / "frozen.pb").write_bytes(frozen(model))
    names = ("a.keras", "a.h5", "a.json", "exported", "saved", "frozen.pb")
    return {name: folder / name for name in names}


def convolutions(net: Network) -> list[Layer]:
    """The layers whose operations every form has, in the order in which they depend."""
    kinds = ("Conv2D", "DepthwiseConv2dNative", "MaxPool", "ConcatV2", "Softmax")
    return [layer for layer in net.layers if layer.op in kinds]


def regions(layer: Layer) -> bytes:
    """Start and stop of every cell."""
    return b"".join(array.tobytes() for array in layer.bounds())
