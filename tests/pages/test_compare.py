"""The Compare page, without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from onnx import NodeProto, TensorProto, helper
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.article import end_points
from rf_viz.catalogue.keras_applications import KERAS_APPLICATIONS
from rf_viz.catalogue.torchvision_models import TORCHVISION_MODELS
from rf_viz.ui.text import by
from tests.pages.driver import onnx_file, upload

ENTRY = Path(__file__).resolve().parents[2] / "streamlit_app.py"
CONV = helper.make_node("Conv", ["x", "w"], ["y"], "y")


@pytest.fixture
def app() -> AppTest:
    """The page as it opens."""
    entry = AppTest.from_file(str(ENTRY), default_timeout=60)
    return run(entry.switch_page("pages/compare.py"))


def run(app: AppTest) -> AppTest:
    """Runs the page without an exception."""
    app.run()
    assert not app.exception
    return app


def compare(app: AppTest, *keys: str) -> AppTest:
    """Chooses the networks to compare with."""
    app.multiselect(key="compared").set_value(list(keys))
    return run(app)


def rows(app: AppTest) -> dict[str, dict[str, object]]:
    """The rows of the table, by network."""
    (table,) = app.dataframe
    return {row["Network"]: row for row in table.value.to_dict("records")}


def text(app: AppTest) -> str:
    """Text of all lines and captions."""
    lines = [h.value for h in app.get("html") if 'class="rf-contender"' in h.value]
    return re.sub("<.*?>", " ", " ".join([*lines, *(c.value for c in app.caption)]))


def test_it_opens_with_networks_to_compare(app: AppTest) -> None:
    table = rows(app)
    assert len(table) == 5
    assert table["SqueezeNet 1.1"]["Size r"] == by((207, 207))
    assert table["ONNX light: resnet50"]["Stride S"] == by((32, 32))
    assert f"Input {by((224, 224))}; cell (6, 6) of conv10/relu sees {by((207, 207))} px." in text(
        app
    )


def test_whatever_is_compared_is_in_the_table(app: AppTest) -> None:
    compare(app, "selfie", "blazeface", "crepe")
    table = rows(app)
    assert pd.isna(table["Selfie segmentation"]["Size r"])
    assert "upsampled" in str(table["Selfie segmentation"]["Note"])
    assert table["CREPE tiny (sound)"]["Input"] == "1,024"
    assert "It takes no image" in text(app)
    assert "end with the last layer that has a closed form" in text(app)


def test_alone_it_is_a_comparison_too(app: AppTest) -> None:
    assert list(rows(compare(app))) == ["SqueezeNet 1.1"]


def test_an_upload_is_compared_and_stays_on_offer(app: AppTest) -> None:
    content = onnx_file([CONV], {"x": [1, 3, 32, 32]}, "y", {"w": (2, 3, 5, 5)})
    upload(app, "model", ("mine.onnx", content))
    assert rows(app)["mine.onnx"]["Size r"] == by((5, 5))
    app.selectbox(key="model").set_value("squeezenet")
    run(app)
    offered = app.multiselect(key="compared").options
    assert "mine.onnx" in offered


@pytest.mark.parametrize(
    ("node", "size", "weights", "kind"),
    [
        (helper.make_node("MatMul", ["x", "w"], ["y"], "y"), [1, 8], (8, 3), TensorProto.FLOAT),
        (CONV, [1, 7, 9, 9], (1, 7, 3, 3), TensorProto.FLOAT),
        (CONV, [1, 1, 6, 6, 6], (1, 1, 3, 3, 3), TensorProto.FLOAT),
        (
            helper.make_node("Mystery", ["x", "w"], ["y"], "y", domain="own"),
            [1, 3, 8, 8],
            (1,),
            TensorProto.FLOAT,
        ),
        (helper.make_node("Gather", ["w", "x"], ["y"], "y"), [1, 12], (5, 4), TensorProto.INT64),
    ],
    ids=["vector", "seven channels", "volume", "unknown operator", "words"],
)
def test_odd_models_are_compared_all_the_same(
    app: AppTest,
    node: NodeProto,
    size: list[int | None],
    weights: tuple[int, ...],
    kind: int,
) -> None:
    upload(app, "model", ("odd.onnx", onnx_file([node], {"x": size}, "y", {"w": weights}, kind)))
    assert "odd.onnx" in rows(app)
    app.session_state["part"] = "Accuracy"
    run(app)


def lines(app: AppTest) -> str:
    """Text of all Markdown."""
    return " ".join(m.value for m in app.markdown)


def test_the_fit_is_called_ours(app: AppTest) -> None:
    """The article has neither an equation nor a correlation, and claims less than a cause."""
    app.session_state["part"] = "Accuracy"
    run(app)
    ours = "Our least-squares fit through the article's networks"
    equation = "10 networks: top-1 = 0.0584 · ln r + 0.3541, correlation 0.829"
    assert f"**{ours}**, {equation}" in lines(app)
    assert "MobileNet 0.75 and ResNet-200 are left out" in text(app)
    assert "give no equation and no correlation: the fits are ours" in text(app)
    assert "conjecture" in text(app)
    assert "it is by no means sufficient and not the only factor" in text(app)


def test_networks_that_both_have_count_once(app: AppTest) -> None:
    app.session_state["part"] = "Accuracy"
    run(app)
    assert "all networks shown**, 38 networks" in lines(app)
    assert "these 7 count once" in text(app)
    app.segmented_control(key="accuracy of").set_value(["Keras applications"])
    run(app)
    assert "all networks shown**, 35 networks" in lines(app)
    assert "count once" not in text(app)


def test_a_network_can_be_left_out_and_the_slope_is_told_without_each(app: AppTest) -> None:
    app.session_state["part"] = "Accuracy"
    run(app)
    assert "without AlexNet the slope is 0.037 instead of 0.058" in lines(app)
    app.selectbox(key="accuracy without").set_value("AlexNet")
    run(app)
    assert "networks, without AlexNet**, 9 networks: top-1 = 0.0368 · ln r" in lines(app)
    app.segmented_control(key="accuracy of").set_value(["Keras applications"])
    run(app)
    assert app.selectbox(key="accuracy without").value == "none"


@pytest.mark.parametrize(
    ("across", "slope"), [("share", "0.0647"), ("depth", "0.0541"), ("gflops", "0.0370")]
)
def test_rivals_of_the_receptive_field_are_drawn_and_fitted(
    app: AppTest, across: str, slope: str
) -> None:
    app.session_state["part"] = "Accuracy"
    run(app)
    app.segmented_control(key="accuracy over").set_value(across)
    run(app)
    assert f"10 networks: top-1 = {slope} · ln" in lines(app)
    rivals = app.dataframe[0].value
    assert list(rivals["Accuracy over"])[1:] == ["r over input size", "Depth", "GFLOPs"]
    assert list(rivals["Correlation, article's"].round(2)) == [0.83, 0.83, 0.88, 0.61]


def test_the_twelve_networks_have_their_years(app: AppTest) -> None:
    app.session_state["part"] = "Accuracy"
    run(app)
    twelve = app.dataframe[1].value
    assert len(twelve) == 12
    assert dict(zip(twelve["Network"], twelve["Year"], strict=True))["AlexNet"] == 2014
    assert list(twelve["Year"])[-2:] == [2016, 2016]


def test_a_network_of_ones_own_joins_the_figure_and_leaves_it(app: AppTest) -> None:
    app.session_state["part"] = "Accuracy"
    run(app)
    app.number_input(key="own top-1").set_value(58.1)
    next(b for b in app.button if b.label == "Add").click()
    run(app)
    assert "SqueezeNet 1.1: r 207, top-1 58.1%" in " ".join(m.value for m in app.markdown)
    next(b for b in app.button if b.label == "Remove").click()
    run(app)
    assert not any(b.label == "Remove" for b in app.button)


def test_with_nothing_shown_it_says_so(app: AppTest) -> None:
    app.session_state["part"] = "Accuracy"
    run(app)
    app.segmented_control(key="accuracy of").set_value([])
    run(app)
    assert "Nothing is shown" in app.info[0].value


def test_the_published_table_is_filtered(app: AppTest) -> None:
    app.session_state["part"] = "Published table"
    run(app)
    (tally,) = [h.value for h in app.get("html") if 'class="rf-tally"' in h.value]
    assert "561 rows, 0 differences" in tally
    assert len(app.dataframe[0].value) == 561
    app.selectbox(key="published network").set_value("vgg_16")
    app.segmented_control(key="published size").set_value(by((224, 224)))
    run(app)
    expected = [r for r in end_points() if (r.net, r.resolution) == ("vgg_16", 224)]
    assert len(app.dataframe[0].value) == len(expected) > 0
    app.toggle(key="published differences").set_value(True)
    run(app)
    assert "No row differs" in app.info[0].value


def test_the_networks_of_keras_and_torchvision_are_listed_without_either(app: AppTest) -> None:
    app.session_state["part"] = "Keras and torchvision"
    run(app)
    (table,) = app.dataframe
    listed = table.value.set_index(["Library", "Network"])
    assert len(listed) == len(KERAS_APPLICATIONS) + len(TORCHVISION_MODELS)
    assert listed.loc[("Keras", "ResNet50"), "Size r"] == 483
    row = listed.loc[("torchvision", "resnet50")]
    assert (row["Size r"], row["Stride S"], row["Top-1"]) == (427, 32, pytest.approx(76.13))
    assert row["Source"].startswith("https://github.com/pytorch/vision/")
    app.segmented_control(key="tables of").set_value(["torchvision"])
    run(app)
    app.selectbox(key="tables family").set_value("VGG")
    run(app)
    assert {name[:3] for name in app.dataframe[0].value["Network"]} == {"vgg"}


def test_networks_of_torchvision_join_the_figure_and_count_once(app: AppTest) -> None:
    app.session_state["part"] = "Accuracy"
    app.session_state["accuracy of"] = ["torchvision"]
    run(app)
    shown = [model for model in TORCHVISION_MODELS.values() if model.size]
    assert f"all networks shown**, {len(shown)} networks" in lines(app)
    app.segmented_control(key="accuracy of").set_value(["Keras applications", "torchvision"])
    run(app)
    assert "have the name of a network above, and count once" in text(app)
