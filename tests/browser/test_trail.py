"""Through the layers, in a browser: what marks which part of which layer, and where clicks lead."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.browser.driver import TIMES, ask, choose_layer, click, number

PINNED = (255, 127, 14)


@pytest.fixture(scope="module")
def net() -> rf_viz.Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


def stop(page: Page, layer: str) -> Locator:
    return page.locator(f'.stop[data-layer="{layer}"]')


def seen(picture: Locator) -> NDArray[np.int64]:
    return np.asarray(Image.open(BytesIO(picture.screenshot())).convert("RGB")).astype(int)


def orange_box(picture: Locator) -> list[float]:
    """Left, top, right and bottom of what is drawn in the colour of what is pinned, as shares."""
    pixels = seen(picture)
    rows, columns = np.nonzero(np.abs(pixels - PINNED).max(axis=-1) < 24)
    height, width = pixels.shape[:2]
    return [
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    ]


def test_each_layer_shows_what_feeds_the_cell_and_a_click_leads_there(
    page: Page, net: rf_viz.Network
) -> None:
    choose_layer(page, "fire4/concat")
    click(page, 20, 6)
    expect(number(page, "cell")).to_have_text("(20, 6)")
    ask(page, "Through the layers")
    fed = net["fire4/concat"].trail((20, 6))

    source = "fire3/concat"
    (top, left), (bottom, right) = (f(np.argwhere(fed[source]), axis=0) for f in (np.min, np.max))
    sides = TIMES.join(map(str, (bottom - top + 1, right - left + 1)))
    grid = TIMES.join(map(str, fed[source].shape))
    expect(stop(page, source).locator(".count")).to_have_text(f"{sides} of {grid}")

    height, width = fed[source].shape
    expected = [left / width, top / height, (right + 1) / width, (bottom + 1) / height]
    stop(page, source).scroll_into_view_if_needed()
    assert orange_box(stop(page, source).locator("canvas")) == pytest.approx(expected, abs=0.04)

    expect(stop(page, "fire4/expand1x1/relu").locator(".count")).to_contain_text(f"1{TIMES}1 of")
    expect(stop(page, "fire4/squeeze1x1/relu").locator(".count")).to_contain_text(f"3{TIMES}3 of")
    assert stop(page, "fire4/concat").get_attribute("aria-current") == "true"

    stop(page, source).locator("canvas").click()
    expect(page.locator(".rf-about b")).to_have_text(source)
    middle = (top + bottom) // 2, (left + right) // 2
    cell = number(page, "cell")
    expect(cell).not_to_have_text("(20, 6)")
    at = tuple(int(n) for n in cell.inner_text().strip("()").split(","))
    assert fed[source][at]
    assert np.abs(np.subtract(at, middle)).max() <= 1


def test_the_strip_opens_at_the_cell_and_the_keys_walk_to_the_image(page: Page) -> None:
    ask(page, "Through the layers")
    strip = page.locator(".trail .strip")
    last = page.locator(".stop[aria-current]")
    strip.evaluate("strip => strip.scrollIntoView()")
    expect(last).to_be_in_viewport()
    assert strip.evaluate("strip => strip.scrollLeft > 0")
    last.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    first = stop(page, "conv1/relu")
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(".rf-about b")).to_have_text("conv1/relu")
