"""The question "Prove it" on the Explore page, with every kind of model."""

from __future__ import annotations

import re

import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

from tests.pages.driver import onnx_file, upload, visit

GRAPH = """
node { name: "image" op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape {
    dim { size: 1 } dim { size: 40 } dim { size: 30 } dim { size: 3 } } } } }
node { name: "kernel" op: "VariableV2"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape {
    dim { size: 5 } dim { size: 5 } dim { size: 3 } dim { size: 2 } } } } }
node { name: "conv" op: "Conv2D" input: "image" input: "kernel"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "padding" value { s: "SAME" } }
  attr { key: "strides" value { list { i: 1 i: 2 i: 2 i: 1 } } } }
"""
"""One convolution, whose weights are in a checkpoint elsewhere."""


@pytest.fixture
def app() -> AppTest:
    return visit()


def prove(app: AppTest) -> list[dict[str, str]]:
    """Asks, presses the button, and returns what each side says; a pair for each proof."""
    app.segmented_control(key="question").set_value("Prove it").run()
    app.button(key="prove").click().run()
    return said(app)


def said(app: AppTest) -> list[dict[str, str]]:
    assert not app.exception
    sides = []
    for html in (h.value for h in app.get("html") if 'class="rf-prove"' in h.value):
        for figure in html.split("<figure")[1:]:
            numbers = dict(re.findall(r'data-of="(before|after|verdict)">(.*?)</', figure))
            sides.append({**numbers, "text": re.sub("<.*?>", " ", figure)})
    return sides


def note(app: AppTest, key: str) -> str:
    (text,) = [h.value for h in app.get("html") if f'rf-prove-note" data-of="{key}"' in h.value]
    return re.sub("<.*?>", "", text)


def test_nothing_is_run_before_it_is_asked_for(app: AppTest) -> None:
    app.segmented_control(key="question").set_value("Prove it").run()
    assert said(app) == []


@pytest.mark.parametrize(
    ("model", "fillers"),
    [
        ("squeezenet", ["Blur", "Black", "Another photograph"]),
        ("crepe", ["Silence", "Another tone"]),
    ],
)
def test_whatever_replaces_the_outside_the_cell_stays(
    app: AppTest, model: str, fillers: list[str]
) -> None:
    app.selectbox(key="model").select(model).run()
    for filler in ["Noise", *fillers]:
        if filler == "Noise":
            outside, inside = prove(app)
        else:
            choice = next(c for c in app.segmented_control if c.label == "Replace by")
            choice.set_value(filler).run()
            outside, inside = said(app)
        assert outside["verdict"] == "= Equal"
        assert outside["before"] == outside["after"] == inside["before"] != inside["after"]
        assert inside["verdict"] == "\N{NOT EQUAL TO} Changes"


def test_a_gate_lets_the_outside_in_and_that_is_said(app: AppTest) -> None:
    app.selectbox(key="model").select("selfie").run()
    outside, _ = prove(app)
    assert outside["verdict"] == "\N{NOT EQUAL TO} Moves"
    assert "global context through average_pooling2d" in outside["text"]
    assert "sees the whole image" in note(app, "context")
    app.button(key="check more").click().run()
    assert note(app, "report").startswith("All ")


def test_context_of_a_row_is_proved_with_the_row(app: AppTest) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "a"),
        helper.make_node("MatMul", ["a", "v"], ["m"], "m"),
        helper.make_node("Add", ["a", "m"], ["s"], "s"),
        helper.make_node("Conv", ["s", "u"], ["y"], "y"),
    ]
    weights = {"w": (2, 3, 3, 3), "v": (30, 30), "u": (1, 2, 1, 1)}
    content = onnx_file(nodes, {"x": [1, 3, 32, 32]}, "y", weights)
    upload(app, "model", ("rows.onnx", content))
    verdicts = [side["verdict"] for side in prove(app)]
    changes = "\N{NOT EQUAL TO} Changes"
    assert verdicts == ["\N{NOT EQUAL TO} Moves", changes, "= Equal", changes]


def test_a_model_without_values_is_proved_by_its_twin(app: AppTest) -> None:
    upload(app, "model", ("graph.pbtxt", GRAPH.encode()))
    outside, inside = prove(app)
    assert outside["verdict"].endswith("Not reached")
    assert inside["verdict"].endswith(" Reached")
    assert "before" not in outside


def test_a_layer_that_sees_everything_has_no_outside(app: AppTest) -> None:
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["y"], "y")]
    upload(app, "model", ("pool.onnx", onnx_file(nodes, {"x": [1, 3, 32, 32]}, "y")))
    outside, inside = prove(app)
    assert "Nothing lies outside" in outside["text"]
    assert inside["verdict"] == "\N{NOT EQUAL TO} Changes"


def test_more_cells_are_checked_when_asked(app: AppTest) -> None:
    prove(app)
    app.button(key="check more").click().run()
    assert note(app, "report").startswith("All 37 checks agree. For 5 cells ")
