"""The Network page with every kind of model."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import onnx
import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.pages.driver import components, onnx_file, upload

ENTRY = Path(__file__).resolve().parents[2] / "streamlit_app.py"


@pytest.fixture
def app() -> AppTest:
    """The page as it opens."""
    app = AppTest.from_file(str(ENTRY), default_timeout=60).switch_page("pages/network.py").run()
    assert not app.exception
    return app


def conv(source: str, target: str, **attributes: object) -> onnx.NodeProto:
    """Convolution with the weights ``w``."""
    return helper.make_node("Conv", [source, "w"], [target], target, **attributes)


def boxes(app: AppTest) -> dict[str, Element]:
    """Boxes and headers of the graph by label."""
    (proto,) = components(app, "graph")
    buttons = fromstring(json.loads(proto.json)["graph"]).iter("button")
    return {button[0].text or "": button for button in buttons}


def claims(app: AppTest) -> str:
    """Text of all findings."""
    return "\n".join(text.value for text in app.markdown)


def trigger(app: AppTest, key: str) -> None:
    """Folds or unfolds, as the component tells the server."""
    element = next(e for e in app.get("bidi_component") if (e.key or "").startswith("graph"))
    app.session_state[element.key.replace("graph ", "unfolded ", 1)] ^= {key}
    app.run()
    assert not app.exception


@pytest.mark.parametrize("key", SAMPLE_MODELS)
def test_every_sample_is_shown_whole(app: AppTest, key: str) -> None:
    app.selectbox(key="model").select(key).run()
    assert not app.exception
    assert not app.error
    net = rf_viz.load(SAMPLE_MODELS[key].path).trace(cut_global=True)
    (table,) = app.dataframe
    assert list(table.value["Layer"]) == [layer.name for layer in net.layers]
    assert len(boxes(app)) > 5
    assert "every cell" in claims(app) or "No cell" in claims(app) or "some cells" in claims(app)
    assert len(app.get("plotly_chart")) == 2


def test_the_table_tells_all_numbers(app: AppTest) -> None:
    (table,) = app.dataframe
    row = table.value.set_index("Layer").loc["fire2/expand3x3"]
    assert row["Settings"] == "64 filters 3x3, padding 1"
    times = " \N{MULTIPLICATION SIGN} "
    assert row["Size r"] == f"15{times}15"
    assert row["Stride"] == f"4{times}4"
    assert row["Padding"] == f"4{times}4"
    assert row["Centre"] == "(3, 3)"
    assert row["Parameters"] == 16 * 64 * 9 + 64
    assert row["GFLOPs"] == pytest.approx(2e-9 * 55 * 55 * 64 * 16 * 9)
    assert (row["Aligned"], row["Exact"], row["Kind"]) == ("yes", "exact", "convolution")


def test_the_table_is_searched_and_filtered_by_kind(app: AppTest) -> None:
    app.text_input[0].set_value("fire2 conv").run()
    assert list(app.dataframe[0].value["Layer"]) == [
        "fire2/squeeze1x1",
        "fire2/expand1x1",
        "fire2/expand3x3",
    ]
    app.text_input[0].set_value("")
    app.multiselect[0].select("join").run()
    assert set(app.dataframe[0].value["Operator"]) == {"Concat"}
    app.text_input[0].set_value("nowhere").run()
    assert not app.exception
    assert any("No layer has that" in caption.value for caption in app.caption)


def test_scopes_unfold(app: AppTest) -> None:
    was = boxes(app)["fire2"]
    trigger(app, was.get("data-key") or "")
    assert boxes(app)["fire2"].get("aria-expanded") != was.get("aria-expanded")


def test_without_a_picture_to_look_at_all_is_still_told(app: AppTest) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"], "dense"),
        helper.make_node("Relu", ["y"], ["z"], "relu"),
    ]
    upload(app, "model", ("mlp.onnx", onnx_file(nodes, {"x": [1, 20]}, "z", {"w": (20, 5)})))
    assert list(app.dataframe[0].value["Layer"]) == ["y", "z"]
    assert set(app.dataframe[0].value["Size r"]) == {None}
    assert "Every operation is known" in claims(app)


def test_unknown_operations_are_named(app: AppTest) -> None:
    nodes = [
        conv("x", "y"),
        helper.make_node("Mystery", ["y"], ["z"], "mystery", domain="my.own"),
    ]
    file = onnx_file(nodes, {"x": [1, 3, 16, 16]}, "z", {"w": (2, 3, 3, 3)})
    upload(app, "model", ("odd.onnx", file))
    assert "1 operation was taken to depend on everything" in claims(app)
    assert "Mystery" in claims(app)
    assert list(app.dataframe[0].value["Exact"]) == ["exact", "assumed"]
    assert boxes(app)["z"].get("class") == "box assumed"


def test_signals_and_volumes_have_growth_and_coverage(app: AppTest) -> None:
    for shape in ([1, 1, 64], [1, 1, 12, 12, 12]):
        rank = len(shape) - 2
        file = onnx_file([conv("x", "y")], {"x": shape}, "y", {"w": (2, 1, *[3] * rank)})
        upload(app, "model", (f"net{rank}.onnx", file))
        assert len(app.get("plotly_chart")) == 2


def test_axes_that_differ_can_be_chosen(app: AppTest) -> None:
    file = onnx_file([conv("x", "y")], {"x": [1, 1, 16, 16]}, "y", {"w": (1, 1, 1, 5)})
    upload(app, "model", ("wide.onnx", file))
    (along,) = app.radio
    assert along.options == ["height", "width"]

    before = app.get("plotly_chart")[0].proto.spec
    along.set_value(1).run()
    assert not app.exception
    assert app.get("plotly_chart")[0].proto.spec != before


def test_a_thousand_layers_are_folded(app: AppTest) -> None:
    nodes = [
        helper.make_node("Relu", [f"t{n}" if n else "x"], [f"t{n + 1}"], f"r{n}")
        for n in range(1200)
    ]
    upload(app, "model", ("long.onnx", onnx_file(nodes, {"x": [1, 1, 8, 8]}, "t1200")))
    assert len(boxes(app)) < 70
    assert len(app.dataframe[0].value) == 1200
