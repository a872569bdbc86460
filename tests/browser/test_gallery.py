"""Thumbnails of channels and crops of the strongest cells, to look at and to choose from."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from rf_viz.catalogue.samples import ASSETS
from tests.browser.driver import ask, number, shown_channel


def tiles(page: Page) -> Locator:
    return page.locator(".tile")


def colours(tile: Locator) -> int:
    """How many colours its picture has."""
    return tile.locator("img").evaluate(
        """image => {
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
          const pen = canvas.getContext("2d");
          pen.drawImage(image, 0, 0);
          const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )


def test_channels_by_mouse_and_by_keyboard(page: Page) -> None:
    ask(page, "Channels")
    current = page.locator(".tile[aria-current=true]")
    expect(current.locator(".title")).to_have_text(str(shown_channel(page)))
    assert colours(current) > 20
    mark, picture = (
        current.locator(part).bounding_box() for part in (".mark", ".picture")
    )  # the strongest cell, (13, 23) of (27, 27)
    assert abs(mark["x"] + mark["width"] / 2 - picture["x"] - picture["width"] * 23.5 / 27) < 1.5

    wanted = tiles(page).nth(7).locator(".title").inner_text()
    tiles(page).nth(7).click()
    title = page.locator("[data-pane=map] .title")
    expect(title).to_contain_text(f"channel {wanted}")
    expect(current.locator(".title")).to_have_text(wanted)

    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_have_text("49\N{EN DASH}96 of 256")
    expect(tiles(page).first).to_be_focused()
    page.keyboard.press("ArrowRight")
    wanted = tiles(page).nth(1).locator(".title").inner_text()
    page.keyboard.press("Enter")
    expect(title).to_contain_text(f"channel {wanted}")
    expect(page.locator(".where")).to_have_text("49\N{EN DASH}96 of 256")


def test_a_crop_leads_to_its_cell_and_to_its_image(page: Page) -> None:
    ask(page, "Strongest cells")
    expect(tiles(page)).to_have_count(9)
    tile = tiles(page).nth(3)
    cell, value = tile.locator(".note").inner_text(), tile.locator(".figure").inner_text()
    tile.click()
    expect(number(page, "cell")).to_have_text(cell)
    expect(number(page, "value")).to_have_text(value)

    page.get_by_role("radio", name="My images").click()
    images = [ASSETS / "images" / f"{name}.jpg" for name in ("coffee", "rocket", "camera")]
    page.locator("[data-testid=stFileUploader] input").set_input_files(images)
    page.get_by_text("The strongest in 3 images").wait_for()
    tile = tiles(page).filter(has_text=re.compile("coffee|rocket|camera")).first
    cell, name = tile.locator(".note").inner_text().split("\n")
    tile.click()
    expect(page.locator("[data-pane=image] .title")).to_have_text(name)
    expect(number(page, "cell")).to_have_text(cell)
