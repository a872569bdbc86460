"""A model that opens at none of the usual sizes: the page asks for one, and loses nothing."""

from __future__ import annotations

import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.cache import File
from tests.pages.driver import SCRIPT, header, onnx_file, upload, visit

OBLONG = onnx_file(
    [
        helper.make_node("Conv", ["image", "w"], ["conv"], strides=[4, 4], pads=[1] * 4),
        helper.make_node("Flatten", ["conv"], ["row"]),
        helper.make_node("MatMul", ["row", "m"], ["out"]),
    ],
    {"image": [None, 3, None, None]},
    "out",
    {"w": (2, 3, 3, 3), "m": (2 * 16 * 8, 5)},
)
"""A network for images of 64 x 32: no square fits its matrix."""


@pytest.fixture
def app() -> AppTest:
    return visit()


def fields(app: AppTest) -> list[str]:
    return [field.label for field in app.main.number_input]


def enter(app: AppTest, height: int, width: int) -> None:
    for field, value in zip(app.main.number_input, (height, width), strict=True):
        field.set_value(value)
    next(b for b in app.button if b.label == "Open at this size").click()
    app.run()
    assert not app.exception


def test_the_page_asks_for_the_size_and_opens_the_model_at_it(app: AppTest) -> None:
    upload(app, "model", ("oblong.onnx", OBLONG))
    assert fields(app) == ["Height", "Width"]
    assert "oblong.onnx leaves the size of its input image open" in app.main.markdown[0].value
    assert len(app.error) == 0
    enter(app, 64, 32)
    assert fields(app) == []
    assert header(app)["extent"] == [64, 32]


def test_a_size_that_the_model_refuses_is_told_and_asked_for_again(app: AppTest) -> None:
    upload(app, "model", ("oblong.onnx", OBLONG))
    enter(app, 64, 64)
    (error,) = app.error
    assert error.value.startswith("It does not work at 64 \N{MULTIPLICATION SIGN} 64")
    assert [field.value for field in app.main.number_input] == [64, 64]
    enter(app, 32, 64)
    assert header(app)["extent"] == [32, 64]


def test_any_other_model_can_be_chosen_meanwhile(app: AppTest) -> None:
    before = header(app)
    upload(app, "model", ("oblong.onnx", OBLONG))
    choice = next(s for s in app.selectbox if s.label == "Model")
    digest = File.uploaded({"oblong.onnx": OBLONG}).digest
    assert choice.value == digest
    choice.set_value(next(iter(SAMPLE_MODELS))).run()
    assert header(app)["extent"] == before["extent"]
    next(s for s in app.selectbox if s.label == "Model").set_value(digest).run()
    enter(app, 64, 32)
    assert header(app)["extent"] == [64, 32]


def test_a_comparison_says_where_the_size_is_asked_for() -> None:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page("pages/compare.py").run()
    upload(app, "model", ("oblong.onnx", OBLONG))
    assert [e.value for e in app.error] == [
        "oblong.onnx is left out\\: Explore asks for the size that it needs."
    ]


def test_the_size_is_asked_for_on_the_network_page_too() -> None:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page("pages/network.py").run()
    upload(app, "model", ("oblong.onnx", OBLONG))
    assert fields(app) == ["Height", "Width"]
    enter(app, 64, 32)
    assert app.header[0].value == "How far the layers see"
