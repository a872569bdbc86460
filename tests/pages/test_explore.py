"""The Explore page with every kind of model, with good input and with bad."""

from __future__ import annotations

import gc
import re
import tempfile
from io import BytesIO
from itertools import pairwise
from math import prod
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.browser.component import unpack
from rf_viz.ui.cache import File
from tests.pages.driver import components, header, layer_rows, onnx_file, upload, visit

CASES = Path(__file__).resolve().parents[1] / "data" / "cases" / "pytorch"
TIMES = " \N{MULTIPLICATION SIGN} "


def conv(source: str = "x", target: str = "y", **attributes: object) -> onnx.NodeProto:
    return helper.make_node("Conv", [source, "w"], [target], target, **attributes)


PICTURE_NET = onnx_file([conv()], {"x": [1, 3, None, None]}, "y", {"w": (2, 3, 3, 3)})


@pytest.fixture
def app() -> AppTest:
    return visit()


def answer(app: AppTest) -> dict[str, str]:
    """The numbers beside the linked view."""
    (html,) = [h.value for h in app.get("html") if 'class="rf-answer"' in h.value]
    return {
        key: re.sub("<.*?>", "", text)
        for key, text in re.findall(r'data-of="(\w+)">(.*?)</(?:dd|p|span)>', html)
    }


def said(app: AppTest) -> list[str]:
    return [message.value for message in (*app.error, *app.warning, *app.info)]


def choose_layer(app: AppTest, name: str) -> None:
    (proto,) = components(app, "layers")
    key = next(e.key for e in app.get("bidi_component") if e.proto is proto)
    app.session_state[key] = {"layer": {"name": name, "turn": 1}}
    app.run()
    assert not app.exception


@pytest.mark.parametrize("key", SAMPLE_MODELS)
def test_every_sample_opens_with_its_layer_and_preprocessing(app: AppTest, key: str) -> None:
    sample = SAMPLE_MODELS[key]
    app.selectbox(key="model").select(key).run()
    assert not app.exception
    assert said(app) == []
    shown = header(app)
    layer = rf_viz.load(sample.path).trace(cut_global=True)[sample.default_layer]
    assert shown["view"].endswith(sample.default_layer)
    assert tuple(shown["grid"]) == layer.grid
    assert answer(app)["value"]
    if sample.preprocessing:
        preset = next(s for s in app.selectbox if s.label == "Preprocessing")
        assert preset.value == sample.preprocessing


def test_regions_in_the_list_are_those_of_the_network(app: AppTest) -> None:
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    rows = {row["name"]: row for row in layer_rows(app)}
    assert list(rows) == [layer.name for layer in net.layers]
    assert rows["fire2/concat"]["sees"] == f"15{TIMES}15"
    assert rows["fire2/concat"]["group"] == "fire2"
    assert rows["fire2/expand3x3"]["convolution"]
    assert not rows["pool1"]["convolution"]


@pytest.mark.parametrize("name", ["conv1", "pool10", "logits"])
def test_layers_from_the_first_to_the_last_can_be_chosen(app: AppTest, name: str) -> None:
    choose_layer(app, name)
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    region = net[name].region(tuple(header(app)["pinned"]))
    assert answer(app)["size"] == TIMES.join(map(str, region.size))


def test_a_class_is_called_by_its_name(app: AppTest) -> None:
    choose_layer(app, "prob")
    channels = next(s for s in app.selectbox if s.label.startswith("Channel"))
    assert "Egyptian cat" in channels.options[0]


def test_a_model_with_open_axes_takes_the_size_that_is_chosen(app: AppTest) -> None:
    upload(app, "model", ("net.onnx", PICTURE_NET))
    height, width = app.number_input
    height.set_value(50)
    width.set_value(70)
    app.run()
    assert header(app)["extent"] == [50, 70]
    assert header(app)["grid"] == [48, 68]


def test_a_size_that_does_not_work_out_is_refused_and_the_last_one_stays(app: AppTest) -> None:
    upload(app, "model", ("net.onnx", PICTURE_NET))
    app.number_input[0].set_value(2).run()
    assert not app.exception
    assert len(app.error) == 1
    assert header(app)["extent"] == [224, 224]


