"""Files that are broken or mean harm: nothing that they bring along is run, and one sentence says
what is wrong."""

from __future__ import annotations

import base64
import inspect
import io
import json
import marshal
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import rf_viz
from rf_viz.readers import archive
from rf_viz.readers.tensorflow.keras.config import safe_config
from rf_viz.readers.tensorflow.keras.texts import complaint
from tests.models.keras_2_files import sequential
from tests.models.keras_models import keras, small, tf


def refusal(source: Any, name: str | None = None) -> str:  # noqa: ANN401
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(source, name).trace()
    said = str(caught.value)
    assert "\n" not in said
    return said


def code(statement: str) -> str:
    """A Python function as Keras writes one down."""
    scope: dict[str, Callable[[Any], Any]] = {}
    exec(f"def f(x):\n    {statement}\n    return x", scope)
    return base64.b64encode(marshal.dumps(scope["f"].__code__)).decode()


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    """A model of which single layers are replaced below: input, a, b, c."""
    layers = keras.layers
    x = image = keras.Input((12, 12, 3), name="image")
    for name in "abc":
        x = layers.Conv2D(3, 3, padding="same", name=name)(x)
    read: dict[str, Any] = json.loads(keras.Model(image, x, name="model").to_json())
    return read


def with_layer(config: dict[str, Any], /, at: int = 2, **changes: object) -> dict[str, Any]:
    """The configuration with another layer: b, or the one at that place."""
    changed: dict[str, Any] = json.loads(json.dumps(config))
    changed["config"]["layers"][at].update(changes)
    return changed


def archived(config: dict[str, Any] | bytes) -> bytes:
    """An archive as Keras 3 writes it, without weights."""
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w") as file:
        file.writestr("config.json", text)
        file.writestr("metadata.json", '{"keras_version": "3.15.1"}')
    return archive_bytes.getvalue()


