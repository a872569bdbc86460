"""The linked view of volumes in a browser: slices that follow pointer, keys and wheel."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from PIL import Image
from playwright.sync_api import Locator, Page, expect

import rf_viz
from rf_viz import Layer
from rf_viz.catalogue.samples import phantom
from rf_viz.inputs.volumes import fit_volume
from tests.browser.driver import TIMES, choose_layer, upload
from tests.pages.driver import onnx_file

SIZE = (16, 24, 20)
ACROSS = ((1, 2), (0, 2), (1, 0))
"""For the slice across each axis the axes that run down and to the right in it."""


def convolutions() -> bytes:
    """Two 3-D convolutions with stride 2."""
    three = {"kernel_shape": [3] * 3, "strides": [2] * 3, "pads": [1] * 6}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["first"], **three),
        helper.make_node("Conv", ["first", "v"], ["second"], **three),
    ]
    weights = {"w": (2, 1, 3, 3, 3), "v": (2, 2, 3, 3, 3)}
    return onnx_file(nodes, {"x": [1, 1, *SIZE]}, "second", weights)


SLICE = """([pane, name]) => {
  const graph = document.querySelector(".volume-view .js-plotly-plot");
  const { axes } = document.querySelector(`[data-pane="${pane}"]`).dataset;
  const full = graph._fullLayout;
  const own = graph.layout.shapes.find((s) => s.xref === `x${axes}` && s.name === name);
  const trace = graph._fullData.find((t) => t.xaxis === `x${axes}` && t.name === name);
  return {
    x: full[`xaxis${axes}`].range, y: full[`yaxis${axes}`].range, shape: own,
    trace: trace && { z: trace.z?.map((row) => [...row]), x0: trace.x0, y0: trace.y0,
      visible: trace.visible },
  };
}"""


def plot(page: Page, side: str, axis: int) -> Locator:
    return page.locator(f"[data-pane='{side} {axis}'] .plot")


def figure(page: Page, side: str, axis: int, name: str = "") -> dict[str, Any]:
    """The ranges of a slice's axes, and the overlay of that name in it."""
    result: dict[str, Any] = page.evaluate(SLICE, [f"{side} {axis}", name])
    return result


def point(page: Page, side: str, axis: int, y: float, x: float) -> tuple[float, float]:
    """Where a position of a slice is on the screen."""
    at = plot(page, side, axis)
    at.scroll_into_view_if_needed()
    box, shown = at.bounding_box(), figure(page, side, axis)
    (left, right), (bottom, top) = shown["x"], shown["y"]
    return (
        box["x"] + (x - 0.5 - left) / (right - left) * box["width"],
        box["y"] + (y - 0.5 - top) / (bottom - top) * box["height"],
    )


def drawn(page: Page, side: str, axis: int, name: str) -> list[float] | None:
    """An outline's y, x, height and width in a slice; None where it is hidden."""
    shape = figure(page, side, axis, name)["shape"]
    if shape["x0"] < -9e5:
        return None
    left, right, top, bottom = (shape[side] for side in ("x0", "x1", "y0", "y1"))
    return [top + 0.5, left + 0.5, bottom - top, right - left]


def planes(page: Page, side: str) -> list[int]:
    return [
        int(page.locator(f"[data-pane='{side} {axis}'] output").inner_text()) for axis in range(3)
    ]