def test_a_volume_is_shown_in_slices(app: AppTest) -> None:
    content = onnx_file([conv()], {"x": [1, 3, 8, 9, 10]}, "y", {"w": (2, 3, 3, 3, 3)})
    upload(app, "model", ("volume.onnx", content))
    assert said(app) == []
    shown = header(app, "volume view")
    assert (shown["extent"], shown["grid"]) == ([8, 9, 10], [6, 7, 8])
    assert answer(app)["size"] == TIMES.join("333")


def test_an_uploaded_volume_is_what_the_model_sees(app: AppTest) -> None:
    content = onnx_file([conv()], {"x": [1, 1, 8, 8, 8]}, "y", {"w": (1, 1, 3, 3, 3)})
    upload(app, "model", ("volume.onnx", content))
    stream = BytesIO()
    np.save(stream, np.eye(8)[None].repeat(8, 0))
    upload(app, "volume", ("eye.npy", stream.getvalue()))
    assert header(app, "volume view")["titles"]["image"] == "eye.npy"
    assert float(answer(app)["value"]) == 9
    upload(app, "volume", ("flat.npy", b"no array"))
    (error,) = app.error
    assert "flat.npy" in error.value
    assert header(app, "volume view")["titles"]["image"] == "eye.npy"


def picture_shown(app: AppTest) -> NDArray[np.float32]:
    """The values of the signal that the linked view draws."""
    (proto,), sent = components(app, "picture of linked view"), header(app)
    shown, arrays = unpack(proto.bytes)
    assert shown["of"] == sent["picture"]
    return arrays["values"]


def test_an_uploaded_signal_is_what_the_model_sees(app: AppTest) -> None:
    app.selectbox(key="model").select("crepe").run()
    values = np.sin(np.arange(3000) / 5)
    stream = BytesIO()
    np.save(stream, values)
    upload(app, "signal", ("waves.npy", stream.getvalue()))
    assert header(app)["titles"]["image"] == "waves.npy"
    np.testing.assert_allclose(picture_shown(app), values[:1024], rtol=1e-6)
    start = next(s for s in app.slider if s.label == "From sample")
    assert start.max == 3000 - 1024
    start.set_value(500).run()
    np.testing.assert_allclose(picture_shown(app), values[500:1524], rtol=1e-6)
    upload(app, "signal", ("short.csv", b"t,v\n0,1\n1,3\n2,2\n"))
    assert any(c.value == "Column 'v' of 2; 1,021 zeros at the end." for c in app.caption)
    upload(app, "signal", ("words.csv", b"one\ntwo\nthree"))
    assert "words.csv is not a table of numbers" in app.error[0].value
    assert header(app)["titles"]["image"] == "short.csv"


def test_values_that_are_not_finite_are_told_from_the_least(app: AppTest) -> None:
    """The logarithm of a photograph's black and of what is below zero."""
    nodes = [helper.make_node("Log", ["x"], ["y"], "y")]
    upload(app, "model", ("log.onnx", onnx_file(nodes, {"x": [1, 3, 32, 32]}, "y")))
    (proto,) = components(app, "linked view")
    header_, arrays = unpack(proto.bytes)
    assert header_["valued"]
    finite = np.isfinite(arrays["map"])
    assert 0 < finite.sum() < finite.size
    assert np.isfinite([header_["range"][end] for end in ("low", "high")]).all()
    channels = next(s for s in app.selectbox if s.label.startswith("Channel"))
    assert not any("inf" in option or "nan" in option for option in channels.options)


def test_numbers_of_words_are_no_signal(app: AppTest) -> None:
    node = helper.make_node("Gather", ["w", "x"], ["embedded"], "embedded")
    slide = helper.make_node("AveragePool", ["turned"], ["y"], "y", kernel_shape=[3])
    turn = helper.make_node("Transpose", ["embedded"], ["turned"], "turned", perm=[0, 2, 1])
    kind = onnx.TensorProto.INT64
    content = onnx_file([node, turn, slide], {"x": [1, 16]}, "y", {"w": (10, 3)}, kind)
    upload(app, "model", ("words.onnx", content))
    assert "takes whole numbers" in app.info[0].value
    assert app.dataframe[0].value["Layer"].tolist() == ["embedded", "turned", "y"]


