"""How many weights operations take, against Keras' own counts, published ones, and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.readers.tensorflow.keras.build import made_by
from tests.models.tensorflow_graphs import FLOAT, Graph
from tests.oracles import onnx_oracle, tflite_oracle
from tests.oracles.tensorflow_oracle import tf
from tests.oracles.truth import generic

import keras  # isort: skip  (after TensorFlow has been told to be quiet)
from keras import layers as kl  # isort: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["MobileNet", "MobileNetV3Small", "DenseNet121", "NASNetMobile", "ConvNeXtTiny"]
)
def test_a_keras_application_has_as_many_as_keras_counts(name: str) -> None:
    network = made_by(lambda: getattr(keras.applications, name)(weights=None))
    model = rf_viz.load(network)
    counts = model.parameters()
    assert sum(counts.values()) == network.count_params()
    assert counts.keys() <= {layer.name for layer in model.trace((224, 224)).layers}


def test_what_no_operation_takes_is_not_counted() -> None:
    """Keras' Normalization keeps a count of what it has seen, which nothing computes with."""
    network = made_by(lambda: keras.applications.EfficientNetB0(weights=None))
    assert sum(rf_viz.load(network).parameters().values()) == network.count_params() - 1


@pytest.fixture(scope="module")
def small() -> keras.Model:
    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 3), batch_size=1)
    x = kl.Conv2D(4, 3, name="conv")(image)
    x = kl.BatchNormalization(name="bn")(x)
    x = kl.PReLU(shared_axes=(1, 2), name="slope")(x)
    x = kl.SeparableConv2D(6, 3, name="separable")(x)
    x = kl.LayerNormalization(name="norm")(x)
    x = kl.Conv2DTranspose(4, 2, strides=2, name="up")(x)
    twice = kl.Conv2D(4, 3, padding="same", use_bias=False, name="twice")
    x = kl.add([twice(x), twice(twice(x))])
    x = kl.Rescaling([1.0, 2.0, 3.0, 4.0], name="rescaling")(x)
    x = kl.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, kl.Dense(5, name="dense")(x))
    for variable in model.variables:
        variable.assign(generic(tuple(variable.shape), len(variable.path)))
    return model


def by_keras_layer(model: rf_viz.Model) -> dict[str, int]:
    counts: dict[str, int] = {}
    net = model.trace()
    for name, n in model.parameters().items():
        group = net[name].group
        assert group is not None
        counts[group.name] = counts.get(group.name, 0) + n
    return counts


def test_a_keras_file_layer_by_layer(small: keras.Model, tmp_path: Path) -> None:
    """Those of a layer that is called three times count in its first call."""
    small.save(tmp_path / "net.keras")
    expected = {layer.name: layer.count_params() for layer in small.layers if layer.weights}
    assert by_keras_layer(rf_viz.load(tmp_path / "net.keras")) == expected
    assert sum(expected.values()) == small.count_params()


def test_a_saved_model(small: keras.Model, tmp_path: Path) -> None:
    small.export(tmp_path / "net", verbose=False)
    assert sum(rf_viz.load(tmp_path / "net").parameters().values()) == small.count_params()


