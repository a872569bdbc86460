"""How fast the Explore page feels, measured in Chromium against a server of its own.

Prints each figure beside its limit, and ends with exit code 1 where one is missed.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ANSWER = ".rf-answer [data-of=cell]"

# From the moment the page gets the pointer's event to the end of the frame that shows its effect.
WATCH_HOVER = """() => {
  window.frames_ms = [];
  const plot = [...document.querySelectorAll("*")]
    .flatMap((element) => (element.shadowRoot ? [element.shadowRoot] : []))
    .map((root) => root.querySelector("[data-pane=map] .plot"))
    .find(Boolean);
  plot.addEventListener("pointermove", () => {
    const begun = performance.now();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.frames_ms.push(performance.now() - begun);
      port2.postMessage(0);
    });
  }, { capture: true });
}"""

# From the click to the text of the answer that tells another cell.
WATCH_CLICKS = """() => {
  window.clicks_ms = [];
  let begun = null;
  addEventListener("pointerup", () => { begun = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    const told = document.querySelector(".rf-answer [data-of=cell]")?.textContent;
    if (begun !== null && told && told !== window.told) {
      window.clicks_ms.push(performance.now() - begun);
      begun = null;
    }
    window.told = told ?? window.told;
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  window.told = document.querySelector(".rf-answer [data-of=cell]").textContent;
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(port: int) -> Iterator[None]:
    # As with a person's browser, without a search for an outside address.
    options = [
        f"--server.port={port}",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--browser.serverAddress=127.0.0.1",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def open_when_ready(page: Page, port: int) -> None:
    """Opens the page as soon as the server listens, and waits for the first useful view."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    page.goto(f"http://127.0.0.1:{port}")
    page.locator("[data-pane=image] [data-mark=pinned][width]").wait_for(state="attached")
    page.locator(ANSWER).wait_for()


def cold_start(page: Page) -> float:
    port = free_port()
    begun = time.monotonic()
    with server(port):
        open_when_ready(page, port)
        return time.monotonic() - begun


def hover(page: Page) -> list[float]:
    page.evaluate(WATCH_HOVER)
    box = page.locator("[data-pane=map] .plot").bounding_box()
    assert box
    for i in range(200):
        share = (i * 0.618) % 1
        page.mouse.move(box["x"] + share * box["width"], box["y"] + i / 200 * box["height"])
        page.wait_for_timeout(5)
    page.wait_for_timeout(100)
    return list(page.evaluate("frames_ms"))


def clicks(page: Page) -> list[float]:
    page.evaluate(WATCH_CLICKS)
    box = page.locator("[data-pane=map] .plot").bounding_box()
    assert box
    for i in range(20):
        share = (i * 0.618 + 0.1) % 1
        page.mouse.click(box["x"] + share * box["width"], box["y"] + (i + 0.5) / 20 * box["height"])
        # Two quick clicks would be a double click.
        page.wait_for_timeout(600)
    return list(page.evaluate("clicks_ms"))


def layers(page: Page) -> list[float]:
    """From the click on a layer to its map."""
    spent = []
    for name in ("fire2/concat", "fire9/concat", "conv1", "fire4/expand3x3", "conv10", "pool3"):
        old = page.locator("[data-pane=map] svg").get_attribute("viewBox")
        row = page.locator(f'.row[data-name="{name}"]')
        row.scroll_into_view_if_needed()
        begun = time.monotonic()
        row.click()
        page.wait_for_function(
            """old => [...document.querySelectorAll("*")].some((element) => {
              const svg = element.shadowRoot?.querySelector("[data-pane=map] svg");
              return svg && svg.getAttribute("viewBox") !== old;
            })""",
            arg=old,
            polling=5,
        )
        spent.append(time.monotonic() - begun)
    return [1000 * seconds for seconds in spent]


def report(what: str, figure: float, limit: float, unit: str) -> bool:
    good = figure <= limit
    verdict = "" if good else "MISSED"
    print(f"{what:<44} {figure:8.1f} {unit:<2} limit {limit:6.1f} {unit:<2} {verdict}")
    return good


def main() -> int:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        starts = [cold_start(page) for _ in range(3)]
        port = free_port()
        with server(port):
            open_when_ready(page, port)
            hovered, clicked, switched = hover(page), clicks(page), layers(page)
        browser.close()
    median = statistics.median
    good = [
        report("hover to drawn overlay, median of 200", median(hovered), 16, "ms"),
        report("click to updated numbers, median of 20", median(clicked), 250, "ms"),
        report("another layer, click to map, median of 6", median(switched), 400, "ms"),
        report("cold start to first useful view, best of 3", min(starts), 4, "s"),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
