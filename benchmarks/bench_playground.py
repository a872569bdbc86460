"""How fast the playground of the Learn page answers the pointer and its sliders, in Chromium.

Prints each figure beside its limit, and ends with exit code 1 where one is missed.
"""

from __future__ import annotations

import statistics
import sys

from bench_interaction import report, visited

FRAME = 16.7
"""The milliseconds of one frame, of sixty in a second."""

TIMES = 25
"""Of each operation and kind of move; there are eight operations."""

# Moves in the page itself: each begins a frame, and is timed until the DOM is up to date, layout
# included, and until that frame is drawn. A frame without a move tells how busy the machine is.
MOVE = """async (times) => {
  const root = [...document.querySelectorAll("*")]
    .map((element) => element.shadowRoot?.querySelector(".playground"))
    .find(Boolean);
  let state = 1;
  const random = (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  const hover = () => {
    const stage = root.querySelectorAll(".stage")[random(2)];
    const { left, top, width, height } = stage.getBoundingClientRect();
    const clientX = left + random(Math.floor(width));
    const clientY = top + random(Math.floor(height));
    stage.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
  };
  const slide = () => {
    const sliders = [...root.querySelectorAll("input[type=range]")]
      .filter((slider) => slider.checkVisibility() && !slider.disabled);
    const slider = sliders[random(sliders.length)];
    const [min, max] = [Number(slider.min), Number(slider.max)];
    slider.value = min + random(max - min + 1);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const timed = (move) => new Promise((done) => requestAnimationFrame(() => {
    const begun = performance.now();
    move();
    root.getBoundingClientRect();
    const updated = performance.now() - begun;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done([updated, performance.now() - begun]);
    port2.postMessage(0);
  }));
  const spent = { rest: [], hover: [], slide: [] };
  const menu = root.querySelector("[name=op]");
  for (const { value } of menu.options) {
    menu.value = value;
    menu.dispatchEvent(new Event("change"));
    for (let i = 0; i < times; i++) {
      spent.rest.push(await timed(() => {}));
      spent.hover.push(await timed(hover));
      spent.slide.push(await timed(slide));
    }
  }
  return spent;
}"""


def main() -> int:
    """Measure the moves; returns the exit code."""
    with visited() as (page, url):
        page.goto(f"{url}/learn?part=playground")
        page.locator(".playground .sentence").get_by_text("looks at").wait_for()
        page.wait_for_timeout(2000)
        spent = page.evaluate(MOVE, TIMES)
    good = []
    for move, name in (("rest", "no move"), ("hover", "pointer"), ("slide", "slider")):
        for end, times in zip(("DOM", "frame"), zip(*spent[move], strict=True), strict=True):
            median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
            title = f"Playground: {name} to {end}"
            good.append(report(f"{title}, median of {len(times)}", median, FRAME, "ms"))
            good.append(report(f"{title}, 95th percentile", p95, FRAME, "ms"))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