def legacy(config: dict[str, Any], folder: Path, **attributes: str) -> Path:
    with h5py.File(folder / "model.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs.update(attributes)
    return folder / "model.h5"


def harmful(mark: Path) -> dict[str, dict[str, Any]]:
    """Layers that would make the file ``mark`` if they were executed, or do the like."""
    touch = code(f"open({str(mark)!r}, 'w').close()")
    function = {"class_name": "__lambda__", "config": {"code": touch, "defaults": None,
                                                      "closure": None}}  # fmt: skip
    own = {"name": "b"}
    system = {"module": "os", "class_name": "function", "config": "system",
              "registered_name": "system"}  # fmt: skip
    return {
        "a Lambda": {"module": "keras.layers", "class_name": "Lambda",
                     "config": {**own, "function": function}},
        "a Lambda as Keras 2 wrote it": {"class_name": "Lambda",
                                         "config": {**own, "function": [touch, None, None]}},
        "a class of one's own": {"module": "my_module", "class_name": "Mine", "config": own,
                                 "registered_name": "my>Mine"},
        "a class of another module": {"module": "subprocess", "class_name": "Popen",
                                      "config": {"args": ["touch", str(mark)]}},
        "a function as activation": {"config": {**own, "filters": 1, "kernel_size": 1,
                                                "activation": system}},
        "code as activation": {"config": {**own, "filters": 1, "kernel_size": 1,
                                          "activation": function}},
        "a Lambda within a layer": {"class_name": "TimeDistributed", "config": {
            **own, "layer": {"module": "keras.layers", "class_name": "Lambda",
                             "config": {"name": "inner", "function": function}}}},
        "a module of PyTorch": {"class_name": "TorchModuleWrapper",
                                "config": {**own, "module": {"value": "gASV"}}},
        "another SavedModel": {"class_name": "TFSMLayer", "config": {**own, "filepath": "/"}},
        "another SavedModel, under an older name": {
            "class_name": "TFSMLayerV2", "config": {**own, "filepath": "/"}},
        "a module of PyTorch, under an older name": {
            "class_name": "TorchModuleWrapperV1", "config": {**own, "module": {"value": "gASV"}}},
        "a file as vocabulary": {"class_name": "StringLookup",
                                 "config": {**own, "vocabulary": "/etc/passwd"}},
        "a download": {"module": "keras.utils", "class_name": "get_file", "config": {
            "fname": str(mark), "origin": "http://localhost/"}},
        "settings that Keras does not know": {"config": {**own, "filters": 3, "sides": 4}},
    }  # fmt: skip


@pytest.mark.parametrize("case", harmful(Path()))
@pytest.mark.parametrize("form", [".keras", ".h5"])
def test_layers_that_are_not_executed(
    case: str, form: str, config: dict[str, Any], tmp_path: Path
) -> None:
    """Such a layer is assumed to see everything; all before it is shown as ever."""
    mark = tmp_path / "executed"
    changed = with_layer(config, **harmful(mark)[case])
    if form == ".keras":
        model = rf_viz.load(archived(changed), "model.keras")
    else:
        model = rf_viz.load(legacy(changed, tmp_path, keras_version="2.15.0"))
    net = model.trace()
    assert net["a"].exact
    assert net["a"].region((5, 5)).size == (3, 3)
    assert not net["c"].exact
    assert net["c"].shape == (1, 12, 12, 3)
    assert net["c"].region((5, 5)).size == (12, 12)
    (reason,) = net["c"].assumed
    assert "'b' is not executed" in reason
    assert "assumed to see everything" in reason
    with pytest.raises(rf_viz.ModelError, match=r"'b' is not executed|do not fit|cannot be run"):
        model.activations(np.ones((1, 12, 12, 3), np.float32), [net["c"].name])
    assert not mark.exists()


def test_no_layer_that_takes_a_file_or_code_is_built(config: dict[str, Any]) -> None:
    """By none of its names. Of text, only the words that the configuration itself holds."""
    outside = re.compile("file|filepath|path|url|dir|code|module|fn|function|endpoint")
    opening = {
        name
        for name, cls in vars(keras.layers).items()
        if isinstance(cls, type)
        for parameter in inspect.signature(cls).parameters
        if any(outside.fullmatch(word) for word in parameter.split("_"))
    }
    assert opening == {"Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"}
    for name in opening:
        for kind in (name, f"{name}V1", f"{name}V2"):
            changed = with_layer(config, module="keras.layers", class_name=kind, config={})
            layers = safe_config(changed, "model")["config"]["layers"]
            assert [entry["class_name"] for entry in layers].count("rf_viz>NotExecuted") == 1


def test_a_lambda_s_output_has_the_shape_that_is_written_down(config: dict[str, Any]) -> None:
    lambda_ = harmful(Path("executed"))["a Lambda"]
    settings = {**lambda_["config"], "output_shape": [6, 6, 3]}
    changed = with_layer(config, **{**lambda_, "config": settings})
    # What takes the output says its shape too; that is better known.
    assert rf_viz.load(archived(changed)).trace()["b"].shape == (1, 12, 12, 3)
    changed["config"]["layers"].pop()
    changed["config"]["output_layers"] = ["b", 0, 0]
    assert rf_viz.load(archived(changed)).trace()["b"].shape == (1, 6, 6, 3)


def test_an_attribute_that_is_no_text(config: dict[str, Any], tmp_path: Path) -> None:
    """Its bytes are damaged: h5py hands out halves of characters, which no text holds."""
    damaged = json.dumps(config).encode().replace(b'"class_name"', b'"\xdclass_name"', 1)
    path = legacy(config, tmp_path)
    with h5py.File(path, "r+") as file:
        kind = h5py.string_dtype("utf-8", len(damaged))
        file.attrs.create("model_config", np.array(damaged, f"S{len(damaged)}"), dtype=kind)
    assert "class_name" in refusal(path) or "model.h5" in refusal(path)


WIDE = {"shape": (2**20, 2**20), "dtype": "f4", "chunks": (1, 1024)}


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [(WIDE, "larger than the file itself"), ({"data": h5py.Empty("f4")}, "does not hold")],
    ids=["wide", "empty"],
)
def test_weights_that_claim_more_than_the_file_holds(dataset: Any, reason: str) -> None:  # noqa: ANN401
    settings = {"filters": 2, "kernel_size": [3, 3]}
    arrays = [np.ones((3, 3, 1, 2), np.float32), np.ones(2, np.float32)]
    file_bytes = io.BytesIO(sequential((12, 12, 1), [("Conv2D", settings, arrays)]))
    with h5py.File(file_bytes, "r+") as file:
        del file["model_weights/layer0/weight0"]
        group = file["model_weights/layer0"]
        group.create_dataset("weight0", **dataset)
    model = rf_viz.load(file_bytes.getvalue(), "net.h5")
    name = model.trace().layers[-1].name
    with pytest.raises(rf_viz.ModelError, match=f"weights.* weight0.* {reason}"):
        model.activations(np.ones((1, 12, 12, 1), np.float32), [name])


