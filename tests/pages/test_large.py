"""Layers and inputs that are too large to be drawn: the page says so and shows the rest."""

from __future__ import annotations

import pytest
from onnx import helper

from tests.pages.driver import components, onnx_file, upload, visit

ENLARGED = onnx_file(
    [
        helper.make_node("Constant", [], ["scales"], value_floats=[1, 1, 3000, 3000]),
        helper.make_node("Resize", ["image", "", "scales"], ["large"], mode="linear"),
        helper.make_node("GlobalAveragePool", ["large"], ["pooled"]),
    ],
    {"image": [1, 3, 32, 32]},
    "pooled",
)

VAST = onnx_file(
    [helper.make_node("Conv", ["image", "w"], ["conv"], pads=[1] * 4)],
    {"image": [1, 1, 2**14, 2**13]},
    "conv",
    {"w": (1, 1, 3, 3)},
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ENLARGED, "large has 9,216,000,000 cells, and at most 16,777,216 are drawn"),
        (VAST, "has more than 67,108,864 numbers, which is too much to draw"),
    ],
)
def test_what_is_too_large_to_be_drawn_is_said(content: bytes, said: str) -> None:
    app = upload(visit(), "model", ("large.onnx", content))
    assert any(said in info.value for info in app.info)
    assert components(app, "linked view") == []
