"""What a person does on the Build page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, WebSocketRoute, expect

from tests.browser.driver import choose, settle
from tests.browser.visitors import visitor


@pytest.fixture(scope="module")
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """The page of a visitor, shared by all tests."""
    with visitor(browser) as page:
        page.goto(f"{url}/build")
        page.locator("[data-pane=map] .plot").wait_for()
        settle(page)
        yield page


@pytest.fixture
def build(opened: Page) -> Page:
    """The page with the network that it begins with, looking at its last row."""
    if not re.search("/build", opened.url):
        opened.get_by_role("link", name="Build").click()
    cell(opened, 1, "kernel").wait_for()
    undo = opened.get_by_role("button", name="Undo")
    edits_arrive(opened)
    while undo.is_enabled():
        undo.click()
        edits_arrive(opened)
    expect(result(opened, 12, "r")).to_have_text("24")
    result(opened, 12, "r").click()
    expect(opened.locator(".rf-about b")).to_have_text("relu12")
    settle(opened)
    return opened


def edits_arrive(page: Page) -> None:
    """Waits until the table shows every edit."""
    expect(page.locator(".editor .sheet")).to_have_attribute("aria-busy", "false")


def line(page: Page, row: int) -> Locator:
    """Row of the table."""
    return page.locator(f".editor .rows tr[data-row='{row}']").first


def result(page: Page, row: int, what: str) -> Locator:
    """Computed entry of a row: its shape, r, S, P or region."""
    return line(page, row).locator(f".{what}")


def cell(page: Page, row: int, name: str) -> Locator:
    """Field of a row that can be edited."""
    return line(page, row).locator(f"[name={name}]")


def message(page: Page, row: int) -> Locator:
    """Message below a row."""
    return page.locator(f".editor .rows tr.problem[data-row='{row}']")


def test_cells_are_edited_and_what_is_being_typed_stays(build: Page) -> None:
    cell(build, 1, "kernel").fill("7")
    cell(build, 1, "kernel").press("Tab")
    cell(build, 1, "stride").press_sequentially("2", delay=60)  # while the first change arrives
    expect(result(build, 12, "r")).to_have_text("28")
    expect(cell(build, 1, "stride")).to_have_value("2")
    cell(build, 1, "stride").press("Enter")
    expect(cell(build, 3, "stride")).to_be_focused()
    expect(result(build, 12, "s")).to_have_text("8")
    expect(build.locator(".rf-about b")).to_have_text("conv3")
    build.get_by_role("button", name="Undo").click()
    expect(result(build, 12, "s")).to_have_text("4")
    expect(cell(build, 1, "stride")).to_have_value("1")


def test_rows_are_added_moved_and_taken_out(build: Page) -> None:
    expect(build.locator(".editor tr[aria-current=true]")).to_have_attribute("data-row", "12")
    build.locator(".editor .add").select_option("dilated convolution")
    expect(cell(build, 13, "dilation")).to_have_value("2")
    expect(result(build, 13, "r")).to_have_text("40")
    build.get_by_role("button", name="Move the row up").click()
    expect(cell(build, 12, "kind")).to_have_value("convolution")
    cell(build, 12, "kernel").focus()
    build.keyboard.press("Alt+Delete")
    expect(build.locator(".editor .rows tr:not(.problem)")).to_have_count(12)
    expect(cell(build, 12, "kind")).to_have_value("ReLU")


def test_a_mistake_shows_at_its_row_and_goes_when_it_is_put_right(build: Page) -> None:
    settle(build)
    title = build.locator("[data-pane=map] .title").inner_text()
    cell(build, 11, "groups").fill("7")
    cell(build, 11, "groups").press("Tab")
    expect(message(build, 11)).to_have_text("32 input channels do not divide into 7 groups")
    expect(result(build, 11, "r")).to_have_text("")
    expect(build.locator("[data-pane=map] .title")).to_have_text(title)
    cell(build, 11, "groups").fill("4")
    cell(build, 11, "groups").press("Tab")
    expect(message(build, 11)).to_be_hidden()
    expect(result(build, 12, "r")).to_have_text("24")


def test_ctrl_z_undoes_wherever_the_focus_is_but_in_a_field_that_is_typed_in(build: Page) -> None:
    kernel = cell(build, 1, "kernel")
    kernel.fill("7")
    kernel.press("Tab")
    expect(result(build, 12, "r")).to_have_text("28")
    result(build, 12, "r").click()  # the focus is nowhere then
    build.keyboard.press("Control+z")
    expect(result(build, 12, "r")).to_have_text("24")
    expect(kernel).to_have_value("3")
    build.keyboard.press("Control+Shift+Z")
    expect(result(build, 12, "r")).to_have_text("28")
    kernel.focus()
    build.keyboard.press("Control+z")
    expect(result(build, 12, "r")).to_have_text("24")
    build.keyboard.press("Control+y")
    expect(result(build, 12, "r")).to_have_text("28")
    kernel.press("End")
    kernel.press_sequentially("5")
    expect(kernel).to_have_value("75")
    build.keyboard.press("Control+z")  # the browser's own
    expect(kernel).to_have_value("7")
    expect(result(build, 12, "r")).to_have_text("28")


def test_what_a_row_cannot_have_stays_with_a_reason_until_it_is_mended_or_left(
    build: Page,
) -> None:
    kernel = cell(build, 1, "kernel")
    for typed in ("3.5", "", "-1", "wide"):
        kernel.fill(typed)
        kernel.press("Tab")
        expect(message(build, 1)).to_contain_text("kernel is a whole number from 1 to 255, not")
        expect(kernel).to_have_value(typed)
        expect(kernel).to_have_attribute("aria-invalid", "true")
    cell(build, 3, "kernel").fill("5")  # an edit elsewhere
    cell(build, 3, "kernel").press("Tab")
    expect(result(build, 12, "r")).to_have_text("26")
    expect(kernel).to_have_value("wide")
    kernel.press("Escape")
    expect(kernel).to_have_value("3")
    expect(message(build, 1)).to_be_hidden()
    expect(kernel).not_to_have_attribute("aria-invalid", "true")
    kernel.fill("none")
    kernel.press("Tab")
    expect(message(build, 1)).to_be_visible()
    kernel.fill("5")
    kernel.press("Tab")
    expect(message(build, 1)).to_be_hidden()
    expect(result(build, 12, "r")).to_have_text("28")


def test_arrow_keys_count_up_and_down(build: Page) -> None:
    kernel = cell(build, 1, "kernel")
    for key in ("ArrowUp", "ArrowUp", "ArrowDown"):
        kernel.press(key)
    expect(kernel).to_have_value("4")
    expect(result(build, 12, "r")).to_have_text("25")


def test_an_edit_that_is_lost_on_its_way_is_sent_again(browser: Browser, url: str) -> None:
    lost: list[str | bytes] = []

    def lose_one(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def forward(message: str | bytes) -> None:
            data = message if isinstance(message, bytes) else message.encode()
            if b'"what":"set"' in data and not lost:
                lost.append(message)
            else:
                server.send(message)

        socket.on_message(forward)

    with visitor(browser) as page:
        page.route_web_socket(re.compile("/_stcore/stream"), lose_one)
        page.goto(f"{url}/build")
        page.locator("[data-pane=map] .plot").wait_for()
        settle(page)
        cell(page, 1, "kernel").fill("7")
        cell(page, 1, "kernel").press("Tab")
        expect(result(page, 12, "r")).to_have_text("28")
        edits_arrive(page)
    assert lost


def test_a_large_file_begins_to_download_at_once(build: Page) -> None:
    choose(build, "Start from", "VGG-16")
    expect(line(build, 33)).to_be_attached()
    settle(build)
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    build.on("response", keep)
    with build.expect_download() as download:
        build.get_by_role("button", name="ONNX").click()
    assert download.value.suggested_filename == "vgg-16.onnx"
    assert download.value.path().stat().st_size > 50e6
    build.remove_listener("response", keep)
    headers = [answer.headers for answer in answers]
    files = [header for header in headers if "attachment" in header.get("content-disposition", "")]
    assert files
    assert all("content-encoding" not in header for header in files)  # compressing takes seconds


def test_ctrl_z_undoes_one_edit_after_a_visit_to_another_page(build: Page) -> None:
    build.get_by_role("link", name="Network").click()
    build.locator(".graph .window").wait_for()
    settle(build)
    build.evaluate(
        "addEventListener('keydown', (event) => { window.taken = event.defaultPrevented; })"
    )
    build.keyboard.press("Control+z")
    assert build.evaluate("window.taken") is False  # there is nothing to undo here
    build.get_by_role("link", name="Build").click()
    kernel = cell(build, 1, "kernel")
    for size in (5, 7):
        kernel.fill(str(size))
        kernel.press("Tab")
        expect(result(build, 12, "r")).to_have_text(str(21 + size))
    build.keyboard.press("Control+z")
    expect(result(build, 12, "r")).to_have_text("26")


def test_what_was_built_opens_in_explore(build: Page) -> None:
    build.get_by_role("button", name="Open in Explore").click()
    build.get_by_text("Point at the map to see it").wait_for()
    expect(build.locator(".rf-about b")).to_have_text("relu12")
    expect(build.locator(".rf-answer [data-of=r]")).to_contain_text("24")
