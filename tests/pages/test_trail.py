"""Through the layers, without a browser: what the strip gets to show."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from onnx import helper
from streamlit.testing.v1 import AppTest

from tests.pages.driver import chosen_from, components, onnx_file, upload, visit

LIMIT = 300_000
"""So many bytes at most go to the browser at once."""


def with_trail(app: AppTest) -> AppTest:
    app.segmented_control(key="question").set_value("Through the layers").run()
    assert not app.exception
    return app


def strip(app: AppTest) -> dict[str, Any]:
    """What the strip gets to show."""
    (proto,) = components(app, "trail")
    assert len(proto.json) < LIMIT
    return chosen_from(app, "trail")


def named(shown: dict[str, Any]) -> list[str]:
    return [part["spoken"].split("\n")[0] for part in shown["parts"]]


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def pools(count: int) -> bytes:
    """So many windows of 1 x 1, one after the other."""
    names = ["x", *(f"t{n}" for n in range(count))]
    nodes = [
        helper.make_node("MaxPool", [before], [name], kernel_shape=[1, 1])
        for before, name in pairwise(names)
    ]
    return onnx_file(nodes, {"x": [1, 3, 32, 32]}, names[-1])


def test_the_sample_opens_with_its_trail_and_its_values() -> None:
    app = with_trail(visit())
    shown = strip(app)
    names = named(shown)
    assert "fire2/concat" in names
    assert {"fire2/expand1x1/relu", "fire2/expand3x3/relu"} <= set(names)
    assert [part["name"] for part in shown["parts"] if part["current"]] == ["fire5/concat"]
    assert len(shown["figure"]["layout"]["images"]) == 1 + len(names)
    assert "mean |value|" in captions(app)


def test_a_model_that_cannot_run_shows_the_marks_alone() -> None:
    node = helper.make_node("Mine", ["x"], ["y"], domain="org.example")
    own = onnx_file([node], {"x": [1, 3, 32, 32]}, "y")
    app = with_trail(upload(visit(), "model", ("own.onnx", own)))
    assert named(strip(app)) == ["y"]
    assert "No values: the model cannot be run" in captions(app)
    assert "Assumed, not exact" in captions(app)


def test_of_a_deep_network_the_last_layers_show_and_the_rest_is_told() -> None:
    app = with_trail(upload(visit(), "model", ("deep.onnx", pools(100))))
    shown = strip(app)
    assert len(shown["parts"]) == 81
    assert named(shown)[:2] == ["20 more", "t20"]
    app.session_state["trail"] = {"chosen": {"of": shown["of"], "name": shown["parts"][0]["name"]}}
    app.run()
    assert not app.exception
    assert named(strip(app))[:2] == ["t0", "t1"]
