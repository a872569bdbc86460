"""The channels of a layer, a page at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

from tests.pages.driver import components, onnx_file, upload, visit

MANY = onnx_file(
    [helper.make_node("Conv", ["x", "w"], ["y"], "y", strides=[2, 2])],
    {"x": [1, 3, 112, 112]},
    "y",
    {"w": (2048, 3, 3, 3)},
)


@pytest.fixture
def app() -> AppTest:
    return ask(visit())


def ask(app: AppTest) -> AppTest:
    app.segmented_control(key="question").set_value("Channels").run()
    assert not app.exception
    return app


def choose_layer(app: AppTest, name: str) -> None:
    (proto,) = components(app, "layers")
    key = next(e.key for e in app.get("bidi_component") if e.proto is proto)
    app.session_state[key] = {"layer": {"name": name, "turn": 1}}
    app.run()
    assert not app.exception


def sheet(app: AppTest) -> dict[str, Any]:
    """The header of the packet with the thumbnails."""
    (proto,) = components(app, "channels")
    assert len(proto.bytes) < 300_000
    length = int.from_bytes(proto.bytes[:4], "little")
    return dict(json.loads(proto.bytes[4 : 4 + length]))


def test_the_shown_channel_is_the_first_of_the_strongest(app: AppTest) -> None:
    shown = sheet(app)
    assert shown["current"] == 0
    assert (shown["page"], shown["pages"]) == (0, 6)
    assert len(shown["tiles"]) == 48
    figures = [float(tile["figure"]) for tile in shown["tiles"]]
    assert figures == sorted(figures, reverse=True)


@pytest.mark.parametrize("order", ["Mean", "At this cell", "Number"])
def test_each_order_puts_what_it_is_called_by_first(app: AppTest, order: str) -> None:
    app.segmented_control(key="order of channels False").set_value(order).run()
    assert not app.exception
    tiles = sheet(app)["tiles"]
    by = "title" if order == "Number" else "figure"
    values = [float(tile[by]) for tile in tiles]
    assert values == sorted(values, reverse=order != "Number")


def test_one_scale_for_all_maps_is_told(app: AppTest) -> None:
    assert sheet(app)["scale"] is None
    next(toggle for toggle in app.toggle if toggle.label == "Same scale").set_value(True).run()
    shown = sheet(app)
    assert shown["scale"]["high"] == shown["tiles"][0]["figure"]


def test_2048_channels_come_in_pages(app: AppTest) -> None:
    upload(app, "model", ("many.onnx", MANY))
    shown = sheet(app)
    assert shown["where"] == "1\N{EN DASH}48 of 2,048"
    app.session_state["channels"] = {"page": {"of": shown["of"], "page": 42}}
    app.run()
    assert sheet(app)["where"] == "2,017\N{EN DASH}2,048 of 2,048"


def test_classes_are_bars_with_their_names(app: AppTest) -> None:
    choose_layer(app, "pool10")
    first = sheet(app)["tiles"][0]
    assert (first["title"], first["note"]) == ("285", "Egyptian cat")
    assert first["bar"] == [0, 1]


def test_a_layer_of_signals_shows_lines() -> None:
    app = visit()
    app.selectbox(key="model").select("crepe").run()
    tiles = sheet(ask(app))["tiles"]
    assert tiles[0]["line"].count("L") == 255  # as many points as cells


def test_a_model_that_cannot_be_run_has_no_channels_to_show(app: AppTest) -> None:
    unknown = helper.make_node("Mystery", ["y"], ["z"], "z", domain="com.example")
    conv = helper.make_node("Conv", ["x", "w"], ["y"], "y")
    file = onnx_file([conv, unknown], {"x": [1, 3, 32, 32]}, "z", {"w": (2, 3, 3, 3)})
    upload(app, "model", ("mystery.onnx", file))
    choose_layer(app, "z")
    assert components(app, "channels") == []
    assert any("cannot be run" in caption.value for caption in app.caption)
