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
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Page, sync_playwright
from timing import LIGHT

ROOT = Path(__file__).resolve().parent.parent
VIEW = ".linked-view[data-view]"
ANSWER = ".rf-answer [data-of=cell]"

# From the moment the page gets the pointer's event to the end of the frame that shows its effect.
WATCH_HOVER = """() => {
  window.frames_ms = [];
  document.querySelector(".linked-view .graph").addEventListener("pointermove", () => {
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
    const shown = document.querySelector(".rf-answer [data-of=cell]")?.textContent;
    if (begun !== null && shown && shown !== window.shown) {
      window.clicks_ms.push(performance.now() - begun);
      begun = null;
    }
    window.shown = shown ?? window.shown;
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  window.shown = document.querySelector(".rf-answer [data-of=cell]").textContent;
}"""


# From the click on a layer to the frame that shows its map.
WATCH_LAYERS = """() => {
  window.layers_ms = [];
  let begun = null;
  addEventListener("pointerup", () => { begun = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    const since = begun;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.layers_ms.push(performance.now() - since);
      port2.postMessage(0);
    });
  }).observe(document.querySelector(".linked-view"), { attributeFilter: ["data-view"] });
}"""

# From the click to the overlay that tells how many pixels of another cell count.
WATCH_OVERLAYS = """() => {
  window.overlays_ms = [];
  let begun = null;
  const readout = document.querySelector("[data-pane=image] .readout");
  addEventListener("pointerup", () => { begun = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    if (begun === null || !readout.textContent.includes(" of ")) return;
    window.overlays_ms.push(performance.now() - begun);
    begun = null;
  }).observe(readout, { childList: true, subtree: true, characterData: true });
}"""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(port: int) -> Iterator[None]:
    """Run the app on a port while it lasts."""
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


@contextmanager
def visited() -> Iterator[tuple[Page, str]]:
    """Open the app in Chromium; the page and the app's address."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        port = free_port()
        with server(port):
            open_when_ready(page, port)
            yield page, f"http://127.0.0.1:{port}"
        browser.close()


def open_when_ready(page: Page, port: int) -> None:
    """Opens the page as soon as the server listens, and waits for the first useful view."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    page.goto(f"http://127.0.0.1:{port}")
    page.locator(VIEW).wait_for()
    page.locator(ANSWER).wait_for()


def cold_start(page: Page) -> float:
    """Measure the seconds from starting a server to the first useful view."""
    port = free_port()
    begun = time.monotonic()
    with server(port):
        open_when_ready(page, port)
        return time.monotonic() - begun


def hover(page: Page) -> list[float]:
    """Measure from moving the pointer over the map to the frame that shows it, in ms."""
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
    """Measure from the click on a cell to the answer's text, in ms."""
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
    """Measure from the click on a layer to its map, in ms."""
    page.evaluate(WATCH_LAYERS)
    for name in ("fire2/concat", "fire9/concat", "conv1", "fire4/expand3x3", "conv10", "pool3"):
        row = page.locator(f'.row[data-name="{name}"]')
        row.scroll_into_view_if_needed()
        page.wait_for_timeout(800)
        layer = row.get_attribute("data-layer")
        row.click()
        page.locator(f'.linked-view[data-view$=" {layer}"]').wait_for()
    page.wait_for_timeout(500)
    return list(page.evaluate("layers_ms"))


def overlays(page: Page) -> list[float]:
    """From a click to the exact pixels of the cell, drawn."""
    page.locator("[data-mode=pixels]").click()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH_OVERLAYS)
    box = page.locator("[data-pane=map] .plot").bounding_box()
    assert box
    for i in range(12):
        share = (i * 0.618 + 0.3) % 1
        page.mouse.click(box["x"] + share * box["width"], box["y"] + (i + 0.5) / 12 * box["height"])
        page.wait_for_timeout(700)
    page.locator("[data-mode=box]").click()
    page.wait_for_timeout(700)
    return list(page.evaluate("overlays_ms"))


