"""Makes the files beside it, as Keras 1 writes them, and values.json: what it computes.

Needs Keras 1.2.2 with TensorFlow 1.4 and with Theano 0.9; run it once with each, as Keras's own
configuration or KERAS_BACKEND says. Theano's files are in its order of axes.
"""

import json
import sys
from pathlib import Path

import numpy as np
from keras import backend
from keras.layers import (
    GRU,
    LSTM,
    Activation,
    AtrousConvolution1D,
    BatchNormalization,
    Convolution1D,
    Convolution2D,
    Deconvolution2D,
    Dense,
    Input,
    MaxPooling1D,
    MaxPooling2D,
    Merge,
    TimeDistributed,
    merge,
)  # fmt: skip
from keras.models import Model, Sequential

THEANO = backend.backend() == "theano"
ORDER = "th" if THEANO else "tf"
backend.set_image_dim_ordering(ORDER)
IMAGE, CHANNELS = ((3, 9, 8), 1) if THEANO else ((9, 8, 3), 3)


def merged() -> Sequential:
    """A sequence that begins with a merge, in which another merges two again."""
    left = Sequential([Convolution2D(3, 3, 3, border_mode="same", input_shape=IMAGE, name="a")])
    right = Sequential([Convolution2D(3, 1, 1, input_shape=IMAGE, name="b"), Activation("tanh")])
    inner = Sequential(name="inner")
    inner.add(Merge([left, right], mode="concat", concat_axis=CHANNELS, name="joined"))
    inner.add(Convolution2D(2, 3, 3, border_mode="same", name="c"))
    other = Sequential([Convolution2D(2, 1, 1, input_shape=IMAGE, name="d")])
    outer = Sequential(name="outer")
    outer.add(Merge([inner, other], mode="sum", name="sum"))
    outer.add(Convolution2D(2, 3, 3, name="after"))
    return outer


def line() -> Sequential:
    """One axis: convolutions and recurrent layers, whose gates were kept apart."""
    return Sequential(
        [
            Convolution1D(3, 3, input_shape=(12, 2), border_mode="same", activation="relu"),
            AtrousConvolution1D(3, 3, atrous_rate=2, name="atrous"),
            MaxPooling1D(2),
            TimeDistributed(Dense(3), name="each"),
            LSTM(3, return_sequences=True, name="lstm"),
            GRU(2, return_sequences=True, name="gru"),
        ]
    )


def nested() -> Model:
    """A model in a model, called twice."""
    inner_image = Input((9, 8, 3), name="inner_image")
    x = BatchNormalization(axis=3, name="norm")(inner_image)
    inner = Model(
        inner_image, Convolution2D(3, 3, 3, border_mode="same", name="c")(x), name="inner"
    )
    image = Input((9, 8, 3), name="image")
    x = merge([inner(inner(image)), image], mode="mul", name="product")
    shape = (None, 11, 10, 2)
    x = Deconvolution2D(2, 3, 3, output_shape=shape, border_mode="valid", name="up")(x)
    return Model(image, x, name="nested")


def flipped() -> Sequential:
    """A network of Theano, whose convolutions flip their kernels."""
    return Sequential(
        [
            Convolution2D(3, 3, 3, border_mode="same", activation="relu", input_shape=IMAGE),
            BatchNormalization(axis=CHANNELS),
            MaxPooling2D((2, 2)),
            Convolution2D(3, 3, 3, name="last"),
        ]
    )


HERE = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
path = HERE / "values.json"
values = json.loads(path.read_text()) if path.exists() else {}
for make in (flipped,) if THEANO else (merged, line, nested):
    random = np.random.RandomState(0)
    model = make()
    if isinstance(model, Sequential):
        model.build()
    model.set_weights([random.uniform(0.1, 1, w.shape).astype("f4") for w in model.get_weights()])
    model.save(str(HERE / (make.__name__ + ".h5")))
    inputs = [random.uniform(0, 1, (1, *t._keras_shape[1:])).astype("f4") for t in model.inputs]
    for other in inputs[1:]:
        other[:] = 0
    values[make.__name__] = {"input": inputs[0].tolist(), "output": model.predict(inputs).tolist()}
path.write_text(json.dumps(values))
