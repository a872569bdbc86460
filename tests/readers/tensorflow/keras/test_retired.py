"""Layers that Keras 3 does not have, as files of Keras 1 and 2 hold them, by their formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rf_viz
from tests.data.keras2.layers.weights import weight_values
from tests.models.keras_2_files import hdf5, sequential

Array = Any
Formula = Callable[..., Array]

X = np.random.default_rng(0).normal(size=(1, 6)).astype("float32")
LINE = np.random.default_rng(1).normal(size=(1, 7, 4)).astype("float32")
IMAGE = np.random.default_rng(2).normal(size=(1, 5, 6, 3)).astype("float32")


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def highway(x: Array, w: Array, carry: Array, b: Array, b_carry: Array) -> Array:
    gate = sigmoid(x @ carry + b_carry)
    return gate * np.tanh(x @ w + b) + (1 - gate) * x


def srelu(x: Array, t_left: Array, a_left: Array, t_right: Array, a_right: Array) -> Array:
    right = t_left + np.abs(t_right)
    below = t_left + a_left * (x - t_left)
    above = right + a_right * (x - right)
    return np.where(x <= t_left, below, np.where(x >= right, above, x))


def sample_wise(x: Array, gamma: Array, beta: Array, *_: Array) -> Array:
    spread = np.sqrt(x.var(-1, keepdims=True) + 1e-3) + 1e-3
    return gamma * (x - x.mean(-1, keepdims=True)) / spread + beta


def by_statistics(x: Array, gamma: Array, beta: Array, *_: Array) -> Array:
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta


def atrous(x: Array, kernel: Array, bias: Array) -> Array:
    taps = [x[:, 2 * k : 2 * k + 3] @ kernel[k] for k in range(3)]
    return sum(taps) + bias


def deconvolved(x: Array, kernel: Array, bias: Array) -> Array:
    """Stride 2, kernel 3 x 3, valid: to 12 x 13, where a row and nothing more is left over."""
    out = np.zeros((1, 12, 14, 2))
    for y in range(5):
        for z in range(6):
            at = np.einsum("c,ijcf->ijf", x[0, y, z], kernel)
            out[0, 2 * y : 2 * y + 3, 2 * z : 2 * z + 3] += at
    return out[:, :, :13] + bias


RETIRED: dict[str, tuple[str, dict[str, Any], list[tuple[int, ...]], Array, Formula]] = {
    "maxout": (
        "MaxoutDense", {"output_dim": 3, "nb_feature": 2, "init": "uniform", "bias": True},
        [(2, 6, 3), (2, 3)], X, lambda x, w, b: (np.einsum("bi,kio->bko", x, w) + b).max(1),
    ),
    "highway": (
        "Highway", {"activation": "tanh", "init": "uniform", "bias": True, "input_dim": 6},
        [(6, 6), (6, 6), (6,), (6,)], X, highway,
    ),
    "parametric softplus": (
        "ParametricSoftplus", {"alpha_init": 0.2, "beta_init": 5.0},
        [(6,), (6,)], X, lambda x, a, b: a * np.log1p(np.exp(b * x)),
    ),
    "SReLU": (
        "SReLU", {"t_left_init": "zero", "a_left_init": "glorot_uniform", "t_right_init": "one",
                  "a_right_init": "one"},
        [(6,)] * 4, X, srelu,
    ),
    "thresholded": ("ThresholdedReLU", {"theta": 0.3}, [], X, lambda x: x * (x > 0.3)),
    "hard sigmoid": (
        "Activation", {"activation": "hard_sigmoid"}, [], X, lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    ),
    "batch normalisation 1": (
        "BatchNormalization", {"mode": 1, "axis": -1, "epsilon": 1e-3, "momentum": 0.99},
        [(6,)] * 4, X, sample_wise,
    ),
    "batch normalisation 2": (
        "BatchNormalization", {"mode": 2, "axis": 3, "epsilon": 1e-3, "momentum": 0.99},
        [(3,)] * 4, IMAGE, by_statistics,
    ),
    "atrous 1D": (
        "AtrousConvolution1D",
        {"nb_filter": 2, "filter_length": 3, "atrous_rate": 2, "border_mode": "valid",
         "subsample_length": 1, "init": "uniform", "activation": "linear", "bias": True},
        [(3, 4, 2), (2,)], LINE, atrous,
    ),
    "deconvolution": (
        "Deconvolution2D",
        {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "output_shape": [None, 12, 13, 2],
         "subsample": [2, 2], "border_mode": "valid", "dim_ordering": "tf", "bias": True,
         "activation": "linear", "init": "uniform"},
        [(3, 3, 3, 2), (2,)], IMAGE, deconvolved,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RETIRED)
def test_retired_layers_follow_their_formulas(name: str) -> None:
    kind, settings, shapes, x, formula = RETIRED[name]
    weights = [weight_values(shape) for shape in shapes]
    model = rf_viz.load(sequential(x.shape[1:], [(kind, settings, weights)]), "layer.h5")
    net = model.trace(input_shape=x.shape)
    layer = net["layer0"]
    expected = formula(x, *weights)
    assert layer.exact
    assert layer.shape == expected.shape
    np.testing.assert_allclose(
        model.activations(x, [layer.name])[layer.name], expected, rtol=1e-4, atol=1e-5
    )
    (group,) = (g for g, _ in net.groups if g.name == "layer0")
    assert group.kind == {"AtrousConvolution1D": "Conv1D"}.get(kind, kind)


def test_a_setting_without_a_counterpart_is_named() -> None:
    settings = {"units": 3, "return_sequences": True, "time_major": True}
    file = sequential((7, 4), [("LSTM", settings, [])])
    (layer,) = rf_viz.load(file, "layer.h5").trace(input_shape=(1, 7, 4)).layers
    assert not layer.exact
    assert "takes time as its first axis (time_major)" in layer.note


def test_a_setting_that_is_on_and_that_keras_does_not_know_is_not_dropped() -> None:
    settings = {"filters": 3, "kernel_size": [3], "mirrored": True}
    file = sequential((7, 4), [("Conv1D", settings, [])])
    (layer,) = rf_viz.load(file, "layer.h5").trace(input_shape=(1, 7, 4)).layers
    assert not layer.exact
    assert "has the setting mirrored = True" in layer.note
    settings["mirrored"] = False
    file = sequential((7, 4), [("Conv1D", settings, [])])
    assert all(
        layer.exact for layer in rf_viz.load(file, "l.h5").trace(input_shape=(1, 7, 4)).layers
    )


def test_constraints_and_regularisers_of_a_persons_own_do_not_matter() -> None:
    settings = {
        "filters": 3,
        "kernel_size": [3],
        "kernel_constraint": {"class_name": "Mine", "config": {}},
        "kernel_regularizer": {"class_name": "AlsoMine", "config": {"x": 1}},
    }
    file = sequential((7, 4), [("Conv1D", settings, [])])
    net = rf_viz.load(file, "layer.h5").trace(input_shape=(1, 7, 4))
    assert all(layer.exact for layer in net.layers)
    assert net["layer0"].region((2,)).start == (2,)


def joined(kind: str, settings: dict[str, Any], weights: list[Array]) -> bytes:
    """Write a model that gives its input twice to a layer that joins."""
    calls = [[["image", 0, 0, {}], ["image", 0, 0, {}]]]
    image = {"name": "image", "batch_input_shape": [None, 7, 4], "dtype": "float32"}
    layers = [
        {"class_name": "InputLayer", "name": "image", "config": image, "inbound_nodes": []},
        {"class_name": kind, "name": "joined", "config": {**settings, "name": "joined"},
         "inbound_nodes": calls},
    ]  # fmt: skip
    config = {
        "class_name": "Model",
        "config": {"name": "model", "layers": layers, "input_layers": [["image", 0, 0]],
                   "output_layers": [["joined", 0, 0]]},
    }  # fmt: skip
    values = {f"weight{i}": value for i, value in enumerate(weights)}
    return hdf5(config, {"image": {}, "joined": values})


@pytest.mark.parametrize("kind", ["Attention", "AdditiveAttention"])
def test_attention_that_a_setting_makes_causal_sees_no_later_position(kind: str) -> None:
    settings = {"use_scale": False, "causal": True, "dropout": 0.0}
    model = rf_viz.load(joined(kind, settings, []), "attention.h5")
    net = model.trace(input_shape=(1, 7, 4))
    name = net["joined"].name
    before = model.activations(LINE, [name])[name]
    later = LINE.copy()
    later[:, 3:] += 1
    after = model.activations(later, [name])[name]
    assert np.array_equal(before[:, :3], after[:, :3])
    assert not np.array_equal(before[:, 3:], after[:, 3:])


def test_the_cosine_of_two_inputs() -> None:
    model = rf_viz.load(joined("Merge", {"mode": "cos", "dot_axes": [2, 2]}, []), "merge.h5")
    net = model.trace(input_shape=(1, 7, 4))
    product = LINE[0] @ LINE[0].T
    lengths = np.sqrt((LINE[0] @ LINE[0].T) ** 2)
    layer = net["joined"]
    values = model.activations(LINE, [layer.name])[layer.name]
    np.testing.assert_allclose(values, (product / lengths)[None, None], rtol=1e-4)


@pytest.mark.parametrize(("mode", "join"), [("sum", np.add), ("mul", np.multiply)])
def test_merges_of_keras_1_by_their_mode(mode: str, join: Formula) -> None:
    settings = {"mode": mode, "mode_type": "raw", "concat_axis": -1, "dot_axes": -1}
    model = rf_viz.load(joined("Merge", settings, []), "merge.h5")
    layer = model.trace(input_shape=(1, 7, 4))["joined"]
    assert layer.exact
    values = model.activations(LINE, [layer.name])[layer.name]
    np.testing.assert_allclose(values, join(LINE, LINE), rtol=1e-5)


def test_a_merge_by_a_function_is_named() -> None:
    settings = {"mode": ["code", None, None], "mode_type": "lambda"}
    model = rf_viz.load(joined("Merge", settings, []), "merge.h5")
    layer = model.trace(input_shape=(1, 7, 4))["joined"]
    assert not layer.exact
    assert "merges by a function of its maker's own" in layer.note


def test_a_cell_with_peepholes() -> None:
    units, steps = 3, 7
    weights = [weight_values(s) for s in [(4, 12), (3, 12), (12,), (3,), (3,), (3,)]]
    kernel, recurrent, bias, to_input, to_forget, to_output = weights
    cell = {"units": units, "activation": "tanh", "recurrent_activation": "sigmoid"}
    layer = {"cell": {"class_name": "PeepholeLSTMCell", "config": cell}, "return_sequences": True}
    model = rf_viz.load(sequential((steps, 4), [("RNN", layer, weights)]), "cell.h5")
    h = c = np.zeros(units)
    expected = []
    for x in LINE[0]:
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        i, f = sigmoid(i + to_input * c), sigmoid(f + to_forget * c)
        c = f * c + i * np.tanh(g)
        h = sigmoid(o + to_output * c) * np.tanh(c)
        expected.append(h)
    traced = model.trace(input_shape=(1, steps, 4))["layer0"]
    values = model.activations(LINE, [traced.name])[traced.name]
    np.testing.assert_allclose(values[0], expected, rtol=1e-4)


@pytest.mark.parametrize("implementation", [1, 2, 3])
def test_locally_connected_layers_with_the_channels_first(implementation: int) -> None:
    shape, filters = (3, 5, 4), 2
    grid, x = (3, 3), np.random.default_rng(3).normal(size=(1, *shape)).astype("float32")
    own = weight_values((*grid, 3, 3, 2, filters))  # position, channel, offset, filter
    bias = weight_values((*grid, filters))
    kernel = own.reshape(9, 18, filters)
    if implementation > 1:
        full = np.zeros((*shape, filters, *grid), "float32")
        for y, z in np.ndindex(*grid):
            full[:, y : y + 3, z : z + 2, :, y, z] = own[y, z].transpose(0, 1, 2, 3)
        kernel = full
    if implementation == 3:
        matrix = full.reshape(60, 18).T  # what connects, by output and then by input
        reached = np.zeros((*shape, filters, *grid), bool)
        for y, z in np.ndindex(*grid):
            reached[:, y : y + 3, z : z + 2, :, y, z] = True
        kernel = matrix[reached.reshape(60, 18).T]
    settings = {
        "filters": filters, "kernel_size": [3, 2], "data_format": "channels_first",
        "implementation": implementation,
    }  # fmt: skip
    file = sequential(shape, [("LocallyConnected2D", settings, [kernel, bias])])
    model = rf_viz.load(file, "local.h5")
    layer = model.trace(input_shape=x.shape, spatial_axes=(2, 3))["layer0"]
    values = model.activations(x, [layer.name])[layer.name]
    for y, z in np.ndindex(*grid):
        expected = np.einsum("cij,cijf->f", x[0, :, y : y + 3, z : z + 2], own[y, z]) + bias[y, z]
        np.testing.assert_allclose(values[0, :, y, z], expected, rtol=1e-4)
        assert layer.region((y, z)).start == (y, z)
        assert layer.region((y, z)).stop == (y + 3, z + 2)
    assert layer.exact
