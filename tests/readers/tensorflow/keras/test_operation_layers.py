"""Keras models of TensorFlow 2.0 to 2.3, in which operations of TensorFlow are layers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import rf_viz
from tests.models.keras_2_files import hdf5

Tensor = Any
Message = Any
Function = Callable[[Tensor], Tensor]
SHAPE = (8, 6, 4)
IMAGE = np.random.default_rng(0).random((1, *SHAPE)).astype("float32")


def split_and_joined(x: Tensor) -> Tensor:
    first, second = tf.split(x, 2, axis=-1)
    return tf.concat([second * 2.0, first], axis=-1)


def reshaped(x: Tensor) -> Tensor:
    shape = tf.shape(x)
    return tf.transpose(tf.reshape(x, [shape[0], -1, shape[2], 2, 2]), [0, 2, 1, 4, 3])


FUNCTIONS: dict[str, Function] = {
    "preprocessing": lambda x: x[..., ::-1] / 127.5 - 1.0,
    "crop": lambda x: x[:, 1:-1, ::2],
    "hard swish": lambda x: x * tf.nn.relu6(x + 3.0) / 6.0,
    "pad": lambda x: tf.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]], mode="REFLECT"),
    "split": split_and_joined,
    "reshape": reshaped,
    "pool": lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"),
    "convolution": lambda x: tf.nn.conv2d(x, np.ones((3, 3, 4, 2), "float32"), 1, "VALID"),
    "space to depth": lambda x: tf.nn.space_to_depth(x, 2),
    "resize": lambda x: tf.image.resize(x, (4, 12)),
    "product": lambda x: tf.matmul(x, x, transpose_b=True),
    "mean": lambda x: x - tf.reduce_mean(x, axis=[1], keepdims=True),
    "gather": lambda x: tf.gather(x, [5, 0, 0], axis=2),
    "pack": lambda x: tf.stack([x, 2.0 * x], axis=1),
    "one scalar": lambda x: tf.reduce_max(x),
}


def as_model(function: Function, *, text: bool, wrapped: bool) -> dict[str, Any]:
    """Describe a function of an image as TensorFlow 2.0 to 2.3 did: each operation is a layer.

    What an operation reads that no input reaches is a constant of its layer. ``text`` writes the
    operation's bytes as text, ``wrapped`` constants as objects.
    """
    graph = tf.Graph()
    with graph.as_default():
        image = tf.compat.v1.placeholder(tf.float32, (None, *SHAPE), name="image")
        output = function(image)
        made = {image.name: ["image", 0, 0, {}]}
        layers: list[dict[str, Any]] = [
            {
                "class_name": "InputLayer",
                "config": {"batch_input_shape": [None, *SHAPE], "name": "image"},
                "name": "image",
                "inbound_nodes": [],
            }
        ]
        with tf.compat.v1.Session() as session:
            for op in graph.get_operations():
                if not any(tensor.name in made for tensor in op.inputs):
                    continue
                constants: dict[str, Any] = {}
                for number, tensor in enumerate(op.inputs):
                    if tensor.name not in made:
                        value = session.run(tensor)
                        constants[str(number)] = value.tolist()
                        if wrapped:
                            config = {"value": value.tolist(), "dtype": value.dtype.name}
                            constants[str(number)] = {"class_name": "__numpy__", "config": config}
                node = op.node_def
                settings = {
                    "name": op.name,
                    "trainable": True,
                    "dtype": "float32",
                    "node_def": in_text(node) if text else in_json(node),
                    "constants": constants,
                }
                name = f"tf_op_layer_{op.name.replace('/', '_')}"
                layers.append(
                    {
                        "class_name": "TensorFlowOpLayer",
                        "config": settings,
                        "name": name,
                        "inbound_nodes": [[made[t.name] for t in op.inputs if t.name in made]],
                    }
                )
                for number, tensor in enumerate(op.outputs):
                    made[tensor.name] = [name, 0, number, {}]
    return {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": layers,
            "input_layers": [["image", 0, 0]],
            "output_layers": [made[output.name][:3]],
        },
    }


def in_json(node: Message) -> dict[str, Any]:
    """A NodeDef in protobuf's JSON form, for the few kinds of attributes that are used here."""
    attributes: dict[str, Any] = {}
    for key, value in node.attr.items():
        kind = value.WhichOneof("value")
        if kind == "type":
            attributes[key] = {"type": tf.as_dtype(value.type).as_datatype_enum}
        elif kind == "list":
            attributes[key] = {"list": {"i": [str(n) for n in value.list.i]}}
        elif kind == "s":
            attributes[key] = {"s": base64.b64encode(value.s).decode()}
        elif kind in ("i", "b"):
            attributes[key] = {kind: getattr(value, kind)}
    return {"name": node.name, "op": node.op, "input": list(node.input), "attr": attributes}