def see_region(page: Page, layer: Layer, cell: tuple[int, ...], name: str) -> None:
    """The slices pass through the middle of what the cell sees, and outline it."""
    region = layer.region(cell)
    names = ("slices", "rows", "columns")
    spans = zip(names, region.start, region.stop, strict=True)
    ranges = ", ".join(f"{axis} {start}\N{EN DASH}{stop - 1}" for axis, start, stop in spans)
    size = TIMES.join(map(str, region.size))
    readout = page.locator("[data-side=image] .readout")
    expect(readout).to_have_text(f"{size} voxels \N{MIDDLE DOT} {ranges}")
    middle = [(a + b - 1) // 2 for a, b in zip(region.start, region.stop, strict=True)]
    assert planes(page, "image") == middle
    for axis, (down, right) in enumerate(ACROSS):
        box = [region.start[down], region.start[right], region.size[down], region.size[right]]
        assert drawn(page, "image", axis, name) == box


def see_brightness(page: Page, axis: int, y: int, x: int, expected: float) -> None:
    """The voxel comes to be as bright as this; the page may still be moving."""
    for _ in range(30):
        if seen_at(page, axis, y, x) == pytest.approx(expected, abs=4):
            return
        page.wait_for_timeout(100)
    assert seen_at(page, axis, y, x) == pytest.approx(expected, abs=4)


def seen_at(page: Page, axis: int, y: int, x: int) -> float:
    """The brightness of a voxel of the input on the screen, in 0..255, beside the cross."""
    left, top = point(page, "image", axis, y + 0.25, x + 0.25)
    clip = {"x": round(left) - 1, "y": round(top) - 1, "width": 2, "height": 2}
    shot: NDArray[np.uint8] = np.asarray(Image.open(BytesIO(page.screenshot(clip=clip))))
    return float(shot[..., :3].mean())


@pytest.fixture(scope="module")
def layer() -> Layer:
    return rf_viz.load(convolutions()).trace(cut_global=True)["second"]


@pytest.fixture
def shown(page: Page) -> Page:
    """The page with a model of volumes, and its second layer."""
    upload(page, "Model", "scan.onnx", convolutions())
    page.locator(".volume-view[data-view]").wait_for()
    page.keyboard.press("Escape")
    choose_layer(page, "second")
    return page


def test_a_cell_shows_what_it_sees_in_all_slices_by_pointer_wheel_and_keys(
    shown: Page, layer: Layer
) -> None:
    page, voxels = shown, fit_volume(phantom(SIZE), SIZE)

    # The pointer: whichever slice of the map it is in.
    depth, row, column = planes(page, "map")
    page.mouse.move(*point(page, "map", 0, 2.5, 1.5))
    see_region(page, layer, (depth, 2, 1), "hovered region")
    page.mouse.move(*point(page, "map", 1, 1.5, 3.5))
    see_region(page, layer, (1, row, 3), "hovered region")
    assert drawn(page, "map", 1, "hovered cell") == [1, 3, 1, 1]
    assert drawn(page, "map", 0, "hovered cell") is None or depth == 1

    # A click pins, and the slices of the map go there.
    page.mouse.click(*point(page, "map", 2, 3.5, 2.5))
    page.mouse.move(0, 0)
    assert planes(page, "map") == [2, 3, column]
    see_region(page, layer, (2, 3, column), "exact region")

    # What is inside the region is as bright as the volume, what is outside is darker.
    start, stop = layer.region((2, 3, column)).start, layer.region((2, 3, column)).stop
    middle = planes(page, "image")
    for offset in (-2, 2):
        y, x = middle[1] + offset, middle[2] - 1
        see_brightness(page, 0, y, x, 255 * voxels[middle[0], y, x])
    outside = (np.argwhere(voxels[middle[0]] > 0.8)).tolist()
    y, x = next(at for at in outside if at[0] < start[1] - 1 or at[0] > stop[1] + 1)
    see_brightness(page, 0, y, x, 255 * voxels[middle[0], y, x] / 2)

    # The keys move it in the slice's plane and across.
    plot(page, "map", 0).focus()
    for key in ("ArrowUp", "PageUp"):
        page.keyboard.press(key)
    see_region(page, layer, (1, 2, column), "exact region")
    assert planes(page, "map") == [1, 2, column]
    assert page.locator(".spoken").inner_text().startswith(f"cell (1, 2, {column}), ")

    # The wheel and the slider leaf through the slices; what passes by the region has no outline.
    depth = planes(page, "image")[0]
    page.mouse.move(*point(page, "image", 0, 1, 1))
    page.mouse.wheel(0, 100)
    expect(page.locator("[data-pane='image 0'] output")).to_have_text(str(depth + 1))
    page.locator("[data-pane='image 0'] input").fill("15")
    assert planes(page, "image")[0] == 15
    assert drawn(page, "image", 0, "exact region") is None
    assert drawn(page, "image", 1, "exact region") is not None


@pytest.mark.parametrize("mode", ["Exact pixels", "Path counts"])
def test_exact_pixels_and_path_counts_show_in_every_slice(
    shown: Page, layer: Layer, mode: str
) -> None:
    page = shown
    _, row, column = planes(page, "map")
    page.mouse.click(*point(page, "map", 1, 1.5, column + 0.5))
    page.mouse.move(0, 0)
    page.get_by_role("radio", name=mode).click()
    cell = (1, row, column)
    region, paths = layer.region(cell), layer.paths(cell)
    expect(page.locator("[data-side=image] .readout")).to_contain_text(
        f"{int(layer.mask(cell).sum())} of "
    )
    middle = planes(page, "image")
    for axis, (down, right) in enumerate(ACROSS):
        trace = figure(page, "image", axis, mode.lower())["trace"]
        assert trace["visible"]
        assert [trace["y0"], trace["x0"]] == [region.start[down], region.start[right]]
        part = paths[region.slices].take(middle[axis] - region.start[axis], axis)
        part = part if down < right else part.T
        marks = np.array(trace["z"], float)
        if mode == "Path counts":
            np.testing.assert_allclose(marks / 255, part / paths.max(), atol=1 / 255)
        else:
            np.testing.assert_array_equal(marks, part > 0)
    # Another slice shows its own part, and one outside of the region none.
    page.locator("[data-pane='image 0'] input").fill("15")
    assert not figure(page, "image", 0, mode.lower())["trace"]["visible"]
    assert figure(page, "image", 1, mode.lower())["trace"]["visible"]


def test_a_voxel_shows_which_cells_see_it(shown: Page, layer: Layer) -> None:
    page = shown
    depth = planes(page, "image")[0]
    page.mouse.click(*point(page, "image", 0, 9.5, 7.5))
    page.mouse.move(0, 0)
    count = int(layer.seeing((depth, 9, 7)).sum())
    readout = page.locator("[data-side=map] .readout")
    expect(readout).to_have_text(f"{count} of {layer.seeing((depth, 9, 7)).size} cells see it")
    assert planes(page, "image") == [depth, 9, 7]
    assert drawn(page, "image", 0, "pinned pixel") == [9, 7, 1, 1]
