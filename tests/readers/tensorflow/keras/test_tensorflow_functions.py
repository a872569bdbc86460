"""Functions of TensorFlow and of Keras 2's backend that Keras 2 wrote down as layers."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

import rf_viz
from rf_viz.readers.tensorflow.keras.stand_ins import NAMESPACES, function_of
from tests.models.keras_2_files import hdf5

X = np.random.default_rng(0).normal(size=(1, 6, 4)).astype("float32")
X.reshape(-1)[5] = 0


def model_of(function: str, **arguments: object) -> rf_viz.Model:
    config = {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": [
                {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
                 "config": {"batch_input_shape": [None, 6, 4], "name": "x"}},
                {"class_name": "TFOpLambda", "name": "f",
                 "config": {"name": "f", "function": function},
                 "inbound_nodes": [["x", 0, 0, arguments]]},
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["f", 0, 0]],
        },
    }  # fmt: skip
    return rf_viz.load(hdf5(config, {}))


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("sort", {"axis": 1}, np.sort(X, 1)),
        ("argsort", {"axis": 1}, np.argsort(X, 1, "stable")),
        ("math.asinh", {}, np.arcsinh(X)),
        ("asinh", {}, np.arcsinh(X)),
        ("compat.v1.floor_div", {"y": 0.5}, X // 0.5),
        ("compat.v1.div", {"y": 2.0}, X / 2),
        ("compat.v1.to_int32", {}, X.astype(int)),
        ("compat.v1.count_nonzero", {"axis": 1}, np.count_nonzero(X, 1)),
        ("dtypes.saturate_cast", {"dtype": "uint8"}, X.clip(0).astype(int)),
        ("debugging.check_numerics", {"message": "not a number"}, X),
        ("reverse_sequence", {"seq_lengths": [6], "seq_axis": 1}, X[:, ::-1]),
        ("tensor_scatter_nd_update", {"indices": [[0, 1]], "updates": [[1.0, 2.0, 3.0, 4.0]]},
         np.concatenate([X[:, :1], np.float32([[[1, 2, 3, 4]]]), X[:, 2:]], 1)),
        ("keras.backend.batch_flatten", {}, X.reshape(1, 24)),
        ("keras.backend.cast_to_floatx", {}, X),
        ("keras.backend.print_tensor", {"message": "x"}, X),
        ("keras.backend.switch", {"then_expression": ["x", 0, 0],
                                  "else_expression": ["x", 0, 0]}, X),
    ],
)  # fmt: skip
def test_functions_compute_what_they_are_called(
    function: str, arguments: dict[str, Any], expected: NDArray[Any]
) -> None:
    model = model_of(function, **arguments)
    layer = model.trace()["f"]
    assert layer.exact, layer.note
    assert layer.shape == expected.shape
    np.testing.assert_allclose(model.activations(X, [layer.name])[layer.name], expected, atol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        *("py_function", "io.read_file", "random.set_seed", "print", "keras.backend.eval"),
        *("nn.fixed_unigram_candidate_sampler", "compat.v1.nn.fixed_unigram_candidate_sampler"),
        *("compat.v1.nn.rnn_cell.BasicRNNCell", "compat.v1.nn.rnn_cell.keras.utils.get_file"),
    ],
)
def test_functions_that_do_more_than_compute_are_not_called(function: str) -> None:
    layer = model_of(function).trace()["f"]
    assert not layer.exact
    assert function in layer.note


def test_no_function_that_is_called_takes_a_file_s_name() -> None:
    """Whatever modules the names lead through."""
    outside = re.compile("file|path|url|dir|host|port|checkpoint")
    opening = set()
    for root, prefix in ((tf, ""), (tf.compat.v1, "compat.v1.")):
        for namespace in NAMESPACES:
            home = getattr(root, namespace)
            for name in dir(home):
                function = function_of(f"{prefix}{namespace}.{name}")
                if function is not None:
                    words = "_".join(inspect.signature(function).parameters).lower().split("_")
                    if any(outside.fullmatch(word) for word in words):
                        opening.add(name)
    assert opening == set()
