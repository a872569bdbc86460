"""Tokens lie in the map where their patches are in the image; a finger does what the mouse does."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.browser.driver import (
    box_of,
    choose_layer,
    click,
    drawn,
    move_to,
    number,
    open_model,
    point,
    see_region,
    see_window,
    shown_channel,
    upload,
)
from tests.browser.visitors import visit
from tests.models.transformers import swin, vit

ROWS, COLUMNS, PATCH = 6, 8, 8


def test_the_tokens_of_a_transformer_are_a_map(page: Page) -> None:
    content = vit(ROWS, COLUMNS, PATCH)
    net = rf_viz.load(content).trace(cut_global=True)
    open_model(page, "vit.onnx", content, "patches")
    choose_layer(page, "begin")
    see_window(page, "map", 0, 0, COLUMNS, 7)
    move_to(page, 2, 3)
    assert drawn(page, "hovered") == [3 * PATCH, 2 * PATCH, PATCH, PATCH]
    click(page, 4, 6)
    token = 1 + 4 * COLUMNS + 6
    expect(number(page, "cell")).to_have_text(str(token))
    see_region(page, net["begin"].region((token,), shown_channel(page)))
    click(page, ROWS, 0)  # the class token, in a row of its own
    expect(number(page, "cell")).to_have_text("0")
    expect(page.get_by_text("Sees no pixel", exact=True).first).to_be_visible()

    choose_layer(page, "block0")
    click(page, 4, 6)
    expect(number(page, "context")).to_contain_text("the whole image also reaches this cell")
    assert drawn(page, "pinned") == [6 * PATCH, 4 * PATCH, PATCH, PATCH]
    click(page, ROWS, 0)
    assert drawn(page, "pinned") == [0, 0, COLUMNS * PATCH, ROWS * PATCH]


def test_windows_lie_where_they_are_in_the_image(page: Page) -> None:
    content = swin(8, 4, 4)
    net = rf_viz.load(content).trace(cut_global=True)
    upload(page, "Model", "swin.onnx", content)
    expect(page.locator(".rf-about b")).not_to_have_text("fire5/concat")
    page.keyboard.press("Escape")
    choose_layer(page, "block0/attention")
    see_window(page, "map", 0, 0, 8, 8)
    for row, column in ((0, 0), (3, 6), (7, 2)):
        move_to(page, row, column)
        left, top = 16 * (column // 4), 16 * (row // 4)
        assert drawn(page, "hovered") == [left, top, 16, 16], "its window of 4 x 4 patches"
    assert net["block0/attention"].exact


def test_a_finger_pins_cells_and_pixels(browser: Browser, url: str) -> None:
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    with visit(browser, url, viewport={"width": 900, "height": 900}, has_touch=True) as page:
        page.touchscreen.tap(*point(page, "map", 8.5, 9.5))
        expect(number(page, "cell")).to_have_text("(8, 9)")
        region = net["fire5/concat"].region((8, 9), shown_channel(page))
        assert drawn(page, "pinned") == box_of(region)
        expect(page.locator(".linked-view .spoken")).to_contain_text("cell (8, 9)")
        rows, columns = zip(region.start, region.stop, strict=True)
        expect(page.locator(".linked-view .spoken")).to_contain_text(
            f"rows {rows[0]}\N{EN DASH}{rows[1] - 1}, columns {columns[0]}\N{EN DASH}"
        )
        page.touchscreen.tap(*point(page, "image", 50.5, 50.5))
        expect(page.locator("[data-pane=map] .readout")).to_contain_text("cells see it")
