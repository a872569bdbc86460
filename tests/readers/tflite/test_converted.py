"""Files that TensorFlow's converter makes: what is traced is what LiteRT then shows."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

import rf_viz
from rf_viz.verify import verify
from tests.oracles.truth import generic

pytestmark = pytest.mark.slow

SIZE = (17, 14)


def images() -> keras.Model:
    """What the converter turns into operators of their own: activations, gates, norms, PReLU."""
    layers = keras.layers
    x = image = keras.Input((*SIZE, 3), batch_size=1)
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu6")(x)
    x = layers.SeparableConv2D(6, (3, 1), padding="same", activation="hard_swish")(x)
    gate = layers.Conv2D(6, 1, activation="sigmoid")(
        layers.GlobalAveragePooling2D(keepdims=True)(x)
    )
    x = layers.Add()([layers.Multiply()([x, gate]), x])
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Conv2D(4, 3, dilation_rate=(1, 2), groups=2, padding="same")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.AveragePooling2D(3, 2, padding="same")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    return keras.Model(image, layers.Conv2DTranspose(2, 3, strides=2)(x))


def sequence() -> keras.Model:
    layers = keras.layers
    x = signal = keras.Input((24, 4), batch_size=1)
    x = layers.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="gelu")(x)
    x = layers.MaxPooling1D(2)(x)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 2)(x, x)]))
    return keras.Model(signal, x)


def converted(model: keras.Model, form: str) -> bytes:
    random = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(random.uniform(0.2, 1, weight.shape))

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for _ in range(4):
            yield [random.uniform(0, 1, model.input_shape).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if form != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "int8":
        converter.representative_dataset = samples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


@pytest.fixture(scope="module")
def forms() -> dict[str, rf_viz.Model]:
    model = images()
    return {
        form: rf_viz.load(converted(model, form), f"{form}.tflite")
        for form in ("float", "dynamic", "int8")
    }


@pytest.mark.parametrize("form", ["float", "dynamic", "int8"])
def test_litert_shows_what_is_traced(form: str, forms: dict[str, rf_viz.Model]) -> None:
    net = forms[form].trace()
    assert all(layer.exact for layer in net.layers)
    report = verify(forms[form], net, layers=[layer.name for layer in net.layers], cells=2)
    assert [check for check in report.checks if check.result == "disagrees"] == []
    assert sum(check.result == "agrees" for check in report.checks) > len(net.layers)


def test_quantised_files_see_what_the_float_one_does(forms: dict[str, rf_viz.Model]) -> None:
    wanted = [
        (layer.shape, layer.bounds())
        for layer in forms["float"].trace().layers
        if layer.op.endswith(("_2D", "CONV"))
    ]
    assert len(wanted) > 6
    for form in ("dynamic", "int8"):
        layers = [
            layer for layer in forms[form].trace().layers if layer.op.endswith(("_2D", "CONV"))
        ]
        for (shape, bounds), layer in zip(wanted, layers, strict=True):
            assert layer.shape == shape
            for mine, theirs in zip(layer.bounds(), bounds, strict=True):
                np.testing.assert_array_equal(mine, theirs)


def test_sequences_and_attention() -> None:
    model = rf_viz.load(converted(sequence(), "float"), "sequence.tflite")
    net = model.trace()
    assert all(layer.exact for layer in net.layers)
    report = verify(model, net, cells=2)
    assert [check for check in report.checks if check.result == "disagrees"] == []


@pytest.mark.parametrize("transposed", [False, True])
def test_a_kernel_of_whole_numbers_scales_each_image_by_its_extremes(transposed: bool) -> None:
    """Dynamic range quantisation: a far pixel moves a cell if it is the image's largest."""
    kernel = tf.constant(generic((3, 3, 64, 4) if transposed else (3, 3, 4, 64)))
    function = tf.function(
        lambda x: (
            tf.nn.conv2d_transpose(x, kernel, (1, 9, 9, 64), 1, "SAME")
            if transposed
            else tf.nn.conv2d(x, kernel, 1, "SAME")
        ),
        input_signature=[tf.TensorSpec((1, 9, 9, 4), tf.float32)],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    model = rf_viz.load(converter.convert())
    whole, local = model.trace(), model.trace(cut_global=True)
    (layer,) = whole.layers
    assert layer.exact
    assert layer.region((4, 4)).size == (9, 9)
    assert local[layer.name].region((4, 4)).size == (3, 3)
    image = generic((1, 9, 9, 4)) / 10
    far = image.copy()
    far[0, 0, 0, 0] = 100
    one, other = (model.activations(x, [layer.name])[layer.name][0, 4, 4] for x in (image, far))
    assert (one != other).any()