def test_a_vector_is_told_and_tabled(app: AppTest) -> None:
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "y")
    upload(app, "model", ("mlp.onnx", onnx_file([node], {"x": [1, 16]}, "y", {"w": (16, 3)})))
    assert "No window slides over the input x" in app.info[0].value
    assert app.dataframe[0].value["Layer"].tolist() == ["y"]


def test_a_classifier_without_names_ranks_the_numbers_of_its_classes(app: AppTest) -> None:
    flat = helper.make_node("Flatten", ["y"], ["flat"], "flat")
    dense = helper.make_node("Gemm", ["flat", "v"], ["scores"], "scores")
    weights = {"w": (2, 3, 3, 3), "v": (72, 10)}
    content = onnx_file([conv(), flat, dense], {"x": [1, 3, 8, 8]}, "scores", weights)
    upload(app, "model", ("classes.onnx", content))
    choose_layer(app, "scores")
    (html,) = [h.value for h in app.get("html") if 'class="rf-classes"' in h.value]
    assert "Top five of 10" in html
    texts = re.findall("<b>(.*?)</b>", html.replace("\N{MINUS SIGN}", "-"))
    values = [float(text) for text in texts]
    assert len(values) == 5
    assert values == sorted(values, reverse=True)
    best = int(re.findall(r"channel (\d+)", html)[0])
    channels = next(s for s in app.selectbox if s.label.startswith("Channel"))
    assert channels.value == best
    choose_layer(app, "flat")
    assert not [h for h in app.get("html") if 'class="rf-classes"' in h.value]


def test_a_picture_of_many_channels_is_told_and_tabled(app: AppTest) -> None:
    content = onnx_file([conv()], {"x": [1, 80, 20, 20]}, "y", {"w": (2, 80, 3, 3)})
    upload(app, "model", ("spectrum.onnx", content))
    assert "80 channels" in app.info[0].value
    assert len(app.dataframe[0].value) == 1


def test_of_several_inputs_one_is_chosen(app: AppTest) -> None:
    nodes = [
        helper.make_node("Conv", ["left", "w"], ["a"], "a"),
        helper.make_node("MaxPool", ["right"], ["b"], "b", kernel_shape=[3, 3]),
        helper.make_node("ReduceMean", ["b"], ["c"], "c"),
        helper.make_node("Add", ["a", "c"], ["y"], "y"),
    ]
    inputs = {"left": [1, 3, 20, 20], "right": [1, 3, 30, 30]}
    upload(app, "model", ("two.onnx", onnx_file(nodes, inputs, "y", {"w": (2, 3, 3, 3)})))
    assert header(app)["extent"] == [20, 20]
    next(s for s in app.selectbox if s.label == "Input").select("right").run()
    assert not app.exception
    assert header(app)["extent"] == [30, 30]
    assert [row["name"] for row in layer_rows(app)] == ["b", "c", "y"]


def test_an_unknown_operator_is_assumed_and_named(app: AppTest) -> None:
    nodes = [conv(), helper.make_node("Magic", ["y"], ["z"], "z", domain="my.own")]
    content = onnx_file(nodes, {"x": [1, 3, 20, 20]}, "z", {"w": (2, 3, 3, 3)})
    upload(app, "model", ("magic.onnx", content))
    assert answer(app)["exact"]
    choose_layer(app, "z")
    assert "Magic" in answer(app)["assumed"]
    assert answer(app)["share"] == "100%"
    (note,) = [c.value for c in app.caption if c.value.startswith("No values")]
    assert "Magic" in note
    assert not header(app)["valued"]


