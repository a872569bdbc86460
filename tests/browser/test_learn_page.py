"""The figures of the Learn page, pointed at, clicked and moved."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from rf_viz.lessons import Conv, Example, stack
from tests.browser.driver import open_page, settle
from tests.browser.visitors import visitor

NET = [Conv(3, 2, (1, 1)), Conv(3, 1, (1, 1))]


@pytest.fixture(scope="module")
def learn(browser: Browser, url: str) -> Iterator[Page]:
    """The page with the figure of the region, as a link opens it."""
    with visitor(browser) as page:
        open_page(page, f"{url}/learn?figure=region")
        page.locator(".unit.pinned").wait_for()
        settle(page)
        yield page


def unit(page: Page, row: int, number: int) -> Locator:
    """Unit of a row, counted from the input."""
    return page.locator(f'.unit[data-row="{row}"][data-unit="{number}"]')


def lit(page: Page, row: int, how: str) -> list[int]:
    """The units of a row that are lit, padding left out."""
    units = page.locator(f'.unit.{how}[data-row="{row}"]:not(.padding)')
    numbers = units.evaluate_all("nodes => nodes.map(node => Number(node.dataset.unit))")
    return sorted(numbers)


def example(length: int = 14) -> Example:
    """Network of the figure, with an input of that length."""
    return stack(NET, length)


def set_slider(page: Page, label: str, key: str) -> None:
    """Presses a key on a slider."""
    page.get_by_test_id("stSlider").filter(has_text=label).locator("input").press(key)


def test_pointing_at_an_output_lights_what_it_sees(learn: Page) -> None:
    for number in (0, 3, 6):
        unit(learn, 2, number).hover()
        expect(unit(learn, 2, number)).to_contain_class("here")
        assert lit(learn, 0, "below") == np.flatnonzero(example().last.mask((number,))).tolist()
    unit(learn, 2, 0).hover()
    expect(learn.locator(".told")).to_have_text(
        "Layer 2, unit 0 depends on 4 input units: 0\N{EN DASH}3."
    )
    expect(learn.locator(".span").first).to_contain_text(
        "closed form: u = \N{MINUS SIGN}3, v = 3, 7 units"
    )
    expect(learn.locator(".span").last).to_contain_text("exact region: u = 0, v = 3, 4 units")


def test_pointing_at_an_input_lights_all_that_see_it(learn: Page) -> None:
    for number in (0, 5, 13):
        unit(learn, 0, number).hover()
        for row in (1, 2):
            seen = np.flatnonzero(example().rows[row].layer.seeing((number,))).tolist()
            expect(learn.locator(f'.unit.above[data-row="{row}"]')).to_have_count(len(seen))
            assert lit(learn, row, "above") == seen


def test_a_click_pins_a_unit_and_the_equation_takes_it(learn: Page) -> None:
    unit(learn, 2, 5).click()
    equation = learn.get_by_test_id("stMarkdown").filter(has=learn.locator(".katex")).first
    expect(equation.locator("annotation")).to_contain_text(r"5 \cdot 2 - (1 \cdot 1 + 1 \cdot 2)")
    learn.mouse.move(5, 5)
    assert lit(learn, 0, "below") == list(range(7, 14))


def test_arrow_keys_move_along_rows_and_between_them(learn: Page) -> None:
    unit(learn, 2, 5).focus()
    learn.keyboard.press("ArrowLeft")
    expect(unit(learn, 2, 4)).to_be_focused()
    learn.keyboard.press("ArrowDown")
    expect(unit(learn, 1, 4)).to_be_focused()
    assert lit(learn, 0, "below") == [7, 8, 9]
    learn.keyboard.press("ArrowDown")
    expect(unit(learn, 0, 8)).to_be_focused()
    learn.keyboard.press("End")
    expect(unit(learn, 0, 13)).to_be_focused()
    learn.keyboard.press("ArrowUp")
    learn.keyboard.press("Enter")
    expect(unit(learn, 1, 6)).to_have_class("unit below here pinned")


def test_a_slider_draws_another_network_and_the_pinned_unit_stays(learn: Page) -> None:
    unit(learn, 2, 2).click()
    set_slider(learn, "Input units n", "ArrowRight")
    expect(learn.locator('.unit[data-row="2"]:not(.padding)')).to_have_count(
        example(15).rows[-1].size
    )
    expect(unit(learn, 2, 2)).to_contain_class("pinned")
    set_slider(learn, "Input units n", "ArrowLeft")
    expect(learn.locator('.unit[data-row="2"]:not(.padding)')).to_have_count(7)


def test_another_figure_is_in_the_address_and_back_returns(learn: Page) -> None:
    learn.get_by_test_id("stButtonGroup").get_by_text("6 Dilation").click()
    captions = learn.locator(".told")  # of both figures, while the one goes and the other comes
    expect(captions.filter(has_text="1, 3, 5, 7, 9, 11, 13")).to_have_count(1)
    expect(captions).to_have_count(1)
    assert "figure=dilation" in learn.url
    learn.go_back()
    expect(learn.get_by_text("Layer 2: padding p")).to_be_visible()
    expect(learn).to_have_url(re.compile("figure=region"))


def test_paths_stand_side_by_side_and_their_sum_above_both(learn: Page, url: str) -> None:
    open_page(learn, f"{url}/learn?figure=branches")  # rows: input, A1, B1, B2, A + B
    learn.locator(".unit.pinned").wait_for()
    a1, b1, b2 = ([unit(learn, row, u).bounding_box() for u in (0, 4)] for row in (1, 2, 3))
    assert a1[1]["x"] + a1[1]["width"] < min(b1[0]["x"], b2[0]["x"])
    assert a1[0]["y"] == pytest.approx(b1[0]["y"], abs=1)
    assert unit(learn, 4, 0).bounding_box()["y"] < b2[0]["y"] < b1[0]["y"]
    assert unit(learn, 0, 0).bounding_box()["y"] > b1[0]["y"]
    expect(learn.locator(".note")).to_contain_text("path B is on the right, with round ones")


def test_arrow_keys_follow_a_path_and_change_lanes(learn: Page, url: str) -> None:
    open_page(learn, f"{url}/learn?figure=branches")
    unit(learn, 4, 2).focus()
    learn.keyboard.press("ArrowDown")
    expect(unit(learn, 1, 2)).to_be_focused()
    learn.keyboard.press("End")
    learn.keyboard.press("ArrowRight")
    expect(unit(learn, 2, 0)).to_be_focused()
    learn.keyboard.press("ArrowUp")
    expect(unit(learn, 3, 0)).to_be_focused()
    learn.keyboard.press("ArrowUp")
    expect(unit(learn, 4, 0)).to_be_focused()
