"""Uploads that cannot be shown at once: the page asks for what is missing, or says what to do."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

import rf_viz
from tests.browser.driver import click, see_region, settle, upload
from tests.pages.test_missing_size import OBLONG

CASES = Path(__file__).resolve().parents[1] / "data" / "cases" / "pytorch"


def test_a_size_is_asked_for_and_the_model_opens_at_it(page: Page) -> None:
    upload(page, "Model", "oblong.onnx", OBLONG)
    fields = page.get_by_test_id("stMain").get_by_test_id("stNumberInputField")
    expect(fields).to_have_count(2)
    page.keyboard.press("Escape")
    settle(page)
    fields.nth(0).fill("64")
    fields.nth(1).fill("64")
    button = page.get_by_role("button", name="Open at this size")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("It does not work at 64")
    settle(page)
    fields.nth(1).fill("32")
    button.click()
    expect(page.locator(".rf-about b")).to_have_text("conv")
    expect(fields).to_have_count(0)
    click(page, 5, 3)
    layer = rf_viz.load(OBLONG).trace((64, 32))["conv"]
    see_region(page, layer.region((5, 3)))


def test_the_uploader_tells_the_limit_that_holds(opened: Page) -> None:
    opened.get_by_role("button", name="Upload model").click()
    expect(opened.get_by_test_id("stPopoverBody")).to_contain_text("500MB per file")


def test_weights_alone_are_told_with_a_line_that_fits_the_page(page: Page) -> None:
    before = page.locator(".rf-about b").inner_text()
    upload(page, "Model", "state_dict.pth", (CASES / "state_dict.pth").read_bytes())
    expect(page.get_by_role("alert")).to_contain_text("holds the weights (10 tensors")
    page.keyboard.press("Escape")
    line = page.get_by_test_id("stMain").get_by_test_id("stCode").first
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 720})
        settle(page)
        expect(line).to_contain_text('torch.load("state_dict.pth", weights_only=True)')
        assert line.locator("pre").evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    expect(page.locator(".rf-about b")).to_have_text(before)