@pytest.mark.parametrize("value", [np.int64(3), np.float64("nan"), h5py.Empty("f4"), b"one"])
def test_names_of_weights_that_are_no_list(value: object) -> None:
    settings = {"filters": 2, "kernel_size": [3, 3]}
    arrays = [np.ones((3, 3, 1, 2), np.float32), np.ones(2, np.float32)]
    file_bytes = io.BytesIO(sequential((12, 12, 1), [("Conv2D", settings, arrays)]))
    with h5py.File(file_bytes, "r+") as file:
        file["model_weights/layer0"].attrs["weight_names"] = value
    model = rf_viz.load(file_bytes.getvalue(), "net.h5")
    name = model.trace().layers[-1].name
    with pytest.raises(rf_viz.ModelError, match=r"the weights of net.h5 are damaged"):
        model.activations(np.ones((1, 12, 12, 1), np.float32), [name])


@pytest.mark.parametrize("number", [2**31, 2**62])
def test_an_output_of_any_number_may_be_asked_of_a_layer_that_is_not_executed(
    number: int, config: dict[str, Any]
) -> None:
    """A list of as many outputs would fill the memory."""
    changed = with_layer(config, **harmful(Path("executed"))["a class of one's own"])
    tensor = changed["config"]["layers"][3]["inbound_nodes"][0]["args"][0]["config"]
    tensor["keras_history"][2] = number
    assert "net.keras" in refusal(archived(changed), "net.keras")


def test_a_configuration_that_is_of_no_model() -> None:
    own = {"module": "keras.initializers", "class_name": "Zeros", "config": {}}
    said = refusal(json.dumps(own).encode(), "net.json")
    assert "the configuration of a Zeros and no model" in said


@pytest.mark.parametrize("kernel", [None, {"a": 1}, [[3]]])
def test_a_setting_of_another_type_is_told_in_words(kernel: object, config: dict[str, Any]) -> None:
    """Not in those of Python, which trips over it within Keras."""
    changed = json.loads(json.dumps(config))
    changed["config"]["layers"][0]["config"]["batch_shape"] = [None, 12, kernel, 3]
    try:
        said = refusal(archived(changed), "net.keras")
    except pytest.fail.Exception:  # None is an axis of any size
        assert kernel is None
        return
    assert "<class" not in said
    assert "NoneType" not in said


def test_a_model_of_a_class_that_is_not_at_hand(config: dict[str, Any]) -> None:
    own = {"module": "mine", "class_name": "Net", "registered_name": "Net", "config": {"n": 3}}
    said = refusal(archived(own), "net.keras")
    assert "is of a class of its maker's own, Net" in said
    assert "give the model itself to rf_viz.load()" in said
    made_of_layers = {**config, "module": "mine", "class_name": "Net"}
    assert rf_viz.load(archived(made_of_layers)).trace()["c"].exact


def test_absurd_sizes(config: dict[str, Any]) -> None:
    settings = config["config"]["layers"][3]["config"]
    large = with_layer(config, at=3, config={**settings, "filters": 10**12})
    assert "declares 28,000,000,000,168 weights" in refusal(archived(large), "big.keras")
    for filters in (-5, 2.5, "many"):
        changed = with_layer(config, at=3, config={**settings, "filters": filters})
        net = rf_viz.load(archived(changed), "big.keras").trace()
        assert net["b"].exact
        assert "'c' is not executed (Keras cannot make it" in net["c"].note