def in_text(node: Message) -> str:
    """The bytes of a NodeDef as text, which they are where no number in them is above 127."""
    plain = type(node)(name=node.name, op=node.op, input=node.input)
    for key, value in node.attr.items():
        plain.attr[key].CopyFrom(value)
    return str(plain.SerializeToString().decode("utf-8"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_operations_compute_and_reach_what_the_function_does(name: str) -> None:
    config = as_model(FUNCTIONS[name], text=name == "crop", wrapped=name == "pad")
    model = rf_viz.load(hdf5(config, {}, "2.4.0"), "model.h5")
    net = model.trace()
    last = net.layers[-1]
    assert all(layer.exact for layer in net.layers), [layer.note for layer in net.layers]
    expected = np.asarray(FUNCTIONS[name](tf.constant(IMAGE)))
    value = model.activations(IMAGE, [last.name])[last.name]
    np.testing.assert_allclose(np.reshape(value, expected.shape), expected, rtol=1e-5, atol=1e-6)


def test_the_region_of_a_cell_after_operations_is_what_moves_it() -> None:
    config = as_model(FUNCTIONS["crop"], text=False, wrapped=False)
    last = rf_viz.load(hdf5(config, {}, "2.4.0"), "model.h5").trace().layers[-1]
    moving = np.zeros(SHAPE[:2], bool)
    for row, column in np.ndindex(*SHAPE[:2]):
        changed = IMAGE.copy()
        changed[0, row, column] += 1
        difference = FUNCTIONS["crop"](changed) - FUNCTIONS["crop"](IMAGE)
        moving[row, column] = difference[0, 2, 1].any()
    assert np.array_equal(last.mask((2, 1)), moving)


def test_an_operation_that_reads_files_is_not_built() -> None:
    config = as_model(lambda x: tf.strings.as_string(x), text=False, wrapped=False)
    layer = config["config"]["layers"][1]["config"]
    layer["node_def"] = {"name": "read", "op": "ReadFile", "input": ["name"]}
    (last,) = rf_viz.load(hdf5(config, {}, "2.4.0"), "model.h5").trace().layers
    assert not last.exact
    assert "calls the operation ReadFile, which is not known here" in last.note


def test_constants_that_do_not_fit_are_named() -> None:
    config = as_model(FUNCTIONS["crop"], text=False, wrapped=False)
    config["config"]["layers"][1]["config"]["constants"]["9"] = 1
    (last,) = rf_viz.load(hdf5(config, {}, "2.4.0"), "model.h5").trace().layers
    assert not last.exact
    assert "calls the operation StridedSlice, which is not known here" in last.note


def test_losses_and_metrics_of_a_model_pass_their_input_on() -> None:
    config = as_model(FUNCTIONS["one scalar"], text=False, wrapped=False)
    scalar = config["config"]["layers"][-1]["name"]
    for kind, settings in (
        ("AddLoss", {"unconditional": False}),
        ("AddMetric", {"aggregation": "mean"}),
    ):
        config["config"]["layers"].append(
            {
                "module": "keras.src.engine.base_layer",
                "class_name": kind,
                "config": {"name": kind.lower(), "trainable": True, **settings},
                "name": kind.lower(),
                "inbound_nodes": [[[scalar, 0, 0, {}]]],
            }
        )
    config["config"]["output_layers"] = [["addloss", 0, 0], ["addmetric", 0, 0]]
    model = rf_viz.load(hdf5(config, {}, "2.13.0"), "model.h5")
    values = model.activations(IMAGE, [layer.name for layer in model.trace().layers])
    assert all(layer.exact for layer in model.trace().layers)
    assert [float(value) for value in values.values()][-2:] == [IMAGE.max()] * 2
