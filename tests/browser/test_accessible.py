"""Every page can be read and used by everybody: axe-core finds no fault, in either theme."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.inputs.images import fit
from rf_viz.ui.explore.offline_page.offline_page import Chosen, offline_page
from rf_viz.ui.explore.questions import QUESTIONS
from rf_viz.ui.learn.figures import FIGURES
from rf_viz.ui.learn.lesson import TITLES
from rf_viz.ui.learn.opening.opening import OPENING_IN_SHORT
from rf_viz.ui.pictures import FeatureMap, Picture
from tests.browser.driver import ask, open_model, upload
from tests.browser.test_volume_view import convolutions
from tests.browser.visitors import visitor
from tests.models.transformers import vit
from tests.pages.test_missing_size import OBLONG

SMALL: ViewportSize = {"width": 1280, "height": 720}

STREAMLITS_OWN = {
    # Its uploader is a section with a name and with the role of none.
    "presentation-role-conflict": "[data-testid=stFileUploaderDropzone]",
    # It hangs open menus, dialogs and tooltips beside the page's landmarks.
    "region": "#stFloatingOverlayPortal, [data-floating-ui-portal]",
}
"""Faults that we cannot mend, for each rule the elements of Streamlit that break it."""

FAULTS = """async ([rules, excused]) => {
  const options = { resultTypes: ["violations"], elementRef: true };
  if (rules) options.runOnly = rules;
  const { violations } = await axe.run(document, options);
  return violations.flatMap(({ id, nodes }) => nodes
    .filter(({ element }) => !element?.matches(excused[id] ?? ":not(*)"))
    .map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}"""

CHART_TEXTS = """() => [...document.querySelectorAll(".js-plotly-plot svg text")]
  .filter((text) => text.textContent.trim() && text.checkVisibility())
  .filter((text) => !text.closest(".hoverlayer"))
  .map((text) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const solid = (colour) => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const page = document.querySelector(".stApp") ?? document.body;
    solid(getComputedStyle(page).backgroundColor);
    const paper = text.closest(".js-plotly-plot").querySelector(".main-svg");
    const ground = solid(getComputedStyle(paper).backgroundColor); // on that of the page
    return [text.textContent, ground, solid(getComputedStyle(text).fill)];
  })"""
"""What is written in the charts, on which ground, in which colour: axe gives no opinion on SVG."""

HEADINGS = """() => {
  const levels = [];
  const walk = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.matches("h1, h2, h3, h4, h5, h6, [role=heading]") && node.checkVisibility()) {
        levels.push(Number(node.ariaLevel ?? node.tagName[1]));
      }
      if (node.shadowRoot) walk(node.shadowRoot);
    }
  };
  walk(document);
  return levels;
}"""
"""The levels of all headings, from the top of the page."""

UNSEEN_FOCUS = """() => {
  const unseen = [];
  const look = (node) => {
    const style = getComputedStyle(node);
    return [style.outline, style.boxShadow, style.stroke, style.strokeWidth].join();
  };
  const all = "a[href], button, input, select, textarea, [tabindex]";
  for (const component of document.querySelectorAll("[data-testid^=stBidiComponent]")) {
    for (const node of (component.shadowRoot ?? component).querySelectorAll(all)) {
      if (node.disabled || node.tabIndex < 0 || !node.checkVisibility()) continue;
      const parts = [node, ...node.querySelectorAll("*")];
      node.blur(); // the key that came before may have led to it
      const before = parts.map(look);
      node.focus();
      if (parts.every((part, i) => look(part) === before[i])) unseen.push(node.outerHTML);
      node.blur();
    }
  }
  return unseen;
}"""
"""What in our components can be reached by the keyboard and looks no different then."""

AT_REST = """() => new Promise((done) => {
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(rested, 200);
  };
  const busy = "[data-test-script-state=running], [data-stale=true]";
  const rested = () => document.querySelector(busy) ? wait() : done();
  new MutationObserver(wait).observe(document, { subtree: true, childList: true });
  wait();
  setTimeout(done, 60_000);
})"""
"""Resolves when the page's script is done and nothing was drawn for a while, or after a minute."""

