"""How influence is spread over a region: in Explore, on Network and on Compare."""

from __future__ import annotations

import json

import numpy as np
import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

import rf_viz
from rf_viz.analysis.effective import expected_field
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from rf_viz.influence.depth import effective_sizes
from rf_viz.influence.effective import effective_field
from rf_viz.inputs.images import PRESETS, fit, open_image, to_tensor
from tests.pages.driver import onnx_file, upload, visit


def small() -> bytes:
    node = helper.make_node("Conv", ["x", "w"], ["y"], "y", dilations=[2, 1])
    return onnx_file([node], {"x": [1, 3, 12, 12]}, "y", {"w": (2, 3, 3, 4)})


def rows(app: AppTest) -> dict[str, dict[str, object]]:
    (frame,) = (f.value for f in app.dataframe if "Field" in f.value.columns)
    return {row["Field"]: row for row in frame.to_dict("records")}


def test_a_layers_field_is_measured_over_the_photographs() -> None:
    app = upload(visit(), "model", ("small.onnx", small()))
    app.segmented_control(key="question").set_value("Effective field").run()
    assert not app.exception
    layer = rf_viz.load(small()).trace(cut_global=True)["y"]
    expected = expected_field(layer)
    shown = rows(app)
    assert set(shown) == {"To expect of random weights", "Share of paths"}
    row = shown["To expect of random weights"]
    assert float(str(row["Size"])) == pytest.approx(expected.size, abs=0.01)
    assert row["Square of 50%"] == expected.side(0.5)

    app.button(key="effective begin").click().run()
    for _ in range(len(SAMPLE_IMAGES) + 2):
        app.run()
    assert not app.exception
    assert any(f"over {len(SAMPLE_IMAGES)} images" in text.value for text in app.caption)
    preset = PRESETS["ImageNet mean/std"]
    images = [
        to_tensor(fit(open_image(sample.path), (12, 12)), (1, 3, 12, 12), (2, 3), preset)
        for sample in SAMPLE_IMAGES.values()
    ]
    field = effective_field(rf_viz.load(small()), layer, images, method="occlusion")
    row = rows(app)["Measured"]
    assert float(str(row["Size"])) == pytest.approx(field.size, abs=0.01)
    assert [row[f"Square of {share}%"] for share in (20, 50, 99)] == [
        field.side(share) for share in (0.2, 0.5, 0.99)
    ]


def test_the_growth_of_a_network_can_show_the_effective_size() -> None:
    app = visit()
    app.switch_page("pages/network.py").run()
    app.toggle(key="effective size").set_value(True).run()
    assert not app.exception
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    (line,) = (t for t in figure["data"] if t["name"] == "effective, random weights")
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    largest = np.nanmax([y for y in line["y"] if y is not None])
    widest = net["fire9/expand3x3"]  # beyond it, the narrow branch counts as much
    assert largest == pytest.approx(expected_field(widest).size)
    assert largest < min(224, widest.receptive_field.size[0])


def test_networks_are_compared_by_their_effective_size() -> None:
    app = visit()
    app.switch_page("pages/compare.py")
    app.query_params.update({"with": "selfie", "growth.of": "effective"})
    app.run()
    assert not app.exception
    assert any("Skip connections make it smaller" in text.value for text in app.caption)


def traces(app: AppTest) -> dict[str, dict[str, object]]:
    """The traces of the first figure by name, the last one of each."""
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    return {trace["name"]: trace for trace in figure["data"]}


def wide() -> bytes:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "a", pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["r"], "r"),
        helper.make_node("Conv", ["r", "v"], ["b"], "b", pads=[1] * 4),
    ]
    return onnx_file(nodes, {"x": [1, 3, 14, 14]}, "b", {"w": (2, 3, 3, 3), "v": (1, 2, 3, 3)})


def measured_wide() -> dict[str, float]:
    """The sizes of its layers over the first two photographs, as the library has them."""
    model, preset = rf_viz.load(wide()), PRESETS["ImageNet mean/std"]
    images = [
        to_tensor(fit(open_image(sample.path), (14, 14)), (1, 3, 14, 14), (2, 3), preset)
        for sample in list(SAMPLE_IMAGES.values())[:2]
    ]
    sizes = effective_sizes(model, model.trace(cut_global=True), images, method="occlusion")
    return {name: size.size for name, size in sizes.items()}


def test_the_effective_sizes_of_a_network_are_measured_with_its_weights() -> None:
    app = upload(visit(), "model", ("wide.onnx", wide()))
    app.switch_page("pages/network.py").run()
    app.toggle(key="effective size").set_value(True).run()
    assert "effective, these weights" not in traces(app)
    app.button(key="depth begin").click().run()
    for _ in range(20):
        if not app.session_state["queue network"].running:
            break
        app.run()
    app.run()
    assert not app.exception
    marks = traces(app)["effective, these weights"]
    assert [name for (name,) in marks["customdata"]] == ["a", "b"]
    sizes = measured_wide()
    assert marks["y"] == pytest.approx([sizes["a"], sizes["b"]])
    assert "Measured on 2 layers over 2 photographs" in " ".join(c.value for c in app.caption)
    assert not [b for b in app.button if (b.key or "").startswith("depth ")]

    # Compare has them, too: the same model, traced in the same way.
    app.switch_page("pages/compare.py")
    app.query_params.update({"with": "none", "growth.of": "measured"})
    app.run()
    assert not app.exception
    assert traces(app)["wide.onnx"]["y"] == pytest.approx([sizes["a"], sizes["b"]])


def test_what_cannot_be_measured_is_told_with_the_reason() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], "y")
    file = onnx_file([node], {"x": [1, 5, 12, 12]}, "y", {"w": (2, 5, 3, 3)})
    app = upload(visit(), "model", ("five.onnx", file))
    app.switch_page("pages/compare.py")
    app.query_params.update({"with": "onnx-light:squeezenet", "growth.of": "measured"})
    app.run()
    assert any("Equal weights" in text.value for text in app.caption)
    app.button(key="depth begin").click().run()
    app.button(key="depth cancel").click().run()
    assert not app.exception
    assert any("nothing to measure over" in text.value for text in app.caption)
