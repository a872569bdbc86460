"""Makes the files beside it, as Keras 2 writes them: networks of networks, and what they compute.

Needs TensorFlow 2.13 with its own Keras, for the archives, whose layout changed later; or the
package tf_keras. Run it with either, and the folder to write to; the names of the files begin with
the version.
"""

import json
import os
import re
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

keras = tf.keras
layers = keras.layers


def siamese() -> keras.Model:
    """An encoder that is called three times: frozen in part, a model in a model in it."""
    image = keras.Input((10, 8, 2), name="encoder/image")
    x = layers.Conv2D(3, 3, padding="same", name="encoder/conv")(image)
    x = layers.BatchNormalization(name="encoder/norm")(x)
    block = keras.Sequential(
        [
            layers.InputLayer((10, 8, 3), name="block_input"),
            layers.Conv2D(3, 3, padding="same", activation="tanh", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Conv2D(3, 3, padding="same", name="conv_1"),
        ],
        name="block",
    )
    block.trainable = False
    x = layers.Add(name="encoder/sum")([block(x), block(block(x))])
    encoder = keras.Model(image, x, name="encoder")
    encoder.layers[1].trainable = False
    left, right = keras.Input((10, 8, 2), name="left"), keras.Input((10, 8, 2), name="right")
    first, second = encoder(left), encoder(right)
    joined = layers.Concatenate(name="joined")([first, second, encoder(left * 0.5)])
    x = layers.Conv2D(2, 3, name="conv")(joined)
    return keras.Model([left, right], [x, first], name="siamese")


def clips() -> keras.Model:
    """A model for each frame, and a recurrent network with states."""
    frame = keras.Sequential(
        [
            layers.Conv2D(3, 3, strides=2, input_shape=(9, 9, 1), name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.GlobalAveragePooling2D(name="mean"),
        ],
        name="frame",
    )
    clip = keras.Input((4, 9, 9, 1), name="clip")
    each = layers.TimeDistributed(frame, name="each")
    each.trainable = False
    encoded = each(clip)
    whole, h, c = layers.LSTM(3, return_sequences=True, return_state=True, name="enc")(encoded)
    x = layers.LSTM(3, return_sequences=True, name="dec")(encoded, initial_state=[h, c])
    x = layers.MultiHeadAttention(2, 2, name="attends")(x, value=whole, key=encoded)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True), name="both")(x)
    return keras.Model(clip, layers.Attention(name="last")([x, x]), name="clips")


def shapes() -> keras.Model:
    """Functions of TensorFlow with lists of numbers and tensors, and shapes that they compute."""
    image = keras.Input((6, 8, 2), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="a/conv")(image)
    extents = tf.shape(x)
    x = tf.reshape(x, tf.concat([extents[:-1], [2, 2]], 0))
    x = tf.transpose(x, [0, 1, 2, 4, 3])
    x = tf.reshape(x, [extents[0], 6, 8, 4])
    x = layers.Conv2D(3, 3, name="b/conv")(tf.stack([x[:, :, :, 0], 1.0 - x[:, :, :, 3]], -1))
    return keras.Model(image, x, name="shapes")


def heads() -> keras.Model:
    """A model of several inputs and outputs, called twice; a dictionary of outputs."""
    image, code = keras.Input((7, 7, 2), name="i"), keras.Input((3,), name="c")
    x = image + layers.Reshape((1, 1, 2), name="code")(layers.Dense(2, name="dense")(code))
    wide = layers.SeparableConv2D(2, 3, padding="same", name="wide")(x)
    two = keras.Model([image, code], [wide, layers.Conv2D(2, 1, name="narrow")(x)], name="two")
    photo, label = keras.Input((7, 7, 2), name="photo"), keras.Input((3,), name="label")
    first, other = two([photo, label])
    second, _ = two([first, label])
    end = layers.Subtract(name="end")([second, other])
    return keras.Model([photo, label], {"end": end, "first": first}, name="heads")


HERE = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
version = keras.__version__ if hasattr(keras, "__version__") else tf.__version__
prefix = "v" + "_".join(version.split(".")[:2])
expected = {}
for make in (siamese, clips, shapes, heads):
    keras.backend.clear_session()
    model = make()
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.uniform(0.2 if "variance" in weight.name else -1, 1, weight.shape))
    model.save(HERE / f"{prefix}_{make.__name__}.h5")
    model.save(HERE / f"{prefix}_{make.__name__}.keras")
    inputs = [random.random((1, *t.shape[1:]), np.float32) for t in model.inputs]
    for other in inputs[1:]:
        other[:] = 0
    outputs = {
        layer.name: layer.get_output_at(-1)
        for layer in model.layers
        if not isinstance(layer, keras.Model)
        and len(getattr(layer.get_output_at(-1), "shape", ())) > 2
    }
    values = keras.Model(model.inputs, outputs)(inputs)
    expected[make.__name__] = {
        "input": inputs[0].tolist(),
        "outputs": {name: value.numpy().tolist() for name, value in values.items()},
    }
text = json.dumps(expected, indent=None)
(HERE / f"{prefix}.json").write_text(re.sub(r"(\d\.\d{6})\d+(?!\d|e)", r"\1", text))
