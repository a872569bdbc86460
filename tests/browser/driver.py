"""What a person does on the Explore page, and what they see there."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from rf_viz import Region

Box = list[float]
TIMES = " \N{MULTIPLICATION SIGN} "


MARKS = {
    ("image", "pinned"): " region",
    ("image", "hovered"): "hovered region",
    ("image", "field"): "closed form",
    ("image", "pixel"): "pinned pixel",
    ("map", "pinned"): "pinned cell",
    ("map", "hovered"): "hovered cell",
}
"""What overlays of the linked view are called in its figure, or how that ends."""

FIGURE = """([pane, ending]) => {
  const graph = document.querySelector(".linked-view .js-plotly-plot");
  const { shapes } = graph.layout;
  const axes = pane === "map" ? "2" : "";
  const [x, y] = [graph._fullLayout[`xaxis${axes}`], graph._fullLayout[`yaxis${axes}`]];
  const own = shapes.filter(({ name, xref }) => name.endsWith(ending) && xref === `x${axes}`);
  const shape = own.find(({ name }) => ending === name || !/^(hovered|outside)/.test(name));
  return { shape, x: x.range, y: y.range };
}"""


SETTLED = """(start) => {
  const main = document.querySelector("[data-testid=stMain]");
  const rests = document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
    && !document.querySelector("[data-stale=true], .linked-view:not([data-view])")
    && document.fonts.status === "loaded";
  const layout = `${document.getElementsByTagName("*").length} ${main?.scrollHeight}`;
  if (!rests || layout !== window.latestLayout) window.latestWork = performance.now();
  window.latestLayout = layout;
  return performance.now() - Math.max(start, window.latestWork ?? 0) > 300;
}"""


def open_page(page: Page, address: str) -> None:
    """Opens an address, and waits until the page has settled."""
    page.goto(address)
    page.locator("[data-testid=stApp]").wait_for()
    settle(page)


def settle(page: Page) -> None:
    """Waits until the page has run, its views are drawn, and nothing has changed for a while."""
    page.wait_for_function(SETTLED, arg=page.evaluate("performance.now()"), polling=50)


def call(page: Page, script: str, function: str, *arguments: object) -> Any:  # noqa: ANN401
    """Calls a function of a script in the browser.

    Arguments and result travel as JSON: Playwright would look at each of their numbers by itself,
    which takes seconds for some hundred thousand.
    """
    body = f"{script}\nreturn JSON.stringify(await ({function})(...JSON.parse(text)));"
    return json.loads(page.evaluate(f"async (text) => {{ {body} }}", json.dumps(arguments)))


def plot(page: Page, pane: str) -> Locator:
    return page.locator(f"[data-pane={pane}] .plot")


def figure(page: Page, pane: str, ending: str = "") -> dict[str, Any]:
    """The ranges of a pane's axes, and the overlay whose name ends so."""
    result: dict[str, Any] = page.evaluate(FIGURE, [pane, ending])
    return result


def window(page: Page, pane: str) -> Box:
    """The visible part of a pane: left, top, width, height; pixel i reaches from i to i + 1."""
    shown = figure(page, pane)
    left, right = shown["x"]
    bottom, top = shown["y"]
    if bottom < top:  # the values of a line
        return [left + 0.5, 0, right - left, 1]
    return [left + 0.5, top + 0.5, right - left, bottom - top]


def see_window(page: Page, pane: str, *window: float) -> None:
    """The pane comes to show this part."""
    page.wait_for_function(
        "([find, pane, window]) => { const { x, y } = eval(find)([pane, '']);"
        " const [bottom, top] = y; const flat = bottom < top;"
        " const shown = [x[0] + 0.5, flat ? 0 : top + 0.5, x[1] - x[0], flat ? 1 : bottom - top];"
        " return shown.every((n, i) => Math.abs(n - window[i]) < 1e-6); }",
        arg=[f"({FIGURE})", pane, list(window)],
    )


def point(page: Page, pane: str, y: float, x: float) -> tuple[float, float]:
    """Where a position of a pane is on the screen."""
    box = plot(page, pane).bounding_box()
    left, top, width, height = window(page, pane)
    return (
        box["x"] + (x - left) / width * box["width"],
        box["y"] + (y - top) / height * box["height"],
    )


def move_to(page: Page, y: int, x: int) -> None:
    page.mouse.move(*point(page, "map", y + 0.5, x + 0.5))


def click(page: Page, y: int, x: int) -> None:
    page.mouse.click(*point(page, "map", y + 0.5, x + 0.5))


def drawn(page: Page, name: str, pane: str = "image") -> Box | None:
    """A mark's x, y, width and height in the pane's own coordinates; None while it is hidden."""
    shape = figure(page, pane, MARKS[pane, name])["shape"]
    if shape["x0"] < -9e5:
        return None
    left, right, top, bottom = (shape[side] for side in ("x0", "x1", "y0", "y1"))
    return [left + 0.5, top + 0.5, right - left, bottom - top]


def box_of(region: Region) -> list[float]:
    (top, left), (height, width) = region.start, region.size
    return [left, top, width, height]


def shown_channel(page: Page) -> int:
    title = page.locator("[data-pane=map] .title")
    expect(title).to_contain_text(re.compile(r"channel \d"))
    return int(re.search(r"channel (\d+)", title.inner_text())[1])


def number(page: Page, name: str) -> Locator:
    return page.locator(f".rf-answer [data-of={name}]")


def see_region(page: Page, region: Region) -> None:
    """The answer tells this region."""
    rows, columns = zip(region.start, region.stop, strict=True)
    expect(number(page, "slices")).to_have_text(f"[{rows[0]}:{rows[1]}, {columns[0]}:{columns[1]}]")
    expect(number(page, "size")).to_have_text(TIMES.join(map(str, region.size)))


def choose(page: Page, label: str, option: str) -> None:
    box = page.locator("[data-testid=stSelectbox]").filter(has_text=label)
    box.scroll_into_view_if_needed()  # its list closes when it is scrolled
    settle(page)
    box.locator("input").click()
    page.get_by_role("option", name=option).click()


def choose_layer(page: Page, name: str) -> None:
    """Chooses a layer in the list, and waits until its map shows."""
    row = page.locator(f'.row[data-name="{name}"]')
    layer = row.get_attribute("data-layer")
    row.click()
    expect(page.locator(".rf-about b")).to_have_text(name)
    page.locator(f'[data-view$=" {layer}"]').wait_for(state="attached")
    settle(page)


def upload(page: Page, button: str, name: str, content: bytes) -> None:
    settle(page)
    page.get_by_role("button", name=f"Upload {button.lower()}").click()
    page.locator("[data-testid=stPopoverBody] [data-testid=stFileUploader] input").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
    )


def open_model(page: Page, name: str, content: bytes, layer: str) -> None:
    """Uploads a model, waits until the map of this layer shows, and closes the dialog.

    The heading tells the new layer before the linked view has drawn it: a click between the two
    would be aimed at the old map.
    """
    frame = page.locator("[data-view]").first
    before = frame.get_attribute("data-view") or ""
    upload(page, "Model", name, content)
    expect(page.locator(".rf-about b")).to_have_text(layer)
    expect(frame).not_to_have_attribute("data-view", before)
    page.keyboard.press("Escape")


def ask(page: Page, question: str) -> None:
    """Chooses one of the questions under the linked view."""
    settle(page)
    page.get_by_test_id("stButtonGroup").get_by_text(question, exact=True).click()
