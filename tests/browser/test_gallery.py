"""Thumbnails of channels and crops of the strongest cells, to look at and to choose from."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from rf_viz.catalogue.samples import ASSETS, SAMPLE_MODELS
from rf_viz.survey import survey
from tests.browser.driver import ask, number, settle, shown_channel


def tiles(page: Page) -> Locator:
    return page.locator(".choices .parts button")


@pytest.fixture(scope="module")
def channels(opened: Page) -> Page:
    """The page with the channels of the layer that it opens with."""
    ask(opened, "Channels")
    expect(tiles(opened)).to_have_count(48)
    return opened


def colours(page: Page, number: int) -> int:
    """How many colours a tile's picture has."""
    return (
        page.locator(".choices .main-svg image")
        .nth(number)
        .evaluate(
            """async node => {
          const image = new Image();
          image.src = node.getAttribute("xlink:href") ?? node.getAttribute("href");
          await image.decode();
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
          const pen = canvas.getContext("2d");
          pen.drawImage(image, 0, 0);
          const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        }"""
        )
    )


def channel_of(tile: Locator) -> str:
    return re.match(r"Channel (\d+): ", tile.get_attribute("aria-label"))[1]


def test_a_sheet_is_saved_at_twice_its_size(channels: Page) -> None:
    settle(channels)
    shown = channels.locator(".choices .graph").bounding_box()
    with channels.expect_download() as download:
        channels.locator(".choices [data-title='Save as PNG']").click()
    assert download.value.suggested_filename == "Channels of fire5_concat.png"
    saved = Image.open(download.value.path())
    assert saved.size == pytest.approx((2 * shown["width"], 2 * shown["height"]), abs=3)
    assert len(saved.convert("RGB").getcolors(1 << 24)) > 100


def test_channels_by_mouse_and_by_keyboard(channels: Page) -> None:
    current = channels.locator(".choices [aria-current=true]")
    expect(current).to_have_attribute(
        "aria-label", re.compile(f"Channel {shown_channel(channels)}: ")
    )
    assert colours(channels, 0) > 20
    settle(channels)
    picture = channels.locator(".choices .main-svg image").first.bounding_box()
    box = current.bounding_box()
    assert picture["x"] == pytest.approx(box["x"], abs=2), "the buttons lie over the pictures"
    assert picture["width"] == pytest.approx(box["width"], abs=2)

    wanted = channel_of(tiles(channels).nth(7))
    tiles(channels).nth(7).click()
    title = channels.locator("[data-pane=map] .title")
    expect(title).to_contain_text(f"channel {wanted}")
    expect(current).to_have_attribute("aria-label", re.compile(f"Channel {wanted}: "))

    channels.keyboard.press("Home")
    channels.keyboard.press("ArrowDown")
    channels.keyboard.press("ArrowRight")
    expect(tiles(channels).nth(13)).to_be_focused()
    wanted = channel_of(tiles(channels).nth(13))
    channels.keyboard.press("Enter")
    expect(title).to_contain_text(f"channel {wanted}")
    expect(tiles(channels).nth(13)).to_be_focused()

    settle(channels)
    channels.get_by_role("button", name="Page 2", exact=True).click()
    expect(channels.get_by_text("49\N{EN DASH}96 of 256", exact=True)).to_be_visible()
    expect(current).to_have_count(0)
    wanted = channel_of(tiles(channels).nth(1))
    tiles(channels).nth(1).click()
    expect(title).to_contain_text(f"channel {wanted}")
    expect(channels.get_by_text("49\N{EN DASH}96 of 256", exact=True)).to_be_visible()


def test_a_narrow_page_has_fewer_columns(channels: Page) -> None:
    channels.set_viewport_size({"width": 390, "height": 800})
    across = "nodes => new Set(nodes.map((node) => node.style.left)).size"
    channels.wait_for_function(
        "() => new Set([...document.querySelectorAll('.choices .parts button')]"
        ".map((node) => node.style.left)).size === 4"
    )
    assert tiles(channels).evaluate_all(across) == 4
    assert channels.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_crop_leads_to_its_cell_and_to_its_image(page: Page) -> None:
    ask(page, "Strongest cells")
    expect(tiles(page)).to_have_count(9)
    cell, value = told(tiles(page).nth(3))[:2]
    tiles(page).nth(3).click()
    expect(number(page, "cell")).to_have_text(cell)
    expect(number(page, "value")).to_have_text(value)

    settle(page)
    page.get_by_role("radio", name="My images").click()
    images = [ASSETS / "images" / f"{name}.jpg" for name in ("coffee", "rocket", "camera")]
    settle(page)
    page.locator("[data-testid=stMain] [data-testid=stFileUploader] input").set_input_files(images)
    page.get_by_text("The strongest in 3 images").wait_for()
    tile = page.locator(".choices .parts [aria-label*='.jpg']").first
    cell, _, name = told(tile)
    tile.click()
    expect(page.locator("[data-pane=image] .title")).to_have_text(name)
    expect(number(page, "cell")).to_have_text(cell)


def test_a_crop_of_a_survey_leads_to_its_cell_and_to_its_image(page: Page, tmp_path: Path) -> None:
    images = [ASSETS / "images" / f"{name}.jpg" for name in ("coffee", "rocket", "camera")]
    squeezenet = SAMPLE_MODELS["squeezenet"].path
    survey(squeezenet, images, ["fire5/concat"], tmp_path / "found", workers=1, keep_images=True)
    archive = shutil.make_archive(str(tmp_path / "mine"), "zip", tmp_path, "found")

    ask(page, "Strongest cells")
    settle(page)
    page.get_by_role("radio", name="A survey").click()
    settle(page)
    uploader = page.locator("[data-testid=stMain] [data-testid=stFileUploader] input")
    uploader.set_input_files(archive)
    page.get_by_text("squeezenet1_1.onnx over 3 images").wait_for()
    settle(page)
    tile = page.locator(".choices .parts [aria-label*='.jpg']").nth(1)
    cell, value, name = told(tile)
    settle(page)
    tile.click()
    expect(page.locator("[data-pane=image] .title")).to_have_text(name)
    expect(number(page, "cell")).to_have_text(cell)
    expect(number(page, "value")).to_have_text(value)
    expect(tile).to_have_attribute("aria-current", "true")


def told(tile: Locator) -> tuple[str, str, str]:
    """The cell, the value and the image that a tile is of."""
    pattern = r"Number \d+: cell (\([\d, ]+\))(?: of (\S+))?, value (\S+), sees"
    match = re.match(pattern, tile.get_attribute("aria-label"))
    return match[1], match[3], match[2] or ""
