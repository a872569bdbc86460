"""What is shared and exported: the page that works offline, and the picture of the view."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import rf_viz
from rf_viz import Layer, Network
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS, tone
from rf_viz.figures.linked_view import LinkedView
from rf_viz.figures.plotly_js import plotly_js
from rf_viz.inputs.images import fit, open_image
from rf_viz.ui.browser.component import pack, unpack
from rf_viz.ui.cache import File
from rf_viz.ui.explore.export_panel import (
    credit,
    spread,
    title,
)
from rf_viz.ui.explore.offline_page.offline_page import Chosen, estimate, offline_page
from rf_viz.ui.explore.snapshot import caption_of, snapshot
from rf_viz.ui.pictures import Cell, FeatureMap, Picture

NAMES = ("conv1", "fire4/expand1x1", "fire5/concat", "fire7/expand1x1", "conv10")
TIMES, DASH = " \N{MULTIPLICATION SIGN} ", "\N{EN DASH}"


@pytest.fixture(scope="module")
def net() -> Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


@pytest.fixture(scope="module")
def picture(net: Network) -> Picture:
    image = open_image(str(SAMPLE_IMAGES["chelsea"].path))
    return Picture("chelsea 224x224", "Chelsea the cat", fit(image, (224, 224), "crop"))


def maps(layer: Layer, count: int) -> list[FeatureMap]:
    """Channels with values that no two cells share."""
    values = np.random.default_rng(0).normal(size=(count, *layer.grid)).astype(np.float32)
    return [FeatureMap(layer, c, f"Feature map, channel {c}", values[c]) for c in range(count)]


@pytest.fixture(scope="module")
def page(net: Network, picture: Picture) -> str:
    chosen = [Chosen(maps(net[name], 4), ["0", "1", "2", "3"]) for name in NAMES]
    return offline_page("Net <1>", "Thanks & regards", picture, chosen, first=2)


def content(page: str) -> dict[str, Any]:
    return dict(json.loads(re.search(r'id="content">(.*?)</script>', page, re.DOTALL)[1]))


def arrays(written: dict[str, Any], one: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """The arrays of a map, decoded from the page alone."""
    return {
        name: np.frombuffer(base64.b64decode(written["arrays"][number]), place["dtype"]).reshape(
            place["shape"]
        )
        for (name, place), number in zip(
            one["header"]["arrays"].items(), one["arrays"], strict=True
        )
    }


def test_the_page_asks_nothing_of_the_network(page: str) -> None:
    assert "default-src 'none'" in page, "whatever Plotly.js would ask for is refused"
    own = page.replace(plotly_js(), "")
    assert len(own) < len(page)
    assert not re.findall(r"https?:|//[\w.-]+\.\w+/|@import|\bimport\b.*from|url\(", own)
    assert re.findall(r'(?:src|href)="(?!data:)', own) == []


def test_the_page_is_small_and_its_size_is_foretold(
    page: str, picture: Picture, net: Network
) -> None:
    size = len(page.encode())
    assert size < 3_000_000 + len(plotly_js().encode())
    foretold = estimate(picture, [net[name] for name in NAMES], 4)
    assert foretold == pytest.approx(size, rel=0.1)


def test_the_page_holds_the_spans_of_every_cell(page: str, net: Network) -> None:
    written = content(page)
    assert [layer["name"] for layer in written["layers"]] == list(NAMES)
    assert written["first"] == 2
    for shown in written["layers"]:
        layer = net[shown["name"]]
        for channel, one in enumerate(shown["maps"]):
            unpacked = arrays(written, one)
            for axis, (start, stop) in enumerate(layer.spans(channel)):
                np.testing.assert_array_equal(unpacked[f"start{axis}"], start)
                np.testing.assert_array_equal(unpacked[f"stop{axis}"], stop)


def test_the_page_holds_the_picture_once_and_each_map(
    page: str, picture: Picture, net: Network
) -> None:
    written = content(page)
    assert len(set(written["arrays"])) == len(written["arrays"])
    ones = [one for layer in written["layers"] for one in layer["maps"]]
    pictures = {arrays(written, one)["image"].tobytes() for one in ones}
    (url,) = pictures
    encoded = base64.b64decode(url.decode().partition("base64,")[2])
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(encoded))), picture.values)
    for layer in written["layers"]:
        for one, shown in zip(layer["maps"], maps(net[layer["name"]], 4), strict=True):
            low, high = one["header"]["range"].values()
            values = low + arrays(written, one)["map"] / 255 * (high - low)
            assert abs(values - shown.values).max() <= (high - low) / 255


def test_names_are_told_as_text(page: str) -> None:
    assert "<h1>Net &lt;1&gt;</h1>" in page
    assert "Thanks &amp; regards" in page


def test_no_text_of_the_model_ends_the_script(net: Network, picture: Picture) -> None:
    (one,) = maps(net["conv1"], 1)
    odd = "</script><script>alert(1)</script>"
    page = offline_page("t", "", picture, [Chosen([replace(one, title=odd)], [odd])])
    assert odd not in page
    assert content(page)["layers"][0]["maps"][0]["title"] == odd


def test_the_theme_has_every_colour_that_the_view_asks_for(page: str) -> None:
    used = set(re.findall(r"var\((--st-[\w-]+)", page))
    defined = set(re.findall(r"(--st-[\w-]+):", page))
    assert used
    assert used <= defined


def test_a_packet_is_read_as_it_was_packed() -> None:
    sent = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.array([1.5], np.float32)}
    header, unpacked = unpack(pack({"view": "x"}, sent))
    assert header["view"] == "x"
    for name, array in sent.items():
        np.testing.assert_array_equal(unpacked[name], array)


def test_the_spread_goes_from_the_first_convolution_to_the_last(net: Network) -> None:
    assert spread(net.layers) == ["conv1", "fire4/expand1x1", "fire7/expand1x1", "conv10"]
    assert spread([net["fire5/concat"]]) == ["fire5/concat"]
    assert spread([]) == []


def test_random_weights_are_told() -> None:
    assert (
        title(File.of_library("keras", "ResNet50", trained=False)) == "ResNet50 with random weights"
    )
    assert title(File.of_library("keras", "ResNet50", trained=True)) == "ResNet50"


def test_samples_have_a_credit_and_uploads_none(picture: Picture) -> None:
    sample = SAMPLE_IMAGES["chelsea"]
    digest = File.at(sample.path, sample.title).digest
    assert credit(replace(picture, key=f"{digest} 224x224 crop")) == (
        "Image: Chelsea the cat, Stefan van der Walt, CC0."
    )
    assert credit(Picture("0123456789abcdef 224x224 crop", sample.title, picture.values)) == ""


def drawing(picture: Picture, one: FeatureMap, cell: Cell, title: str = "Net") -> Any:  # noqa: ANN401
    """The figure of the view with its caption."""
    view = LinkedView(one.layer, picture.values, one.values, cell, one.channel)
    return snapshot(view, title, caption_of(picture, one, cell, "Image: by somebody."))


def caption(figure: Any) -> str:  # noqa: ANN401
    (one,) = (note for note in figure.layout.annotations if note.name == "caption")
    text = str(one.text).replace("<br>", " ")
    return text.replace("\xa0", " ").replace(TIMES, " x ").replace(DASH, "-")


def test_the_picture_says_what_it_shows(net: Network, picture: Picture) -> None:
    (one,) = maps(net["fire5/concat"], 1)
    figure = drawing(picture, one, (10, 12), "Net & <co>\nfire5")
    assert figure.layout.title.text == "<b>Net &amp; &lt;co&gt; fire5</b>"
    told = caption(figure)
    region = net["fire5/concat"].region((10, 12), 0)
    (top, left), (bottom, right) = region.start, region.stop
    assert "Cell (10, 12) of fire5/concat (Concat, 1 x 256 x 27 x 27) in channel 0" in told
    assert f"sees rows {top}-{bottom - 1} and columns {left}-{right - 1} of the input" in told
    assert "Size r 63 x 63, stride S 8 x 8, padding P 24 x 24." in told
    assert "Image: by somebody." in told


def test_the_picture_is_the_linked_view_with_room_for_the_caption(
    net: Network, picture: Picture
) -> None:
    (one,) = maps(net["fire5/concat"], 1)
    figure = drawing(picture, one, (10, 12))
    view = LinkedView(one.layer, picture.values, one.values, (10, 12), one.channel).figure()
    assert figure.layout.shapes == view.layout.shapes
    assert [trace.name for trace in figure.data] == [trace.name for trace in view.data]
    inner = [f.layout.height - f.layout.margin.t - f.layout.margin.b for f in (figure, view)]
    assert inner[0] == inner[1]
    lines = caption(figure).count(" ") and figure.layout.annotations[-1].text.count("<br>") + 1
    assert figure.layout.margin.b > 17 * lines + 60


def test_a_signal_is_drawn_as_a_line() -> None:
    net = rf_viz.load(SAMPLE_MODELS["crepe"].path).trace(cut_global=True)
    layer = net["conv1/relu"]
    picture = Picture("tone", "A tone", tone(net.input.size[0]))
    (one,) = maps(layer, 1)
    region = layer.region((60,))
    told = caption(drawing(picture, one, (60,)))
    assert f"sees samples {region.start[0]}-{region.stop[0] - 1} of the input" in told
    page = offline_page("Net", "", picture, [Chosen([one], ["0"])])
    written = content(page)
    unpacked = arrays(written, written["layers"][0]["maps"][0])
    np.testing.assert_array_equal(unpacked["image"], picture.values)
    np.testing.assert_array_equal(unpacked["map"][0], one.values)


def test_a_layer_without_a_grid_and_without_values_is_drawn(net: Network, picture: Picture) -> None:
    layer = next(layer for layer in net.layers if not layer.grid)
    one = FeatureMap(layer, None, "No values", None)
    assert "The only cell of" in caption(drawing(picture, one, ()))
    written = content(offline_page("Net", "", picture, [Chosen([one], [""])]))
    assert written["layers"][0]["maps"][0]["header"]["valued"] is False
