"""The linked view of volumes in a browser: slices that follow pointer, keys and wheel."""

from __future__ import annotations

from io import BytesIO

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
AXES = ("depth", "row", "column")
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


def plot(page: Page, side: str, axis: int) -> Locator:
    figures = page.locator(f"[data-side={side}] figure")
    return figures.filter(has=page.get_by_text(AXES[axis], exact=True)).locator(".plot")


def point(page: Page, side: str, axis: int, y: float, x: float) -> tuple[float, float]:
    """Where a position of a slice is on the screen."""
    at = plot(page, side, axis)
    at.scroll_into_view_if_needed()
    box = at.bounding_box()
    left, top, width, height = map(float, at.locator("svg").get_attribute("viewBox").split())
    return (
        box["x"] + (x - left) / width * box["width"],
        box["y"] + (y - top) / height * box["height"],
    )


def drawn(page: Page, side: str, axis: int, name: str) -> list[float] | None:
    """A mark's y, x, height and width in a slice; None where it is hidden."""
    return (
        plot(page, side, axis)
        .locator(f"[data-mark={name}]")
        .evaluate(
            "mark => mark.getAttribute('visibility') === 'hidden' ? null : "
            "['y', 'x', 'height', 'width'].map(side => Number(mark.getAttribute(side)))"
        )
    )


def planes(page: Page, side: str) -> list[int]:
    texts = {
        figure.locator(".axis").inner_text(): int(figure.locator("output").inner_text())
        for figure in page.locator(f"[data-side={side}] figure").all()
    }
    return [texts[name] for name in AXES]


def see_region(page: Page, layer: Layer, cell: tuple[int, ...], name: str) -> None:
    """The slices pass through the middle of what the cell sees, and outline it."""
    region = layer.region(cell)
    names = ("depth", "rows", "columns")
    spans = zip(names, region.start, region.stop, strict=True)
    ranges = ", ".join(f"{axis} {start}\N{EN DASH}{stop - 1}" for axis, start, stop in spans)
    size = TIMES.join(map(str, region.size))
    readout = page.locator("[data-side=input] .readout")
    expect(readout).to_have_text(f"{size} voxels \N{MIDDLE DOT} {ranges}")
    middle = [(a + b - 1) // 2 for a, b in zip(region.start, region.stop, strict=True)]
    assert planes(page, "input") == middle
    for axis, (down, right) in enumerate(ACROSS):
        box = [region.start[down], region.start[right], region.size[down], region.size[right]]
        assert drawn(page, "input", axis, name) == box


def seen_at(page: Page, axis: int, y: int, x: int) -> float:
    """The brightness of a voxel of the input on the screen, in 0..255, beside the cross."""
    left, top = point(page, "input", axis, y + 0.25, x + 0.25)
    clip = {"x": round(left) - 1, "y": round(top) - 1, "width": 2, "height": 2}
    shot: NDArray[np.uint8] = np.asarray(Image.open(BytesIO(page.screenshot(clip=clip))))
    return float(shot[..., :3].mean())


@pytest.fixture(scope="module")
def layer() -> Layer:
    return rf_viz.load(convolutions()).trace(cut_global=True)["second"]


@pytest.fixture
def shown(page: Page) -> Page:
    upload(page, "Model", "scan.onnx", convolutions())
    page.locator("[data-side=input] [data-mark=pinned][width]").first.wait_for(state="attached")
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
    see_region(page, layer, (depth, 2, 1), "hovered")
    page.mouse.move(*point(page, "map", 1, 1.5, 3.5))
    see_region(page, layer, (1, row, 3), "hovered")
    assert drawn(page, "map", 1, "hovered") == [1, 3, 1, 1]
    assert drawn(page, "map", 0, "hovered") is None or depth == 1

    # A click pins, and the slices of the map go there.
    page.mouse.click(*point(page, "map", 2, 3.5, 2.5))
    page.mouse.move(0, 0)
    assert planes(page, "map") == [2, 3, column]
    see_region(page, layer, (2, 3, column), "pinned")

    # What is inside the region is as bright as the volume, what is outside is darker.
    start, stop = layer.region((2, 3, column)).start, layer.region((2, 3, column)).stop
    middle = planes(page, "input")
    for offset in (-2, 2):
        y, x = middle[1] + offset, middle[2] - 1
        assert seen_at(page, 0, y, x) == pytest.approx(255 * voxels[middle[0], y, x], abs=4)
    outside = (np.argwhere(voxels[middle[0]] > 0.8)).tolist()
    y, x = next(at for at in outside if at[0] < start[1] - 1 or at[0] > stop[1] + 1)
    assert seen_at(page, 0, y, x) == pytest.approx(255 * voxels[middle[0], y, x] / 2, abs=4)

    # The keys move it in the slice's plane and across.
    plot(page, "map", 0).focus()
    for key in ("ArrowUp", "PageUp"):
        page.keyboard.press(key)
    see_region(page, layer, (1, 2, column), "pinned")
    assert planes(page, "map") == [1, 2, column]
    assert page.locator(".spoken").inner_text().startswith(f"cell (1, 2, {column}), ")

    # The wheel and the slider leaf through the slices; what passes by the region has no outline.
    depth = planes(page, "input")[0]
    plot(page, "input", 0).hover()
    page.mouse.wheel(0, 100)
    expect(page.locator("[data-side=input] output").first).to_have_text(str(depth + 1))
    page.locator("[data-side=input] input").first.fill("15")
    assert planes(page, "input")[0] == 15
    assert drawn(page, "input", 0, "pinned") is None
    assert drawn(page, "input", 1, "pinned") is not None