def test_a_frozen_graph_has_constants_in_their_place(small: keras.Model) -> None:
    """There the four factors of the rescaling are no different from weights."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as frozen,
    )

    call = tf.function(lambda x: small(x, training=False))
    graph = frozen(call.get_concrete_function(tf.TensorSpec((1, 16, 16, 3)))).graph
    data = graph.as_graph_def().SerializeToString()
    counts = rf_viz.load(data, "net.pb").parameters()
    assert sum(counts.values()) == small.count_params() + 4


def test_a_variable_of_a_size_that_is_not_known_is_left_out() -> None:
    g = Graph()
    x = g.image("x", 8)
    for name, shape in (("known", (3, 3, 1, 1)), ("unknown", (3, 3, 1, -1))):
        g.add(name, "VariableV2")
        node = g.graph.node[-1]
        node.attr["dtype"].type = FLOAT
        for n in shape:
            node.attr["shape"].shape.dim.add(size=n)
    y = g.add("y", "Conv2D", x, "known", strides=[1, 1, 1, 1], padding="SAME")
    g.add("z", "Conv2D", y, "unknown", strides=[1, 1, 1, 1], padding="SAME")
    assert g.model().parameters() == {"y": 9}


def test_onnx_by_hand() -> None:
    """Bounds, scales of a resizing, epsilons and shapes are no weights."""
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["conv"], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["conv", *"sbmv"], ["norm"]),
        helper.make_node("Clip", ["norm", "low", "high"], ["clip"]),
        helper.make_node("Mul", ["clip", "half"], ["half of it"]),
        helper.make_node("Mul", ["half of it", "gain"], ["scaled"]),
        helper.make_node("Resize", ["scaled", "", "twice"], ["resized"]),
        helper.make_node("PRelu", ["resized", "slope"], ["slopes"]),
        helper.make_node("Transpose", ["turned"], ["square"], perm=[1, 0, 2, 3]),
        helper.make_node("Conv", ["slopes", "square"], ["first"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["first", "square"], ["second"], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["second"], ["pool"]),
        helper.make_node("Reshape", ["pool", "flat"], ["row"]),
        helper.make_node("Gemm", ["row", "matrix", "offset"], ["y"]),
    ]
    constants = {
        "w": generic((4, 2, 3, 3)),
        **{name: generic((4,)) for name in "sbmv"},
        "low": np.float32(0),
        "high": np.float32(6),
        "half": np.array([0.5], np.float32),
        "gain": generic((4, 1, 1)),
        "twice": np.array([1, 1, 2, 2], np.float32),
        "slope": generic((1, 1, 1)),
        "turned": generic((4, 4, 3, 3)),
        "flat": np.array([1, 4]),
        "matrix": generic((4, 7)),
        "offset": generic((7,)),
    }
    model = rf_viz.load(
        onnx_oracle.build(nodes, {"x": (1, 2, 6, 6)}, constants).SerializeToString()
    )
    assert model.parameters() == {
        "conv": 72 + 4,
        "norm": 3 * 4,  # its offset is the bias of the convolution, which came first
        "scaled": 4,
        "slopes": 1,
        "first": 144,
        "y": 28 + 7,
    }


def test_quantised_weights_count_their_scales_do_not() -> None:
    weights = np.ones((4, 2, 3, 3), np.int8)
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "scales", "zeros"], ["real"], axis=0),
        helper.make_node("DequantizeLinear", ["b", "scales"], ["bias"], axis=0),
        helper.make_node("Conv", ["x", "real", "bias"], ["conv"]),
        helper.make_node("QuantizeLinear", ["conv", "scale", "zero"], ["stored"]),
        helper.make_node(
            "QLinearConv",
            ["stored", "scale", "zero", "v", "scale", "zero", "scale", "zero", "c"],
            ["y"],
        ),
    ]
    constants = {
        "w": weights,
        "scales": generic((4,)),
        "zeros": np.zeros(4, np.int8),
        "b": np.ones(4, np.int32),
        "scale": np.float32(0.1),
        "zero": np.int8(0),
        "v": np.ones((3, 4, 1, 1), np.int8),
        "c": np.ones(3, np.int32),
    }
    model = rf_viz.load(
        onnx_oracle.build(nodes, {"x": (1, 2, 6, 6)}, constants).SerializeToString()
    )
    assert model.parameters() == {"conv": 72 + 4, "y": 12 + 3}


def test_weights_in_constant_nodes() -> None:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, (2, 3), np.ones(6))
    nodes = [
        helper.make_node("Constant", [], ["w"], value=tensor),
        helper.make_node("Constant", [], ["shift"], value_floats=[1.0, 2.0, 3.0]),
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Add", ["product", "shift"], ["y"]),
    ]
    model = rf_viz.load(onnx_oracle.build(nodes, {"x": (1, 2)}).SerializeToString())
    assert model.parameters() == {"product": 6, "y": 3}


def test_a_published_count() -> None:
    """SqueezeNet 1.1 has 1,235,496 parameters (docs.pytorch.org/vision/stable/models.html)."""
    model = rf_viz.load(SAMPLE_MODELS["squeezenet"].path)
    assert sum(model.parameters().values()) == 1_235_496


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_tflite(dtype: str) -> None:
    """A convolution with its bias and activation is one operation."""
    whole = dtype == "int8"
    kernel = generic((3, 3, 2, 2)).astype(dtype)
    bias = generic((3,)).astype("int32" if whole else dtype)
    quantised = dict.fromkeys(("x", "c0", "c1", "y"), (0.5, 0)) if whole else None
    data = tflite_oracle.single(
        "CONV_2D",
        generic((1, 6, 5, 2)).astype(dtype),
        kernel,
        bias,
        options=tflite_oracle.options("Conv2D", strideH=1, strideW=1, fusedActivationFunction=1),
        types=(dtype,),
        quantised=quantised,
    )
    assert rf_viz.load(data).parameters() == {"y": 36 + 3}
