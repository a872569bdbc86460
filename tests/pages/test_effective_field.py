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