def upload(page: Page, name: str, content: bytes, layer: str) -> None:
    """Upload a model, and wait for the row of a layer of it."""
    page.get_by_role("button", name="Upload model").click()
    page.locator("[data-testid=stPopoverBody] [data-testid=stFileUploader] input").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
    )
    page.locator(f'.row[data-name="{layer}"]').wait_for(timeout=60_000)
    page.keyboard.press("Escape")
    page.wait_for_timeout(2000)


def wide(channels: int, size: int) -> bytes:
    """One convolution of 1 x 1, as a file."""
    weights = np.random.default_rng(0).normal(size=(channels, 3, 1, 1)).astype(np.float32)
    shape = [1, 3, size, size]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["wide"], "wide")],
        "wide",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("wide", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "w")],
    )
    opsets = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(graph, ir_version=10, opset_imports=opsets).SerializeToString())


class Received:
    """How many bytes the page has received over its websocket."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._count)

    def _count(self, event: dict[str, Any]) -> None:
        """Add the bytes of a frame."""
        data = event["response"]["payloadData"]
        self.bytes += len(data) * 3 // 4  # frames of bytes come in Base64


def on_a_resnet(page: Page) -> tuple[list[float], float]:
    """ResNet-50: from the click on a layer to its map, and the most that such a switch sends."""
    upload(page, "resnet50.onnx", (LIGHT / "light_resnet50.onnx").read_bytes(), "r0")
    names = page.locator(".row").evaluate_all("rows => rows.map((row) => row.dataset.name)")
    received, spent, sent = Received(page), [], []
    for share in (0.1, 0.9, 0.3, 0.75, 0.02, 0.5):
        name = names[int(share * len(names))]
        row = page.locator(f'.row[data-name="{name}"]')
        row.scroll_into_view_if_needed()
        page.wait_for_timeout(800)
        before, begun = received.bytes, time.monotonic()
        row.click()
        page.locator(".rf-about b").get_by_text(name, exact=True).wait_for()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        spent.append(1000 * (time.monotonic() - begun))
        page.wait_for_timeout(500)
        sent.append((received.bytes - before) / 1000)
    return spent, max(sent)


def gallery(page: Page) -> float:
    """From the choice of "Channels" to the first page of 2,048 thumbnails."""
    upload(page, "wide.onnx", wide(2048, 56), "wide")
    begun = time.monotonic()
    page.get_by_test_id("stButtonGroup").get_by_text("Channels", exact=True).click()
    page.locator(".choices .parts button").first.wait_for()
    return 1000 * (time.monotonic() - begun)


def p95(spent: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(spent, n=20)[-1]


def report(what: str, figure: float, limit: float, unit: str) -> bool:
    """Print a figure beside its limit; returns whether it is within."""
    good = figure <= limit
    verdict = "" if good else "MISSED"
    print(f"{what:<44} {figure:8.1f} {unit:<2} limit {limit:6.1f} {unit:<2} {verdict}")
    return good


def main() -> int:
    """Measure everything; returns the exit code."""
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
            drawn = overlays(page)
            resnet, sent = on_a_resnet(page)
            first_page = gallery(page)
            maps = {"27 x 27": hovered}
            for size in (112, 256):
                upload(page, f"wide{size}.onnx", wide(2, size), "wide")
                maps[f"{size} x {size}"] = hover(page)
        browser.close()
    median = statistics.median
    good = []
    for size, spent in maps.items():
        good.append(report(f"hover to drawn overlay, {size}, median", median(spent), 16, "ms"))
        good.append(report(f"hover to drawn overlay, {size}, 95 %", p95(spent), 16, "ms"))
    good += [
        report("click to updated numbers, median of 20", median(clicked), 150, "ms"),
        report("another layer, click to map, median of 6", median(switched), 200, "ms"),
        report("click to exact pixels, median of 12", median(drawn), 150, "ms"),
        report("another layer of ResNet-50, median of 6", median(resnet), 400, "ms"),
        report("sent for another layer of ResNet-50, most", sent, 300, "kB"),
        report("2,048 channels, first page", first_page, 500, "ms"),
        report("cold start to first useful view, best of 3", min(starts), 3.5, "s"),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
