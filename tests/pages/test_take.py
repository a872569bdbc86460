"""What can be shared and exported, on the page."""

from __future__ import annotations

import json
import re

from onnx import helper
from streamlit.testing.v1 import AppTest

from tests.pages.driver import onnx_file, upload, visit


def ask(app: AppTest) -> AppTest:
    app.segmented_control(key="question").set_value("Share & export").run()
    assert not app.exception
    return app


def downloads(app: AppTest) -> list[str]:
    return [button.proto.label for button in app.get("download_button")]


FILES = ["Cell JSON", "Cell CSV", "Layers JSON", "Layers CSV"]


def test_the_page_is_made_when_asked_for_and_again_for_another_choice() -> None:
    app = ask(visit())
    assert downloads(app) == FILES
    assert any(re.fullmatch(r"About 5(\.\d)? MB", caption.value) for caption in app.caption)
    app.button(key="take make").click().run()
    assert not app.exception
    assert "Download the page" in downloads(app)
    assert "take make" not in [button.key for button in app.button]
    app.slider(key="take channels").set_value(2).run()
    assert "Download the page" not in downloads(app)


def test_the_layers_offered_first_are_spread_over_the_network() -> None:
    (layers,) = ask(visit()).multiselect
    assert layers.value == ["conv1", "fire4/expand1x1", "fire7/expand1x1", "conv10"]


def test_a_signal_is_taken_along_too() -> None:
    app = visit()
    app.selectbox(key="model").set_value("crepe").run()
    ask(app)
    app.button(key="take make").click().run()
    assert not app.exception
    assert "Download the page" in downloads(app)


def test_a_layer_that_cannot_be_run_is_taken_along_without_values() -> None:
    """An operator that no runtime has makes z."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"], "y"),
        helper.make_node("Riddle", ["y"], ["z"], "z", domain="nobody"),
    ]
    file = onnx_file(nodes, {"x": [1, 3, 32, 32]}, "z", {"w": (4, 3, 3, 3)})
    app = ask(upload(visit(), "model", ("riddle.onnx", file)))
    app.multiselect[0].set_value(["z"]).run()
    app.button(key="take make").click().run()
    assert not app.exception
    _, html = app.session_state["taken page"]
    layers = json.loads(re.search(r'id="content">(.*?)</script>', html.decode())[1])["layers"]
    assert [layer["name"] for layer in layers] == ["y", "z"]
    assert [layer["maps"][0]["header"]["valued"] for layer in layers] == [True, False]
    assert layers[1]["maps"][0]["title"].startswith("No values: ")
    assert layers[1]["sure"][0].startswith("Assumed, not exact: ")
