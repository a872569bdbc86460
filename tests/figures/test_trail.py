"""The way through the layers: what feeds a cell, where it is drawn, and what is told of it."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

import rf_viz
from rf_viz import Layer, Network
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.figures import trail_figure
from rf_viz.figures.trail import broken, counted, thumbnail
from tests.oracles.onnx_oracle import single, traced

BY = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(scope="module")
def net() -> Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


def pooled(channels: int, height: int, width: int, **attributes: object) -> Layer:
    shape = (1, channels, height, width)
    options = {"kernel_shape": [3, 3], "pads": [1] * 4, **attributes}
    return traced(single("MaxPool", shape, **options))["y"]


def marked(shape: tuple[int, ...], *cells: tuple[int, ...]) -> np.ndarray:
    marks = np.zeros(shape, bool)
    for cell in cells:
        marks[cell] = True
    return marks


def trace(figure: go.Figure, name: str) -> Any:  # noqa: ANN401
    (one,) = (trace for trace in figure.data if trace.name == name)
    return one


def lines(one: go.Scatter) -> list[np.ndarray]:
    """The lines of a trace, each of points (n, 2)."""
    points = np.stack([one.x, one.y], axis=1)
    gaps = np.flatnonzero(np.isnan(points[:, 0]))
    return [part[~np.isnan(part[:, 0])] for part in np.split(points, gaps) if len(part) > 1]


def shown(image: go.layout.Image) -> np.ndarray:
    content = base64.b64decode(image.source.partition("base64,")[2])
    return np.asarray(Image.open(BytesIO(content)).convert("RGB")).astype(int)


def path_end(path: str) -> tuple[float, float]:
    """Where a path of lines and curves ends that leads along a height at last."""
    numbers = [float(number) for number in re.findall(r"[\d.]+", path)]
    curves = re.findall(r"C[\d., ]+,([\d.]+)(?=H)", path)
    return numbers[-1], float(curves[-1]) if curves else numbers[1]


def test_each_stop_outlines_the_cells_that_feed_the_cell(net: Network) -> None:
    layer = net["fire4/concat"]
    figure = trail_figure(layer, (20, 6))
    outlines, fed = lines(trace(figure, "feeding cells")), layer.trail((20, 6))
    images = {image.name: image for image in figure.layout.images}
    assert {"fire2/concat", "fire3/concat", "fire4/concat", "fire4/expand3x3/relu"} <= set(images)
    for name in ("conv1/relu", "fire2/concat", "fire3/concat"):
        image, cells = images[name], np.argwhere(fed[name])
        (top, left), (bottom, right) = cells.min(axis=0), cells.max(axis=0) + 1
        height, width = fed[name].shape
        box = np.array([[left / width, top / height], [right / width, bottom / height]])
        own = [
            line
            for line in outlines
            if (line[:, 0] >= image.x).all() and (line[:, 0] <= image.x + image.sizex).all()
            and (line[:, 1] >= image.y).all() and (line[:, 1] <= image.y + image.sizey).all()
        ]  # fmt: skip
        (line,) = own
        drawn = (line - (image.x, image.y)) / (image.sizex, image.sizey)
        assert [drawn.min(axis=0), drawn.max(axis=0)] == pytest.approx(box, abs=0.02)


def test_branches_run_side_by_side_and_every_link_is_drawn(net: Network) -> None:
    figure = trail_figure(net["fire3/concat"], (10, 10))
    images = {image.name: image for image in figure.layout.images}
    one, other = images["fire2/expand1x1/relu"], images["fire2/expand3x3/relu"]
    middles = [image.x + image.sizex / 2 for image in (one, other)]
    assert middles[0] == middles[1]
    assert one.y + one.sizey < other.y
    ends = [path_end(shape.path) for shape in figure.layout.shapes if shape.name == "link"]
    for image in figure.layout.images:
        arrives = (image.x, image.y + image.sizey / 2)
        near = [end for end in ends if np.abs(np.subtract(end, arrives)).max() < 1]
        assert near or image.x == min(each.x for each in figure.layout.images)


def test_what_does_not_feed_the_cell_is_dark() -> None:
    layer = pooled(1, 12, 12)
    picture = np.full((12, 12, 3), 200, np.uint8)
    figure = trail_figure(layer, (3, 8), picture)
    photograph = shown(figure.layout.images[0])
    cells = photograph.reshape(12, len(photograph) // 12, 12, -1, 3).mean(axis=(1, 3, 4))
    expected = np.full((12, 12), 80)
    expected[2:5, 7:10] = 200
    # JPEG spreads an edge over its neighbours; the middles of the cells are what they are.
    np.testing.assert_allclose(cells, expected, atol=16)


def test_holes_are_drawn(net: Network) -> None:
    layer = pooled(1, 20, 20, dilations=[3, 3], pads=[3] * 4)
    outlines = lines(trace(trail_figure(layer, (10, 10)), "feeding cells"))
    mask = layer.mask((10, 10))
    assert mask.sum() == 9
    edges = sum(np.diff(mask, axis=axis, prepend=False, append=False).sum() for axis in (0, 1))
    assert len(outlines) == edges + 1, "four sides of each pixel, and the box of the cell itself"


def test_pictures_show_the_strength_of_the_values() -> None:
    layer = pooled(2, 6, 6)
    values = np.zeros((1, 2, 6, 6), np.float32)
    values[0, :, 4, 1] = -5
    (_, image) = trail_figure(layer, (4, 1), values={"y": values}).layout.images
    pixels = shown(image)
    size = len(pixels) // 6
    bright = pixels[4 * size + size // 2, size + size // 2]
    np.testing.assert_allclose(bright, (253, 231, 37), atol=4)  # the end of Viridis
    assert pixels[size // 2, size // 2].sum() < 0.5 * np.array([68, 1, 84]).sum()


def test_a_channel_is_fed_by_less(net: Network) -> None:
    layer = net["fire2/concat"]
    names = trace(trail_figure(layer, (5, 5), channel=0), "names").text
    every = trace(trail_figure(layer, (5, 5)), "names").text
    assert not any("expand3x3" in name for name in names)
    assert any("expand3x3" in name for name in every)


def test_a_signal_and_a_long_way_are_drawn() -> None:
    net = rf_viz.load(SAMPLE_MODELS["crepe"].path).trace(cut_global=True)
    layer = net.layers[-1]
    figure = trail_figure(layer, most=3)
    assert any("more" in text for text in trace(figure, "names").text)
    (signal,) = lines(trace(figure, "signal"))
    assert len(signal) == 300


def test_what_does_not_fit_is_refused(net: Network) -> None:
    with pytest.raises(IndexError):
        trail_figure(net["fire4/concat"], (99, 0))
    with pytest.raises(ValueError, match="has the shape"):
        trail_figure(net["fire4/concat"], values={"conv1": np.zeros((1, 2), np.float32)})


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        (marked((9, 8), (2, 3), (2, 4)), f"1 {BY} 2 of 9 {BY} 8"),
        (marked((9, 8), (2, 3), (2, 5)), f"2 of 9 {BY} 8"),
        (np.ones((3, 4), bool), f"all 3 {BY} 4"),
        (marked((5,), (1,), (2,)), "2 of 5"),
        (np.ones((), bool), "the only cell"),
    ],
)
def test_how_many_cells_feed(marks: np.ndarray, text: str) -> None:
    assert counted(marks) == text


def test_long_names_take_two_lines() -> None:
    assert broken("conv1") == ["conv1"]
    assert broken("fire4/squeeze1x1/relu") == ["fire4/squeeze1x1/", "relu"]
    assert [len(part) for part in broken("x" * 60)] == [17, 17]


def test_a_thumbnail_shows_strength_whatever_its_sign() -> None:
    values = np.zeros((1, 2, 3, 3), np.float32)
    values[0, 0, 1, 2], values[0, 1, 0, 0], values[0, 1, 2, 2] = -4, 2, np.nan
    assert thumbnail(values, pooled(2, 3, 3)).tolist() == [[128, 0, 0], [0, 0, 255], [0, 0, 0]]


def test_a_thumbnail_of_a_large_map_is_small() -> None:
    values = np.zeros((1, 1, 100, 50), np.float32)
    values[..., 50:, :] = 1
    small = thumbnail(values, pooled(1, 100, 50))
    assert small.shape == (48, 48)
    assert small[:23].max() == 0
    assert small[25:].min() == 255
