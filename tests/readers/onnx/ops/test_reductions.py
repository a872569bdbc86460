"""Reductions and normalisations, against the running operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper

import rf_viz
from tests.oracles.onnx_oracle import assert_agrees, build, generic

X = {"x": (2, 3, 4)}


def one(op: str, outputs: int = 1, inputs: str = "x", **attributes: Any) -> Any:  # noqa: ANN401
    names = ["y", "y1", "y2", "y3", "y4"][:outputs]
    return helper.make_node(op, inputs.split(), names, **attributes)


@pytest.mark.parametrize(
    "op",
    ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"],
)
def test_each_reduction_sees_what_it_reduces(op: str) -> None:
    nudges = (0.5, -0.5) if op == "LogSumExp" else (3e3, -0.9)
    node = one(f"Reduce{op}", inputs="x axes", keepdims=0)
    assert_agrees(build([node], X, {"axes": np.array([-2])}), nudges=nudges)


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", [None, [0], [0, -1], []])
@pytest.mark.parametrize("noop", [0, 1])
def test_the_axes_of_a_reduction(keepdims: int, axes: list[int] | None, noop: int) -> None:
    constants = {} if axes is None else {"axes": np.array(axes, np.int64)}
    node = one(
        "ReduceSum",
        inputs="x axes" if constants else "x",
        keepdims=keepdims,
        noop_with_empty_axes=noop,
    )
    assert_agrees(build([node], X, constants, opset=18))


def test_axes_as_an_attribute_before_opset_18() -> None:
    assert_agrees(build([one("ReduceMean", axes=[1], keepdims=0)], X, opset=13))


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
def test_the_place_of_the_largest_depends_on_all(op: str) -> None:
    net = assert_agrees(build([one(op, axis=1, keepdims=0)], X), nudges=(3e3, -3e3), exact=False)
    assert net["y"].exact
    assert net["y"].mask_of(np.s_[0, 0])[0, :, 0].all()


def test_any_value_may_be_among_the_largest() -> None:
    model = build([one("TopK", 2, "x k", axis=1)], {"x": (2, 4)}, {"k": np.array([2])})
    assert_agrees(model)


@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize("axis", [0, -2, 2])
def test_a_cumulative_sum_sees_one_side(axis: int, reverse: int, exclusive: int) -> None:
    node = one("CumSum", inputs="x axis", exclusive=exclusive, reverse=reverse)
    assert_agrees(build([node], {"x": (2, 10, 3)}, {"axis": np.array(axis)}))


def test_a_cumulative_sum_is_not_what_makes_an_axis_spatial() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("CumSum", ["c", "axis"], ["y"]),
    ]
    constants = {"w": np.ones((2, 3, 3), np.float32), "axis": np.array(1)}
    net = rf_viz.load(build(nodes, {"x": (1, 3, 8)}, constants).SerializeToString()).trace()
    assert net.input.spatial_axes == (2,)
    assert net["y"].receptive_field == rf_viz.ReceptiveField((3,), (1,), (0,))


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(("opset", "axis"), [(11, 1), (13, 1), (13, -1), (11, 2)])
def test_softmax_mixes_its_axis(op: str, opset: int, axis: int) -> None:
    assert_agrees(build([one(op, axis=axis)], X, opset=opset), nudges=(0.5,))


def test_softmax_by_default() -> None:
    assert_agrees(build([one("Softmax")], X, opset=11), nudges=(0.5,))
    assert_agrees(build([one("Softmax")], X, opset=13), nudges=(0.5,))


def test_hardmax_may_move_to_any_place() -> None:
    assert_agrees(build([one("Hardmax", axis=1)], X), exact=False)


def test_lp_normalisation() -> None:
    assert_agrees(build([one("LpNormalization", axis=1)], X), nudges=(0.5,))


def test_mean_variance_normalisation() -> None:
    shape = {"x": (2, 2, 2, 3)}
    assert_agrees(build([one("MeanVarianceNormalization")], shape), nudges=(0.5,))
    node = one("MeanVarianceNormalization", axes=[1])
    assert_agrees(build([node], {"x": (2, 3, 2, 2)}), nudges=(0.5,))


@pytest.mark.parametrize("axis", [-1, 1])
def test_layer_normalisation_and_its_statistics(axis: int) -> None:
    extent = X["x"][axis:]
    constants = {"s": generic(extent, 1), "b": generic(extent, 2)}
    node = one("LayerNormalization", 3, "x s b", axis=axis)
    assert_agrees(build([node], X, constants, opset=17), nudges=(0.5,))


def test_a_scale_that_depends_on_the_input() -> None:
    nodes = [
        helper.make_node("ReduceMax", ["x", "axes"], ["s"], keepdims=0),
        helper.make_node("LayerNormalization", ["c", "s"], ["y"]),
    ]
    constants = {"c": generic((2, 3, 4), 3), "axes": np.array([0, 1])}
    assert_agrees(build(nodes, X, constants, opset=18))


def test_rms_normalisation() -> None:
    node = one("RMSNormalization", inputs="x s", axis=-1)
    model = build([node], X, {"s": generic((4,), 1)}, opset=23)
    assert_agrees(model, nudges=(0.5,), reference=True)


@pytest.mark.parametrize("opset", [18, 21])
def test_group_normalisation_mixes_within_groups(opset: int) -> None:
    count = {18: 2, 21: 4}[opset]
    constants = {"s": generic((count,), 1), "b": generic((count,), 2)}
    node = one("GroupNormalization", inputs="x s b", num_groups=2)
    model = build([node], {"x": (2, 4, 2, 2)}, constants, opset=opset)
    assert_agrees(model, nudges=(0.5,), reference=True)


def test_instance_normalisation() -> None:
    constants = {"s": generic((2,), 1), "b": generic((2,), 2)}
    model = build([one("InstanceNormalization", inputs="x s b")], {"x": (2, 2, 3, 2)}, constants)
    assert_agrees(model, nudges=(0.5,))


def whole(*shape: int) -> dict[str, np.ndarray]:
    """Small whole numbers, whose squares add up and cancel without rounding."""
    return {"x": np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 7 + 1}


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_local_response_sees_neighbouring_channels(size: int) -> None:
    node = one("LRN", size=size, alpha=float(size))
    assert_agrees(build([node], {"x": (1, 6, 2, 2)}), whole(1, 6, 2, 2), nudges=(1,))


def test_a_local_response_over_a_concatenation() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Concat", ["x", "c"], ["k"], axis=1),
        helper.make_node("LRN", ["k"], ["y"], size=3, alpha=3.0),
    ]
    model = build(nodes, {"x": (1, 2, 4, 4)}, {"w": np.ones((2, 2, 3, 3), np.float32)})
    assert_agrees(model, whole(1, 2, 4, 4), nudges=(1,))
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net.input.spatial_axes == (2, 3)
    assert net["y"].region((2, 2), channel=0).size == (1, 1)
    assert net["y"].region((2, 2), channel=1).size == (3, 3)


def test_batch_normalisation_by_constants_is_local() -> None:
    constants = {n: generic((3,), i) for i, n in enumerate("sbmv")}
    assert_agrees(build([one("BatchNormalization", inputs="x s b m v")], X, constants))


def test_batch_normalisation_in_training_mixes_the_batch_and_space() -> None:
    constants = {n: generic((3,), i) for i, n in enumerate("sbmv")}
    node = one("BatchNormalization", 3, "x s b m v", training_mode=1)
    assert_agrees(build([node], X, constants, opset=15), nudges=(0.5,), reference=True)


def test_dropout_is_local() -> None:
    assert_agrees(build([one("Dropout", 2)], X))
    assert_agrees(build([one("Dropout")], X, opset=10))


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
def test_global_pools_see_all_of_a_channel(op: str) -> None:
    assert_agrees(build([one(op)], {"x": (2, 2, 3, 3)}, opset=21))


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_losses(reduction: str) -> None:
    node = one("SoftmaxCrossEntropyLoss", 2, "x t", reduction=reduction)
    model = build([node], {"x": (2, 3, 2)}, {"t": np.array([[0, 1], [2, 0]])}, opset=13)
    assert_agrees(model, nudges=(0.5,))


def test_a_likelihood_may_pick_any_class() -> None:
    node = one("NegativeLogLikelihoodLoss", inputs="x t", reduction="none")
    model = build([node], {"x": (2, 3, 2)}, {"t": np.array([[0, 1], [2, 0]])}, opset=13)
    net = assert_agrees(model, exact=False)
    assert net["y"].exact


def test_cut_global_keeps_what_is_local_beside_a_normalisation() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("InstanceNormalization", ["c", "s", "b"], ["y"]),
    ]
    constants = {"w": generic((2, 1, 3, 3)), "s": generic((2,)), "b": generic((2,))}
    model = rf_viz.load(build(nodes, {"x": (1, 1, 8, 8)}, constants).SerializeToString())
    assert model.trace()["y"].region((0, 0)).size == (8, 8)
    layer = model.trace(cut_global=True)["y"]
    assert layer.region((0, 0)).size == (3, 3)
    assert layer.receptive_field == rf_viz.ReceptiveField((3, 3), (1, 1), (0, 0))
    assert layer.global_context == ("y",)
