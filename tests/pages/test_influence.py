"""Influence on the pinned cell: by which methods, over which patches, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

from rf_viz.ui.browser.component import unpack
from tests.pages.driver import components, onnx_file, upload, visit

pytestmark = pytest.mark.slow


def opened(name: str, content: bytes) -> AppTest:
    """The model's last layer with its influence; measured as far as the first step comes."""
    app = upload(visit(), "model", (name, content))
    state = app.session_state["place"]
    state.latest = replace(state.latest, mode="influence")
    app.run()
    assert not app.exception
    return app


def measured(app: AppTest) -> AppTest:
    for _ in range(60):
        app.run()
        assert not app.exception
        if not any("Cancel" in button.label for button in app.button):
            return app
    raise AssertionError("it goes on and on")


def said(app: AppTest) -> str:
    return " ".join(text.value for text in app.caption)


def cue(app: AppTest) -> dict[str, Any]:
    """What the views are told of the pinned cell."""
    return unpack(components(app, "cue")[0].bytes)[0]


def ticks(app: AppTest) -> list[str]:
    """The numbers at the scale of influence."""
    shown: list[str] = cue(app)["trace"]["colorbar.ticktext"]
    return shown


def small() -> bytes:
    node = helper.make_node("Conv", ["x", "w"], ["y"], "y")
    return onnx_file([node], {"x": [1, 3, 12, 12]}, "y", {"w": (2, 3, 5, 5)})


def test_a_model_without_gradients_is_measured_by_occlusion() -> None:
    app = measured(opened("small.onnx", small()))
    (methods,) = (c for c in app.segmented_control if c.label == "Measured by")
    assert methods.options == ["Occlusion"]
    assert "Patches of 1" in said(app)
    assert "Half of the influence lies on" in said(app)
    assert "computes no gradients" in said(app)
    assert cue(app)["mode"] == "influence"
    assert cue(app)["count"] == 25

    app.slider(key="influence patches").set_value(4).run()
    app = measured(app)
    assert "Patches of 2" in said(app)
    assert app.query_params["influence.patches"] == "4"


def test_a_cell_that_nothing_moves_is_told() -> None:
    node = helper.make_node("Relu", ["x"], ["r"], "r")
    minus = helper.make_node("Neg", ["r"], ["n"], "n")
    last = helper.make_node("Relu", ["n"], ["y"], "y")
    content = onnx_file([node, minus, last], {"x": [1, 3, 12, 12]}, "y")
    app = measured(opened("still.onnx", content))
    assert "No pixel moves this cell" in said(app)


def test_a_keras_model_has_gradients(tmp_path: Path) -> None:
    import keras

    layers = [keras.layers.Conv2D(2, 5, name="y")]
    keras.Sequential([keras.Input((12, 12, 3)), *layers]).save(tmp_path / "net.keras")
    content = (tmp_path / "net.keras").read_bytes()
    app = opened("net.keras", content)
    (methods,) = (c for c in app.segmented_control if c.label == "Measured by")
    assert methods.options == ["Gradient", "Gradient \N{MULTIPLICATION SIGN} input", "Occlusion"]
    assert methods.value == methods.options[0]
    assert "Half of the influence lies on" in said(app)
    assert ticks(app)[0] == "0"
    methods.set_value(methods.options[1]).run()
    assert len(ticks(app)) == 3  # it has a sign
    methods.set_value("Occlusion").run()
    app = measured(app)
    assert "Patches of 1" in said(app)
