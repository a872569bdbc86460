"""What a person does on the Explore page, and what they see there."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from rf_viz import Region

Box = list[float]
TIMES = " \N{MULTIPLICATION SIGN} "


def plot(page: Page, pane: str) -> Locator:
    return page.locator(f"[data-pane={pane}] .plot")


def window(page: Page, pane: str) -> Box:
    """The visible part of a pane, in its own coordinates."""
    return [float(n) for n in plot(page, pane).locator("svg").get_attribute("viewBox").split()]


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


def mark(page: Page, pane: str, name: str) -> Locator:
    return plot(page, pane).locator(f"[data-mark={name}]")


def drawn(page: Page, name: str, pane: str = "image") -> Box:
    """A mark's x, y, width and height in the pane's own coordinates."""
    return mark(page, pane, name).evaluate(
        "mark => ['x', 'y', 'width', 'height'].map(side => Number(mark.getAttribute(side)))"
    )


def box_of(region: Region) -> list[float]:
    (top, left), (height, width) = region.start, region.size
    return [left, top, width, height]


def shown_channel(page: Page) -> int:
    title = page.locator("[data-pane=map] .title").inner_text()
    return int(re.search(r"channel (\d+)", title)[1])


def number(page: Page, name: str) -> Locator:
    return page.locator(f".rf-answer [data-of={name}]")


def see_region(page: Page, region: Region) -> None:
    """The answer tells this region."""
    rows, columns = zip(region.start, region.stop, strict=True)
    expect(number(page, "slices")).to_have_text(f"[{rows[0]}:{rows[1]}, {columns[0]}:{columns[1]}]")
    expect(number(page, "size")).to_have_text(TIMES.join(map(str, region.size)))


def choose(page: Page, label: str, option: str) -> None:
    box = page.locator("[data-testid=stSelectbox]").filter(has_text=label)
    box.locator("input").click()
    page.get_by_role("option", name=option).click()


def choose_layer(page: Page, name: str) -> None:
    """Chooses a layer in the list, and waits until its map shows."""
    row = page.locator(f'.row[data-name="{name}"]')
    layer = row.get_attribute("data-layer")
    row.click()
    expect(page.locator(".rf-about b")).to_have_text(name)
    page.locator(f'[data-view$=" {layer}"]').wait_for(state="attached")


def upload(page: Page, button: str, name: str, content: bytes) -> None:
    page.get_by_role("button", name="upload").nth(["Model", "Image"].index(button)).click()
    page.locator("[data-testid=stFileUploader] input").set_input_files(
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
    page.get_by_test_id("stButtonGroup").get_by_text(question, exact=True).click()
