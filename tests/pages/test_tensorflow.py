"""The Explore page with models of Keras and TensorFlow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

import rf_viz
from tests.pages.driver import components, header, layer_rows, upload, visit
from tests.ui.test_cache import drop_models

if TYPE_CHECKING:
    import keras

TIMES = " \N{MULTIPLICATION SIGN} "

GRAPH = """
node { name: "image" op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape {
    dim { size: 1 } dim { size: 40 } dim { size: 30 } dim { size: 3 } } } } }
node { name: "kernel" op: "VariableV2"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape {
    dim { size: 5 } dim { size: 5 } dim { size: 3 } dim { size: 2 } } } } }
node { name: "kernel/read" op: "Identity" input: "kernel"
  attr { key: "T" value { type: DT_FLOAT } } }
node { name: "conv" op: "Conv2D" input: "image" input: "kernel/read"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "padding" value { s: "SAME" } }
  attr { key: "strides" value { list { i: 1 i: 2 i: 2 i: 1 } } } }
"""
"""One convolution, whose weights are in a checkpoint elsewhere."""


@pytest.fixture
def app() -> AppTest:
    return visit()


@pytest.fixture(scope="module")
def keras_model() -> keras.Model:
    """A branch that is used twice, and a model inside."""
    import keras
    from keras import layers

    image = keras.Input((32, 40, 3), name="image")
    conv = layers.Conv2D(4, 3, padding="same", name="conv")
    twice = conv(layers.ReLU(name="cut")(layers.Conv2D(4, 1, name="mix")(image)))
    branch = keras.Sequential([layers.MaxPooling2D(name="pool")], name="branch")
    joined = layers.Add(name="sum")([branch(conv(twice)), branch(twice)])
    return keras.Model(image, joined, name="small")


def saved(model: keras.Model, ending: str, folder: Path) -> bytes:
    """A model's file, a SavedModel as a zip archive."""
    if ending != "zip":
        model.save(folder / f"model.{ending}")
        return (folder / f"model.{ending}").read_bytes()
    model.export(folder / "saved", verbose=False)
    return Path(shutil.make_archive(str(folder / "model"), "zip", folder / "saved")).read_bytes()


@pytest.mark.parametrize("ending", ["keras", "h5", "zip"])
def test_every_form_of_a_model_is_run_and_shown(
    app: AppTest, keras_model: keras.Model, ending: str, tmp_path: Path
) -> None:
    upload(app, "model", (f"model.{ending}", saved(keras_model, ending, tmp_path)))
    assert [m.value for m in (*app.error, *app.warning, *app.info)] == []
    assert header(app)["extent"] == [32, 40]
    assert header(app)["valued"]


def test_keras_layers_are_listed_with_what_is_inside(
    app: AppTest, keras_model: keras.Model, tmp_path: Path
) -> None:
    content = saved(keras_model, "keras", tmp_path)
    upload(app, "model", ("model.keras", content))
    rows = layer_rows(app)
    top = [(row["name"], row["op"], row["settings"]) for row in rows if row["parent"] is None]
    assert top[:3] == [
        ("mix", "Conv2D", "4 filters 1x1, valid"),
        ("cut", "ReLU", ""),
        ("conv", "Conv2D", "4 filters 3x3, same"),
    ]
    assert [name for name, *_ in top].count("conv") == 1
    assert sum(name.startswith("conv") for name, *_ in top) == 2, "each call is a layer"
    net = rf_viz.load(content, "model.keras").trace(cut_global=True)
    for row in rows:
        size = TIMES.join(map(str, net[row["layer"]].region((5, 5)).size))
        assert row["sees"] == size
        if row["parent"] is not None:
            assert row["name"].startswith(rows[row["parent"]]["name"] + "/")
    first = rows[0]["layer"]
    assert [row["label"] for row in rows if row["parent"] == 0][-1] == first.removeprefix("mix/")
    assert {row["layer"] for row in rows} == {layer.name for layer in net.layers}


def test_a_graph_without_weights_shows_its_regions_and_says_so(app: AppTest) -> None:
    upload(app, "model", ("graph.pbtxt", GRAPH.encode()))
    (note,) = [c.value for c in app.caption if c.value.startswith("No values")]
    assert "graph.pbtxt holds no weights" in note
    assert [m.value for m in (*app.error, *app.warning, *app.info)] == []
    assert not header(app)["valued"]
    assert header(app)["grid"] == [20, 15]
    assert len(components(app, "linked view")) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(2000)),
        ("net.keras", b"PK\x03\x04" + bytes(200)),
        ("net.pbtxt", b"node { name: 'a' op: "),
        ("net.tflite", bytes(4) + b"TFL3" + bytes(100)),
    ],
)
def test_what_is_damaged_is_refused_in_one_sentence(
    app: AppTest, name: str, content: bytes
) -> None:
    before = header(app)
    upload(app, "model", (name, content))
    (error,) = app.error
    assert name in error.value
    assert "\n" not in error.value
    assert header(app) == before


def test_a_network_of_keras_itself_comes_with_random_weights(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # where nothing answers
    app.selectbox(key="model").select("keras:MobileNetV3Small").run()
    assert not app.exception
    assert header(app)["extent"] == [224, 224]
    assert header(app)["valued"]
    preset = next(s for s in app.selectbox if s.label == "Preprocessing")
    assert preset.value == "0..255", "it preprocesses inside"
    captions = " ".join(c.value for c in app.caption)
    assert "weights are random" in captions
    names = [row["name"] for row in layer_rows(app)]
    assert "expanded_conv_squeeze_excite_conv" in names

    next(b for b in app.button if b.label == "Use the trained weights").click().run()
    (error,) = app.error
    assert "could not be downloaded" in error.value
    assert "Until then its weights are random" in error.value
    assert header(app)["valued"], "the network stays"


def test_the_file_of_a_keras_application_gets_its_preprocessing(
    app: AppTest, tmp_path: Path
) -> None:
    import keras

    keras.applications.MobileNet(weights=None, alpha=0.25).save(tmp_path / "mine.keras")
    upload(app, "model", ("mine.keras", (tmp_path / "mine.keras").read_bytes()))
    preset = next(s for s in app.selectbox if s.label == "Preprocessing")
    assert preset.value == "-1..1"


def test_a_network_of_keras_opens_after_it_was_dropped_and_built_again(app: AppTest) -> None:
    """Compare traces two, others push them out of memory, and one comes back."""
    app.switch_page("pages/compare.py")
    app.session_state["compared"] = ["keras:MobileNetV2", "keras:MobileNet"]
    app.run()
    drop_models()
    app.switch_page("streamlit_app.py").run()
    for name in ("MobileNetV2", "MobileNet"):
        app.selectbox(key="model").set_value(f"keras:{name}").run()
        assert not app.exception
        assert layer_rows(app)[-1]["layer"] == "predictions/Softmax"