def test_weights_in_a_file_of_their_own_come_along(app: AppTest, tmp_path: Path) -> None:
    weights = numpy_helper.from_array(np.ones((8, 3, 3, 3), np.float32), "w")
    model = onnx.load_model_from_string(PICTURE_NET)
    del model.graph.initializer[:]
    model.graph.initializer.append(weights)
    onnx.save(
        model, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0
    )
    files = [(name, (tmp_path / name).read_bytes()) for name in ("m.data", "m.onnx")]
    upload(app, "model", *files)
    assert said(app) == []
    assert float(answer(app)["value"].replace("\N{MINUS SIGN}", "-")) != 0


def test_weights_may_follow_their_model_or_come_before_it(app: AppTest) -> None:
    files = {name: (CASES / name).read_bytes() for name in ("readme.onnx", "readme.onnx.data")}
    for names in (list(files), list(files)[::-1]):
        upload(app, "model", (names[0], files[names[0]]))
        assert "upload readme.onnx and readme.onnx.data together" in said(app)[0]
        upload(app, "model", (names[1], files[names[1]]))
        assert said(app) == []
        assert header(app)["extent"] == [64, 64]
        app = visit()


def test_streamlit_keeps_no_copy_of_what_was_uploaded(app: AppTest) -> None:
    upload(app, "model", ("train_False.onnx", (CASES / "train_False.onnx").read_bytes()))
    gc.unfreeze()
    stores = [o for o in gc.get_objects() if isinstance(o, MemoryUploadedFileManager)]
    assert stores
    sessions = [files for store in stores for files in store.file_storage.values()]
    files = [file for files in sessions for file in files.values()]
    assert [file.data for file in files if file.name == "train_False.onnx"] == [b""]


def test_an_upload_for_which_the_server_has_no_room_is_told(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = header(app)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    upload(app, "model", ("train_False.onnx", (CASES / "train_False.onnx").read_bytes()))
    assert said(app)[0].startswith("The server could not keep train\\_False.onnx (No such file")
    assert header(app) == before


def test_a_file_in_training_mode_is_told_beside_its_name(app: AppTest) -> None:
    upload(app, "model", ("train_False.onnx", (CASES / "train_False.onnx").read_bytes()))
    (line,) = app.sidebar.code
    assert line.value.startswith("import torch; torch.onnx.export(model.eval()")
    text = next(m.value for m in app.sidebar.markdown if "in training mode" in m.value)
    assert "every layer behind sees the whole image" in text
    assert header(app)["extent"] == [64, 64]


def test_a_file_of_weights_is_told_with_a_line_to_copy(app: AppTest) -> None:
    before = header(app)
    upload(app, "model", ("state_dict.pth", (CASES / "state_dict.pth").read_bytes()))
    (error,), (line,) = app.error, app.code
    assert "10 tensors" in error.value
    assert "torch.onnx" not in error.value
    assert line.value.startswith("import torch; model.load_state_dict(torch.load(")
    assert header(app) == before
    app.run()
    assert (len(app.error), len(app.code)) == (0, 0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.onnx", b""),
        ("truncated.onnx", PICTURE_NET[:100]),
        ("notes.txt", b"Dear diary, today I saw a network."),
        ("net.pt", b"PK\x03\x04" + bytes(200)),
        ("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(200)),
    ],
    ids=["empty", "truncated", "text", "PyTorch", "HDF5"],
)
def test_what_is_no_model_is_refused_in_one_sentence(
    app: AppTest, name: str, content: bytes
) -> None:
    before = header(app)
    upload(app, "model", (name, content))
    (error,) = app.error
    assert error.value.endswith(".")
    assert "\n" not in error.value
    assert header(app) == before
    app.run()
    assert said(app) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.png", b""), ("cut.jpg", b"\xff\xd8\xff\xe0" + bytes(50))],
    ids=["empty", "truncated"],
)
def test_what_is_no_image_is_refused_in_one_sentence(
    app: AppTest, name: str, content: bytes
) -> None:
    before = header(app)
    upload(app, "image", (name, content))
    (error,) = app.error
    assert name in error.value
    assert header(app) == before