def test_weights_larger_than_the_file(config: dict[str, Any]) -> None:
    settings = {**config["config"]["layers"][3]["config"], "filters": 10**8}
    model = rf_viz.load(archived(with_layer(config, at=3, config=settings)), "big.keras")
    assert model.trace()["a"].exact
    with pytest.raises(rf_viz.ModelError, match=r"big\.keras declares weights of .* refused"):
        model.activations(np.ones((1, 12, 12, 3), np.float32), ["a/BiasAdd"])


BROKEN: dict[str, tuple[bytes, str]] = {
    "half an archive": (archived({"a": 1})[:60], "damaged or cut off"),
    "no JSON": (archived(b"{'a'"), "is damaged: its configuration is no JSON"),
    "JSON of something else": (archived(b'{"a": 1}'), "does not describe a Keras model"),
    "deep JSON": (archived(b'{"config":' * 100_000), "is damaged: its configuration is no JSON"),
    "layers that are none": (
        archived({"class_name": "Functional", "config": {
            "layers": [3], "input_layers": [], "output_layers": []}}),
        "something that is no layer",
    ),
    "a loop": (
        archived({"class_name": "Functional", "config": {"name": "m", "layers": [
            {"class_name": "ReLU", "name": "a", "config": {"name": "a"},
             "inbound_nodes": [[["a", 0, 0, {}]]]}],
            "input_layers": [["a", 0, 0]], "output_layers": [["a", 0, 0]]}}),
        "its layers are called in a circle",
    ),
    "half an HDF5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 50, "damaged or cut off"),
    "HDF5 noise": (b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 20, "damaged or cut off"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files(case: str) -> None:
    content, said = BROKEN[case]
    assert said in refusal(content, "model.keras")


def test_an_hdf5_file_without_a_model(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = [1, 2]
    assert "holds no model" in refusal(tmp_path / "data.h5")
    model = small()
    model.save_weights(tmp_path / "only.weights.h5")
    assert "model.save()" in refusal(tmp_path / "only.weights.h5")


def zipped(*entries: tuple[str, bytes]) -> bytes:
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return archive_bytes.getvalue()


def tarred(*entries: tarfile.TarInfo) -> bytes:
    archive_bytes = io.BytesIO()
    with tarfile.open(fileobj=archive_bytes, mode="w:gz") as file:
        file.addfile(tarfile.TarInfo("m/saved_model.pb"))
        for entry in entries:
            file.addfile(entry, io.BytesIO(b"\0" * entry.size))
    return archive_bytes.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def large(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry


MODEL = ("m/saved_model.pb", b"")


def symbolic(name: str) -> bytes:
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w") as file:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o120777 << 16
        file.writestr(entry, "/etc/passwd")
        file.writestr(*MODEL)
    return archive_bytes.getvalue()


ARCHIVES = {
    "zip: up": (lambda: zipped(MODEL, ("../out", b"")), "leaves its folder"),
    "zip: deep up": (lambda: zipped(MODEL, ("m/variables/../../../out", b"")), "leaves its folder"),
    "zip: absolute": (lambda: zipped(MODEL, ("/etc/out", b"")), "leaves its folder"),
    "zip: drive": (lambda: zipped(MODEL, ("C:/out", b"")), "leaves its folder"),
    "zip: backslash": (lambda: zipped(MODEL, ("m\\..\\..\\out", b"")), "leaves its folder"),
    "zip: link": (lambda: symbolic("m/variables/variables.index"), "holds a link"),
    "zip: bomb": (lambda: zipped(MODEL, ("m/big", b"\0" * 2**27)), "unpacks to"),
    "zip: crowd": (
        lambda: zipped(MODEL, *((f"m/{i}", b"") for i in range(archive.MOST_ENTRIES + 1))),
        "entries: refused",
    ),
    "zip: two models": (lambda: zipped(MODEL, ("n/saved_model.pb", b"")), "holds 2 SavedModels"),
    "tar: up": (lambda: tarred(tarfile.TarInfo("../out")), "leaves its folder"),
    "tar: absolute": (lambda: tarred(tarfile.TarInfo("/etc/out")), "leaves its folder"),
    "tar: link": (lambda: tarred(link("m/variables", "/etc")), "link or a device"),
    "tar: hard link": (lambda: tarred(link("m/x", "/etc/passwd", tarfile.LNKTYPE)), "link or a"),
    "tar: device": (lambda: tarred(link("m/x", "", tarfile.CHRTYPE)), "link or a device"),
    "tar: bomb": (lambda: tarred(large("m/big", 2**27)), "unpacks to"),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_archives_that_are_not_to_be_trusted(case: str) -> None:
    make, said = ARCHIVES[case]
    assert said in refusal(make(), "model")


def test_a_bomb_in_a_keras_archive() -> None:
    bomb = zipped(("config.json", b" " * 2**27), ("metadata.json", b"{}"))
    assert "unpacks to" in refusal(bomb, "model.keras")


def reaching(mark: Path) -> dict[str, Callable[[Any], Any]]:
    """What a graph can do to an image beyond computing with it."""
    raw = tf.raw_ops

    def write(image: Any) -> Any:  # noqa: ANN401
        with tf.control_dependencies([tf.io.write_file(str(mark), tf.io.serialize_tensor(image))]):
            return tf.identity(image)

    return {
        "WriteFile": write,
        "ReadFile": lambda x: x + tf.cast(tf.strings.length(tf.io.read_file(str(mark))), x.dtype),
        "PyFunc": lambda x: tf.numpy_function(lambda y: y, [x], tf.float32),
        "EagerPyFunc": lambda x: tf.py_function(lambda y: y, [x], tf.float32),
        "MatchingFiles": lambda x: x + tf.cast(tf.size(tf.io.matching_files("/*")), x.dtype),
        "a reader": lambda x: x + tf.cast(raw.ReaderNumRecordsProducedV2(
            reader_handle=raw.TextLineReaderV2()), x.dtype),
    }  # fmt: skip


@pytest.mark.parametrize("case", reaching(Path()))
def test_graphs_that_reach_beyond_themselves_are_traced_but_not_run(
    case: str, tmp_path: Path
) -> None:
    mark = tmp_path / "written"

    @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 1), name="image")])
    def call(image: Any) -> Any:  # noqa: ANN401
        before = tf.nn.relu(image, name="before")
        return tf.nn.avg_pool2d(reaching(mark)[case](before), 2, 1, "VALID")

    tf.saved_model.save(tf.Module(), tmp_path / "model", call.get_concrete_function())
    model = rf_viz.load(tmp_path / "model")
    net = model.trace()
    image = np.ones((1, 8, 8, 1), np.float32)
    before = next(layer.name for layer in net.layers if layer.op == "Relu")
    assert (model.activations(image, [before])[before] == 1).all()
    last = net.layers[-1].name
    if case != "WriteFile":  # which the graph would only have to run first, and is left out
        with pytest.raises(rf_viz.ModelError, match="not among the operators that RF-Viz runs"):
            model.activations(image, [last])
    else:
        model.activations(image, [last])
    assert not mark.exists()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Received: 1 (of type <class 'int'>)", "Received: 1 (of type int)"),
        ("Received: <keras.src.Zeros object at 0x7f1>", "Received: Zeros"),
        ("<Conv2D name=a, built=True> has no weights", "Conv2D has no weights"),
        (
            "Exception encountered when calling Conv2D.call().\n\n\x1b[1mToo small\x1b[0m",
            "Conv2D: Too small",
        ),
        ("'NoneType' object is not iterable", "a setting is of another type than Keras expects"),
        ("'<=' not supported between instances of 'str' and 'int'", "a setting is of another"),
        ("", "a setting is of another type than Keras expects"),
    ],
)
def test_what_keras_says_is_shown_in_words_of_people(said: str, shown: str) -> None:
    assert complaint(ValueError(said)).startswith(shown)
