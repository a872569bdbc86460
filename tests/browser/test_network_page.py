"""The Network page in a browser: what is folded and unfolded, and where clicks lead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from onnx import helper
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import WIDE
from tests.browser.driver import upload
from tests.pages.driver import onnx_file


@pytest.fixture
def network(browser: Browser, url: str) -> Iterator[Page]:
    """The page of a new visitor who comes to it first."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.set_default_timeout(20_000)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"{url}/network")
    page.locator(".graph .window svg").wait_for()
    page.locator(".js-plotly-plot .scatterlayer .point").first.wait_for(state="attached")
    yield page
    context.close()
    assert failures == []


def layer_box(page: Page, name: str) -> Locator:
    """Box of a layer in the graph."""
    return page.locator(f'.graph .box[data-layer="{name}"]')


def scope_box(page: Page, label: str) -> Locator:
    """Box or frame of a scope in the graph."""
    return page.locator(f'.graph .box[data-scope="{label}"]')


def see_in_explore(page: Page, name: str) -> None:
    """Waits until a layer shows in Explore."""
    expect(page.locator(".rf-about b")).to_have_text(name, timeout=20_000)
    expect(page.locator(".linked-view[data-view]")).to_be_visible()


def test_scopes_fold_and_unfold_and_layers_open(network: Page) -> None:
    header = scope_box(network, "fire2").locator(".header")
    header.click()
    expect(scope_box(network, "fire2")).to_have_class("box folded")
    expect(layer_box(network, "fire2/concat")).to_have_count(0)
    left = scope_box(network, "fire2").bounding_box()["x"]

    scope_box(network, "fire2").click()
    expect(scope_box(network, "fire2")).to_have_class("box frame")
    assert abs(scope_box(network, "fire2").bounding_box()["x"] - left) < 2  # it stays in place

    network.get_by_role("button", name="Unfold all").click()
    box = layer_box(network, "fire2/expand3x3")
    expect(box).to_be_attached()
    box.hover()
    expect(network.locator(".graph .said")).to_contain_text("fire2/expand3x3")
    box.click()
    see_in_explore(network, "fire2/expand3x3")


def test_the_keyboard_walks_through_the_graph(network: Page) -> None:
    network.locator(".graph .window").focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        network.keyboard.press(key)
    expect(network.locator(".graph .said")).to_contain_text("Conv")
    network.keyboard.press("Enter")
    see_in_explore(network, "conv1")


def test_a_point_of_the_growth_opens_its_layer_and_the_way_back_is_free(network: Page) -> None:
    points = network.locator(".js-plotly-plot").first.locator(".scatterlayer .point")
    points.first.click(force=True)
    see_in_explore(network, "conv1")
    network.get_by_test_id("stSidebar").get_by_role("link", name="Network").click()
    network.locator(".graph .window svg").wait_for()
    # It stays there, and is not sent off once more.
    expect(network.get_by_role("heading", name="What is notable")).to_be_visible()


def test_the_evidence_of_a_finding_opens(network: Page) -> None:
    network.get_by_test_id("stButtonGroup").get_by_text("fire6/expand3x3").first.click()
    see_in_explore(network, "fire6/expand3x3")


def test_a_thousand_boxes_stay_usable(network: Page) -> None:
    nodes = [
        helper.make_node("Relu", [f"t{n}" if n else "x"], [f"t{n + 1}"], f"r{n}")
        for n in range(1000)
    ]
    content = onnx_file(nodes, {"x": [1, 1, 8, 8]}, "t1000")
    upload(network, "Model", "long.onnx", content)
    expect(scope_box(network, "t1 \N{HORIZONTAL ELLIPSIS} t63")).to_be_visible(timeout=20_000)
    network.get_by_role("button", name="Unfold all").click()
    last = layer_box(network, "t1000")
    expect(last).to_be_attached()
    network.locator(".graph .window").focus()
    network.keyboard.press("End")
    expect(last).to_be_in_viewport()
    network.get_by_role("button", name="Fit").click()
    expect(layer_box(network, "t1")).to_be_attached()
