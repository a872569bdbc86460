"""The Network page in a browser: what is folded and unfolded, and where clicks lead."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from onnx import helper
from PIL import Image
from playwright.sync_api import Browser, CDPSession, FloatRect, Locator, Page, expect

from tests.browser.driver import open_page, settle, upload
from tests.browser.visitors import visitor
from tests.pages.driver import onnx_file


@pytest.fixture
def network(browser: Browser, url: str) -> Iterator[Page]:
    """The page of a new visitor who comes to it first."""
    with visitor(browser) as page:
        open_page(page, f"{url}/network")
        see(page)
        yield page


@pytest.fixture(scope="module")
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """The page of a visitor who looks at layers and comes back, shared by some tests."""
    with visitor(browser) as page:
        open_page(page, f"{url}/network")
        yield page


@pytest.fixture
def again(opened: Page) -> Page:
    """The shared page, from wherever the test before has led."""
    if "/network" not in opened.url:
        opened.get_by_test_id("stSidebar").get_by_role("link", name="Network").click()
    see(opened)
    return opened


def see(page: Page) -> None:
    """Waits until the page shows."""
    page.locator(".graph .box").first.wait_for()
    page.locator(".js-plotly-plot .scatterlayer .point").first.wait_for(state="attached")
    settle(page)


def layer_box(page: Page, name: str) -> Locator:
    """Box of a layer in the graph."""
    return page.locator(f'.graph [data-layer="{name}"]')


def scope(page: Page, label: str) -> Locator:
    """Box of a folded scope in the graph, or header of an unfolded one."""
    return page.locator(".graph [aria-expanded]").filter(has_text=re.compile(f"^{label}"))


def smallest_text(page: Page) -> float:
    """Size of the smallest text in the graph, in pixels of the screen."""
    return float(
        page.locator(".graph .content").evaluate(
            "graph => Math.min(...[...graph.querySelectorAll('b, small')].map((text) =>"
            " parseFloat(getComputedStyle(text).fontSize) * Number(graph.style.zoom)))"
        )
    )


def scrolled(page: Page) -> tuple[float, float]:
    """How far the page and the graph are scrolled."""
    main = page.get_by_test_id("stMain").evaluate("main => main.scrollTop")
    return float(main), float(page.locator(".graph .window").evaluate("view => view.scrollTop"))


def long_network(page: Page) -> None:
    """Opens a network of 1,000 layers in a row."""
    nodes = [
        helper.make_node("Relu", [f"t{n}" if n else "x"], [f"t{n + 1}"], f"r{n}")
        for n in range(1000)
    ]
    upload(page, "Model", "long.onnx", onnx_file(nodes, {"x": [1, 1, 8, 8]}, "t1000"))
    expect(scope(page, "t1 \N{HORIZONTAL ELLIPSIS} t63")).to_be_visible()
    page.keyboard.press("Escape")


def see_in_explore(page: Page, name: str) -> None:
    """Waits until a layer shows in Explore."""
    expect(page.locator(".rf-about b")).to_have_text(name)
    expect(page.locator(".linked-view[data-view]")).to_be_visible()


def test_scopes_fold_and_unfold_and_layers_open(network: Page) -> None:
    scope(network, "fire2").click()
    expect(scope(network, "fire2")).to_have_attribute("aria-expanded", "false")
    expect(layer_box(network, "fire2/concat")).to_have_count(0)
    expect(scope(network, "fire2")).to_be_focused()
    top = scope(network, "fire2").bounding_box()["y"]

    scope(network, "fire2").click()
    expect(scope(network, "fire2")).to_have_attribute("aria-expanded", "true")
    assert abs(scope(network, "fire2").bounding_box()["y"] - top) < 2  # it stays in place

    network.get_by_role("button", name="Unfold all").click()
    box = layer_box(network, "fire2/expand3x3")
    expect(box).to_be_attached()
    box.hover()
    expect(network.locator(".graph .said")).to_contain_text("fire2/expand3x3")
    box.click()
    see_in_explore(network, "fire2/expand3x3")


def test_the_keyboard_walks_through_the_graph(again: Page) -> None:
    again.locator(".graph .window [tabindex='0']").focus()
    for key in ("Home", "ArrowRight"):
        again.keyboard.press(key)
    expect(layer_box(again, "conv1")).to_be_focused()
    expect(layer_box(again, "conv1")).to_have_attribute("aria-label", re.compile("Conv"))
    expect(again.locator(".graph .content [tabindex='0']")).to_have_count(1)
    again.keyboard.press("Enter")
    see_in_explore(again, "conv1")


def test_the_wheel_scrolls_the_page_until_the_graph_is_clicked(network: Page) -> None:
    view = network.locator(".graph .window")
    view.evaluate("view => view.scrollIntoView({block: 'center'})")
    frame = view.bounding_box()
    network.mouse.move(frame["x"] + frame["width"] - 30, frame["y"] + 200)
    page_before, _ = scrolled(network)
    network.mouse.wheel(0, 60)
    network.wait_for_function(
        "before => document.querySelector('[data-testid=stMain]').scrollTop > before",
        arg=page_before,
    )
    page_before, graph_before = scrolled(network)
    assert graph_before == 0
    network.mouse.click(frame["x"] + frame["width"] - 30, frame["y"] + 100)
    network.mouse.wheel(0, 60)
    network.wait_for_timeout(300)
    page_after, graph_after = scrolled(network)
    assert (page_after, graph_after) == (page_before, 60)
    zoom = view.locator(".content").evaluate("graph => Number(graph.style.zoom)")
    network.keyboard.down("Control")
    network.mouse.wheel(0, -60)
    network.keyboard.up("Control")
    network.wait_for_timeout(300)
    assert view.locator(".content").evaluate("graph => Number(graph.style.zoom)") > zoom


def test_a_graph_can_be_read_at_every_width_and_folding_fits_it_again(network: Page) -> None:
    for _ in range(9):
        network.locator(".graph").get_by_role("button", name="Zoom out").click()
    assert smallest_text(network) < 8
    network.get_by_role("button", name="Fold all", exact=True).click()
    expect(scope(network, "fire2")).to_have_attribute("aria-expanded", "false")
    assert smallest_text(network) >= 11
    view = network.locator(".graph .window")
    for width in (1440, 768, 390):
        network.set_viewport_size({"width": width, "height": 844})
        network.get_by_role("button", name="Unfold all").click()
        expect(layer_box(network, "fire9/concat")).to_be_attached()
        network.get_by_role("button", name="Fit").click()
        assert smallest_text(network) >= 11
        assert view.evaluate("view => view.scrollWidth - view.clientWidth") <= 0
        assert view.bounding_box()["height"] >= 400
        network.get_by_role("button", name="Fold all", exact=True).click()
        expect(layer_box(network, "fire9/concat")).to_have_count(0)


def test_a_point_of_the_growth_opens_its_layer_and_the_way_back_is_free(again: Page) -> None:
    points = again.locator(".js-plotly-plot").first.locator(".scatterlayer .point")
    settle(again)
    points.first.click(force=True)
    see_in_explore(again, "conv1")
    again.get_by_test_id("stSidebar").get_by_role("link", name="Network").click()
    again.locator(".graph .box").first.wait_for()
    # It stays there, and is not sent off once more.
    expect(again.get_by_role("heading", name="Findings")).to_be_visible()


def test_a_row_of_the_table_opens_its_layer_and_the_way_back_is_free(again: Page) -> None:
    table = again.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    settle(again)
    table.click(position={"x": 16, "y": 35 * 1.5})
    see_in_explore(again, "conv1")
    again.get_by_test_id("stSidebar").get_by_role("link", name="Network").click()
    again.locator(".graph .box").first.wait_for()
    expect(again.get_by_test_id("stDataFrame")).to_be_visible()


def test_the_evidence_of_a_finding_opens(again: Page) -> None:
    settle(again)
    again.get_by_test_id("stButtonGroup").get_by_text("fire6/expand3x3").first.click()
    see_in_explore(again, "fire6/expand3x3")


def test_a_thousand_boxes_stay_usable(network: Page) -> None:
    long_network(network)
    network.get_by_role("button", name="Unfold all").click()
    last = layer_box(network, "t1000")
    expect(last).to_be_attached()
    network.locator(".graph .window").focus()
    network.keyboard.press("End")
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    network.get_by_role("button", name="Fit").click()
    assert smallest_text(network) >= 11


def test_a_chart_is_saved_as_png_and_svg_at_twice_its_size(again: Page) -> None:
    chart = again.locator(".js-plotly-plot").first
    chart.hover()
    drawn = chart.bounding_box()
    for kind in ("a PNG", "an SVG"):
        with again.expect_download() as download:
            chart.locator(f"[data-title='Download plot as {kind}']").click()
        path = download.value.path()
        assert download.value.suggested_filename.startswith("how-far-the-layers-see.")
        if kind == "a PNG":
            with Image.open(path) as image:
                assert abs(image.width - 2 * drawn["width"]) < 3
        else:
            assert f'width="{round(2 * drawn["width"])}"' in path.read_text(encoding="utf-8")[:400]


def test_a_swipe_over_a_chart_scrolls_the_page_and_a_tap_opens_a_layer(
    browser: Browser, url: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    open_page(page, f"{url}/network")
    point = page.locator(".js-plotly-plot .cartesianlayer .point").first
    point.wait_for(state="attached")
    frame = point.bounding_box()
    page.touchscreen.tap(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    expect(page.locator(".rf-about b")).to_contain_text("conv1")
    open_page(page, f"{url}/network")
    point.wait_for(state="attached")
    session = context.new_cdp_session(page)
    main = page.get_by_test_id("stMain")
    for _ in range(5):  # a page that is busy misses the first movements of a finger
        swipe_up(session, page.locator(".js-plotly-plot").first.bounding_box())
        settle(page)
        if main.evaluate("main => main.scrollTop") > 50:
            break
    assert main.evaluate("main => main.scrollTop") > 50
    context.close()


def swipe_up(session: CDPSession, frame: FloatRect) -> None:
    """Moves a finger up by 150 pixels, from within a chart."""
    finger = {"x": frame["x"] + 150, "y": frame["y"] + 0.7 * frame["height"]}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    for _ in range(10):
        finger["y"] -= 15
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [finger]})
        time.sleep(0.016)  # as slowly as fingers move
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
