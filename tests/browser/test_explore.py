"""The Explore page in a browser: what a person does, and what they then see."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import rf_viz
from rf_viz import Layer
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from rf_viz.inputs.images import (
    PRESETS,
    fit,
    open_image,
    to_tensor,
)
from tests.browser.driver import (
    TIMES,
    box_of,
    choose,
    choose_layer,
    click,
    drawn,
    figure,
    move_to,
    number,
    open_model,
    open_page,
    plot,
    point,
    see_region,
    see_window,
    settle,
    shown_channel,
    upload,
    window,
)
from tests.browser.visitors import visitor


@pytest.fixture(scope="module")
def squeezenet() -> rf_viz.Model:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path)


@pytest.fixture(scope="module")
def net(squeezenet: rf_viz.Model) -> rf_viz.Network:
    return squeezenet.trace(cut_global=True)


def seen_at(page: Page, y: float, x: float) -> NDArray[np.uint8]:
    """The few pixels of the screen around a position of the image."""
    left, top = point(page, "image", y, x)
    clip = {"x": round(left) - 3, "y": round(top) - 3, "width": 6, "height": 6}
    return np.asarray(Image.open(BytesIO(page.screenshot(clip=clip))).convert("RGB"))


def dilated_conv() -> bytes:
    """One 3 x 3 convolution with stride 2 and dilation 3, on images of any size."""
    weights = numpy_helper.from_array(np.ones((2, 3, 3, 3), np.float32), "w")
    node = helper.make_node(
        "Conv", ["in", "w"], ["wide"], "wide", strides=[2, 2], dilations=[3, 3], pads=[3, 3, 3, 3]
    )
    graph = helper.make_graph(
        [node],
        "dilated",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, 3, None, None])],
        [helper.make_tensor_value_info("wide", TensorProto.FLOAT, None)],
        [weights],
    )
    return helper.make_model(
        graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18)]
    ).SerializeToString()


def test_opens_on_a_strong_cell_and_explains_itself(opened: Page, squeezenet: rf_viz.Model) -> None:
    sample = SAMPLE_MODELS["squeezenet"]
    photograph = fit(open_image(SAMPLE_IMAGES["chelsea"].path), (224, 224), sample.fit)
    tensor = to_tensor(photograph, (1, 3, 224, 224), (2, 3), PRESETS[sample.preprocessing])
    values = squeezenet.activations(tensor, [sample.default_layer])[sample.default_layer][0]
    channel, *cell = (int(i) for i in np.unravel_index(values.argmax(), values.shape))
    assert shown_channel(opened) == channel
    expect(number(opened, "cell")).to_have_text(f"({cell[0]}, {cell[1]})")
    expect(number(opened, "value")).to_have_text(f"{values.max():.4g}")
    expect(number(opened, "exact")).to_be_visible()
    expect(opened.get_by_text("Point at the map to see it")).to_be_visible()


def test_the_margin_beside_the_image_is_no_pixel(opened: Page) -> None:
    opened.mouse.move(*point(opened, "image", 100.5, 223.5))
    expect(opened.locator(".pointer-label")).to_have_text("pixel (100, 223)")
    opened.mouse.move(*point(opened, "image", 100.5, 225.5))
    expect(opened.locator(".pointer-label")).to_be_hidden()
    before = drawn(opened, "pinned")
    opened.mouse.click(*point(opened, "image", 100.5, 225.5))
    assert drawn(opened, "pixel") is None
    assert drawn(opened, "pinned") == before


@pytest.mark.parametrize("cell", [(0, 0), (13, 5), (20, 26)])
def test_hovering_outlines_what_the_cell_sees(
    opened: Page, net: rf_viz.Network, cell: tuple[int, int]
) -> None:
    layer = net["fire5/concat"]
    region = layer.region(cell, shown_channel(opened))
    move_to(opened, *cell)
    assert drawn(opened, "hovered") == box_of(region)
    assert drawn(opened, "hovered", "map") == [cell[1], cell[0], 1, 1]
    middle = region.start[0] + region.size[0] / 2
    outline = seen_at(opened, middle, region.stop[1]).min(axis=2).max(axis=1)
    assert (outline > 240).all()


def test_the_closed_form_shows_where_it_leaves_the_image(opened: Page, net: rf_viz.Network) -> None:
    field = net["fire5/concat"].receptive_field
    move_to(opened, 0, 0)
    top, left = field.start((0, 0))
    assert drawn(opened, "field") == [left, top, *field.size]
    centre = figure(opened, "image", "centre")["shape"]
    assert (centre["yanchor"], centre["xanchor"]) == field.centre((0, 0))
    assert window(opened, "image")[0] < 0
    move_to(opened, 13, 13)
    assert drawn(opened, "field") is None, "it is the exact region"


def test_a_click_pins_the_cell_and_tells_its_numbers(opened: Page, net: rf_viz.Network) -> None:
    click(opened, 4, 21)
    expect(number(opened, "cell")).to_have_text("(4, 21)")
    layer = net["fire5/concat"]
    see_region(opened, layer.region((4, 21), shown_channel(opened)))
    expect(number(opened, "r")).to_have_text(f"63{TIMES}63")
    expect(number(opened, "S")).to_have_text(f"8{TIMES}8")
    expect(number(opened, "P")).to_have_text(f"24{TIMES}24")
    expect(number(opened, "centre")).to_have_text("(39, 175)")
    crop = opened.locator(".rf-answer .crop img")
    region = layer.region((4, 21), shown_channel(opened))
    assert crop.evaluate("i => [i.naturalHeight, i.naturalWidth]") == list(region.size)


def test_the_keyboard_does_what_the_mouse_does(opened: Page) -> None:
    click(opened, 10, 10)
    plot(opened, "map").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        opened.keyboard.press(key)
    expect(number(opened, "cell")).to_have_text("(11, 9)")
    assert drawn(opened, "pinned", "map") == [9, 11, 1, 1]
    expect(opened.locator(".spoken")).to_contain_text("cell (11, 9)")
    move_to(opened, 2, 3)
    opened.keyboard.press("Enter")
    expect(number(opened, "cell")).to_have_text("(2, 3)")


def test_zoom_stays_after_a_click_and_goes_with_a_double_click(opened: Page) -> None:
    home = window(opened, "map")
    opened.mouse.move(5, 5)
    move_to(opened, 13, 13)
    opened.mouse.wheel(0, -240)
    opened.wait_for_timeout(300)
    assert window(opened, "map") == home, "the wheel scrolls the page"
    opened.keyboard.down("Control")
    for _ in range(12):
        opened.mouse.wheel(0, -240)
    opened.keyboard.up("Control")
    opened.wait_for_timeout(300)
    zoomed = window(opened, "map")
    assert zoomed[2] < home[2] / 2
    click(opened, 12, 14)
    expect(number(opened, "cell")).to_have_text("(12, 14)")
    assert window(opened, "map") == zoomed
    opened.mouse.wheel(0, 60)
    opened.wait_for_timeout(300)
    assert window(opened, "map")[2] > zoomed[2], "a pane that was clicked takes the wheel"
    plot(opened, "map").focus()
    for _ in range(9):
        opened.keyboard.press("ArrowLeft")
    left, _, width, _ = window(opened, "map")
    assert left <= 5 < left + width
    opened.mouse.dblclick(*point(opened, "map", 12.5, left + 1.5))
    see_window(opened, "map", *home)


def test_another_layer_shows_its_own_regions(opened: Page, net: rf_viz.Network) -> None:
    choose_layer(opened, "fire9/expand1x1")
    see_window(opened, "map", 0, 0, 13, 13)
    layer = net["fire9/expand1x1"]
    move_to(opened, 1, 11)
    assert drawn(opened, "hovered") == box_of(layer.region((1, 11), shown_channel(opened)))
    click(opened, 1, 11)
    see_region(opened, layer.region((1, 11), shown_channel(opened)))


def test_the_list_of_layers_can_be_searched(opened: Page) -> None:
    rows = opened.locator(".row .name")
    opened.get_by_role("checkbox", name="Only convolutions").check()
    expect(rows).to_have_count(26)
    opened.get_by_role("searchbox").fill("fire3 expand")
    expect(rows).to_have_text(["expand1x1Conv", "expand3x3Conv"])
    opened.keyboard.press("ArrowDown")
    expect(opened.locator(".rf-about b")).to_have_text("fire3/expand1x1")


def test_ones_own_model_works_the_same(page: Page) -> None:
    content = dilated_conv()
    open_model(page, "dilated.onnx", content, "wide")
    layer = rf_viz.load(content).trace()["wide"]
    click(page, 0, 9)
    see_region(page, layer.region((0, 9)))
    expect(number(page, "r")).to_have_text(f"7{TIMES}7")


def test_ones_own_image_is_what_the_model_then_sees(page: Page) -> None:
    stream = BytesIO()
    Image.new("RGB", (300, 260), (0, 200, 30)).save(stream, "PNG")
    upload(page, "Image", "green.png", stream.getvalue())
    expect(page.locator("[data-pane=image] .title")).to_have_text("green.png")
    page.keyboard.press("Escape")
    click(page, 13, 13)
    expect(number(page, "cell")).to_have_text("(13, 13)")
    assert (seen_at(page, 95, 100) == (0, 200, 30)).all()


def test_a_photo_from_the_camera_is_what_the_model_then_sees(page: Page) -> None:
    page.get_by_role("button", name="Upload image").click()
    settle(page)
    page.get_by_text("Camera", exact=True).click()
    page.wait_for_function("document.querySelector('video')?.readyState === 4")
    settle(page)
    page.get_by_role("button", name="Take Photo").click()
    expect(page.locator("[data-pane=image] .title")).to_have_text("Photo 1")
    page.keyboard.press("Escape")
    click(page, 13, 13)
    expect(number(page, "cell")).to_have_text("(13, 13)")


def test_a_bad_file_is_refused_in_a_sentence_and_the_view_stays(
    page: Page, net: rf_viz.Network
) -> None:
    click(page, 4, 21)
    expect(number(page, "cell")).to_have_text("(4, 21)")
    for what in ("Model", "Image"):
        upload(page, what, "notes.txt", b"Dear diary, today I saw a network.")
        expect(page.get_by_role("alert")).to_contain_text("notes.txt")
        page.keyboard.press("Escape")
        settle(page)  # until then what the message has moved may be there twice
        expect(number(page, "cell")).to_have_text("(4, 21)")
    move_to(page, 20, 5)
    assert drawn(page, "hovered") == box_of(
        net["fire5/concat"].region((20, 5), shown_channel(page))
    )


def test_a_signal_shows_as_a_line_with_a_span(page: Page) -> None:
    sample = SAMPLE_MODELS["crepe"]
    choose(page, "Model", sample.title)
    expect(page.locator(".rf-about b")).to_have_text(sample.default_layer)
    see_window(page, "map", 0, 0, 256, 1)
    layer: Layer = rf_viz.load(sample.path).trace(cut_global=True)[sample.default_layer]
    page.mouse.move(*point(page, "map", 0.5, 200.5))
    region = layer.region((200,), shown_channel(page))
    x, _, width, _ = drawn(page, "hovered")
    assert (x, x + width) == (*region.start, *region.stop)
    line = page.locator(".linked-view .xy .scatterlayer .js-line")
    assert len(line.get_attribute("d")) > 1000
    page.mouse.click(*point(page, "map", 0.5, 200.5))
    expect(number(page, "cell")).to_have_text("200")
    expect(number(page, "slices")).to_have_text(f"[{region.start[0]}:{region.stop[0]}]")
    plot(page, "map").focus()
    page.keyboard.press("ArrowRight")
    expect(number(page, "cell")).to_have_text("201")


def test_fits_a_narrow_window(browser: Browser, url: str) -> None:
    with visitor(browser, viewport={"width": 900, "height": 900}) as page:
        open_page(page, url)
        page.locator(".linked-view[data-view]").wait_for()
        inner, whole = page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
        assert whole <= inner
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
        for pane in ("image", "map"):
            assert plot(page, pane).bounding_box()["width"] > 200
