"""The question "Prove it" in a browser."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.driver import ask, click, settle


def side(page: Page, name: str) -> Locator:
    return page.locator(f".rf-prove figure[data-of={name}]")


def number(page: Page, of: str, name: str) -> Locator:
    return side(page, of).locator(f"[data-of={name}]")


def brightness(page: Page, of: str) -> tuple[float, float]:
    """How bright one picture is on the screen, within the box and in all four corners."""
    picture = side(page, of).locator(".picture")
    shown = np.asarray(Image.open(BytesIO(picture.screenshot())).convert("L"), float)
    around, box = picture.bounding_box(), picture.locator(".region").bounding_box()
    left, top = round(box["x"] - around["x"]) + 4, round(box["y"] - around["y"]) + 4
    within = shown[top : top + round(box["height"]) - 8, left : left + round(box["width"]) - 8]
    corners = [shown[y, x] for y in (8, -8) for x in (8, -8)]
    return float(within.mean()), float(np.mean(corners))


def test_the_outside_goes_and_the_value_stays_then_the_inside_goes(page: Page) -> None:
    ask(page, "Prove it")
    settle(page)
    page.get_by_text("Black", exact=True).click()
    settle(page)
    page.locator(".st-key-prove button").click()
    expect(number(page, "outside", "verdict")).to_have_text("= Equal")
    expect(number(page, "inside", "verdict")).to_have_text("\N{NOT EQUAL TO} Changes")
    settle(page)
    before = number(page, "outside", "before").inner_text()
    assert number(page, "outside", "after").inner_text() == before
    assert number(page, "inside", "after").inner_text() != before

    within, corners = brightness(page, "outside")
    assert within > 20 > corners
    within, corners = brightness(page, "inside")
    assert within < 20 < corners

    # The next cell is proved without another press.
    click(page, 13, 13)
    expect(page.locator(".rf-answer [data-of=cell]")).to_have_text("(13, 13)")
    expect(number(page, "outside", "before")).not_to_have_text(before)
    expect(number(page, "outside", "verdict")).to_have_text("= Equal")
    settle(page)
    assert (
        number(page, "outside", "after").inner_text()
        == number(page, "outside", "before").inner_text()
    )


def test_more_cells_are_checked_at_a_press(page: Page) -> None:
    ask(page, "Prove it")
    settle(page)
    page.locator(".st-key-prove button").click()
    settle(page)
    page.get_by_role("button", name="Check more cells of this layer").click()
    expect(page.locator(".rf-prove-note[data-of=report]")).to_contain_text("All 37 checks agree")
