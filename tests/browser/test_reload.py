"""A reload of each page: what a person chose is there again, and so is what they uploaded."""

from __future__ import annotations

import re

from onnx import helper
from playwright.sync_api import Browser, Locator, Page, expect

from rf_viz.ui.cache import File
from tests.browser.driver import (
    ask,
    choose_layer,
    click,
    number,
    open_model,
    open_page,
    settle,
    shown_channel,
    upload,
)
from tests.browser.visitors import visitor
from tests.pages.driver import onnx_file

CONV = onnx_file(
    [helper.make_node("Conv", ["x", "w"], ["y"], "y")],
    {"x": [1, 3, None, None]},
    "y",
    {"w": (2, 3, 3, 3)},
)


def settled(page: Page) -> None:
    """Waits until the page has run, and its address has stayed as it is for a while."""
    before = ""
    while before != page.url:
        before = page.url
        settle(page)


def reload(page: Page) -> None:
    """Reloads the page, which has the same address afterwards, without a complaint."""
    settled(page)
    before = page.url
    page.reload()
    settled(page)
    assert page.url == before
    expect(page.get_by_test_id("stToast")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def segment(page: Page, name: str) -> Locator:
    """A choice in a row of choices."""
    return page.get_by_test_id("stButtonGroup").get_by_role("radio", name=name, exact=True)


def pick(page: Page, name: str) -> None:
    """Chooses in a row of choices."""
    settle(page)
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).first.click()
    expect(segment(page, name).first).to_be_checked()
    settled(page)


def click_row(page: Page, row: int) -> None:
    """Clicks a row of the first table, in a cell in its middle."""
    settled(page)
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 120, box["y"] + 35 * (row + 1) + 17)


def test_explore_shows_the_same_after_a_reload(browser: Browser, url: str) -> None:
    with visitor(browser) as page:
        open_page(page, url)
        number(page, "cell").wait_for()
        choose_layer(page, "fire2/concat")
        page.get_by_label("Channel, strongest first").click()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        settled(page)
        channel = shown_channel(page)
        click(page, 10, 12)
        expect(number(page, "cell")).to_have_text("(10, 12)")
        choose_layer(page, "fire6/concat")
        choose_layer(page, "fire2/concat")
        assert shown_channel(page) == channel  # chosen by hand, it is kept
        ask(page, "Prove it")
        pick(page, "Black")
        page.get_by_role("button", name="Prove it").last.click()
        expect(page.get_by_text("Outside replaced by black")).to_be_visible()
        reload(page)
        assert shown_channel(page) == channel
        expect(number(page, "cell")).to_have_text("(10, 12)")
        expect(segment(page, "Black")).to_be_checked()
        expect(page.get_by_text("Outside replaced by black")).to_be_visible()
        ask(page, "Channels")
        pick(page, "Mean")
        page.get_by_text("Same scale").click()
        settled(page)
        reload(page)
        expect(segment(page, "Mean")).to_be_checked()
        expect(page.get_by_role("switch", name="Same scale")).to_be_checked()
        ask(page, "Prove it")
        expect(segment(page, "Black")).to_be_checked()  # also what was not on the screen


