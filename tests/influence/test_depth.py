"""The effective size over depth: measured for many layers at once, and only where it can change."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.errors import ModelError
from rf_viz.influence.depth import effective_sizes, widening
from tests.models.small_nets import Net
from tests.oracles.onnx_oracle import build

pytestmark = pytest.mark.slow

EXTENT = 64


def size_of_boxes(depth: int) -> float:
    """The size after so many convolutions of 3 x 3 with equal weights, by convolving them."""
    line = np.ones(1)
    for _ in range(depth):
        line = np.convolve(line, np.ones(3) / 3)
    square = np.outer(line, line)
    return float(np.sqrt((square > 0.0455 * square.max()).sum()))


def plateau(extent: int) -> NDArray[np.float32]:
    """An image of zeros around ones: whatever sees ones only moves alike for each pixel."""
    image = np.zeros((EXTENT, EXTENT), np.float32)
    first = (EXTENT - extent) // 2
    image[first : first + extent, first : first + extent] = 1
    return image


def loaded(net: Net) -> rf_viz.Model:
    shape = [1, 1, EXTENT, EXTENT]
    return rf_viz.load(build(net.nodes, {"x": shape}, net.weights).SerializeToString())


def convolutions(depth: int) -> rf_viz.Model:
    """Convolutions of 3 x 3 one after the other, each with an activation that changes nothing."""
    net, x = Net(), "x"
    for number in range(1, depth + 1):
        x = net.conv(x, 3, name=f"conv{number}")
        x = net.op("Relu", x, name=f"relu{number}")
    return loaded(net)


def test_by_occlusion_they_are_right_within_a_patch() -> None:
    model = convolutions(20)
    image = plateau(50)[None, None]
    sizes = effective_sizes(model, model.trace(), [image], method="occlusion")
    assert list(sizes) == [f"conv{number}" for number in range(1, 21)]
    for depth, size in enumerate(sizes.values(), 1):
        assert size.patch is not None
        assert size.size == pytest.approx(size_of_boxes(depth), abs=max(size.patch) - 0.9)
        assert size.images == 1
    # Small regions are covered pixel by pixel, and large ones by sixteen patches along a side.
    patches = [size.patch for size in sizes.values()]
    assert (patches[0], patches[-1]) == ((1, 1), (3, 3))


def test_by_gradient_they_are_those_of_convolving_the_kernel_with_itself() -> None:
    layer = keras.layers.Conv2D
    options: dict[str, Any] = {"padding": "same", "kernel_initializer": "ones"}
    net = keras.Sequential(
        [
            keras.Input((EXTENT, EXTENT, 1)),
            *(layer(1, 3, activation="relu", **options) for _ in range(6)),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    model = rf_viz.load(net)
    images = [scale * plateau(40)[None, ..., None] for scale in (1, 2)]
    sizes = effective_sizes(model, model.trace(cut_global=True), images)
    measured = [size.size for size in sizes.values()]
    assert measured == pytest.approx([size_of_boxes(depth) for depth in range(1, 7)])
    assert {size.images for size in sizes.values()} == {2}
    assert {size.patch for size in sizes.values()} == {None}


def test_layers_are_measured_that_combine_positions_before_the_pooling() -> None:
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    fires = [f"fire{number}/expand3x3" for number in range(2, 10)]
    expected = ["conv1", "pool1", *fires[:2], "pool3", *fires[2:4], "pool5", *fires[4:]]
    assert [layer.name for layer in widening(net)] == expected
    few = [layer.name for layer in widening(net, 4)]
    assert few == [expected[0], expected[4], expected[7], expected[-1]]


def test_values_that_are_not_finite_leave_the_other_layers_alone() -> None:
    net = Net()
    net.weights["huge"] = np.full((1, 1, 1, 1), 3e38, np.float32)
    deep = net.op("Conv", net.conv("x", 3, name="fine"), "huge", name="grown")
    net.conv(deep, 3, name="beyond")
    model = loaded(net)
    image = plateau(20)[None, None]
    traced = model.trace()
    assert list(effective_sizes(model, traced, [image], method="occlusion")) == ["fine"]
    with pytest.raises(ModelError, match="not a finite number"):
        effective_sizes(model, traced, [image], layers=[traced["beyond"]], method="occlusion")
    with pytest.raises(ModelError, match="occlusion"):
        effective_sizes(model, traced, [image])
    with pytest.raises(ModelError, match="no image"):
        effective_sizes(model, traced, [])


def test_layers_that_nothing_moves_have_no_size() -> None:
    net = Net()
    net.weights["minus"] = np.full((1, 1, 1, 1), -1, np.float32)
    below = net.op("Conv", net.conv("x", 3, name="first"), "minus", name="below")
    net.conv(net.op("Relu", below), 3, name="dead")
    model = loaded(net)
    traced, image = model.trace(), plateau(60)[None, None]
    assert list(effective_sizes(model, traced, [image], method="occlusion")) == ["first"]
    both = effective_sizes(model, traced, [image, -image], method="occlusion")
    assert {name: size.images for name, size in both.items()} == {"first": 2, "dead": 1}
    with pytest.raises(ModelError, match="no pixel moves"):
        effective_sizes(model, traced, [image], layers=[traced["dead"]], method="occlusion")