def test_ones_own_image_is_fed_and_shown(app: AppTest) -> None:
    stream = BytesIO()
    Image.new("CMYK", (64, 32), (0, 255, 255, 0)).save(stream, "TIFF")
    upload(app, "image", ("red.tif", stream.getvalue()))
    assert header(app)["titles"]["image"] == "red.tif"
    assert header(app)["extent"] == [224, 224]


def test_a_thousand_layers_are_listed_by_scope(app: AppTest) -> None:
    names = ["x", *(f"block{i // 50}/stage{i}/Relu" for i in range(1000))]
    nodes = [helper.make_node("Relu", [before], [name], name) for before, name in pairwise(names)]
    nodes[0] = conv(target=names[1])
    content = onnx_file(nodes, {"x": [1, 3, 32, 32]}, names[-1], {"w": (2, 3, 3, 3)})
    upload(app, "model", ("deep.onnx", content))
    rows = layer_rows(app)
    assert len(rows) == 1000
    assert len({row["group"] for row in rows}) == 20
    assert {row["sees"] for row in rows} == {f"3{TIMES}3"}


def test_a_layer_switch_sends_little(app: AppTest) -> None:
    choose_layer(app, "conv1")
    (proto,) = components(app, "linked view")
    assert prod(header(app)["grid"]) == 111 * 111
    assert len(proto.bytes) < 300_000


def test_a_layer_says_its_settings_and_where_its_numbers_come_from(app: AppTest) -> None:
    choose_layer(app, "fire5/expand3x3")
    (about,) = [h.value for h in app.get("html") if 'class="rf-about"' in h.value]
    assert "Conv, 128 filters 3x3, padding 1, 36,992 parameters" in about
    told = answer(app)
    assert told["r"].split()[0] == "63"
    times, less = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"
    assert told["recurrence"] == f"r = 47 + (3 {less} 1) {times} 8 = 63; P = 16 + 1 {times} 8 = 24"
    choose_layer(app, "prob")
    assert answer(app)["slices"] == "[0:223, 0:223]"
    assert "context" not in answer(app), "all that reaches it is in its region"
    assert "whole image" not in answer(app)["note"]


def test_of_two_models_uploaded_at_once_none_vanishes(app: AppTest) -> None:
    """The first is shown, the other stays on offer, and what is neither is named."""
    files = {
        f"{name}.onnx": onnx_file(
            [helper.make_node("Conv", ["x", "w"], [name])],
            {"x": [1, 3, 32, 32]},
            name,
            {"w": (2, 3, size, size)},
        )
        for name, size in (("one", 3), ("two", 5))
    }
    upload(app, "model", *files.items(), ("labels.txt", b"cat"), ("broken.onnx", b"none"))
    assert [row["layer"] for row in layer_rows(app)] == ["one"]
    (note,) = app.info
    assert note.value == "one.onnx is shown; two.onnx is in the list of models."
    (error,) = app.error
    assert error.value.startswith("broken.onnx is a text, not a model")
    digest = File.uploaded({"two.onnx": files["two.onnx"], "labels.txt": b"cat"}).digest
    app.selectbox(key="model").set_value(digest).run()
    assert [row["layer"] for row in layer_rows(app)] == ["two"]
    assert not app.info


def test_weights_that_are_called_like_a_model_still_belong_to_theirs(
    app: AppTest, tmp_path: Path
) -> None:
    model = onnx.load_model_from_string(PICTURE_NET)
    onnx.save(
        model, tmp_path / "m.onnx", save_as_external_data=True, location="a.pb", size_threshold=0
    )
    files = [(name, (tmp_path / name).read_bytes()) for name in ("a.pb", "m.onnx")]
    upload(app, "model", *files)
    assert said(app) == []
    assert not app.info
    assert layer_rows(app)[-1]["layer"] == "y"


def test_files_of_one_name_are_not_taken_for_one_another(app: AppTest) -> None:
    upload(app, "model", ("net.onnx", b"1"), ("net.onnx", b"2"))
    assert "Several files are called net.onnx" in app.error[0].value
