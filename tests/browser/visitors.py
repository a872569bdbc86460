"""Visitors of the app, who find nothing of each other in the browser.

A page of Chromium's that is new compiles all scripts again, which takes longer than anything else
that a test waits for. So a visitor who leaves gives their page back, and the next one gets it as
if it were new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.driver import settle

WIDE: ViewportSize = {"width": 1440, "height": 900}

ColorScheme = Literal["light", "dark"]
ReducedMotion = Literal["reduce", "no-preference"]

_idle: WeakKeyDictionary[Browser, dict[str, list[Page]]] = WeakKeyDictionary()
"""The pages of each browser that nobody uses, by the options of their contexts."""


@contextmanager
def visitor(
    browser: Browser,
    *,
    viewport: ViewportSize = WIDE,
    color_scheme: ColorScheme = "light",
    reduced_motion: ReducedMotion = "no-preference",
    **options: Any,  # noqa: ANN401
) -> Iterator[Page]:
    """The page of a new visitor, who has not been anywhere.

    ``options`` are those of the browser's context.
    """
    idle = _idle.setdefault(browser, defaultdict(list))[repr(sorted(options.items()))]
    page = idle.pop() if idle else browser.new_context(**options).new_page()
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
    page.set_default_timeout(60_000)
    failures: list[str] = []

    def fail(error: object) -> None:
        failures.append(str(error))

    page.on("pageerror", fail)
    yield page
    page.remove_listener("pageerror", fail)
    _forget(page)
    idle.append(page)
    assert failures == []


def _forget(page: Page) -> None:
    """Leaves a page as if nobody had been there."""
    for other in page.context.pages:
        if other is not page:
            other.close()
    if page.url.startswith(("http", "file")):
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto("about:blank")
    page.mouse.move(0, 0)
    page.context.clear_cookies()


@contextmanager
def visit(browser: Browser, url: str, **options: Any) -> Iterator[Page]:  # noqa: ANN401
    """A new visitor on the Explore page, which has drawn what it opens with.

    ``options`` as in ``visitor``.
    """
    with visitor(browser, **options) as page:
        page.goto(url)
        page.locator(".linked-view[data-view]").wait_for()
        page.locator(".rf-answer [data-of=cell]").wait_for()
        settle(page)
        yield page
