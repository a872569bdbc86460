"""Files that would hold up a server: their visitors are told so, and others go on clicking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import server
from tests.browser.driver import (
    choose_layer,
    click,
    number,
    settle,
    upload,
)
from tests.browser.visitors import visit
from tests.models.hungry import endless, gigabytes

HOSTILE = Path(__file__).resolve().parents[1] / "data" / "hostile"


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose host allows a job little."""
    limits = {"RF_VIZ_SECONDS": "6", "RF_VIZ_MEMORY_MB": "900"}
    with server(tmp_path_factory.mktemp("bounded"), **limits) as url:
        yield url


@pytest.fixture
def stranger(browser: Browser, bounded: str) -> Iterator[Page]:
    with visit(browser, bounded) as page:
        yield page


@pytest.fixture(scope="module")
def other(browser: Browser, bounded: str) -> Iterator[Page]:
    """Another visitor at the same time, who stays through all of it."""
    with visit(browser, bounded) as page:
        yield page


def goes_on(page: Page) -> None:
    """The page answers clicks and shows another layer."""
    for y, x in ((2, 3), (5, 4)):
        click(page, y, x)
        expect(number(page, "cell")).to_contain_text(f"{y}, {x}")
    for layer in ("conv1", "fire2/squeeze1x1"):
        choose_layer(page, layer)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("endless.onnx", endless(), "took longer than 6 seconds"),
        ("gigabytes.onnx", gigabytes(), "needs more than 900 MB of memory"),
        ("while.pb", (HOSTILE / "tf_while_forever.pb").read_bytes(), "took longer than 6 seconds"),
    ],
    ids=["endless", "gigabytes", "while"],
)
def test_a_layer_that_cannot_be_computed_is_told_and_nobody_waits(
    stranger: Page, other: Page, name: str, content: bytes, told: str
) -> None:
    upload(stranger, "Model", name, content)
    expect(stranger.locator(".rf-about b")).not_to_contain_text("fire", timeout=120_000)
    stranger.keyboard.press("Escape")
    settle(stranger)
    stranger.locator(".row[data-layer]").last.click()
    goes_on(other)
    caption = stranger.get_by_text("No values:")
    expect(caption).to_contain_text(f"{name} could not be run", timeout=120_000)
    expect(caption).to_contain_text(told)
    settle(stranger)
    expect(stranger.get_by_role("button", name="Try again")).to_be_visible()


def test_a_model_that_would_grow_without_bounds_is_refused_and_nobody_waits(
    stranger: Page, other: Page
) -> None:
    before = stranger.locator(".rf-about b").inner_text()
    upload(stranger, "Model", "laughs.onnx", (HOSTILE / "func_laughs.onnx").read_bytes())
    goes_on(other)
    expect(stranger.get_by_role("alert")).to_contain_text("laughs.onnx")
    expect(stranger.locator(".rf-about b")).to_have_text(before)


def test_a_layer_unrolled_over_thousands_of_steps_opens_and_nobody_waits(
    browser: Browser, url: str
) -> None:
    with visit(browser, url) as stranger, visit(browser, url) as other:
        upload(stranger, "Model", "unrolled.json", (HOSTILE / "k_unroll.json").read_bytes())
        goes_on(other)
        opened = stranger.get_by_text("No window slides over the input")
        expect(opened).to_contain_text("20,000", timeout=60_000)
