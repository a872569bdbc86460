"""The channels of a layer, a page at a time."""

from __future__ import annotations

from typing import Any

import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

from tests.pages.driver import SCRIPT, chosen_from, components, onnx_file, texts, upload, visit

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
    """What the gallery gets to show."""
    (proto,) = components(app, "channels")
    assert len(proto.json) < 400_000
    return chosen_from(app, "channels")


def figures(app: AppTest) -> list[float]:
    return [float(figure.replace(",", "")) for figure in texts(sheet(app), "figures")]


def test_the_shown_channel_is_the_first_of_the_strongest(app: AppTest) -> None:
    shown = sheet(app)
    assert [part["current"] for part in shown["parts"]] == [True] + 47 * [False]
    assert len(shown["figure"]["layout"]["images"]) == 48
    assert figures(app) == sorted(figures(app), reverse=True)


@pytest.mark.parametrize("order", ["Mean", "At this cell", "Number"])
def test_each_order_puts_what_it_is_called_by_first(app: AppTest, order: str) -> None:
    app.segmented_control(key="order of channels False").set_value(order).run()
    assert not app.exception
    numbers = [int(title) for title in texts(sheet(app), "titles")]
    values = numbers if order == "Number" else figures(app)
    assert values == sorted(values, reverse=order != "Number")


def test_one_scale_for_all_maps_is_told(app: AppTest) -> None:
    assert "scale" not in [trace["name"] for trace in sheet(app)["figure"]["data"]]
    next(toggle for toggle in app.toggle if toggle.label == "Same scale").set_value(True).run()
    (scale,) = (t for t in sheet(app)["figure"]["data"] if t["name"] == "scale")
    assert scale["marker"]["colorbar"]["ticktext"][-1] == texts(sheet(app), "figures")[0]


def test_2048_channels_come_in_pages(app: AppTest) -> None:
    upload(app, "model", ("many.onnx", MANY))
    assert any(caption.value == "1\N{EN DASH}48 of 2,048" for caption in app.caption)
    (pages,) = app.get("pagination")
    app.session_state[pages.key] = 43
    app.run()
    assert any(caption.value == "2,017\N{EN DASH}2,048 of 2,048" for caption in app.caption)
    assert len(sheet(app)["parts"]) == 32


def test_a_narrow_page_has_fewer_columns(app: AppTest) -> None:
    assert sheet(app)["across"] == 12
    app.session_state["channels"] = {"columns": 4}
    app.run()
    assert sheet(app)["across"] == 4
    assert len({part["box"][0] for part in sheet(app)["parts"]}) == 4


def test_classes_are_bars_with_their_names(app: AppTest) -> None:
    choose_layer(app, "pool10")
    assert texts(sheet(app), "titles")[0] == "285"
    assert texts(sheet(app), "notes")[0] == "Egyptian cat"
    assert sheet(app)["parts"][0]["spoken"].startswith("Channel 285 (Egyptian cat): ")


def test_a_layer_of_signals_shows_lines() -> None:
    app = visit()
    app.selectbox(key="model").select("crepe").run()
    shown = sheet(ask(app))
    assert "images" not in shown["figure"]["layout"] or not shown["figure"]["layout"]["images"]
    assert shown["across"] == 6


def test_a_model_that_cannot_be_run_has_no_channels_to_show(app: AppTest) -> None:
    unknown = helper.make_node("Mystery", ["y"], ["z"], "z", domain="com.example")
    conv = helper.make_node("Conv", ["x", "w"], ["y"], "y")
    file = onnx_file([conv, unknown], {"x": [1, 3, 32, 32]}, "z", {"w": (2, 3, 3, 3)})
    upload(app, "model", ("mystery.onnx", file))
    choose_layer(app, "z")
    assert components(app, "channels") == []
    assert any("cannot be run" in caption.value for caption in app.caption)


def test_an_address_leads_to_its_page() -> None:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.query_params["ask"], app.query_params["page"] = "channel_gallery", "2"
    app.run()
    assert not app.exception
    assert any(caption.value == "49\N{EN DASH}96 of 256" for caption in app.caption)
    assert app.query_params["page"] == "2"
