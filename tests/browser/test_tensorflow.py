"""Models of Keras and TensorFlow on the Explore page."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import rf_viz
from tests.browser.driver import (
    box_of,
    choose_layer,
    click,
    drawn,
    move_to,
    number,
    see_region,
    see_window,
    shown_channel,
    upload,
)
from tests.browser.visitors import visit

GRAPH = Path(__file__).resolve().parents[1] / "data" / "slim" / "vgg_a_224.pb.gz"


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small classifier with a model inside."""
    import keras
    from keras import layers

    block = keras.Sequential([layers.Conv2D(4, 3, name="inner"), layers.ReLU()], name="block")
    model = keras.Sequential(
        [
            keras.Input((64, 48, 3)),
            layers.Conv2D(8, 5, strides=2, padding="same", activation="relu", name="edges"),
            layers.MaxPooling2D(name="pool"),
            block,
            layers.Flatten(),
            layers.Dense(10, activation="softmax", name="classes"),
        ]
    )
    path = tmp_path_factory.mktemp("keras") / "small.keras"
    model.save(path)
    return path.read_bytes()


def listed(page: Page) -> list[str]:
    """The names in the list, read at once: it may be about to change."""
    return page.locator(".row").evaluate_all("rows => rows.map((row) => row.dataset.name)")


def test_a_keras_model_shows_its_layers_and_what_is_inside_them(
    page: Page, browser: Browser, url: str, keras_file: bytes
) -> None:
    with visit(browser, url) as other:
        click(other, 20, 3)  # the first answer of a server loads modules
        expect(number(other, "cell")).to_have_text("(20, 3)")
        upload(page, "Model", "small.keras", keras_file)
        starting = page.get_by_text("Starting TensorFlow")
        expect(starting).to_be_visible()
        click(other, 4, 21)
        expect(number(other, "cell")).to_have_text("(4, 21)")
        assert starting.is_visible(), "others have to wait until TensorFlow has started"
    heading = page.locator(".rf-about b")
    expect(heading).to_have_text("block/inner", timeout=60_000)
    page.keyboard.press("Escape")
    net = rf_viz.load(keras_file, "small.keras").trace(cut_global=True)

    expect(page.locator(".row").first).to_have_attribute("data-name", "edges")
    assert listed(page)[:4] == ["edges", "pool", "block", "block/inner"]
    choose_layer(page, "edges")
    expect(page.locator(".rf-about span")).to_contain_text("Conv2D, 8 filters 5x5, stride 2, same")
    see_window(page, "map", 0, 0, 24, 32)
    layer = net["edges"]
    move_to(page, 31, 7)
    assert drawn(page, "hovered") == box_of(layer.region((31, 7), shown_channel(page)))
    click(page, 0, 9)
    see_region(page, layer.region((0, 9), shown_channel(page)))

    page.locator('.row[data-name="edges"] .fold').click()
    inside = [row.name for row in net.layers if row.name.startswith("edges/")]
    assert listed(page)[: 1 + len(inside)] == ["edges", *inside]
    choose_layer(page, "edges/BiasAdd")
    expect(page.locator(".rf-about span")).to_contain_text("BiasAdd")

    page.locator(".rows").focus()
    page.keyboard.press("ArrowLeft")  # to the layer that it is part of
    expect(heading).to_have_text("edges")
    page.keyboard.press("ArrowLeft")
    expect(page.locator('.row[data-name="edges"]')).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(heading).to_have_text("pool")
    page.get_by_role("searchbox").fill("biasadd inner")
    expect(page.locator(".row")).to_have_count(3)
    assert listed(page)[-1] == "block/inner/BiasAdd"
    page.get_by_role("searchbox").fill("dense")
    expect(page.locator(".row")).to_have_count(1)


def test_a_graph_without_weights_shows_its_regions_and_says_so(page: Page) -> None:
    content = gzip.decompress(GRAPH.read_bytes())
    upload(page, "Model", "vgg_a.pb", content)
    expect(page.locator(".rf-about b")).to_contain_text("vgg_a/")
    expect(page.get_by_text("No values: vgg_a.pb holds no weights")).to_be_visible()
    page.keyboard.press("Escape")
    choose_layer(page, "vgg_a/pool2/MaxPool")
    see_window(page, "map", 0, 0, 56, 56)
    layer = rf_viz.load(content).trace()["vgg_a/pool2/MaxPool"]
    move_to(page, 55, 7)
    assert drawn(page, "hovered") == box_of(layer.region((55, 7)))
    click(page, 0, 20)
    see_region(page, layer.region((0, 20)))
    expect(number(page, "value")).to_have_count(0)
