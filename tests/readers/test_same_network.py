"""One network in every format: whatever wrote the file, its layers see the same pixels.

Its axes are 21 and 18 long, so that padding to the "same" size is even along one and uneven along
the other.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import rf_viz
from rf_viz import Layer, Network
from tests.models.keras_models import (
    all_forms,
    keras,
    randomised,
    tf,
)
from tests.oracles.onnx_oracle import build

pytestmark = pytest.mark.slow

SIZE = (21, 18)

TENSORFLOW = (
    "Relu:0 BatchToSpaceND:0 MaxPool:0 DepthwiseConv2dNative:0 Conv2D:2 ConcatV2:0 Reshape:1 "
    "Relu:1 Conv2DBackpropInput:0 ResizeBilinear:0"
)
LITE = (
    "CONV_2D:0 CONV_2D:1 MAX_POOL_2D:0 DEPTHWISE_CONV_2D:0 CONV_2D:2 CONCATENATION:0 RESHAPE:2 "
    "CONV_2D:3 TRANSPOSE_CONV:0 RESIZE_BILINEAR:0"
)
ONNX = "Relu:0 Conv:1 MaxPool:0 Conv:2 Conv:3 Concat:0 Resize:0 Relu:1 ConvTranspose:0 Resize:1"
"""Which operation, and which of its name, makes the output of each of the network's layers."""

FORMS = {
    "a.keras": TENSORFLOW,
    "a.h5": TENSORFLOW,
    "saved": TENSORFLOW,
    "saved.zip": TENSORFLOW,
    "frozen.pb": TENSORFLOW,
    "float.tflite": LITE,
    "int8.tflite": LITE,
    "pads.onnx": ONNX,
    "auto_pad.onnx": ONNX,
}


def network() -> keras.Model:
    layers = keras.layers
    x = image = keras.Input((*SIZE, 3), batch_size=1, name="image")
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="strided")(x)
    x = layers.Conv2D(4, 3, dilation_rate=2, padding="same", name="dilated")(x)
    x = layers.MaxPooling2D(2, 2, padding="same", name="pool")(x)
    one = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    other = layers.Conv2D(4, (1, 5), padding="same", name="row")(x)
    x = layers.Concatenate(name="joined")([one, other])
    x = layers.UpSampling2D(2, name="nearest")(x)
    x = layers.Conv2D(4, 3, activation="relu", name="valid")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", name="transposed")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear", name="linear")(x)
    return keras.Model(image, x, name="same")


def in_onnx(model: keras.Model, *, auto_pad: bool) -> bytes:
    """The same network with its channels first, its pads written out or left to ONNX."""

    def same(top: int, left: int, bottom: int, right: int) -> dict[str, object]:
        return {"auto_pad": "SAME_UPPER"} if auto_pad else {"pads": [top, left, bottom, right]}

    def conv(x: str, y: str, name: str, op: str = "Conv", **attributes: object) -> onnx.NodeProto:
        return helper.make_node(op, [x, f"{name}_w", f"{name}_b"], [y], **attributes)

    def twice(x: str, y: str, mode: str) -> onnx.NodeProto:
        return helper.make_node("Resize", [x, "", "scales"], [y], mode=mode)

    constants = {"scales": np.array([1, 1, 2, 2], np.float32)}
    for layer in model.layers:
        if layer.weights:
            kernel, bias = (w.numpy() for w in layer.weights)
            order = (2, 3, 0, 1) if layer.name == "depthwise" else (3, 2, 0, 1)
            constants[f"{layer.name}_w"] = kernel.transpose(order).copy()
            constants[f"{layer.name}_b"] = bias
    window = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        conv("image", "a", "strided", strides=[2, 2], **same(1, 0, 1, 1)),
        helper.make_node("Relu", ["a"], ["b"]),
        # ONNX Runtime has no automatic pads with dilation.
        conv("b", "c", "dilated", dilations=[2, 2], pads=[2, 2, 2, 2]),
        helper.make_node("MaxPool", ["c"], ["d"], **window, **same(0, 0, 1, 1)),
        conv("d", "e", "depthwise", group=4, **same(1, 1, 1, 1)),
        conv("d", "f", "row", **same(0, 2, 0, 2)),
        helper.make_node("Concat", ["e", "f"], ["g"], axis=1),
        twice("g", "h", "nearest"),
        conv("h", "i", "valid"),
        helper.make_node("Relu", ["i"], ["j"]),
        conv("j", "k", "transposed", "ConvTranspose", strides=[2, 2], **same(0, 0, 1, 1)),
        twice("k", "l", "linear"),
    ]
    return bytes(build(nodes, {"image": (1, 3, *SIZE)}, constants).SerializeToString())


