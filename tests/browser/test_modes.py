"""What takes the server to know: exact pixels, path counts, who sees a pixel; depth and links."""

from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from rf_viz.inputs.images import PRESETS, fit, open_image, to_tensor
from tests.browser.driver import (
    TIMES,
    ask,
    box_of,
    choose,
    choose_layer,
    click,
    drawn,
    move_to,
    number,
    open_model,
    plot,
    point,
    settle,
    shown_channel,
)
from tests.browser.visitors import visit, visitor
from tests.pages.driver import onnx_file


@pytest.fixture(scope="module")
def net() -> rf_viz.Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


def colour_at(page: Page, pane: str, y: float, x: float) -> NDArray[np.uint8]:
    """What is seen at the middle of a pixel or cell."""
    left, top = point(page, pane, y + 0.5, x + 0.5)
    clip = {"x": round(left), "y": round(top), "width": 1, "height": 1}
    return np.asarray(Image.open(BytesIO(page.screenshot(clip=clip))).convert("RGB"))[0, 0]


def readout(page: Page, pane: str) -> Locator:
    return page.locator(f"[data-pane={pane}] .readout")


def holey() -> bytes:
    """A convolution that looks at every third pixel only."""
    node = helper.make_node("Conv", ["x", "w"], ["holes"], "holes", dilations=[3, 3])
    return onnx_file([node], {"x": [1, 3, 32, 32]}, "holes", {"w": (2, 3, 3, 3)})


def test_exact_pixels_show_the_holes(page: Page) -> None:
    open_model(page, "holes.onnx", holey(), "holes")
    click(page, 10, 10)
    expect(number(page, "cell")).to_have_text("(10, 10)")
    page.mouse.move(5, 5)
    before = {at: colour_at(page, "image", *at).astype(int) for at in ((10, 10), (11, 11))}
    page.get_by_role("radio", name="Exact pixels").click()
    expect(readout(page, "image")).to_contain_text(f"9 of 7{TIMES}7 px")
    page.mouse.move(5, 5)
    assert abs(colour_at(page, "image", 10, 10) - before[10, 10]).max() < 8, "a pixel that counts"
    dark = colour_at(page, "image", 11, 11).astype(int)
    assert (dark <= 0.6 * before[11, 11]).all(), "a hole"


def test_path_counts_are_brightest_where_most_paths_lead(opened: Page, net: rf_viz.Network) -> None:
    opened.get_by_role("radio", name="Path counts").click()
    click(opened, 13, 13)
    expect(readout(opened, "image")).to_contain_text(f"3,969 of 63{TIMES}63 px")
    opened.mouse.move(5, 5)
    paths = net["fire5/concat"].paths((13, 13), shown_channel(opened))
    most = np.unravel_index(paths.argmax(), paths.shape)
    region = net["fire5/concat"].region((13, 13), shown_channel(opened))
    bright = colour_at(opened, "image", *most).astype(int)
    faint = colour_at(opened, "image", region.start[0] + 1, region.start[1] + 1).astype(int)
    assert bright.sum() > 500 > 250 > faint.sum()
    expect(opened.get_by_text("most paths")).to_be_visible()
    opened.get_by_role("radio", name="Box").click()


def marks(page: Page, name: str) -> NDArray[np.float64]:
    """What the trace of that name shows of the pinned cell's region."""
    rows = page.locator(".linked-view .js-plotly-plot").evaluate(
        "(plot, name) => plot._fullData.find((trace) => trace.name === name)?.z.map((r) => [...r])",
        name,
    )
    return np.array(rows)


def test_influence_shows_how_much_each_pixel_moves_the_cell(page: Page) -> None:
    model = rf_viz.load(SAMPLE_MODELS["squeezenet"].path)
    page.get_by_role("radio", name="Influence").click()
    click(page, 13, 13)
    expect(page.get_by_text("Half of the influence lies on")).to_be_visible(timeout=180_000)
    expect(page.get_by_text("Patches of 4")).to_be_visible()
    image = fit(open_image(SAMPLE_IMAGES["chelsea"].path), (224, 224))
    tensor = to_tensor(image, (1, 3, 224, 224), (2, 3), PRESETS["RGB minus mean"])
    cell, channel = (13, 13), shown_channel(page)
    layer = model.trace(cut_global=True)["fire5/concat"]
    measured = model.influence(tensor, layer, cell, channel, method="occlusion")
    part = measured[layer.region(cell, channel).slices]
    limit = np.abs(part).max()
    assert (part < 0).any()
    expected = 128 + 127 * part / limit
    assert np.abs(marks(page, "influence") - expected).max() <= 1.5

    page.get_by_role("button", name="Patches").click()
    page.get_by_role("slider", name="Patches along each side").press("End")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled after")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("radio", name="Box").click()
    expect(page.get_by_role("button", name="Patches")).to_have_count(0)


def test_a_pixel_of_the_image_marks_the_cells_that_see_it(
    opened: Page, net: rf_viz.Network
) -> None:
    channel = shown_channel(opened)
    seeing = net["fire5/concat"].seeing((100, 60), channel)
    opened.mouse.move(*point(opened, "image", 100.5, 60.5))
    expect(readout(opened, "map")).to_have_text(f"{seeing.sum()} of 729 cells have it in their box")
    opened.mouse.click(*point(opened, "image", 100.5, 60.5))
    expect(readout(opened, "map")).to_have_text(f"{seeing.sum()} of 729 cells see it")
    opened.mouse.move(5, 5)
    inside, outside = np.argwhere(seeing)[0], (26, 0)
    assert not seeing[outside]
    assert np.ptp(colour_at(opened, "map", *outside).astype(int)) < 40, "grey"
    assert np.ptp(colour_at(opened, "map", *inside).astype(int)) > 60, "in colour"

    ask(opened, "Who sees this pixel")
    expect(opened.get_by_text("Pixel (100, 60). Click a layer")).to_be_visible()
    plot(opened, "image").focus()
    opened.keyboard.press("ArrowRight")
    expect(opened.get_by_text("Pixel (100, 61). Click a layer")).to_be_visible()
    opened.keyboard.press("Escape")
    expect(opened.get_by_text("The middle of what the pinned cell sees")).to_be_visible()


