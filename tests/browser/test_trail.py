"""Through the layers, in a browser: what marks which part of which layer, and where clicks lead."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.browser.driver import TIMES, ask, choose_layer, click, number, settle


@pytest.fixture(scope="module")
def net() -> rf_viz.Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


def stop(page: Page, layer: str) -> Locator:
    return page.locator(f'.choices .parts button[data-name="{layer}"]')


def told(page: Page, layer: str) -> str:
    return stop(page, layer).get_attribute("aria-label") or ""


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
    stop(page, source).wait_for()
    assert f"{sides} of {grid} feed the cell" in told(page, source)
    assert f"1{TIMES}1 of" in told(page, "fire4/expand1x1/relu")
    assert f"3{TIMES}3 of" in told(page, "fire4/squeeze1x1/relu")
    assert stop(page, "fire4/concat").get_attribute("aria-current") == "true"

    settle(page)
    button = stop(page, source).bounding_box()
    pictures = page.locator(".choices .main-svg image").evaluate_all(
        "nodes => nodes.map((node) => node.getBoundingClientRect().toJSON())"
    )
    own = [p for p in pictures if button["x"] <= p["x"] < button["x"] + button["width"]]
    assert any(p["y"] == pytest.approx(button["y"], abs=12) for p in own), "buttons lie over stops"

    stop(page, source).click()
    expect(page.locator(".rf-about b")).to_have_text(source)
    middle = (top + bottom) // 2, (left + right) // 2
    cell = number(page, "cell")
    expect(cell).not_to_have_text("(20, 6)")
    settle(page)
    at = tuple(int(n) for n in cell.inner_text().strip("()").split(","))
    assert fed[source][at]
    assert np.abs(np.subtract(at, middle)).max() <= 1


def test_the_strip_opens_at_the_cell_and_the_keys_walk_to_the_image(page: Page) -> None:
    ask(page, "Through the layers")
    strip = page.locator(".choices .scroller")
    last = page.locator(".choices [aria-current]")
    last.wait_for()
    strip.evaluate("strip => strip.scrollIntoView()")
    expect(last).to_be_in_viewport()
    assert strip.evaluate("strip => strip.scrollLeft > 0")
    last.focus()
    page.keyboard.press("ArrowLeft")
    expect(stop(page, "fire5/expand1x1/relu")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(stop(page, "fire5/expand3x3/relu")).to_be_focused()
    expect(page.locator(".choices .shapelayer .near")).to_have_count(2)  # to it, and from it
    page.keyboard.press("Home")
    first = stop(page, "conv1/relu")
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(".rf-about b")).to_have_text("conv1/relu")
