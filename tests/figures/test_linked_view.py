"""The linked view as a figure: its overlays lie where the network says, and have names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from onnx import helper
from PIL import Image

import rf_viz
from rf_viz import Layer
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from rf_viz.figures import linked_figure
from rf_viz.figures.overlays import runs
from tests.models.small_nets import Net
from tests.pages.driver import onnx_file


@pytest.fixture(scope="module")
def strided() -> Layer:
    """Two convolutions, the second with a stride and holes."""
    net = Net()
    net.conv(net.conv("x", 3, name="first"), 3, 2, name="second", dilation=4)
    return net.trace(16)["second"]


@pytest.fixture(scope="module")
def wide() -> Layer:
    """A convolution whose boxes leave the image."""
    net = Net()
    net.conv("x", 5, name="wide")
    net.weights["w5"] = np.ones((2, 1, 5, 5), np.float32)
    return net.trace(12)["wide"]


def overlay(figure: go.Figure, name: str) -> Any:  # noqa: ANN401
    shapes = [shape for shape in figure.layout.shapes if shape.name == name]
    assert len(shapes) < 2
    return shapes[0] if shapes else None


def box(shape: Any) -> tuple[float, float, float, float]:  # noqa: ANN401
    """Top, bottom, left, right as half-open pixels."""
    return shape.y0 + 0.5, shape.y1 + 0.5, shape.x0 + 0.5, shape.x1 + 0.5


@pytest.mark.parametrize("cell", [(0, 0), (2, 5), (5, 5)])
def test_the_outline_is_the_region(strided: Layer, cell: tuple[int, int]) -> None:
    figure = strided.show(None, cell)
    region = strided.region(cell)
    (top, left), (bottom, right) = region.start, region.stop
    assert box(overlay(figure, "exact region")) == (top, bottom, left, right)
    y, x = cell
    assert box(overlay(figure, "pinned cell")) == (y, y + 1, x, x + 1)
    assert overlay(figure, "pinned cell").xref == "x2"
    centre = overlay(figure, "centre")
    assert (centre.yanchor, centre.xanchor) == strided.receptive_field.centre(cell)


def test_the_closed_form_is_dashed_and_shows_where_it_differs(wide: Layer) -> None:
    corner, inside = wide.show(None, (0, 0)), wide.show(None, (6, 6))
    closed = overlay(corner, "closed form")
    assert box(closed) == (-2, 3, -2, 3)
    assert closed.line.dash == "dash"
    assert overlay(corner, "exact region").line.dash == "solid"
    assert overlay(inside, "closed form") is None, "the exact region is the same box"
    assert corner.layout.xaxis.range[0] < -0.5, "there is room for what leaves the image"


def test_an_assumed_region_is_called_so_and_dotted() -> None:
    net = Net()
    net.op("Unheard", "x", name="own", domain="com.example")
    layer = net.trace(8)["own"]
    figure = layer.show(None, (0, 0))
    assert overlay(figure, "exact region") is None
    assert overlay(figure, "assumed region").line.dash == "dot"


def test_exact_pixels_are_clear_and_the_holes_dark(strided: Layer) -> None:
    cell = (2, 3)
    figure = strided.show(None, cell, mode="pixels")
    (marks,) = [trace for trace in figure.data if trace.name == "exact pixels"]
    mask = strided.mask(cell)
    region = strided.region(cell)
    assert (marks.y0, marks.x0) == region.start
    assert (np.asarray(marks.z) == mask[region.slices]).all()
    assert not mask[region.slices].all()


def test_path_counts_are_shares_of_the_most(strided: Layer) -> None:
    figure = strided.show(None, (2, 3), mode="paths")
    (marks,) = [trace for trace in figure.data if trace.name == "path counts"]
    paths = strided.paths((2, 3))[strided.region((2, 3)).slices]
    assert np.abs(np.asarray(marks.z) / 255 - paths / paths.max()).max() <= 1 / 255
    assert (np.asarray(marks.z) == 0).tolist() == (paths == 0).tolist()


def test_cells_that_do_not_see_a_pixel_turn_grey(strided: Layer) -> None:
    figure = strided.show(None, (0, 0), pixel=(7, 4))
    veil = overlay(figure, "cells that do not see the pixel").path
    seeing = strided.seeing((7, 4))
    clear = np.zeros(seeing.shape, bool)
    for part in veil.split("Z")[1:-1]:
        left, top, right, bottom = _sides(part)
        clear[int(top + 0.5) : int(bottom + 0.5), int(left + 0.5) : int(right + 0.5)] = True
    assert (clear == seeing).all()
    assert box(overlay(figure, "pinned pixel")) == (7, 8, 4, 5)


def _sides(part: str) -> tuple[float, float, float, float]:
    start, across, down, _ = part.strip().replace("M", "").replace("V", "H").split("H")
    left, top = start.split(",")
    return float(left), float(top), float(across), float(down)


@pytest.mark.parametrize("seed", range(20))
def test_runs_cover_what_is_marked_and_no_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    marked = random.random(random.integers(1, 9, 2)) < random.random()
    marked = np.repeat(marked, random.integers(1, 3), axis=0)
    covered = np.zeros(marked.shape, int)
    for (top, bottom), (left, right) in runs(marked):
        covered[int(top) : int(bottom), int(left) : int(right)] += 1
    assert (covered == marked).all(), "each once"


def test_values_choose_the_strongest_channel_and_cell(wide: Layer) -> None:
    values = np.zeros(wide.shape, np.float32)
    values[0, 1, 4, 7], values[0, 0, 2, 2] = 5, -3
    figure = wide.show(values=values)
    assert box(overlay(figure, "pinned cell")) == (4, 5, 7, 8)
    (title,) = [note.text for note in figure.layout.annotations if note.name == "map title"]
    assert title == "<b>wide, channel 1</b>"
    first = wide.show(values=values, channel=0).data[1]
    assert (first.zmin, first.zmax) == (-3, 0)
    assert np.asarray(first.z)[2, 2] == -3


def test_values_of_both_signs_are_white_at_zero(wide: Layer) -> None:
    plane = np.linspace(-1, 4, 144, dtype=np.float32).reshape(12, 12)
    heatmap = linked_figure(wide, values=plane).data[1]
    assert (heatmap.zmin, heatmap.zmax) == (-4, 4)
    assert 0 in heatmap.colorbar.tickvals
    positive = linked_figure(wide, values=plane + 2).data[1]
    assert (positive.zmin, positive.zmax) == (1, 6)
    assert positive.colorscale != heatmap.colorscale


def test_cells_without_a_number_stay_blank(wide: Layer) -> None:
    plane = np.ones((12, 12), np.float32)
    plane[3, 4], plane[0, 0] = np.nan, 2
    z = np.asarray(linked_figure(wide, values=plane).data[1].z)
    assert np.isnan(z[3, 4])
    assert np.isfinite(z).sum() == 143


def test_any_image_is_taken(wide: Layer, tmp_path: Path) -> None:
    path = SAMPLE_IMAGES["chelsea"].path
    picture = Image.open(path).convert("RGB")
    pixels = np.asarray(picture)
    from_path = wide.show(path, (0, 0)).data[0].source
    assert from_path.startswith("data:image/png;base64,")
    assert wide.show(picture, (0, 0)).data[0].source == from_path
    assert wide.show(pixels, (0, 0)).data[0].source == from_path
    assert wide.show(pixels / 255, (0, 0)).data[0].source == from_path
    assert wide.show(pixels[..., 0], (0, 0)).data[0].source != from_path


def test_a_signal_is_a_line_with_a_span() -> None:
    sample = SAMPLE_MODELS["crepe"]
    layer = rf_viz.load(sample.path).trace(cut_global=True)[sample.default_layer]
    signal = np.sin(np.arange(1024) / 9)
    figure = layer.show(signal, (100,), values=np.ones(layer.extents, np.float32))
    region = layer.region((100,))
    shape = overlay(figure, "exact region")
    assert (shape.x0 + 0.5, shape.x1 + 0.5) == (region.start[0], region.stop[0])
    assert (shape.yref, shape.y0, shape.y1) == ("y domain", 0, 1)
    assert np.allclose(figure.data[0].y, signal)


def test_an_ordinary_figure_that_others_restyle(strided: Layer, tmp_path: Path) -> None:
    figure = strided.show(None, (1, 1))
    figure.update_shapes(selector={"name": "exact region"}, line_color="red")
    figure.update_layout(title="Mine", width=500)
    assert overlay(figure, "exact region").line.color == "red"
    assert overlay(figure, "pinned cell").line.color != "red"
    file = tmp_path / "mine.html"
    figure.write_html(file, include_plotlyjs="cdn")
    assert "exact region" in file.read_text(encoding="utf-8")


def test_what_does_not_fit_is_refused_in_a_sentence(wide: Layer) -> None:
    with pytest.raises(ValueError, match="box, pixels, paths or influence"):
        wide.show(mode="pixel")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"shape \(3, 3\)"):
        wide.show(values=np.zeros((3, 3), np.float32))
    with pytest.raises(IndexError):
        wide.show(None, (12, 0))
    with pytest.raises(IndexError, match="no channel 9"):
        wide.show(values=np.zeros(wide.shape, np.float32), channel=9)
    with pytest.raises(ValueError, match="at a size"):
        rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace("unknown")["conv1"].show()


def test_a_network_shows_its_growth(strided: Layer) -> None:
    figure = strided.net.show()
    names = {name for trace in figure.data for (name,) in trace.customdata or ()}
    assert names == {"first", "second"}


def test_influence_has_its_scale_beside_the_picture() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], "y")
    content = onnx_file([node], {"x": [1, 3, 8, 8]}, "y", {"w": (1, 3, 3, 3)})
    layer = rf_viz.load(content).trace()["y"]
    influence = np.zeros((8, 8))
    influence[2, 3], influence[3, 3] = 0.5, -2
    figure = layer.show(cell=(2, 3), mode="influence", influence=influence)
    (marks,) = figure.select_traces({"name": "influence"})
    assert marks.z[0, 0] == 128 + 32
    assert marks.z[1, 0] == 1
    assert marks.colorbar.ticktext == ("\N{MINUS SIGN}2", "0", "2")
    with pytest.raises(ValueError, match="shows what influence="):
        layer.show(cell=(2, 3), mode="influence")
    with pytest.raises(ValueError, match=r"shape \(4, 4\)"):
        layer.show(cell=(2, 3), mode="influence", influence=np.zeros((4, 4)))
