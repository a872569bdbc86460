"""Narrow screens: Streamlit folds the sidebar, and its header lies over the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driver import open_page
from tests.browser.visitors import visitor

FIRST_TEXT = """
() => {
  const main = document.querySelector("[data-testid=stMainBlockContainer]");
  const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    if (["STYLE", "SCRIPT"].includes(texts.currentNode.parentElement.tagName)) continue;
    range.selectNodeContents(texts.currentNode);
    const box = range.getBoundingClientRect();
    if (texts.currentNode.data.trim() && box.height > 0) return box.top;
  }
}
"""
"""Where the first text of a page begins, in pixels from the top."""


@pytest.mark.parametrize("width", [768, 390])
@pytest.mark.parametrize("address", ["", "network", "compare", "build", "learn"])
def test_the_first_line_is_not_under_the_header_and_says_what_rf_viz_is(
    browser: Browser, url: str, address: str, width: int
) -> None:
    with visitor(browser, viewport={"width": width, "height": 800}) as page:
        open_page(page, f"{url}/{address}")
        page.get_by_test_id("stExpandSidebarButton").wait_for()
        page.wait_for_function(f"({FIRST_TEXT})() !== undefined")
        header = page.get_by_test_id("stHeader").bounding_box()
        assert header is not None
        assert page.evaluate(FIRST_TEXT) >= header["y"] + header["height"]
        brand = page.locator(".stMain .rf-brand")
        expect(brand).to_contain_text("See which pixels drive any neuron.")
        expect(brand).to_be_visible()
