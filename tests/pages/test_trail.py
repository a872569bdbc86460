"""Through the layers, without a browser: what the strip gets to show."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from onnx import helper
from streamlit.testing.v1 import AppTest

from tests.pages.driver import components, onnx_file, upload, visit

LIMIT = 300_000
"""So many bytes at most go to the browser at once."""


def with_trail(app: AppTest) -> AppTest:
    app.segmented_control(key="question").set_value("Through the layers").run()
    assert not app.exception
    return app


def strip(app: AppTest) -> dict[str, Any]:
    """The header of what the strip gets."""
    (proto,) = components(app, "trail")
    assert len(proto.bytes) < LIMIT
    length = int.from_bytes(proto.bytes[:4], "little")
    return dict(json.loads(proto.bytes[4 : 4 + length]))


def named(header: dict[str, Any]) -> list[str]:
    return [stop["name"] for stop in header["stops"]]


def pools(count: int) -> bytes:
    """So many windows of 1 x 1, one after the other."""
    names = ["x", *(f"t{n}" for n in range(count))]
    nodes = [
        helper.make_node("MaxPool", [before], [name], kernel_shape=[1, 1])
        for before, name in pairwise(names)
    ]
    return onnx_file(nodes, {"x": [1, 3, 32, 32]}, names[-1])


def test_the_sample_opens_with_its_trail_and_its_values() -> None:
    header = strip(with_trail(visit()))
    names = named(header)
    assert "fire2/concat" in names
    assert {"fire2/expand1x1/relu", "fire2/expand3x3/relu"} <= set(names)
    assert header["valued"]
    assert all("values" in stop for stop in header["stops"][1:])
    assert header["stops"][0]["kind"] == "input"


def test_a_model_that_cannot_run_shows_the_marks_alone() -> None:
    node = helper.make_node("Mine", ["x"], ["y"], domain="org.example")
    own = onnx_file([node], {"x": [1, 3, 32, 32]}, "y")
    app = upload(visit(), "model", ("own.onnx", own))
    header = strip(with_trail(app))
    assert named(header)[1:] == ["y"]
    assert not header["valued"]
    assert any("Assumed, not exact" in caption.value for caption in app.caption)


def test_of_a_deep_network_the_last_layers_show_and_the_rest_is_told() -> None:
    app = upload(visit(), "model", ("deep.onnx", pools(100)))
    header = strip(with_trail(app))
    assert len(header["stops"]) == 82
    assert named(header)[1:3] == ["20 more", "t20"]
    assert header["links"][:2] == [[0, 1, 0], [1, 2, 0]]
