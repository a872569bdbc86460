"""Exported programs opened at other sizes than they were exported with, held against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz

FILE = Path(__file__).resolve().parents[2] / "data" / "pytorch" / "free_sizes.pt2"

Array = NDArray[Any]


def patches(x: Array) -> Array:
    """Windows of 2 x 2 pixels, two apart, with a column of zeros on both sides."""
    wide = np.pad(x, [(0, 0), (0, 0), (0, 0), (1, 1)])
    rows, columns = wide.shape[2] // 2, wide.shape[3] // 2
    wide = wide[:, :, : 2 * rows, : 2 * columns]
    blocks = wide.reshape(1, 2, rows, 2, columns, 2).transpose(0, 1, 3, 5, 2, 4)
    return blocks.reshape(1, 8, rows * columns)


def pixels_to_channels(x: Array) -> Array:
    _, channels, height, width = x.shape
    blocks = x.reshape(1, channels, height // 2, 2, width // 2, 2).transpose(0, 1, 3, 5, 2, 4)
    return blocks.reshape(1, 4 * channels, height // 2, width // 2)


def written_beyond_the_ends(x: Array) -> Array:
    y = x.copy()
    y[:, 5:] = 7
    y[:, max(x.shape[1] - 9, 0) : 2] = x[:, 2:3]
    y[-3:-1] *= 2
    return y


def every_second_written(x: Array) -> Array:
    y = x.copy()
    y[:, 1::2] = x[:, :1]
    return y


def places_at_equal_distances(x: Array) -> Array:
    return x[:, [0, (x.shape[1] - 1) // 2, x.shape[1] - 1]]


SAME: dict[str, Callable[[Array], Array]] = {
    "rolled_far": lambda x: np.roll(x, (9, -1), (0, 1)),
    "rolled_half": lambda x: np.roll(x, x.shape[1] // 2, 1),
    "rolled_flat": lambda x: np.roll(x, 5),
    "turned": lambda x: np.rot90(x, 1, (0, 1)),
    "repeated": lambda x: np.repeat(x, 2, 1),
    "last_chunk": lambda x: x[:, -(-x.shape[1] // 2) :] * 2,
    "all_but_three": lambda x: x[:, 3:] * 2,
    "overlapping_windows": lambda x: np.lib.stride_tricks.sliding_window_view(x, 3, 1)[:, ::2],
    "spread_of_rows": lambda x: x.var(1, ddof=1),
    "in_order": lambda x: np.sort(x, 1),
    "places_at_equal_distances": places_at_equal_distances,
    "shuffled_channels": lambda x: x[:, [0, 2, 1, 3]],
    "pixels_to_channels": pixels_to_channels,
    "patches": patches,
    "every_second_written": every_second_written,
    "written_beyond_the_ends": written_beyond_the_ends,
}

SHAPES = {
    "shuffled_channels": (1, 4, 5, 3),
    "pixels_to_channels": (1, 2, 6, 4),
    "patches": (1, 2, 5, 4),
}
SIZES = [(3, 4), (5, 9)]


@cache
def opened(name: str) -> Any:  # noqa: ANN401
    return rf_viz.load(FILE, signature=name)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SAME)
def test_at_another_size_values_and_masks_are_those_of_that_size(
    name: str, size: tuple[int, int]
) -> None:
    shape, function = SHAPES.get(name, size), SAME[name]
    model = opened(name)
    net = model.trace(input_shape=shape, spatial_axes=range(len(shape)))
    layer = net[model.proto.graph.output[0].name]
    x = np.random.default_rng(0).random(shape, np.float32)
    expected = function(x)
    assert layer.exact
    assert layer.shape == expected.shape
    values = model.activations(x, [layer.name])[layer.name]
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    moved = np.zeros((x.size, expected.size), np.bool_)
    for seed in range(3):
        x = np.random.default_rng(seed).random(shape)
        before = function(x).reshape(-1)
        for i in range(x.size):
            for value in (-1.0, 0.5, 2.0):
                changed = x.copy()
                changed.reshape(-1)[i] = value
                moved[i] |= function(changed).reshape(-1) != before
    for number, index in enumerate(np.ndindex(*expected.shape)):
        np.testing.assert_array_equal(layer.mask_of(index).reshape(-1), moved[:, number])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_size_of_what_is_not_followed_is_worked_out_as_the_exporter_wrote_it(
    size: tuple[int, int],
) -> None:
    """The export says TruncToInt(0.5 * ToFloat(height)), and the like for the width."""
    layer = opened("smaller_by_half").trace(input_size=size).layers[-1]
    assert layer.shape == (1, 1, size[0] // 2, size[1] // 2)
    assert not layer.exact


def test_a_size_at_which_the_module_would_take_another_branch_is_refused() -> None:
    model = opened("a_branch_for_large_images")
    layer = model.trace(input_size=(22, 5)).layers[-1]
    assert layer.exact
    assert layer.region((3, 1)) == rf_viz.Region((6, 1), (7, 2))
    with pytest.raises(
        rf_viz.ModelError, match=r"where inputs_0\.shape\[2\] >= 21, which is not so"
    ):
        model.trace(input_size=(16, 5))
