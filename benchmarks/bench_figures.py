"""How fast the living figures of the Learn page answer a slider and the pointer, in Chromium.

Each movement is timed from the event until the figure is drawn and laid out anew, and has to fit
into one frame. Prints each figure beside its limit, and ends with exit code 1 where one is missed.
"""

from __future__ import annotations

import statistics
import sys

from bench_interaction import report, visited
from playwright.sync_api import Page

from rf_viz.ui.learn.figures import FIGURES

FRAME = 16.7
"""Milliseconds of a frame at 60 Hz."""

MOVES = 200

MEASURE = """async (moves) => {
  const root = [...document.querySelectorAll("*")].flatMap((e) => e.shadowRoot ?? [])
    .find((shadow) => shadow.querySelector(".living"));
  const shown = (all) => all.filter((element) => element.getClientRects().length);
  const frame = () => new Promise(requestAnimationFrame);
  const timed = async (act) => {
    await frame();
    const begun = performance.now();
    act();
    root.querySelector(".living").getBoundingClientRect();
    return performance.now() - begun;
  };
  let seed = 1;
  const draw = (count) => (seed = (seed * 48271) % 2147483647) % count;
  const slides = [], hovers = [];
  for (let i = 0; i < moves; i++) {
    const sliders = shown([...root.querySelectorAll("input[type=range]")]);
    if (!sliders.length) break;
    const slider = sliders[draw(sliders.length)];
    const [low, high] = [Number(slider.min), Number(slider.max)];
    slider.value = low + draw(high - low + 1);
    slides.push(await timed(() => slider.dispatchEvent(new Event("input", { bubbles: true }))));
  }
  for (let i = 0; i < moves; i++) {
    const units = shown([...root.querySelectorAll(".unit:not(.padding)")]);
    if (!units.length) break;
    const unit = units[draw(units.length)];
    const event = new PointerEvent("pointerover", { bubbles: true, composed: true });
    hovers.push(await timed(() => unit.querySelector(".hit").dispatchEvent(event)));
  }
  return { slides, hovers };
}"""


def measure(page: Page, url: str, name: str) -> dict[str, list[float]]:
    """Moves the sliders and the pointer of one figure; milliseconds by the kind of movement."""
    page.goto(f"{url}/learn?figure={name}")
    page.locator(".living :is(.unit.pinned, .layer)").first.wait_for()
    page.wait_for_timeout(1500)
    spent: dict[str, list[float]] = page.evaluate(MEASURE, MOVES)
    return spent


def main() -> int:
    """Measure all living figures; returns the exit code."""
    with visited() as (page, url):
        spent = {
            name: measure(page, url, name) for name, figure in FIGURES.items() if figure.controls
        }
    good = []
    for kind in ("slides", "hovers"):
        for name, times in spent.items():
            if times[kind]:
                p95 = statistics.quantiles(times[kind], n=20)[-1]
                median = statistics.median(times[kind])
                good.append(report(f"{name}: {kind}, median", median, FRAME, "ms"))
                good.append(report(f"{name}: {kind}, 95 of 100", p95, FRAME, "ms"))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