def test_an_upload_survives_a_reload_and_a_stranger_is_asked_for_it(
    browser: Browser, url: str
) -> None:
    with visitor(browser) as page, visitor(browser) as stranger:
        open_page(page, url)
        number(page, "cell").wait_for()
        open_model(page, "mine.onnx", CONV, "y")
        click(page, 3, 4)
        expect(number(page, "cell")).to_have_text("(3, 4)")
        reload(page)
        expect(page.locator(".rf-about b")).to_have_text("y")
        expect(number(page, "cell")).to_have_text("(3, 4)")

        address = page.url
        open_page(stranger, address)
        question = f"This address shows mine.onnx (SHA-256 {File.uploaded({'': CONV}).digest}"
        expect(stranger.get_by_text(question)).to_be_visible()
        settled(stranger)
        assert stranger.url == address  # not that of another model
        uploader = stranger.locator("[data-testid=stFileUploader] input")
        for name, content in (("other.onnx", CONV + b"\x72\x00"), ("mine.onnx", CONV)):
            uploader.set_input_files(
                [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
            )
            if name == "other.onnx":
                message = "other.onnx is not the same file as mine.onnx."
                expect(stranger.get_by_text(message)).to_be_visible()
                settle(stranger)
                assert stranger.url == address
        expect(number(stranger, "cell")).to_have_text("(3, 4)")
        settled(stranger)
        assert stranger.url == address


def test_network_shows_the_same_after_a_reload(browser: Browser, url: str) -> None:
    with visitor(browser) as page:
        open_page(page, f"{url}/network")
        page.locator(".graph .window").wait_for()
        upload(page, "Model", "mine.onnx", CONV)
        expect(page.get_by_role("textbox", name="Height")).to_have_count(0)
        settled(page)
        page.keyboard.press("Escape")
        reload(page)
        expect(page.get_by_role("combobox", name="Model")).to_have_value("mine.onnx")
        open_page(page, f"{url}/network?model=squeezenet")
        page.locator(".graph .window").wait_for()
        page.get_by_role("button", name="Fold all", exact=True).click()
        search = page.get_by_role("textbox", name="Search")
        search.fill("fire3")
        search.press("Enter")
        settled(page)
        assert "folds=none" in page.url
        reload(page)
        expect(search).to_have_value("fire3")
        click_row(page, 1)
        expect(page.locator(".rf-about b")).to_have_text("fire3/squeeze1x1/relu")


def test_compare_shows_the_same_after_a_reload(browser: Browser, url: str) -> None:
    with visitor(browser) as page:
        open_page(page, f"{url}/compare?with=blazeface")
        pick(page, "GFLOPs")
        page.get_by_role("tab", name="Accuracy").click()
        pick(page, "Depth")
        page.get_by_text("Add a network of yours").click()
        page.get_by_label("Name", exact=True).fill("Little one")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("button", name="Remove", exact=True)).to_be_visible()
        page.get_by_role("tab", name="Published table").click()
        page.get_by_text("Differences only").click()
        settled(page)
        reload(page)
        selected = page.get_by_role("tab", selected=True)
        expect(selected).to_have_text("Published table")
        expect(page.get_by_role("switch", name="Differences only")).to_be_checked()
        page.get_by_role("tab", name="Accuracy").click()
        expect(segment(page, "Depth")).to_be_checked()
        expect(page.get_by_text("Little one").first).to_be_visible()
        page.get_by_role("tab", name="Side by side").click()
        expect(segment(page, "GFLOPs").first).to_be_checked()
        click_row(page, 1)
        expect(page).to_have_url(re.compile("model=blazeface"))
        expect(page.locator(".rf-about b")).to_be_visible()


def test_build_shows_the_same_after_a_reload(browser: Browser, url: str) -> None:
    with visitor(browser) as page:
        open_page(page, f"{url}/build")
        number(page, "cell").wait_for()
        page.locator(".editor .rows tr[data-row='4']").first.locator(".told").first.click()
        title = page.locator(".rf-about b")
        expect(title).not_to_have_text("relu12")
        settled(page)
        name = title.inner_text()
        page.locator(".linked-view[data-view]").wait_for()
        settled(page)
        click(page, 5, 6)
        expect(number(page, "cell")).to_have_text("(5, 6)")
        page.get_by_role("button", name="Find ways").click()
        expect(page.get_by_role("button", name="Apply").first).to_be_visible()
        reload(page)
        expect(title).to_have_text(name)
        expect(number(page, "cell")).to_have_text("(5, 6)")
        expect(page.get_by_role("button", name="Apply").first).to_be_visible()


def test_learn_shows_the_same_after_a_reload(browser: Browser, url: str) -> None:
    with visitor(browser) as page:
        open_page(page, f"{url}/learn?part=figures")
        kernel = page.get_by_role("slider", name="Kernel k").first
        kernel.press("ArrowRight")
        page.locator('.unit[data-row="1"][data-unit="1"]').click()
        settled(page)
        reload(page)
        expect(kernel).to_have_value("4")
        expect(page.locator(".unit.pinned")).to_have_attribute("data-unit", "1")
        open_page(page, f"{url}/learn?exercise=1-1")
        page.get_by_role("button", name="Show the solution").click()
        expect(page.get_by_role("heading", name="The solution")).to_be_visible()
        reload(page)
        expect(page.get_by_role("heading", name="The solution")).to_be_visible()
