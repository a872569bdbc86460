"""Channels in order, and the figure of a page of them."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from rf_viz import Layer
from rf_viz.figures import channels_figure
from rf_viz.figures.channels import (
    PAGE,
    Order,
    bars,
    figures_of,
    reduced,
    strongest_first,
    thumbnails,
)
from rf_viz.figures.colours import DIVERGING, SEQUENTIAL, colours
from tests.oracles.onnx_oracle import single, traced

MAPS = np.array([[[0, 9], [0, 0]], [[4, 4], [4, 4]], [[-1, -1], [8, -1]]], np.float32)


def layer(channels: int, *extents: int) -> Layer:
    """A layer with this many channels of this grid."""
    kernel = [1] * len(extents)
    return traced(single("MaxPool", (1, channels, *extents), kernel_shape=kernel))["y"]


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def shown(image: go.layout.Image) -> np.ndarray:
    """The content of an image of a figure."""
    return pixels(base64.b64decode(image.source.partition("base64,")[2]))


def trace(figure: go.Figure, name: str) -> Any:  # noqa: ANN401
    (one,) = (trace for trace in figure.data if trace.name == name)
    return one


def test_a_figure_has_a_map_for_each_channel_the_strongest_first() -> None:
    figure = channels_figure(layer(3, 2, 2), MAPS[None])
    assert [image.name for image in figure.layout.images] == ["0", "2", "1"]
    assert list(trace(figure, "titles").text) == ["<b>0</b>", "<b>2</b>", "<b>1</b>"]
    assert list(trace(figure, "figures").text) == ["9", "8", "4"]
    table = colours(SEQUENTIAL)
    first = shown(figure.layout.images[0])
    size = len(first)
    assert (first[0, 0] == table[0]).all()
    assert (first[0, size - 1] == table[-1]).all(), "the right upper cell has the largest value"
    assert (first[size - 1, size - 1] == table[0]).all()


@pytest.mark.parametrize(("order", "names"), [("mean", ["1", "0", "2"]),
    ("cell", ["2", "1", "0"]), ("number", ["0", "1", "2"])])  # fmt: skip
def test_other_orders(order: Order, names: list[str]) -> None:
    figure = channels_figure(layer(3, 2, 2), MAPS[None], (1, 0), order=order)
    assert [image.name for image in figure.layout.images] == names


def test_the_cell_is_marked_at_its_place_in_every_map() -> None:
    grid = (9, 12)
    values = np.random.default_rng(0).random((1, 3, *grid), np.float32)
    figure = channels_figure(layer(3, *grid), values, (6, 2))
    mark = trace(figure, "pinned cell")
    boxes = np.stack([mark.x, mark.y], axis=1).reshape(3, 6, 2)[:, :5]
    for box, image in zip(boxes, figure.layout.images, strict=True):
        middle = (box.min(axis=0) + box.max(axis=0)) / 2
        place = (middle - (image.x, image.y)) / (image.sizex, image.sizey)
        assert place == pytest.approx((2.5 / 12, 6.5 / 9))


def test_on_one_scale_maps_can_be_compared() -> None:
    values = np.zeros((1, 2, 4, 4), np.float32)
    values[0, 0, 0, 0], values[0, 1, 0, 0] = 8, 2
    own = channels_figure(layer(2, 4, 4), values).layout.images
    assert (shown(own[0]) == shown(own[1])).all()
    figure = channels_figure(layer(2, 4, 4), values, same_scale=True)
    common = [shown(image)[0, 0].tolist() for image in figure.layout.images]
    assert common == [colours(SEQUENTIAL)[255].tolist(), colours(SEQUENTIAL)[64].tolist()]
    scale = trace(figure, "scale").marker
    assert (scale.cmin, scale.cmax) == (0, 8)


def test_zero_is_white_in_maps_of_both_signs() -> None:
    values = np.array([-4, 0, 2, 4], np.float32).reshape(1, 1, 2, 2)
    (image,) = channels_figure(layer(1, 2, 2), values).layout.images
    table = colours(DIVERGING)
    assert (shown(image)[0, 0] == table[0]).all()
    assert (shown(image)[0, -1] == table[128]).all()


def test_many_channels_come_in_pages() -> None:
    values = np.arange(100, dtype=np.float32).reshape(1, 100, 1, 1) * np.ones((2, 2), np.float32)
    last = channels_figure(layer(100, 2, 2), values, page=2)
    assert [image.name for image in last.layout.images] == ["3", "2", "1", "0"]
    with pytest.raises(IndexError, match="no page 3"):
        channels_figure(layer(100, 2, 2), values, page=3)


def test_signals_are_lines_and_single_values_are_bars() -> None:
    signals = channels_figure(layer(2, 50), np.random.default_rng(0).random((1, 2, 50), np.float32))
    assert not signals.layout.images
    assert len(trace(signals, "lines").x) == 2 * 51
    values = np.array([3, -1, 0], np.float32).reshape(1, 3, 1, 1)
    single_values = channels_figure(layer(3, 1, 1), values, names=["a", "b<i>", "c"])
    bar, ground = trace(single_values, "bars"), trace(single_values, "ground")
    assert bar.x == pytest.approx(ground.x * (0.75, 0, 0.25))  # in order: 3, 0, -1
    assert list(trace(single_values, "notes").text) == ["a", "c", "b&lt;i&gt;"]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="has the shape"):
        channels_figure(layer(3, 2, 2), MAPS)
    with pytest.raises(ValueError, match="no order 'loudest'"):
        channels_figure(layer(3, 2, 2), MAPS[None], order="loudest")  # type: ignore[arg-type]
    with pytest.raises(IndexError):
        channels_figure(layer(3, 2, 2), MAPS[None], (2, 0))


@pytest.mark.parametrize(("order", "channels"), [("maximum", [0, 2, 1]), ("mean", [1, 0, 2]),
    ("cell", [2, 1, 0])])  # fmt: skip
def test_orders(order: Order, channels: list[int]) -> None:
    assert strongest_first(figures_of(MAPS, order, (1, 0))) == channels


def test_equal_channels_stay_in_order_and_what_is_no_number_comes_last() -> None:
    figures = np.array([np.nan, 1, -np.inf, 1, np.inf], np.float32)
    assert strongest_first(figures) == [4, 1, 3, 2, 0]


def test_a_thumbnail_has_the_means_of_blocks() -> None:
    values = np.arange(130 * 3, dtype=np.float32).reshape(1, 130, 3)
    small = reduced(values)
    assert small.shape == (1, 44, 3)
    np.testing.assert_allclose(small[0, 0], values[0, :3].mean(axis=0))
    np.testing.assert_allclose(small[0, -1], values[0, 129:].mean(axis=0))


def test_a_page_of_noise_is_below_300_kilobytes() -> None:
    noise = np.random.default_rng(0).standard_normal((PAGE, 224, 224)).astype(np.float32)
    assert sum(len(image.content) for image in thumbnails(noise)) < 300_000


def test_bars_begin_at_zero() -> None:
    assert list(bars(np.array([3, -1, 0], np.float32), [0, 1, 2])) == [
        (0.25, 1),
        (0, 0.25),
        (0.25, 0.25),
    ]
