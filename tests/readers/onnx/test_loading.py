"""Loading: a model is known by its content, and anything else is named for what it is."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import rf_viz
from tests.oracles.onnx_oracle import build, generic


def small() -> onnx.ModelProto:
    conv = helper.make_node("Conv", ["x", "w"], ["y"], name="conv")
    return build([conv], {"x": (1, 1, 8, 8)}, {"w": generic((1, 1, 3, 3))})


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return file.getvalue()


def refusal(source: bytes | Path, name: str | None = None) -> str:
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(source, name)
    said = str(caught.value)
    assert "\n" not in said
    return said


WHOLE = small().SerializeToString()

FOREIGN = {
    "nothing at all": (b"", "m.onnx", "is empty"),
    "half a model": (WHOLE[: len(WHOLE) // 2], "m.onnx", "damaged or cut off"),
    "noise": (bytes(range(255, 0, -1)), "m.onnx", "damaged or cut off"),
    "noise of another name": (bytes(range(255, 0, -1)), "m.bin", "no format that is known"),
    "TorchScript": (archive("m/data.pkl", "m/constants.pkl"), "m.pt", "TorchScript.*torch.onnx"),
    "PyTorch": (archive("archive/data.pkl", "archive/version"), "m.pth", "PyTorch.*torch.onnx"),
    "PyTorch by another name": (archive("archive/data.pkl"), "m.onnx", "PyTorch.*torch.onnx"),
    "old PyTorch": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "m.pth", "PyTorch.*old"),
    "Keras": (archive("config.json", "model.weights.h5"), "m.keras", "no JSON"),
    "a zipped model": (archive("net/model.onnx"), "m.zip", "ONNX model in it: unpack"),
    "another zip": (archive("readme"), "m.zip", "zip archive"),
    "half a zip": (archive("readme")[:30], "m.zip", "damaged or cut off"),
    "a pickle": (pickle.dumps({"a": 1}), "m.pkl", "pickle, which is never opened"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "m.h5", "HDF5.*damaged"),
    "SavedModel": (b"\x08\x01\x12\x05abcde", "saved_model.pb", "SavedModel.*damaged"),
    "safetensors": ((30).to_bytes(8, "little") + b'{"w":{}}' + b" " * 99, "m", "no graph"),
    "NumPy": (b"\x93NUMPY\x01", "m.npy", "NumPy array"),
    "OpenVINO": (b'<?xml version="1.0"?><net name="n">', "m.xml", "OpenVINO"),
    "JSON": (b'{"a": 1}', "m.json", "JSON"),
    "a web page": (b"<!DOCTYPE html><html>", "m.onnx", "web page"),
    "a text": (b"Not Found", "m.onnx", "is a text"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "m.onnx", "git lfs"),
    "an image": (b"\x89PNG\r\n\x1a\n", "cat.png", "image"),
    "gzip": (b"\x1f\x8b\x08", "m.onnx.gz", "gzip.*unpack"),
    "tar": (b"\0" * 257 + b"ustar", "m.tar", "tar.*unpack"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_what_is_not_onnx_is_named_for_what_it_is(case: str) -> None:
    content, name, said = FOREIGN[case]
    assert re.search(said, refusal(content, name))
    assert refusal(content, name).startswith(name)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert "there is no file" in refusal(tmp_path / "gone.onnx")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    assert "SavedModel" in refusal(tmp_path)


def test_a_model_of_any_name_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "net.bin").write_bytes(WHOLE)
    model = rf_viz.load(tmp_path / "net.bin")
    assert model.name == "net.bin"
    assert model.trace()["conv"].receptive_field == rf_viz.ReceptiveField((3, 3), (1, 1), (0, 0))


@pytest.mark.parametrize("form", ["onnxtxt", "json"])
def test_texts_that_onnx_itself_writes(tmp_path: Path, form: str) -> None:
    path = tmp_path / {"onnxtxt": "net.onnxtxt", "json": "net.onnxjson"}[form]
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])],
            "net",
            [helper.make_tensor_value_info("x", 1, [1, 3])],
            [helper.make_tensor_value_info("y", 1, [1, 3])],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
    )
    onnx.save(model, path, format=form)
    assert rf_viz.load(path).trace()["y"].shape == (1, 3)


def test_a_model_without_nodes_or_inputs() -> None:
    empty = small()
    del empty.graph.node[:]
    assert "no graph" in refusal(empty.SerializeToString())
    constant = build([helper.make_node("Relu", ["w"], ["y"])], {}, {"w": np.ones(3, np.float32)})
    with pytest.raises(rf_viz.ModelError, match="no input to trace"):
        rf_viz.load(constant.SerializeToString()).trace()


def test_versions_that_are_too_old_or_too_new() -> None:
    model = small()
    model.opset_import[0].version = 6
    assert "version 6 of the ONNX operators" in refusal(model.SerializeToString())
    model.opset_import[0].version = 999
    assert "version 999 of the ONNX operators" in refusal(model.SerializeToString())
    model = small()
    model.ir_version = 999
    assert "version 999 of the ONNX format" in refusal(model.SerializeToString())
    model = small()
    del model.opset_import[:]
    assert "does not say which version" in refusal(model.SerializeToString())


def test_opset_7_is_old_enough() -> None:
    model = small()
    model.opset_import[0].version = 7
    assert rf_viz.load(model.SerializeToString()).trace()["y"].shape == (1, 1, 6, 6)


# Side files -------------------------------------------------------------------------------------


def with_weights_at(location: str, folder: Path, length: int = 36) -> Path:
    model = small()
    weights = model.graph.initializer[0]
    raw = numpy_helper.to_array(weights).tobytes()
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(length))):
        weights.external_data.add(key=key, value=value)
    folder.mkdir(exist_ok=True)
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    target = folder / location
    if target.resolve().is_relative_to(folder.resolve()):
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(raw)
    return folder / "net.onnx"


@pytest.mark.parametrize("location", ["weights.bin", "parts/weights.bin"])
def test_weights_may_lie_beside_the_model(tmp_path: Path, location: str) -> None:
    net = rf_viz.load(with_weights_at(location, tmp_path / "m")).trace(weight_aware=True)
    assert net["y"].region((0, 0)).size == (3, 3)


@pytest.mark.parametrize("location", ["parts/weights.bin", "parts\\weights.bin"])
def test_weights_of_an_inner_folder_may_lie_beside_the_model(tmp_path: Path, location: str) -> None:
    """An upload has no folders. Where the file is said to be, none may be."""
    path = with_weights_at(location, tmp_path / "m")
    inner = tmp_path / "m" / location
    content = inner.read_bytes()
    inner.unlink()
    (tmp_path / "m" / "weights.bin").write_bytes(content)
    model = rf_viz.load(path)
    values = model.activations(np.ones((1, 1, 8, 8), np.float32), ["y"])["y"]
    assert np.isfinite(values).all()
    assert model.trace(weight_aware=True)["y"].region((0, 0)).size == (3, 3)


def test_weights_elsewhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"x" * 36)
    for location in ("../secret.bin", str(tmp_path / "secret.bin"), "", "."):
        model = small()
        path = tmp_path / "m" / "net.onnx"
        weights = model.graph.initializer[0]
        weights.ClearField("raw_data")
        weights.data_location = onnx.TensorProto.EXTERNAL
        weights.external_data.add(key="location", value=location)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(model.SerializeToString())
        assert "outside its own folder: refused" in refusal(path)


def held_outside(location: str) -> dict[str, onnx.ModelProto]:
    """Models that add a constant in a side file to x, by what holds that constant."""

    def outside(name: str, *shape: int) -> onnx.TensorProto:
        tensor = onnx.TensorProto(name=name, dims=shape, data_type=onnx.TensorProto.FLOAT)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        return tensor

    def sparse(name: str) -> onnx.SparseTensorProto:
        indices = helper.make_tensor("indices", onnx.TensorProto.INT64, [4], range(4))
        return helper.make_sparse_tensor(outside(name, 4), indices, [2, 2])

    def model(*nodes: onnx.NodeProto) -> onnx.ModelProto:
        x, y = (
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2, 2])
            for name in ("x", "y")
        )
        graph = helper.make_graph(nodes, "net", [x], [y])
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)

    add = helper.make_node("Add", ["x", "c"], ["y"])
    constant = helper.make_node("Constant", [], ["c"], value=outside("c", 2, 2))
    function = helper.make_function(
        "own", "Shift", ["x"], ["y"], [constant, add], [helper.make_opsetid("", 17)]
    )
    branch = helper.make_graph(
        [helper.make_node("Add", ["x", "c"], ["z"])],
        "branch",
        [],
        [helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [2, 2])],
        sparse_initializer=[sparse("c")],
    )
    models = {
        "a node": model(constant, add),
        "a sparse constant": model(
            helper.make_node("Constant", [], ["c"], sparse_value=sparse("c")), add
        ),
        "a sparse initializer": model(add),
        "a branch": model(
            helper.make_node("If", ["true"], ["y"], then_branch=branch, else_branch=branch)
        ),
        "a function": model(helper.make_node("Shift", ["x"], ["y"], domain="own")),
    }
    models["a sparse initializer"].graph.sparse_initializer.append(sparse("c"))
    true = helper.make_tensor("true", onnx.TensorProto.BOOL, [], [True])
    models["a branch"].graph.initializer.append(true)
    models["a function"].functions.append(function)
    return models


@pytest.mark.parametrize("holder", held_outside(""))
def test_no_constant_is_read_from_the_folder_that_the_program_was_started_in(
    holder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, started = tmp_path / "home", tmp_path / "started"
    for folder, value in ((home, 1), (started, 2)):
        folder.mkdir()
        (folder / "c.bin").write_bytes(np.full(4, value, np.float32).tobytes())
    monkeypatch.chdir(started)
    model = held_outside("c.bin")[holder]
    (home / "net.onnx").write_bytes(model.SerializeToString())
    loaded = rf_viz.load(home / "net.onnx")
    assert loaded.trace()["y"].exact
    image = np.zeros((2, 2), np.float32)
    if holder == "a sparse constant":
        with pytest.raises(rf_viz.ModelError, match="ONNX Runtime cannot run"):
            loaded.activations(image, ["y"])
    else:
        assert loaded.activations(image, ["y"])["y"].tolist() == [[1, 1]] * 2
    assert "did not come with it" in refusal(model.SerializeToString())
    for outside in ("../started/c.bin", str(started / "c.bin"), "*/_ORT_MEM_ADDR_/*"):
        model = held_outside(outside)[holder]
        (home / "net.onnx").write_bytes(model.SerializeToString())
        assert re.search("outside its own folder|is missing", refusal(home / "net.onnx"))


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"x" * 36)
    path = with_weights_at("weights.bin", tmp_path / "m")
    (tmp_path / "m" / "weights.bin").unlink()
    (tmp_path / "m" / "weights.bin").symlink_to(tmp_path / "secret.bin")
    assert "refused" in refusal(path)


def test_weights_that_are_missing_or_short(tmp_path: Path) -> None:
    path = with_weights_at("weights.bin", tmp_path / "m", length=40)
    assert "weights.bin, which holds weights of net.onnx, is shorter" in refusal(path)
    (tmp_path / "m" / "weights.bin").unlink()
    assert "weights in weights.bin, which is missing" in refusal(path)


def test_bytes_have_no_side_files(tmp_path: Path) -> None:
    path = with_weights_at("weights.bin", tmp_path / "m")
    assert "open the model by path" in refusal(path.read_bytes())


# Inputs -----------------------------------------------------------------------------------------


def test_what_windows_slide_over_is_the_first_input() -> None:
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["c"]),
        helper.make_node("Mul", ["c", "gain"], ["y"]),
    ]
    inputs = {"gain": (1, 1, 1, 1), "when": (1, 4, 4, 4), "image": (1, 1, 8, 8)}
    model = rf_viz.load(build(nodes, inputs, {"w": generic((1, 1, 3, 3))}).SerializeToString())
    assert [i.name for i in model.inputs] == ["image", "gain", "when"]
    assert model.trace().input.name == "image"
    assert model.trace(input="gain")["y"].region_of(...).size == (1, 1)


def test_constants_that_are_inputs_too_are_not_fed() -> None:
    model = small()
    model.graph.input.append(helper.make_tensor_value_info("w", 1, [1, 1, 3, 3]))
    assert [i.name for i in rf_viz.load(model.SerializeToString()).inputs] == ["x"]


@pytest.mark.parametrize("kind", [onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16])
def test_half_precision(kind: int) -> None:
    weights = helper.make_tensor("w", kind, (1, 1, 3, 3), [0, 0, 0, 0, 1, 0, 0, 0, 0])
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "half",
        [helper.make_tensor_value_info("x", kind, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("y", kind, [1, 1, 6, 6])],
        [weights],
    )
    model = rf_viz.load(helper.make_model(graph, ir_version=10).SerializeToString())
    assert model.trace()["y"].region((0, 0)).size == (3, 3)
    net = model.trace(weight_aware=True)
    assert net["y"].region((0, 0)) == rf_viz.Region((1, 1), (2, 2))
