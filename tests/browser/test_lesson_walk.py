"""A student's first walk through Learn, by clicks: from the opening to a right answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.lessons.exercises import exercise
from rf_viz.ui.learn.lesson import TITLES
from rf_viz.ui.learn.opening.opening import cell_at
from rf_viz.ui.learn.sample import LAYERS
from tests.browser.driver import open_page, settle
from tests.browser.visitors import visitor

SIZES = {"laptop": (1280, 720), "phone": (390, 844)}

BOX = """() => {
  const [box, crop] = [".whole .box", ".crop svg"].map((s) => document.querySelector(s) ??
    [...document.querySelectorAll("*")].map((e) => e.shadowRoot?.querySelector(s)).find(Boolean));
  const numbers = ["x", "y", "width", "height"].map((name) => Number(box.getAttribute(name)));
  return [numbers, crop.getAttribute("viewBox").split(" ").map(Number)];
}"""

SEEN = """(selector) => {
  const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}"""


def alert(page: Page, text: str) -> None:
    """Waits until the message of the task has this."""
    expect(page.get_by_test_id("stAlert")).to_contain_text(re.compile(text))


@pytest.mark.parametrize("size", SIZES)
def test_a_student_walks_from_the_opening_to_a_right_answer(
    browser: Browser, url: str, size: str
) -> None:
    width, height = SIZES[size]
    window = {"width": width, "height": height}
    with visitor(browser, viewport=window, reduced_motion="reduce") as page:
        open_page(page, f"{url}/learn")
        watch_the_box_grow(page)
        for number, title in list(enumerate(TITLES))[1:]:
            page.get_by_role("button", name=f"Next: {title}").click()
            heading = page.get_by_role("heading", name=f"{number}. {title}")
            expect(heading).to_be_visible()
            expect(page.locator(".st-key-step-heading")).to_be_focused()
            page.wait_for_function(SEEN, arg=".st-key-step-heading")
            if title == "A pixel and a kernel":
                page.get_by_role("slider", name="Kernel k").press("Tab")
                page.keyboard.press("ArrowLeft")
                expect(page.locator('.unit[data-row="1"][data-unit="4"]')).to_be_focused()
            if title == "The effective receptive field":
                page.mouse.move(0, 0)
                counts = page.locator('.unit.below[data-row="0"] text:visible')
                expect(counts).to_have_text(["1", "2", "3", "2", "1"])
            if title == "At the border":
                alert(page, "To do.")
                page.locator('.unit[data-row="2"][data-unit="3"]').click()
                alert(page, "Done.")
                expect(page.get_by_text(f"2 of {len(TITLES)} done")).to_be_visible()
        page.get_by_role("button", name="To the exercises").click()
        first = exercise(1, 1)
        expect(page.get_by_role("heading", name=first.question)).to_be_visible()
        settle(page)
        page.wait_for_function(SEEN, arg=".st-key-address-part")
        fields = page.get_by_test_id("stForm").locator("input")
        for index, number in enumerate(first.answer):
            fields.nth(index).fill(str(number))
        page.get_by_role("button", name="Check").click()
        alert(page, "(Right|Well done|Exactly|Yes)!")

        # Ticks are there again in the same browser, whatever the address says.
        open_page(page, f"{url}/learn")
        expect(page.get_by_text(f"2 of {len(TITLES)} done")).to_be_visible()


def watch_the_box_grow(page: Page) -> None:
    """Climbs from layer to layer; the box and the crop are the region of the cell at each."""
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace()
    alert(page, "To do.")
    page.locator(".crop svg[viewBox]").first.wait_for()
    for number, name in enumerate(LAYERS):
        if number:
            page.get_by_role("button", name="One layer up").click()
        region = net[name].region(cell_at(net[name]))
        (top, left), (rows, columns) = region.start, region.size
        assert page.evaluate(BOX) == [[left, top, columns, rows]] * 2
        says = f"{name.partition('/')[0]}: {rows} \N{MULTIPLICATION SIGN} {columns} pixels."
        expect(page.locator(".says b")).to_have_text(says)
    expect(page.get_by_text("This is all that this cell gets.")).to_be_visible()
    alert(page, "Done.")
    expect(page).to_have_url(re.compile(f"opening.layer={len(LAYERS)}"))


def test_the_opening_plays_by_itself_until_somebody_stops_it(browser: Browser, url: str) -> None:
    with visitor(browser) as page:
        open_page(page, f"{url}/learn")
        slider = page.get_by_role("slider", name="Layer")
        expect(slider).not_to_have_value("1")
        page.get_by_role("button", name="Pause").click()
        stopped = slider.input_value()
        expect(page).to_have_url(re.compile(f"opening.layer={stopped}(&|$)"))
        page.reload()
        expect(slider).to_have_value(stopped)
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        slider.press("End")
        expect(page).to_have_url(re.compile(f"opening.layer={len(LAYERS)}(&|$)"))
        page.go_back()
        expect(slider).to_have_value(stopped)
