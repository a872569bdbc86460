"""From: a cell's region is shown in the cells of a shallower layer instead of the input."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.pages.driver import SCRIPT, components, header, upload, visit

CASES = Path(__file__).parents[1] / "data/cases/inner_input"


def opened(address: dict[str, str]) -> AppTest:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.query_params.update(address)
    app.run()
    assert not app.exception
    return app


def start(app: AppTest) -> object:
    (choice,) = (s for s in app.selectbox if s.label == "From")
    return choice


def test_a_deep_cell_is_seen_on_a_shallower_layer_and_a_link_restores_it() -> None:
    key = next(key for key in SAMPLE_MODELS if "squeeze" in key)
    app = opened({"model": key, "layer": "fire4/concat", "cell": "13,13"})
    assert header(app)["extent"] == [224, 224]
    assert start(app).value == ""
    assert "fire9/concat" not in start(app).options
    start(app).select("pool1").run()
    assert not app.exception
    sight = header(app)
    assert sight["extent"] == [55, 55]
    assert sight["titles"]["image"] == "pool1, mean over its channels"
    # fire2 and fire3 with their 3x3, the pool of stride 2, and fire4: 1 + 2 + 2 + 2 + 2 * 2.
    assert sight["field"] == {"size": [11, 11], "stride": [2, 2], "padding": [4, 4]}
    assert app.query_params["from"] == "pool1"
    again = opened(dict(app.query_params.items()))
    assert header(again)["extent"] == [55, 55]
    assert header(again)["view"] == sight["view"]


@pytest.mark.parametrize("question", ["Through the layers", "Prove it", "Strongest cells",
    "Channels", "Who sees this pixel", "Share & export"])  # fmt: skip
def test_every_question_is_answered_from_a_layer(question: str) -> None:
    key = next(key for key in SAMPLE_MODELS if "squeeze" in key)
    address = {"model": key, "layer": "fire4/concat", "from": "pool1", "ask": question}
    app = opened(address | {"pixel": "20,20"})
    assert header(app)["extent"] == [55, 55]
    if question == "Prove it":
        next(b for b in app.button if b.key == "prove").click().run()
        assert not app.exception
        (figures,) = [h.value for h in app.get("html") if 'class="rf-prove"' in h.value]
        assert figures.count("verdict holds") == 2


def test_a_flat_image_is_folded_by_itself_and_said() -> None:
    file = ("deep_mnist.pb", (CASES / "deep_mnist.pb").read_bytes())
    app = upload(visit(), "model", file)
    assert header(app)["extent"] == [28, 28]
    captions = " ".join(c.value for c in app.caption)
    assert "x is a flattened image. What shows is reshape/Reshape" in captions
    (choice,) = (s for s in app.selectbox if s.label == "Input")
    assert choice.options == ["reshape/Reshape", "x"]
    choice.select("x").run()
    assert not app.exception
    assert header(app)["extent"] == [784]


def test_what_a_queue_hands_out_is_the_input_and_said() -> None:
    app = upload(visit(), "model", ("src_queue.pb", (CASES / "src_queue.pb").read_bytes()))
    assert header(app)["extent"] == [24, 24]
    captions = " ".join(c.value for c in app.caption)
    assert "The input is what a queue hands out, clone" in captions
    assert components(app, "layers")
