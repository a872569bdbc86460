"""Influence by occlusion: the right patches are covered, and a move is shared out rightly."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import rf_viz
from rf_viz.errors import ModelError

RANDOM = np.random.default_rng(13)


def model_of(
    nodes: list[Any], shape: list[int | str], output: str, weights: dict[str, NDArray[Any]]
) -> rf_viz.Model:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = helper.make_opsetid("", 18)
    return rf_viz.load(helper.make_model(graph, opset_imports=[opset], ir_version=9))


def weight(*shape: int) -> NDArray[np.float32]:
    return RANDOM.normal(size=shape).astype(np.float32)


def values(*shape: int) -> NDArray[np.float32]:
    return RANDOM.normal(1, 1, size=shape).astype(np.float32)


def linear(kernel: NDArray[np.float32]) -> rf_viz.Model:
    """One convolution with a bias, over an image of 9 x 8."""
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], "y")
    bias = weight(len(kernel))
    return model_of([node], ["n", kernel.shape[1], 9, 8], "y", {"w": kernel, "b": bias})


def deep(dimensions: int) -> rf_viz.Model:
    """A rectifier, a dilated convolution, and a maximum: what a cell sees has holes."""
    extent = [11, 10, 9][:dimensions]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "a"),
        helper.make_node("Relu", ["a"], ["r"], "r"),
        helper.make_node("Conv", ["r", "v"], ["c"], "c", dilations=[3] * dimensions),
        helper.make_node("MaxPool", ["c"], ["y"], "y", kernel_shape=[2] * dimensions),
    ]
    weights = {"w": weight(3, 2, *[1] * dimensions), "v": weight(4, 3, *[3] * dimensions)}
    return model_of(nodes, ["n", 2, *extent], "y", weights)


def test_of_one_convolution_it_is_the_kernel_times_the_input() -> None:
    kernel = weight(2, 3, 3, 2)
    model, x = linear(kernel), values(1, 3, 9, 8)
    measured = model.influence(x, "y", (4, 5), 1, method="occlusion", size=1, filler="zero")
    expected = np.zeros((9, 8))
    expected[4:7, 5:7] = (kernel[1] * x[0, :, 4:7, 5:7]).sum(axis=0)
    np.testing.assert_allclose(measured, expected, atol=1e-5)


def test_its_sum_is_what_the_whole_region_moves_the_cell() -> None:
    kernel = weight(2, 3, 4, 5)
    model, x = linear(kernel), values(1, 3, 9, 8)
    covered = x.copy()
    covered[..., 3:7, 2:7] = x.mean(axis=(2, 3), keepdims=True)
    before, after = (model.activations(v, ["y"])["y"][0, 0, 3, 2] for v in (x, covered))
    for size in (1, 2, 3, (4, 2), 9):
        measured = model.influence(x, "y", (3, 2), 0, method="occlusion", size=size)
        assert measured.sum() == pytest.approx(before - after, abs=1e-4)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("channel", [2, None], ids=["one channel", "all channels"])
def test_it_is_what_covering_each_patch_by_hand_gives(dimensions: int, channel: int | None) -> None:
    model = deep(dimensions)
    net = model.trace(input_shape=(1, 2, *[11, 10, 9][:dimensions]))
    x, layer = values(*net.input.shape), net["y"]
    cell = tuple(n // 2 for n in layer.extents)
    size, stride, other = 3, 2, values(*net.input.shape)
    at = (0, slice(None) if channel is None else channel, *cell)
    mask, region = layer.mask(cell, channel), layer.region(cell, channel)
    assert not mask[region.slices].all()

    def value(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        return model.activations(tensor, ["y"])["y"][at]

    total, count = np.zeros(mask.shape), np.zeros(mask.shape)
    starts = [
        range(a, max(a + 1, b - size + stride), stride)
        for a, b in zip(region.start, region.stop, strict=True)
    ]
    for corner in product(*starts):
        inside = np.zeros(mask.shape, bool)
        inside[tuple(slice(n, n + size) for n in corner)] = True
        outside = np.ones(mask.shape, bool)
        outside[region.slices] = False
        inside &= mask & ~outside
        moved = value(np.where(inside, other, x)) - value(x)
        move = np.linalg.norm(moved) if channel is None else -moved
        total[inside] += move / max(inside.sum(), 1)
        count[inside] += 1
    expected = total / np.maximum(count, 1)
    assert np.count_nonzero(expected)
    measured = model.influence(
        x, layer, cell, channel, method="occlusion", size=size, stride=stride, filler=other
    )
    np.testing.assert_allclose(measured, expected, atol=1e-5)
    assert not measured[~mask].any()


def test_a_model_that_mixes_its_batch_is_run_one_by_one() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "c"),
        helper.make_node("ReduceMean", ["c", "axes"], ["m"], "m"),
        helper.make_node("Sub", ["c", "m"], ["y"], "y"),
    ]
    weights = {"w": weight(1, 1, 3, 3), "axes": np.array([0])}
    model = model_of(nodes, ["n", 1, 6, 6], "y", weights)
    # Of one example the mean is the example itself, so that nothing moves.
    measured = model.influence(values(1, 1, 6, 6), "y", (1, 1), 0, method="occlusion", size=1)
    assert not measured.any()


def test_a_model_of_one_example_only_is_run_one_by_one() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "c"),
        helper.make_node("Reshape", ["c", "shape"], ["y"], "y"),
    ]
    kernel, shape = weight(1, 1, 3, 3), np.array([1, 1, 4, 4])
    model = model_of(nodes, [1, 1, 6, 6], "y", {"w": kernel, "shape": shape})
    x = values(1, 1, 6, 6)
    net = model.trace()
    measured = model.influence(x, net["y"], (1, 2), 0, method="occlusion", size=1, filler="zero")
    np.testing.assert_allclose(measured[1:4, 2:5], kernel[0, 0] * x[0, 0, 1:4, 2:5], atol=1e-5)


def test_paths_through_a_stopped_tensor_have_no_influence() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["left"], "left", pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["x", "v"], ["right"], "right"),
        helper.make_node("Add", ["left", "right"], ["y"], "y"),
    ]
    narrow = weight(1, 1, 1, 1)
    model = model_of(nodes, ["n", 1, 6, 6], "y", {"w": weight(1, 1, 3, 3), "v": narrow})
    x = values(1, 1, 6, 6)
    layer = model.trace(input_shape=x.shape, stop=["left"])["y"]
    measured = model.influence(x, layer, (2, 3), 0, method="occlusion", size=1, filler="zero")
    expected = np.zeros((6, 6))
    expected[2, 3] = narrow[0, 0, 0, 0] * x[0, 0, 2, 3]
    np.testing.assert_allclose(measured, expected, atol=1e-5)


def test_progress_is_told_and_the_work_can_be_ended() -> None:
    model, x = linear(weight(1, 1, 6, 6)), values(1, 1, 9, 8)
    steps: list[tuple[int, int]] = []
    model.influence(
        x, "y", (0, 0), 0, method="occlusion", size=1, report=lambda *step: steps.append(step)
    )
    assert steps[-1] == (36, 36)
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})

    class EnoughError(Exception):
        pass

    def give_up(done: int, total: int) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        model.influence(x, "y", (0, 0), 0, method="occlusion", size=1, report=give_up)


def test_a_cell_that_sees_nothing_has_no_influence() -> None:
    node = helper.make_node("Pad", ["x", "pads"], ["y"], "y")
    model = model_of([node], ["n", 1, 4, 4], "y", {"pads": np.array([0, 0, 2, 0, 0, 0, 0, 0])})
    assert not model.influence(values(1, 1, 4, 4), "y", (0, 1), 0, method="occlusion").any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 0}, "from 1 on"),
        ({"size": (1, 2, 3)}, "each of 2 spatial axes"),
        ({"size": 2, "stride": 3}, "leaves gaps"),
        ({"filler": "grey"}, "use mean, zero or values"),
        ({"filler": np.zeros((5, 5))}, "does not fit"),
        ({"method": "saliency"}, "no method 'saliency'"),
    ],
)
def test_what_does_not_fit_is_told(options: dict[str, Any], words: str) -> None:
    model, x = linear(weight(1, 1, 3, 3)), values(1, 1, 9, 8)
    with pytest.raises(ValueError, match=words):
        model.influence(x, "y", (0, 0), 0, **{"method": "occlusion", **options})


def test_what_cannot_be_measured_is_told() -> None:
    model, x = linear(weight(1, 1, 3, 3)), values(1, 1, 9, 8)
    with pytest.raises(ModelError, match="occlusion"):
        model.influence(x, "y", (0, 0), 0)
    with pytest.raises(IndexError, match="cell"):
        model.influence(x, "y", (99, 0), 0, method="occlusion")
    with pytest.raises(ModelError, match="not a finite number"):
        model.influence(np.full_like(x, np.nan), "y", (0, 0), 0, method="occlusion")
    with pytest.raises(ModelError, match="choose another filler"):
        model.influence(x, "y", (0, 0), 0, method="occlusion", filler=np.inf)
    layer = model.trace((30, 30))["y"]
    with pytest.raises(ModelError, match=r"shape \[1, 1, 9, 8\]"):
        model.influence(x, layer, (0, 0), 0, method="occlusion")
