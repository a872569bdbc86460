"""How fast the Build and Learn pages answer, and the graph of a large network unfolds, in Chromium.

Prints each figure beside its limit, and ends with exit code 1 where one is missed.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
from bench_interaction import report, upload, visited
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Page

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"

# From a key to the first change of what a component of ours draws.
WATCH = """(selector) => {
  window.drawn_ms = [];
  let begun = null;
  const element = [document, ...[...document.querySelectorAll("*")]
    .flatMap((element) => (element.shadowRoot ? [element.shadowRoot] : []))]
    .map((root) => root.querySelector(selector))
    .find(Boolean);
  addEventListener("keydown", () => { begun = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    if (begun === null) return;
    window.drawn_ms.push(performance.now() - begun);
    begun = null;
  }).observe(element, { childList: true, subtree: true, characterData: true, attributes: true });
}"""


def opened(page: Page, url: str) -> None:
    """Open an address, and wait until nothing is drawn any more."""
    page.goto(url)
    page.locator(IDLE).wait_for()
    page.wait_for_timeout(2500)


# From a click to the frame in which the heading of a step and its diagram show.
ARRIVAL = """(step) => {
  addEventListener("click", () => {
    const begun = performance.now();
    const look = () => {
      const heading = document.querySelector(".st-key-step-heading h2")?.textContent ?? "";
      const place = document.querySelector(".st-key-lesson-figure");
      const diagram = [place, ...(place?.querySelectorAll("*") ?? [])]
        .map((element) => element?.shadowRoot ?? element)
        .find((root) => root?.querySelector(`[data-name=step${step}] svg .unit`));
      if (heading.startsWith(`${step}.`) && diagram) window.step_ms = performance.now() - begun;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { capture: true, once: true });
}"""


def lesson(page: Page, url: str) -> list[float]:
    """The steps of the lesson are turned forwards, backwards and forwards again."""
    opened(page, f"{url}/learn?part=lesson&step=1")
    spent: list[float] = []
    for step in (*range(2, 10), *range(8, 0, -1), *range(2, 6)):
        number = int(page.locator(".st-key-step-heading h2").inner_text().partition(".")[0])
        page.evaluate(ARRIVAL, step)
        page.get_by_role("button", name="Next:" if step > number else "Back").click()
        page.wait_for_function("window.step_ms")
        spent.append(page.evaluate("step_ms"))
        page.evaluate("delete window.step_ms")
        page.wait_for_timeout(700)
    return spent


def build(page: Page, url: str) -> list[float]:
    """A kernel of the third row is changed, and its receptive field is drawn."""
    opened(page, f"{url}/build")
    kernel = page.locator(".editor .rows tr[data-row='3'] [name=kernel]").first
    page.evaluate(WATCH, ".editor .rows tr[data-row='12'] .r")
    for size in (5, 7, 3, 9, 5, 3) * 2:
        kernel.fill(str(size))
        kernel.press("Enter")
        page.wait_for_timeout(1500)
    return list(page.evaluate("drawn_ms"))


def chain(nodes: int) -> bytes:
    """Blocks of two convolutions and a sum, each in a scope of its own."""
    weights = numpy_helper.from_array(np.ones((2, 2, 3, 3), np.float32), "w")
    first = numpy_helper.from_array(np.ones((2, 3, 3, 3), np.float32), "v")
    blocks = [helper.make_node("Conv", ["x", "v"], ["stem"], "stem", pads=[1] * 4)]
    last = "stem"
    for block in range((nodes - 1) // 4):
        names = [f"stage{block // 50}/block{block}/{part}" for part in ("a", "relu", "b", "sum")]
        a, relu, b, total = names
        blocks += [
            helper.make_node("Conv", [last, "w"], [a], a, pads=[1] * 4),
            helper.make_node("Relu", [a], [relu], relu),
            helper.make_node("Conv", [relu, "w"], [b], b, pads=[1] * 4),
            helper.make_node("Add", [last, b], [total], total),
        ]
        last = total
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])
    result = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
    graph = helper.make_graph(blocks, "chain", [image], [result], [weights, first])
    opsets = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(graph, ir_version=10, opset_imports=opsets).SerializeToString())


def graph(page: Page, url: str) -> float:
    """All of 2,000 nodes are unfolded."""
    opened(page, url)
    upload(page, "chain.onnx", chain(2000), "stem")
    page.get_by_role("link", name="Network").click()
    button = page.get_by_role("button", name="Unfold all")
    button.wait_for()
    page.locator(IDLE).wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    begun = time.monotonic()
    button.click()
    page.wait_for_function(
        """() => [...document.querySelectorAll("*")].some((element) =>
          (element.shadowRoot?.querySelectorAll(".content [data-layer]").length ?? 0) >= 1900)""",
        polling=20,
        timeout=30_000,
    )
    return time.monotonic() - begun


def main() -> int:
    """Measure the pages; returns the exit code."""
    with visited() as (page, url):
        turned = lesson(page, url)
        edited, unfolded = build(page, url), graph(page, url)
    good = [
        report(
            f"Learn: click to next step, median of {len(turned)}",
            statistics.median(turned),
            150,
            "ms",
        ),
        report(
            f"Build: edit to drawing, median of {len(edited)}", statistics.median(edited), 400, "ms"
        ),
        report("Network: 2,000 nodes unfolded", unfolded, 3, "s"),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