def in_lite(model: keras.Model, image: np.ndarray, *, quantised: bool) -> bytes:
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as freeze,
    )

    call = tf.function(lambda x: model(x, training=False))
    frozen = freeze(call.get_concrete_function(tf.TensorSpec(image.shape, tf.float32, "image")))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    if quantised:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image] for _ in range(2))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(1).uniform(0.5, 1, (1, *SIZE, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return randomised(network())


@pytest.fixture(scope="module")
def opened(
    model: keras.Model, image: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, rf_viz.Model]:
    folder: Path = tmp_path_factory.mktemp("same")
    all_forms(model, folder)
    shutil.make_archive(str(folder / "saved"), "zip", folder / "saved")
    for form in ("float", "int8"):
        lite = in_lite(model, image, quantised=form == "int8")
        (folder / f"{form}.tflite").write_bytes(lite)
    for form in ("pads", "auto_pad"):
        (folder / f"{form}.onnx").write_bytes(in_onnx(model, auto_pad=form == "auto_pad"))
    return {form: rf_viz.load(folder / form) for form in FORMS}


@pytest.fixture(scope="module")
def traced(opened: dict[str, rf_viz.Model]) -> dict[str, list[Layer]]:
    return {form: steps(one.trace(), FORMS[form]) for form, one in opened.items()}


def steps(net: Network, names: str) -> list[Layer]:
    """The network's layers, by the names that a framework gives them."""
    by_op = defaultdict(list)
    for layer in net.layers:
        by_op[layer.op].append(layer)
    return [by_op[op][int(number)] for op, number in (name.split(":") for name in names.split())]


def test_it_is_the_same_network(
    model: keras.Model, opened: dict[str, rf_viz.Model], image: np.ndarray
) -> None:
    """All formats compute what Keras does, up to rounding and the int8 file's quantisation."""
    own = model(image).numpy()
    for form, one in opened.items():
        name = one.trace().layers[-1].name
        if form.endswith(".onnx"):
            out = one.activations(image.transpose(0, 3, 1, 2), [name])[name].transpose(0, 2, 3, 1)
        else:
            out = one.activations(image, [name])[name]
        difference = np.abs(out - own).max() / np.abs(own).max()
        assert difference < (0.03 if form == "int8.tflite" else 1e-5), form


@pytest.mark.parametrize("form", FORMS)
def test_every_cell_sees_the_same_pixels(form: str, traced: dict[str, list[Layer]]) -> None:
    for layer, other in zip(traced[form], traced["pads.onnx"], strict=True):
        name = f"{layer.name} as {other.name}"
        assert layer.exact
        assert layer.grid == other.grid, name
        assert layer.receptive_field == other.receptive_field, name
        for own, others in zip(layer.bounds(), other.bounds(), strict=True):
            np.testing.assert_array_equal(own, others, name)
        last = np.array(layer.grid) - 1
        for cell in (0 * last, last // 2, last // 3 + 1, last):
            np.testing.assert_array_equal(layer.mask(cell), other.mask(cell), name)


WINDOWED = {"strided": 0, "dilated": 1, "pool": 2, "depthwise": 3, "row": 4, "valid": 7}
"""Where the layers with windows stand among those that are compared."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", WINDOWED)
def test_every_format_tells_the_same_settings(
    form: str, name: str, traced: dict[str, list[Layer]]
) -> None:
    """Those of the layer, whichever operations a format has it in."""

    def told(layer: Layer) -> dict[str, object]:
        window = layer if "kernel" in layer.settings else layer.inputs[0]
        while window is not None and "kernel" not in window.settings:
            window = window.inputs[0]
        assert window is not None
        keys = ("kernel", "stride", "padding", "dilation", "groups", "filters")
        return {key: window.settings[key] for key in keys if key in window.settings}

    number = WINDOWED[name]
    assert told(traced[form][number]) == told(traced["pads.onnx"][number])


def test_settings_in_numbers(traced: dict[str, list[Layer]]) -> None:
    layer = traced["a.keras"][0]
    assert layer.net["strided"] is layer
    assert layer.settings == {
        "kernel": (3, 3),
        "stride": (2, 2),
        "padding": ((1, 1), (0, 1)),
        "dilation": (1, 1),
        "groups": 1,
        "filters": 4,
        "padding_rule": "same",
        "activation": "relu",
        "parameters": 112,
    }
    nearest = traced["pads.onnx"][6]
    assert nearest.settings == {"scale": (2, 2), "mode": "nearest"}
    assert traced["float.tflite"][9].settings["scale"] == (2, 2)
    transposed = traced["pads.onnx"][8].settings
    assert (transposed["kernel"], transposed["stride"]) == ((3, 3), (2, 2))
    assert (transposed["groups"], transposed["filters"]) == (1, 4)
