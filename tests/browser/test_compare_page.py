"""The Compare page in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.driver import settle
from tests.browser.visitors import visitor


@pytest.fixture(scope="module")
def compare(browser: Browser, url: str) -> Iterator[Page]:
    """The page of somebody who came by its own address."""
    with visitor(browser) as page:
        page.goto(f"{url}/compare")
        points(page).first.wait_for()
        settle(page)
        yield page


def points(page: Page) -> Locator:
    """The layers on the curves."""
    curves = page.get_by_test_id("stPlotlyChart").filter(has_text="Depth: convolutions")
    return curves.locator("path.point")


def open_tab(page: Page, name: str) -> None:
    """Opens a tab of the page."""
    page.get_by_role("tab", name=name).click()
    settle(page)


def test_every_chart_has_a_button_that_saves_it(compare: Page) -> None:
    charts = compare.get_by_test_id("stPlotlyChart")
    expect(charts.get_by_role("button", name="Download plot as a PNG")).to_have_count(6)


def test_no_table_has_the_button_that_saves_formulas(compare: Page) -> None:
    compare.get_by_test_id("stDataFrame").hover()
    expect(compare.get_by_role("button", name="Show/hide columns")).to_be_visible()
    expect(compare.get_by_role("button", name="Download as CSV")).to_have_count(0)


def test_enter_in_the_search_adds_one_network(compare: Page) -> None:
    box = compare.get_by_test_id("stMultiSelect")
    chosen = box.locator(".react-aria-ComboBox [data-tag]")
    expect(chosen).to_have_count(4)
    box.scroll_into_view_if_needed()  # its list closes when it is scrolled
    settle(compare)
    box.locator("input").fill("light")
    compare.get_by_role("option").first.wait_for()
    box.locator("input").press("Enter")
    expect(chosen).to_have_count(5)
    compare.keyboard.press("Escape")
    chosen.last.get_by_role("button").click()
    expect(chosen).to_have_count(4)


def test_the_published_table_counts_its_differences(compare: Page) -> None:
    open_tab(compare, "Published table")
    expect(compare.locator(".rf-tally")).to_contain_text("561 rows, 0 differences")


def test_a_network_of_ones_own_joins_the_figure(compare: Page) -> None:
    open_tab(compare, "Accuracy")
    figure = compare.get_by_test_id("stPlotlyChart")
    expect(figure.get_by_text("Inception-v4")).to_be_visible()
    compare.get_by_text("Add a network of yours").click()
    compare.get_by_label("Name", exact=True).fill("Little one")
    compare.get_by_role("button", name="Add", exact=True).click()
    expect(figure.get_by_text("Little one").first).to_be_visible()
    expect(figure.get_by_text("Area: cost of one image").first).to_be_visible()
    settle(compare)
    figure.locator("path.point:visible").last.click(force=True)
    expect(compare.get_by_role("button", name="Open Little one in Explore")).to_be_visible()
    compare.get_by_role("button", name="Remove", exact=True).click()
    expect(figure.get_by_text("Little one")).to_have_count(0)


def test_a_point_of_a_curve_leads_to_its_layer(compare: Page) -> None:
    open_tab(compare, "Side by side")
    points(compare).last.hover(force=True)
    points(compare).last.click(force=True)
    way = compare.get_by_role("button", name=re.compile("^Open .* in Explore$"))
    layer = way.inner_text().removeprefix("Open Conv ").partition(" of ")[0]
    way.click()
    expect(compare.locator(".rf-about b")).to_have_text(layer)
    compare.get_by_role("link", name="Compare").click()


def test_the_last_layer_of_another_network_opens_with_its_central_cell(compare: Page) -> None:
    line = compare.locator(".rf-contender").filter(has_text="resnet50")
    expect(line).to_contain_text("of the last Relu before AveragePool (r171) sees")
    compare.get_by_role("button", name="Open in Explore", exact=True).nth(2).click()
    expect(compare.locator(".rf-about b")).to_have_text("r171")
    expect(compare.locator(".rf-answer [data-of=cell]")).to_contain_text("(3, 3)")
