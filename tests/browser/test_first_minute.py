"""The first minute: what a newcomer sees, and how few clicks their own files need."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import pytest
from onnx import helper
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.driver import choose_layer, drawn, move_to, number, plot
from tests.browser.visitors import visit
from tests.pages.driver import onnx_file

SMALL = {"width": 1280, "height": 720}

DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer });
    document.querySelector(".linked-view").dispatchEvent(event);
  }
}"""


def drop(page: Page, name: str, content: bytes) -> None:
    """Drops a file onto the linked view."""
    page.evaluate(DROP, [name, base64.b64encode(content).decode()])


def holes() -> bytes:
    node = helper.make_node("Conv", ["x", "w"], ["holes"], "holes", dilations=[3, 3])
    return onnx_file([node], {"x": [1, 3, 32, 32]}, "holes", {"w": (2, 3, 3, 3)})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_explore_fits_into_a_small_window(browser: Browser, url: str, theme: str) -> None:
    with visit(browser, url, viewport=SMALL, color_scheme=theme) as page:
        for pane in ("image", "map"):
            box = plot(page, pane).bounding_box()
            assert box["width"] >= 400
            assert box["height"] >= 400
        questions = page.locator(".st-key-questions").bounding_box()
        assert questions["y"] + questions["height"] <= SMALL["height"]
        expect(page.get_by_text("See which pixels drive any neuron.").first).to_be_visible()
        expect(page.locator(".rf-lead")).to_contain_text("receptive field")


def test_all_layers_show_the_image_at_one_scale(opened: Page) -> None:
    before = plot(opened, "image").bounding_box()
    choose_layer(opened, "conv1")
    assert plot(opened, "image").bounding_box()["width"] == before["width"]
    choose_layer(opened, "fire9/concat")
    assert plot(opened, "image").bounding_box()["width"] == before["width"]


def test_ones_own_model_needs_no_click_but_a_drop(page: Page) -> None:
    drop(page, "holes.onnx", holes())
    expect(page.locator(".rf-about b")).to_have_text("holes")
    page.locator('.linked-view[data-view$=" holes"]').wait_for()
    move_to(page, 4, 5)
    assert drawn(page, "hovered") == [5, 4, 7, 7]


def test_an_image_is_dropped_as_well_and_what_is_neither_is_named(page: Page) -> None:
    stream = BytesIO()
    Image.new("RGB", (300, 260), (0, 200, 30)).save(stream, "PNG")
    drop(page, "green.png", stream.getvalue())
    title = page.locator("[data-pane=image] .title")
    expect(title).to_have_text("green.png")
    drop(page, "notes.txt", b"Dear diary, today I saw a network.")
    expect(page.get_by_role("alert")).to_contain_text("notes.txt is a text, not a model")
    expect(title).to_have_text("green.png")


def test_things_to_try(opened: Page) -> None:
    choose_layer(opened, "conv1")
    opened.get_by_role("button", name="The cat's eye").click()
    expect(opened.locator(".rf-about b")).to_have_text("fire5/concat")
    expect(number(opened, "cell")).to_have_text("(13, 23)")

    opened.get_by_role("button", name="Watch the field grow").click()
    sizes = []
    opened.wait_for_function("document.querySelector('.linked-view') && true")
    for _ in range(25):
        box = drawn(opened, "hovered")
        sizes += [box[2]] if box else []
        opened.wait_for_timeout(120)
    assert len(set(sizes)) > 5
    assert sizes == sorted(sizes)

    opened.get_by_role("button", name="Prove it").first.click()
    answer = opened.locator(".st-key-answer")
    expect(answer).to_be_in_viewport(ratio=0.1)


def test_a_presentation_has_no_sidebar_and_is_in_the_address(page: Page) -> None:
    page.get_by_text("Present", exact=True).click()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.locator(".stMain .rf-brand")).to_be_visible()
    expect(page).to_have_url(re.compile("present=1"))
    page.reload()
    page.locator(".linked-view[data-view]").wait_for()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    page.get_by_text("Present", exact=True).click()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


def test_a_presentation_fits_into_a_small_window(browser: Browser, url: str) -> None:
    with visit(browser, f"{url}/?present=1", viewport=SMALL) as page:
        box = page.locator(".st-key-questions").bounding_box()
        assert box["y"] + box["height"] <= SMALL["height"]


def test_words_and_the_layer_are_explained(opened: Page) -> None:
    opened.get_by_role("button", name="Words").click()
    for word in ("Size r", "Stride S", "Padding P", "Centre", "Closed form", "Exact"):
        expect(opened.get_by_text(word, exact=True).last).to_be_visible()
    opened.keyboard.press("Escape")
    choose_layer(opened, "fire2/expand3x3")
    opened.get_by_role("button", name="Layer", exact=False).first.click()
    card = opened.get_by_test_id("stPopoverBody")
    expect(card).to_contain_text("kernel")
    expect(card).to_contain_text("9,280 weights")
    expect(card).to_contain_text("r = ")
    opened.keyboard.press("Escape")


def test_a_classifiers_last_layer_names_the_likeliest(opened: Page) -> None:
    choose_layer(opened, "prob")
    classes = opened.locator(".rf-classes li")
    expect(classes).to_have_count(5)
    expect(classes.first).to_contain_text("cat")


def test_preprocessing_stands_beside_the_image(opened: Page) -> None:
    opened.get_by_role("button", name="Pixels: ").click()
    expect(opened.get_by_test_id("stPopoverBody")).to_contain_text("Preprocessing")