def test_walking_through_the_depth_keeps_the_point(opened: Page, net: rf_viz.Network) -> None:
    click(opened, 10, 5)
    expect(number(opened, "cell")).to_have_text("(10, 5)")
    strip = opened.locator(".strip")
    strip.focus()
    for _ in range(6):
        opened.keyboard.press("ArrowRight")
    label = opened.locator(".depth .told")
    expect(label).to_contain_text("sees up to")
    name = label.inner_text().split(" · ")[0]
    expect(opened.locator(".rf-about b")).to_have_text(name)
    expect(opened.locator('.row[aria-selected="true"]')).to_have_attribute("data-name", name)
    settle(opened)
    there = net["fire5/concat"].region((10, 5), shown_channel(opened))
    middle = [(a + b - 1) / 2 for a, b in zip(there.start, there.stop, strict=True)]
    left, top, width, height = drawn(opened, "pinned")
    stride = net[name].receptive_field.stride[0]
    assert abs(top + (height - 1) / 2 - middle[0]) <= stride
    assert abs(left + (width - 1) / 2 - middle[1]) <= stride
    assert width > there.size[1]


def test_dragging_over_the_strip_shows_each_region_at_once(opened: Page) -> None:
    choose_layer(opened, "fire5/concat")
    box = opened.locator(".strip").bounding_box()
    y = box["y"] + box["height"] / 2
    widths = []
    opened.mouse.move(box["x"] + 0.2 * box["width"], y)
    opened.mouse.down()
    for share in (0.25, 0.45, 0.6, 0.7):
        opened.mouse.move(box["x"] + share * box["width"], y)
        widths.append(drawn(opened, "hovered")[2])
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    assert opened.locator(".rf-about b").inner_text() == "fire5/concat", "the page waits"
    opened.mouse.up()
    expect(opened.locator(".rf-about b")).not_to_have_text("fire5/concat")


LINK = "/?model=blazeface&image=camera&layer=activation_7&cell=3,4&channel=2&mode=paths&pixel=50,60"


def test_a_link_shows_the_same_to_somebody_else(browser: Browser, url: str) -> None:
    layer = rf_viz.load(SAMPLE_MODELS["blazeface"].path).trace(cut_global=True)["activation_7"]
    with visit(browser, url + LINK) as page:
        expect(number(page, "cell")).to_have_text("(3, 4)")
        assert page.locator(".rf-about b").inner_text() == "activation_7"
        assert shown_channel(page) == 2
        assert page.locator("[data-pane=image] .title").inner_text() == "Man with a camera"
        assert drawn(page, "pinned") == box_of(layer.region((3, 4), 2))
        expect(page.get_by_role("radio", name="Path counts")).to_be_checked()
        expect(readout(page, "map")).to_contain_text("see it")


def test_the_way_back_undoes_what_was_pinned(page: Page) -> None:
    click(page, 4, 21)
    expect(number(page, "cell")).to_have_text("(4, 21)")
    click(page, 20, 3)
    expect(number(page, "cell")).to_have_text("(20, 3)")
    choose_layer(page, "fire9/concat")
    expect(page).to_have_url(re.compile("fire9"))
    page.go_back()
    expect(page.locator(".rf-about b")).to_have_text("fire5/concat")
    expect(number(page, "cell")).to_have_text("(20, 3)")
    page.go_back()
    expect(number(page, "cell")).to_have_text("(4, 21)")
    expect(page.locator('.row[aria-selected="true"]')).to_have_attribute(
        "data-name", "fire5/concat"
    )
    move_to(page, 4, 21)
    assert drawn(page, "pinned", "map") == [21, 4, 1, 1]


def test_of_quick_choices_the_last_one_holds(page: Page) -> None:
    """The browser tells an address that lags behind: it must not be taken for the way back."""
    for image in ("Rocket", "Cup of coffee", "Retina", "Astronaut"):
        choose(page, "Image", image)
    title = page.locator("[data-pane=image] .title")
    expect(title).to_have_text("Astronaut")
    expect(page).to_have_url(re.compile("image=astronaut"))
    for name in ("fire2/concat", "fire9/concat", "fire6/concat"):
        page.locator(f'.row[data-name="{name}"]').click()
    choose(page, "Image", "Man with a camera")
    expect(title).to_have_text("Man with a camera")
    expect(page).to_have_url(re.compile("image=camera&layer=fire6"))
    expect(page.locator(".rf-about b")).to_have_text("fire6/concat")
    expect(page.locator('.row[aria-selected="true"]')).to_have_attribute(
        "data-name", "fire6/concat"
    )


def test_of_quick_clicks_in_learn_the_last_one_holds(browser: Browser, url: str) -> None:
    with visitor(browser) as page:
        page.goto(f"{url}/learn?part=figures")
        for name in ("3 Layers stacked", "6 The region", "8 Branches", "11 Dilation"):
            page.get_by_role("radio", name=name).or_(
                page.get_by_text(name, exact=True)
            ).first.click()
        expect(page).to_have_url(re.compile("figure=dilation"))
        expect(page.get_by_text("Dilation d of layer 1")).to_have_count(1)
