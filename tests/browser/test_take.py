"""The exported page: opened from the disk, without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

import rf_viz
from rf_viz import Network, Region
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.browser.driver import (
    TIMES,
    ask,
    box_of,
    click,
    drawn,
    move_to,
    plot,
    settle,
    shown_channel,
)
from tests.browser.visitors import visitor


@pytest.fixture(scope="module")
def net() -> Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


@pytest.fixture(scope="module")
def file(opened: Page, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as a person downloads it."""
    ask(opened, "Share & export")
    settle(opened)
    opened.get_by_role("button", name="Make the page").click()
    with opened.expect_download() as download:
        settle(opened)
        opened.get_by_role("button", name="Download the page").click()
    path = tmp_path_factory.mktemp("taken") / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.fixture
def offline_page(browser: Browser, file: Path) -> Iterator[Page]:
    failures: list[str] = []

    def says(message: ConsoleMessage) -> None:
        failures.append(message.text)

    def asks(request: Request) -> None:
        failures.append(f"asks for {request.url}")

    with visitor(browser, offline=True) as page:
        page.on("console", says)
        page.on("request", asks)
        page.goto(file.as_uri())
        assert failures == [f"asks for {file.as_uri()}"]
        failures.clear()
        yield page
        page.remove_listener("console", says)
        page.remove_listener("request", asks)
    assert failures == []


def number(page: Page, name: str) -> str:
    return page.locator(f".answer [data-of={name}]").inner_text()


def see_pinned(page: Page, cell: tuple[int, int], region: Region) -> None:
    """The pinned cell, its region in the picture and its numbers all tell the same."""
    expect(page.locator(".answer [data-of=cell]")).to_have_text(str(cell))
    assert drawn(page, "pinned") == box_of(region)
    expect(page.locator(".answer h2")).to_have_text(f"{TIMES.join(map(str, region.size))} px")
    (top, left), (bottom, right) = region.start, region.stop
    assert number(page, "slices") == f"[{top}:{bottom}, {left}:{right}]"


def test_it_opens_with_what_was_pinned(offline_page: Page, net: Network) -> None:
    layer, channel = net["fire5/concat"], shown_channel(offline_page)
    see_pinned(offline_page, (13, 23), layer.region((13, 23), channel))
    assert number(offline_page, "value") == "794.6"
    assert (number(offline_page, "r"), number(offline_page, "S"), number(offline_page, "P")) == (
        f"63{TIMES}63",
        f"8{TIMES}8",
        f"24{TIMES}24",
    )
    expect(offline_page.get_by_role("heading", level=1)).to_have_text(
        "SqueezeNet 1.1 \N{MIDDLE DOT} Chelsea the cat"
    )
    expect(offline_page.locator("footer")).to_contain_text("Stefan van der Walt, CC0")


def test_hovering_shows_the_region_of_each_cell(offline_page: Page, net: Network) -> None:
    layer, channel = net["fire5/concat"], shown_channel(offline_page)
    for cell in ((0, 0), (9, 14), (26, 26)):
        move_to(offline_page, *cell)
        assert drawn(offline_page, "hovered") == box_of(layer.region(cell, channel))


def test_a_click_and_the_arrow_keys_pin(offline_page: Page, net: Network) -> None:
    layer, channel = net["fire5/concat"], shown_channel(offline_page)
    click(offline_page, 4, 5)
    see_pinned(offline_page, (4, 5), layer.region((4, 5), channel))
    plot(offline_page, "map").focus()
    offline_page.keyboard.press("ArrowDown")
    offline_page.keyboard.press("ArrowRight")
    see_pinned(offline_page, (5, 6), layer.region((5, 6), channel))


def test_layers_and_channels_are_switched_and_keep_their_cell(
    offline_page: Page, net: Network
) -> None:
    click(offline_page, 4, 5)
    offline_page.get_by_role("radio", name="conv1", exact=True).check()
    expect(offline_page.locator("[data-choice=map] label")).to_have_count(4)
    channel = shown_channel(offline_page)
    move_to(offline_page, 100, 7)
    assert drawn(offline_page, "hovered") == box_of(net["conv1"].region((100, 7), channel))
    assert number(offline_page, "r") == f"3{TIMES}3"

    other = offline_page.get_by_role("radio").nth(-1)
    other.check()
    expect(offline_page.locator("[data-pane=map] .title")).not_to_contain_text(f"channel {channel}")

    offline_page.get_by_role("radio", name="fire5/concat").check()
    see_pinned(
        offline_page, (4, 5), net["fire5/concat"].region((4, 5), shown_channel(offline_page))
    )


def test_it_follows_the_theme_of_the_system(offline_page: Page) -> None:
    def ground() -> int:
        colour = offline_page.evaluate("getComputedStyle(document.body).backgroundColor")
        return int(re.search(r"\d+", colour)[0])

    offline_page.emulate_media(color_scheme="light")
    assert ground() > 200
    offline_page.emulate_media(color_scheme="dark")
    assert ground() < 60
    assert drawn(offline_page, "pinned") is not None
