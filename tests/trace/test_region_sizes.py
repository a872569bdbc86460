"""The sizes of all regions of a layer, also where its cells cannot be written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rf_viz
from rf_viz.analysis import diagnosis
from rf_viz.trace.region_sizes import Spans, region_sizes
from tests.models.small_nets import Net

SIZE = (3, 4)


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    """Ends that vary along some of three axes of a grid, as small as they come."""
    grid = (2, 3, 2)

    def end(most: int) -> np.ndarray:
        shape = [n if draw(st.booleans()) else 1 for n in grid]
        count = int(np.prod(shape))
        numbers = draw(st.lists(st.integers(0, most), min_size=count, max_size=count))
        return np.array(numbers, np.int32).reshape(shape)

    return tuple((end(1), end(n)) for n in SIZE)


@settings(max_examples=300)
@given(spans())
def test_they_are_those_of_the_regions_written_out(ends: Spans) -> None:
    shape = np.broadcast_shapes(*(a.shape for pair in ends for a in pair))
    regions = [
        [(int(np.broadcast_to(a, shape)[c]), int(np.broadcast_to(b, shape)[c])) for a, b in ends]
        for c in product(*map(range, shape))
    ]
    whole = [region == [(0, n) for n in SIZE] for region in regions]
    sizes = region_sizes(ends, SIZE)
    assert sizes.largest == tuple(
        max(0, *(b - a for a, b in axis)) for axis in zip(*regions, strict=True)
    )
    assert (sizes.some_whole, sizes.every_whole) == (any(whole), all(whole))


def test_the_median_counts_a_region_that_is_empty_as_nothing() -> None:
    start, stop = np.array([0, 2**30, 1, 0, 5]), np.array([2, 0, 5, 9, 5])
    assert region_sizes(((start, stop),), (9,)).median == (2.0,)


@pytest.mark.parametrize("kernel", [3, 63])
def test_who_sees_the_whole_image_is_told_of_layers_with_billions_of_cells(kernel: int) -> None:
    net = Net()
    net.op("Resize", net.conv("x", kernel, name="conv"), "", "s", name="large", mode="nearest")
    net.weights["s"] = np.array([1, 1, 3000, 3000], np.float32)
    whole = diagnosis.whole_image(net.trace(32))
    assert whole.layers == 2
    assert [x and x.name for x in (whole.some, whole.every)] == (
        [None, None] if kernel == 3 else ["conv", "conv"]
    )


def test_layers_that_only_change_values_are_measured_once() -> None:
    net = Net()
    net.op("Relu", net.op("Relu", net.conv("x", 3, name="conv"), name="a"), name="b")
    layers: list[rf_viz.Layer] = net.trace(8).layers
    assert layers[0].region_sizes is layers[1].region_sizes is layers[2].region_sizes
    assert layers[0].region_sizes == ((3, 3), (3.0, 3.0), False, False)
