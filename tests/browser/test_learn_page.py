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


def slider(page: Page, group: str, label: str) -> Locator:
    """The slider of a group of controls, "" for one that stands alone."""
    row = page.get_by_role("group", name=group) if group else page.locator(".controls")
    return row.get_by_role("slider", name=label)


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


def test_the_equations_take_the_unit_that_is_pointed_at_and_keep_the_pinned_one(
    learn: Page,
) -> None:
    last = learn.locator(".formulas math").nth(1).locator("mtr").last
    unit(learn, 2, 5).click()
    expect(last).to_have_text("=5·2\N{MINUS SIGN}(1·1+1·2)=7")
    unit(learn, 2, 0).hover()
    expect(last).to_have_text("=0·2\N{MINUS SIGN}(1·1+1·2)=\N{MINUS SIGN}3")
    learn.mouse.move(5, 5)
    expect(last).to_have_text("=5·2\N{MINUS SIGN}(1·1+1·2)=7")
    assert lit(learn, 0, "below") == list(range(7, 14))
    expect(learn).to_have_url(re.compile(r"region\.unit=0(%2C|,)5"))


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
    slider(learn, "", "Input units n").press("ArrowRight")
    expect(learn.locator('.unit[data-row="2"]:not(.padding)')).to_have_count(
        example(15).rows[-1].size
    )
    expect(unit(learn, 2, 2)).to_contain_class("pinned")
    expect(learn).to_have_url(re.compile(r"region\.n=15"))
    slider(learn, "", "Input units n").press("ArrowLeft")
    expect(learn.locator('.unit[data-row="2"]:not(.padding)')).to_have_count(7)
    expect(learn).not_to_have_url(re.compile(r"region\.n="))


def test_what_does_not_fit_is_told_and_the_sliders_stay(learn: Page) -> None:
    slider(learn, "", "Input units n").press("Home")
    for label, key in (("Stride s", "End"), ("Padding p", "Home"), ("Kernel k", "Home")):
        slider(learn, "Layer 1", label).press(key)
    slider(learn, "Layer 2", "Kernel k").press("End")
    slider(learn, "Layer 2", "Padding p").press("Home")
    expect(learn.get_by_text("This does not fit.")).to_be_visible()
    expect(learn.get_by_text("The kernel of layer 2 spans 5 units")).to_be_visible()
    learn.get_by_role("button", name="The article\N{RIGHT SINGLE QUOTATION MARK}s example").click()
    expect(learn.get_by_text("This does not fit.")).to_be_hidden()
    expect(learn.locator(".span").first).to_contain_text("u = \N{MINUS SIGN}1, v = 4")


def test_a_link_to_what_does_not_fit_says_so_and_can_be_mended(learn: Page, url: str) -> None:
    link = "region.n=6&region.1-k=5&region.1-s=3&region.1-p=0&region.2-k=5&region.2-p=0"
    open_page(learn, f"{url}/learn?figure=region&{link}")
    expect(learn.get_by_text("The kernel of layer 2 spans 5 units")).to_be_visible()
    learn.locator(".stage").hover()
    learn.mouse.move(5, 5)
    slider(learn, "Layer 2", "Kernel k").press("Home")
    expect(learn.get_by_text("This does not fit.")).to_be_hidden()
    expect(learn.locator(".unit.pinned")).to_be_visible()
    open_page(learn, f"{url}/learn?figure=region")
    learn.locator(".unit.pinned").wait_for()


def test_a_step_back_returns_to_the_figure_and_its_values(learn: Page) -> None:
    slider(learn, "Layer 1", "Kernel k").press("End")
    expect(learn).to_have_url(re.compile(r"region\.1-k=5"))
    settle(learn)
    learn.get_by_test_id("stButtonGroup").get_by_text("11 Dilation").click()
    captions = learn.locator(".told")  # of both figures, while the one goes and the other comes
    expect(captions.filter(has_text="1, 3, 5, 7, 9, 11, 13")).to_have_count(1)
    expect(captions).to_have_count(1)
    assert "figure=dilation" in learn.url
    learn.go_back()
    expect(slider(learn, "Layer 1", "Kernel k")).to_have_value("5")
    expect(learn).to_have_url(re.compile("figure=region"))
    learn.reload()
    expect(slider(learn, "Layer 1", "Kernel k")).to_have_value("5")


def test_an_address_within_the_session_moves_the_sliders(learn: Page, url: str) -> None:
    open_page(learn, f"{url}/learn?figure=layer&layer.k=7")
    expect(slider(learn, "", "Kernel k")).to_have_value("7")
    slider(learn, "", "Kernel k").press("ArrowLeft")
    expect(learn).to_have_url(re.compile(r"layer\.k=6"))
    settle(learn)
    slider(learn, "", "Kernel k").press("ArrowLeft")
    expect(learn).to_have_url(re.compile(r"layer\.k=5"))
    settle(learn)
    learn.go_back()
    expect(slider(learn, "", "Kernel k")).to_have_value("6")


def test_a_term_and_the_units_that_it_counts_light_up_together(learn: Page, url: str) -> None:
    open_page(learn, f"{url}/learn?figure=size&size.unit=0,0")
    term = learn.locator('.formulas [data-term="layer 2"]').first
    term.hover()
    expect(term).to_contain_class("lit")
    # 1 + (3 - 1) + (3 - 1) * 2 + ...: layer 2 counts the units 3 to 6.
    assert lit(learn, 0, "lit") == [3, 4, 5, 6]
    learn.mouse.move(5, 5)
    expect(term).not_to_contain_class("lit")
    assert lit(learn, 0, "lit") == []


def test_steps_play_and_the_step_is_in_the_address(learn: Page, url: str) -> None:
    open_page(learn, f"{url}/learn?figure=derivation")
    for step, mark in ((1, "s · r = 6"), (2, "\N{MINUS SIGN} 2"), (3, "+ 4")):
        learn.get_by_role("button", name="Next").click()
        expect(learn.get_by_text(f"Step {step} of 3")).to_be_visible()
        expect(learn.locator(".mark text").last).to_have_text(mark)
    last = learn.get_by_role("button", name="Next")
    expect(last).to_be_disabled()
    expect(last).to_be_focused()
    expect(learn).to_have_url(re.compile(r"derivation\.step=3"))
    learn.get_by_role("button", name="Play").click()
    expect(learn.get_by_text("Step 0 of 3")).to_be_visible()
    expect(learn.get_by_text("Step 1 of 3")).to_be_visible()
    learn.get_by_role("button", name="Pause").click()
    learn.get_by_role("button", name="Back").click()
    expect(learn.get_by_text("Step 0 of 3")).to_be_visible()


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
