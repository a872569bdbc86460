"""Makes the files beside it, as Keras 2 writes them: needs the package tf_keras."""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

HERE = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)

image = x = keras.Input((None, None, 3), name="image")
x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="first")(x)
x = keras.layers.BatchNormalization(name="norm")(x)
x = keras.layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
x = tf.nn.relu(x) * 2.0 - 1.0
x = tf.concat([x, 1.0 / (1.0 + tf.exp(x))], -1)
shared = keras.layers.Conv2D(8, 3, dilation_rate=2, padding="same", name="shared")
x = shared(shared(x))
x = keras.layers.Add(name="add")([x[:, 1:], x[:, :-1]])
model = keras.Model(image, x, name="functional")
model.save(HERE / "functional.h5")
model.save(HERE / "functional.keras")

keras.Sequential(
    [
        keras.layers.Conv2D(2, 3, input_shape=(16, 16, 1), name="first"),
        keras.layers.MaxPooling2D(name="pool"),
        keras.layers.Conv2D(3, 3, activation="swish", name="last"),
    ],
    name="sequential",
).save(HERE / "sequential.h5")

image = np.random.default_rng(0).random((1, 8, 9, 3), np.float32)
(HERE / "functional.json").write_text(json.dumps(model.predict(image).tolist()))
