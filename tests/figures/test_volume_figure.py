"""The view of volumes as a figure: each slice shows what the network says of its voxels."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, helper
from PIL import Image

import rf_viz
from rf_viz import Layer
from rf_viz.catalogue.samples import phantom
from rf_viz.figures import volume_figure
from tests.oracles.onnx_oracle import build

SIZE = (13, 14, 12)
ACROSS = ((1, 2), (0, 2), (1, 0))
"""For the slice across each axis the axes that run down and to the right in it."""

CELLS = [(0, 0, 0), (2, 3, 1), (4, 6, 5)]


def traced(*more: NodeProto) -> rf_viz.Network:
    """A strided convolution, and one with holes along one axis only."""
    three = {"kernel_shape": [3] * 3, "strides": [2] * 3, "pads": [1] * 6}
    holes = {"kernel_shape": [3, 3, 1], "dilations": [2, 1, 1], "pads": [2, 1, 0, 2, 1, 0]}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["first"], **three),
        helper.make_node("Conv", ["first", "v"], ["last"], **holes),
        *more,
    ]
    weights = {
        "w": np.ones((1, 1, 3, 3, 3), np.float32),
        "v": np.ones((2, 1, 3, 3, 1), np.float32),
    }
    model = build(nodes, {"x": [1, 1, *SIZE]}, weights)
    return rf_viz.load(model.SerializeToString()).trace(cut_global=True)


@pytest.fixture(scope="module")
def layer() -> Layer:
    return traced()["last"]


def axes_of(side: str, axis: int) -> str:
    number = axis + (4 if side == "map" else 1)
    return "x" if number == 1 else f"x{number}"


def overlay(figure: go.Figure, name: str, side: str, axis: int) -> Any:  # noqa: ANN401
    where = axes_of(side, axis)
    shapes = [s for s in figure.layout.shapes if s.name == name and s.xref == where]
    assert len(shapes) < 2
    return shapes[0] if shapes else None


def box(shape: Any) -> list[tuple[float, float]]:  # noqa: ANN401
    """Half-open ranges down and to the right."""
    return [(shape.y0 + 0.5, shape.y1 + 0.5), (shape.x0 + 0.5, shape.x1 + 0.5)]


def middle(layer: Layer, cell: tuple[int, ...]) -> list[int]:
    region = layer.region(cell)
    return [(a + b - 1) // 2 for a, b in zip(region.start, region.stop, strict=True)]


def section(values: NDArray[Any], axis: int, at: int) -> NDArray[Any]:
    """What an array (depth, row, column) holds in a slice."""
    down, right = ACROSS[axis]
    return np.moveaxis(values, (axis, down, right), (0, 1, 2))[at]


def traces(figure: go.Figure, name: str) -> list[Any]:
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("cell", CELLS)
def test_every_slice_outlines_the_region(layer: Layer, cell: tuple[int, ...]) -> None:
    figure = layer.show(None, cell)
    region = layer.region(cell)
    for axis, (down, right) in enumerate(ACROSS):
        spans = list(zip(region.start, region.stop, strict=True))
        assert box(overlay(figure, "exact region", "image", axis)) == [spans[down], spans[right]]
        (y, x) = cell[down], cell[right]
        assert box(overlay(figure, "pinned cell", "map", axis)) == [(y, y + 1), (x, x + 1)]
        assert overlay(figure, "exact region", "map", axis) is None


def test_the_closed_form_is_dashed_and_leaves_the_volume(layer: Layer) -> None:
    corner, inside = layer.show(None, (0, 0, 0)), layer.show(None, (3, 3, 2))
    field = layer.receptive_field
    assert field is not None
    spans = list(zip(field.start((0, 0, 0)), field.stop((0, 0, 0)), strict=True))
    for axis, (down, right) in enumerate(ACROSS):
        closed = overlay(corner, "closed form", "image", axis)
        assert box(closed) == [spans[down], spans[right]]
        assert closed.line.dash == "dash"
    assert overlay(inside, "closed form", "image", 0) is None, "it is the exact region"
    centre = overlay(inside, "centre", "image", 0)
    assert [centre.yanchor, centre.xanchor] == list(field.centre((3, 3, 2))[1:])
    legend = [shape.name for shape in corner.layout.shapes if shape.showlegend]
    assert sorted(legend) == ["centre", "closed form", "exact region"], "one entry for all slices"


def test_an_assumed_region_is_dotted() -> None:
    unheard = helper.make_node("Unheard", ["last"], ["own"], domain="com.example")
    figure = traced(unheard)["own"].show()
    assert overlay(figure, "exact region", "image", 0) is None
    assert overlay(figure, "assumed region", "image", 2).line.dash == "dot"


@pytest.mark.parametrize("cell", CELLS)
def test_exact_pixels_and_path_counts_are_those_of_each_slice(
    layer: Layer, cell: tuple[int, ...]
) -> None:
    mask, paths, region = layer.mask(cell), layer.paths(cell), layer.region(cell)
    exact = traces(layer.show(None, cell, mode="pixels"), "exact pixels")
    counts = traces(layer.show(None, cell, mode="paths"), "path counts")
    for axis, (down, right) in enumerate(ACROSS):
        at = middle(layer, cell)[axis] - region.start[axis]
        for trace in (exact[axis], counts[axis]):
            assert (trace.y0, trace.x0) == (region.start[down], region.start[right])
            assert trace.xaxis == axes_of("image", axis)
        seen = section(mask[region.slices], axis, at)
        assert (np.asarray(exact[axis].z) == seen).all()
        share = section(paths[region.slices], axis, at) / paths.max()
        assert np.abs(np.asarray(counts[axis].z) / 255 - share).max() <= 1 / 255
    assert [trace.showscale for trace in counts] == [True, False, False]
    assert not mask[region.slices].all() or cell == (0, 0, 0), "there are holes to show"


def test_slices_show_the_volume_and_the_map(layer: Layer) -> None:
    volume, cell = phantom(SIZE), (2, 3, 1)
    values = np.random.default_rng(0).normal(size=layer.shape).astype(np.float32)
    figure = layer.show(volume, cell, values=values, channel=1)
    scaled = 255 * (volume - volume.min()) / np.ptp(volume)
    for axis in range(3):
        picture = seen(traces(figure, "picture")[axis].source)
        expected = section(scaled, axis, middle(layer, cell)[axis])
        assert np.abs(picture - expected).max() <= 1
        shown = np.asarray(traces(figure, "feature map")[axis].z)
        np.testing.assert_array_equal(shown, section(values[0, 1], axis, cell[axis]))
    limits = {(trace.zmin, trace.zmax) for trace in traces(figure, "feature map")}
    assert len(limits) == 1, "all slices have one scale"


def seen(source: str) -> NDArray[np.int64]:
    content = base64.b64decode(source.split(",")[1])
    return np.asarray(Image.open(BytesIO(content)).convert("L")).astype(int)


def test_cells_that_do_not_see_a_voxel_turn_grey(layer: Layer) -> None:
    pixel, cell = (3, 7, 5), (2, 3, 1)
    figure = layer.show(None, cell, pixel=pixel)
    seeing = layer.seeing(pixel)
    for axis, (down, right) in enumerate(ACROSS):
        veil = overlay(figure, "cells that do not see the pixel", "map", axis).path
        part = section(seeing, axis, cell[axis])
        clear = np.zeros(part.shape, bool)
        for piece in veil.split("Z")[1:-1]:
            start, across, bottom, _ = piece.strip()[1:].replace("V", "H").split("H")
            left, top = map(float, start.split(","))
            rows = slice(int(top + 0.5), int(float(bottom) + 0.5))
            clear[rows, int(left + 0.5) : int(float(across) + 0.5)] = True
        assert (clear == part).all()
        y, x = pixel[down], pixel[right]
        assert box(overlay(figure, "pinned pixel", "image", axis)) == [(y, y + 1), (x, x + 1)]


def test_voxels_are_cubes_unless_an_axis_would_be_too_short(layer: Layer) -> None:
    figure = layer.show()
    assert [figure.layout[f"yaxis{n}"].scaleratio for n in ("", 2, 3)] == [1, 1, 1]
    thin = [helper.make_node("Relu", ["x"], ["y"])]
    model = build(thin, {"x": [1, 1, 2, 50, 50]}, {})
    flat = rf_viz.load(model.SerializeToString()).trace()["y"].show()
    assert flat.layout.yaxis2.scaleratio == 10, "two slices are drawn as high as 20"


def test_files_and_arrays_are_taken_and_misfits_refused(layer: Layer, tmp_path: Path) -> None:
    volume = phantom(SIZE)
    path = tmp_path / "scan.npy"
    np.save(path, volume)
    from_path = traces(layer.show(path, (0, 0, 0)), "picture")[0].source
    assert traces(layer.show(str(path), (0, 0, 0)), "picture")[0].source == from_path
    assert traces(volume_figure(layer, volume, (0, 0, 0)), "picture")[0].source == from_path
    with pytest.raises(ValueError, match="depth, height, width"):
        layer.show(volume[0])
    with pytest.raises(ValueError, match="box, pixels, paths or influence"):
        layer.show(mode="pixel")  # type: ignore[arg-type]
    with pytest.raises(IndexError):
        layer.show(None, (9, 0, 0))
    with pytest.raises(ValueError, match="on images or signals"):
        rf_viz.figures.linked_figure(layer)