BRIGHT = """() => {
  const ground = document.querySelector(".stApp") ?? document.body;
  return Number(getComputedStyle(ground).backgroundColor.match(/\\d+/)[0]) > 127;
}"""
"""Whether the page is in the light theme."""


def faults(page: Page, rules: list[str] | None) -> list[str]:
    """What axe-core finds on the page, and what is hard to read in its charts.

    A fault counts if it stays: what is being drawn has other colours for a moment, which is long
    on a busy machine.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    patience = time.monotonic() + 120
    while True:
        page.evaluate(AT_REST)
        problems = [*page.evaluate(FAULTS, [rules, STREAMLITS_OWN])]
        for text, ground, ink in page.evaluate(CHART_TEXTS):
            if contrast(ground, ink) < 4.5:
                problems.append(f"{text!r} in a chart: a contrast of {contrast(ground, ink):.1f}")
        levels = page.evaluate(HEADINGS)
        steps = zip([0, *levels], levels, strict=False)
        if levels.count(1) != 1 or any(below > above + 1 for above, below in steps):
            problems.append(f"headings of the levels {levels}")
        if not problems or time.monotonic() > patience:
            return problems
        page.wait_for_timeout(200)


def contrast(one: list[int], other: list[int]) -> float:
    """Contrast ratio of two colours, after WCAG 2.2."""

    def luminance(colour: list[int]) -> float:
        parts = np.array(colour) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def check(page: Page, state: str) -> None:
    """Holds the page against all rules, in the other theme against those on colours."""
    problems = faults(page, None)
    bright = page.evaluate(BRIGHT)
    page.emulate_media(color_scheme="dark" if bright else "light")
    page.wait_for_function(f"({BRIGHT})() !== {str(bright).lower()}")
    problems += faults(page, ["color-contrast"])
    assert not problems, "\n".join([f"{state}, {'light' if bright else 'dark'} first:", *problems])


@contextmanager
def at(browser: Browser, address: str, **options: Any) -> Iterator[Page]:  # noqa: ANN401
    """A new visitor at an address."""
    with visitor(browser, viewport=SMALL, reduced_motion="reduce", **options) as page:
        page.goto(address)
        yield page


def unseen_focus(page: Page) -> list[str]:
    page.keyboard.press("Tab")  # from now on the browser shows where the keyboard is
    return list(page.evaluate(UNSEEN_FOCUS))


def test_explore(browser: Browser, url: str) -> None:
    with at(browser, url) as page:
        page.locator(".rf-answer [data-of=cell]").wait_for()
        check(page, "Explore")
        page.get_by_role("radio", name="Influence").click()
        expect(page.get_by_text("Half of the influence lies on")).to_be_visible(timeout=180_000)
        check(page, "influence")
        page.get_by_role("button", name="What is this?").click()
        check(page, "what influence is")
        page.keyboard.press("Escape")
        page.get_by_role("radio", name="Path counts").click()
        for question in QUESTIONS:
            ask(page, question)
            check(page, question)
            assert not unseen_focus(page), question
        page.get_by_test_id("stExpander").last.click()
        check(page, "all layers")


def test_signals_tokens_volumes_and_errors(browser: Browser, url: str) -> None:
    with at(browser, f"{url}/?model=keywords") as page:
        page.locator(".rf-answer [data-of=cell]").wait_for()
        check(page, "a signal")
        open_model(page, "vit.onnx", vit(6, 8, 8), "patches")
        page.locator('.row[data-name="begin"]').click()
        check(page, "tokens")
        upload(page, "Model", "volume.onnx", convolutions())
        page.locator("[data-side=map] .plot").first.wait_for()
        check(page, "a volume, beneath the open dialog")
        page.keyboard.press("Escape")
        assert not unseen_focus(page)
        upload(page, "Model", "nonsense.onnx", b"nonsense")
        expect(page.get_by_role("alert").first).to_be_visible()
        check(page, "an error in the dialog")
        page.keyboard.press("Escape")
        check(page, "an error")
        upload(page, "Model", "oblong.onnx", OBLONG)
        page.get_by_role("button", name="Open at this size").wait_for()
        page.keyboard.press("Escape")
        check(page, "the question for a size")


def test_network(browser: Browser, url: str) -> None:
    with at(browser, f"{url}/network") as page:
        page.locator(".graph .box").first.wait_for()
        check(page, "Network")
        page.get_by_role("button", name="Unfold all").click()
        check(page, "the whole graph")
        assert not unseen_focus(page)


def test_compare(browser: Browser, url: str) -> None:
    with at(browser, f"{url}/compare") as page:
        page.locator(".js-plotly-plot").first.wait_for()
        tabs = page.get_by_role("tab")
        for tab in [tabs.nth(number) for number in range(tabs.count())]:
            tab.click()
            check(page, tab.inner_text())


def test_build(browser: Browser, url: str) -> None:
    with at(browser, f"{url}/build") as page:
        page.locator(".rf-answer [data-of=cell]").wait_for()
        check(page, "Build")
        assert not unseen_focus(page)
        groups = page.locator(".editor .rows tr[data-row='11'] [name=groups]")
        groups.fill("7")
        groups.press("Tab")
        page.get_by_text("do not divide into 7 groups").wait_for()
        check(page, "a mistake in a row")


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("figures", [f"{n} {figure.title}" for n, figure in enumerate(FIGURES.values(), 1)]),
        ("lesson", [*(f"{n} {title}" for n, title in enumerate(TITLES) if n), OPENING_IN_SHORT]),
    ],
)
def test_learn(browser: Browser, url: str, part: str, names: list[str]) -> None:
    with at(browser, f"{url}/learn?part={part}") as page:
        page.locator(".unit.pinned, .opening .says b").first.wait_for()
        for name in names:
            page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()
            check(page, name)
        assert not unseen_focus(page)


def test_the_playground(browser: Browser, url: str) -> None:
    with at(browser, f"{url}/learn?part=playground") as page:
        page.locator(".playground .sentence").get_by_text("looks at").wait_for()
        menu = page.locator(".playground [name=op]")
        for operation in ("conv", "depthwise", "max", "transposed"):
            menu.select_option(operation)
            check(page, operation)
        page.locator(".playground [name=kernel]").select_option("random")
        check(page, "a random kernel")
        assert not unseen_focus(page)


def test_exercises(browser: Browser, url: str) -> None:
    with at(browser, f"{url}/learn?part=exercises") as page:
        page.get_by_role("button", name="Show the solution").click()
        page.get_by_role("heading", name="The solution").wait_for()
        check(page, "an exercise")


def test_the_teachers_page(browser: Browser, url: str) -> None:
    with at(browser, f"{url}/learn?part=teaching") as page:
        page.get_by_role("heading", name="The plan").wait_for()
        check(page, "the teacher's page")


def test_the_offline_page(browser: Browser, tmp_path: Path) -> None:
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    layer = net["fire5/concat"]
    values = np.random.default_rng(0).normal(size=(2, *layer.grid)).astype(np.float32)
    maps = [FeatureMap(layer, c, f"Feature map, channel {c}", values[c]) for c in range(2)]
    picture = Picture(
        "grey", "Grey", fit(Image.new("RGB", (300, 300), "#808080"), (224, 224), "crop")
    )
    file = tmp_path / "page.html"
    file.write_text(offline_page("SqueezeNet", "Nobody", picture, [Chosen(maps, ["0", "1"])]))
    with at(browser, file.as_uri(), offline=True) as page:
        page.locator(".linked-view[data-view]").wait_for()
        check(page, "the offline page")


def test_nothing_moves_for_those_who_ask_for_it(browser: Browser, url: str) -> None:
    with at(browser, url) as page:
        page.locator(".rf-answer [data-of=cell]").wait_for()
        page.wait_for_function(
            """() => [...document.querySelectorAll("*")].every((node) => {
              const { transitionDuration, animationDuration } = getComputedStyle(node);
              return !/[1-9]/.test(transitionDuration + animationDuration);
            })"""
        )
