"""Weights without a graph, networks compiled for one machine, archives of other tools."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

import rf_viz
from rf_viz.errors import MissingFilesError
from tests.readers.foreign.test_torch_files import CASES, refused


def safetensors(header: object, content: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def entry(*shape: int) -> dict[str, object]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}


def test_safetensors_name_their_weights_in_the_order_of_a_network() -> None:
    error = refused(CASES / "model.safetensors")
    assert "holds the weights (10 tensors: fc.bias, fc.weight, layer1.0.weight" in error.sentence
    assert error.line.startswith(
        "import torch; from safetensors.torch import load_file; "
        'model.load_state_dict(load_file("model.safetensors")); torch.onnx.export('
    )
    assert error.line.endswith("# pip install torch safetensors onnx onnxscript")


def test_the_example_input_fits_the_first_weights() -> None:
    for weights, shape in (
        ({"a.weight": entry(8, 4, 3, 3)}, "1, 4, 224, 224"),
        ({"dw.weight": entry(8, 1, 3, 3), "stem.weight": entry(8, 3, 3, 3)}, "1, 3, 224, 224"),
        ({"a.weight": entry(8, 2, 3, 3, 3)}, "1, 2, 16, 112, 112"),
        ({"a.weight": entry(8, 2, 9)}, "1, 2, 16000"),
        ({"a.bias": entry(8), "a.weight": entry(8, 5)}, "1, 5"),
        ({"pos_embed": entry(1, 50, 8), "proj.weight": entry(8, 3, 14, 14)}, "1, 3, 98, 98"),
    ):
        error = refused(safetensors(weights), "net.safetensors")
        assert f"(torch.zeros({shape}),)" in error.line


def test_parts_of_weights_and_lists_of_them() -> None:
    name = "model-00002-of-00003.safetensors"
    error = refused(safetensors({"a.weight": entry(8, 3, 3, 3)}), name)
    assert "holds part 2 of 3 of the weights (1 tensor: a.weight; 216 numbers)" in error.sentence
    together = 'sorted(glob.glob("model-*-of-00003.safetensors"))'
    index = {"weight_map": {"a.weight": name, "b.weight": "model-00001-of-00003.safetensors"}}
    listed = refused(json.dumps(index).encode(), "model.safetensors.index.json")
    assert "lists the weights that lie in 2 other files" in listed.sentence
    assert together in listed.line.replace("model-*.safetensors", "model-*-of-00003.safetensors")
    assert "import glob" in error.line


def test_adapters_are_no_networks() -> None:
    weights = {"base.q_proj.lora_A.weight": entry(8, 64)}
    assert "a LoRA adapter, which holds changes to a network only" in str(
        refused(safetensors(weights), "adapter_model.safetensors")
    )


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 60) + b'{"w":{}}' + b" " * 99,
        struct.pack("<Q", 50) + b'{"w":' + b"[" * 99,
        safetensors({"w": {"shape": "x"}}, b" " * 9),
        safetensors([1, 2], b" " * 9)[:8] + b'{"a":1}' + b" " * 9,
        safetensors({"w": {"shape": [float("inf")]}}, b" " * 9),
        safetensors({"w": {"shape": [2**62] * 60}}, b" " * 9),
        safetensors({"w": {"shape": [-1]}}, b" " * 9),
        struct.pack("<Q", 6_600_002) + b"{" + b"[]," * 2_200_000 + b"}" + b" " * 9,
    ],
)
def test_damaged_safetensors_are_one_sentence(content: bytes) -> None:
    assert "safetensors" in refused(content, "net.safetensors").sentence


def test_gguf_names_its_architecture() -> None:
    key = b"general.architecture"
    content = b"GGUF" + struct.pack("<IQQ", 3, 291, 1)
    content += struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, 5) + b"llama" + bytes(99)
    said = refused(content, "net.gguf").sentence
    assert "the weights of a network of the architecture llama (291 tensors)" in said
    assert "no graph" in said
    assert "GGUF" in refused(b"GGUF", "net.gguf").sentence


def test_core_ml_models_hold_an_architecture_of_another_form() -> None:
    """A message: its version, its description, and the network in field 500 or 502."""
    for field, what in ((500, "a neural network"), (502, "an ML program")):
        key = field << 3 | 2
        content = bytes([8, 5, 18, 2, 10, 0, key & 127 | 128, key >> 7, 0])
        said = refused(content, "net.mlmodel").sentence
        assert f"is a Core ML model, {what}: it holds the architecture" in said
    version_1 = bytes([8, 1, 18, 2, 10, 0, 4018 & 127 | 128, 4018 >> 7, 0])
    assert "is a Core ML model" in refused(version_1, "net.mlmodel").sentence
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("net.mlpackage/Data/com.apple.CoreML/model.mlmodel", b"")
    assert "is a Core ML model" in refused(file.getvalue(), "net.mlpackage.zip").sentence


def test_compiled_networks_cannot_be_read_back() -> None:
    engine = refused(b"ftrt" + bytes(99), "net.engine")
    assert "is a TensorRT engine: a network compiled for one kind of GPU" in engine.sentence
    of_ultralytics = struct.pack("<I", 12) + b'{"imgsz": 64}' + b"ftrt" + bytes(99)
    assert "is a TensorRT engine" in refused(of_ultralytics, "best.engine").sentence
    assert "ExecuTorch" in refused(b"\x08\0\0\0ET12" + bytes(99), "net.pte").sentence


def test_archives_of_servers_are_unpacked_first() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("MAR-INF/MANIFEST.json", '{"model": {"serializedFile": "net.pt"}}')
        packed.writestr("net.pt", b"x")
    error = refused(file.getvalue(), "net.mar")
    assert "is an archive of TorchServe, which holds a model, net.pt" in error.sentence
    assert error.line == 'import zipfile; zipfile.ZipFile("net.mar").extract("net.pt")'


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_archives_of_nemo_name_the_class(mode: str) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:  # type: ignore[call-overload]
        for name, text in (
            ("./model_config.yaml", b"target: nemo.collections.asr.models.EncDecCTCModel\n"),
            ("./model_weights.ckpt", b"x"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    error = refused(file.getvalue(), "net.nemo")
    assert "is an archive of NVIDIA NeMo with a EncDecCTCModel" in error.sentence
    assert 'restore_from("net.nemo", map_location="cpu").eval().export("net.onnx")' in error.line


def test_settings_of_transformers_name_an_architecture() -> None:
    settings = {"model_type": "vit", "architectures": ["ViTModel"], "image_size": 96}
    error = refused(json.dumps(settings).encode(), "config.json")
    assert "is the configuration of a network of the package transformers (vit)" in error.sentence
    assert "transformers.ViTModel(transformers.AutoConfig.from_pretrained(" in error.line
    assert "(torch.zeros(1, 3, 96, 96),)" in error.line
    words = refused(b'{"model_type": "bert", "architectures": [3]}', "config.json")
    assert "torch.zeros(1, 128, dtype=torch.long)" in words.line


# Weights beside an ONNX file --------------------------------------------------------------------


@pytest.mark.parametrize("side", [10**4000, -5, True, "7"])
def test_settings_that_claim_any_size_get_a_line_of_ordinary_length(side: object) -> None:
    settings = {"model_type": "vit", "architectures": ["V" * 5000], "image_size": side}
    error = refused(json.dumps(settings).encode(), "config.json")
    assert len(error.line) < 500


def test_weights_of_an_onnx_file_name_their_model() -> None:
    for name in ("readme.onnx.data", "readme.onnx_data", "readme.data"):
        with pytest.raises(MissingFilesError) as error:
            rf_viz.load((CASES / "readme.onnx.data").read_bytes(), name)
        assert error.value.files == ("readme.onnx",)
        assert f"upload readme.onnx and {name} together" in str(error.value)
        assert "no graph" in str(error.value)


def test_each_missing_file_is_named(tmp_path: Path) -> None:
    import onnx

    model = onnx.load(CASES / "readme.onnx", load_external_data=False)
    for number, tensor in enumerate(model.graph.initializer[:3]):
        tensor.data_location = onnx.TensorProto.EXTERNAL
        del tensor.external_data[:]
        tensor.external_data.add(key="location", value=f"w{number}.bin")
    content = model.SerializeToString()
    with pytest.raises(MissingFilesError, match=r"w0.bin, w1.bin") as error:
        rf_viz.load(content, "net.onnx")
    assert {"w0.bin", "w1.bin", "w2.bin"} <= set(error.value.files)
    assert "upload net.onnx, w0.bin" in error.value.sentence
    assert error.value.line.startswith('import onnx; onnx.save(onnx.load("net.onnx")')
    (tmp_path / "net.onnx").write_bytes(content)
    (tmp_path / "w0.bin").write_bytes(bytes(9999))
    with pytest.raises(MissingFilesError) as beside:
        rf_viz.load(tmp_path / "net.onnx")
    assert "w0.bin" not in beside.value.files
    assert "are missing: put them beside the model" in beside.value.sentence


def test_the_line_that_makes_one_file_of_several_works(tmp_path: Path) -> None:
    for name in ("readme.onnx", "readme.onnx.data"):
        (tmp_path / name).write_bytes((CASES / name).read_bytes())
    line = refused((CASES / "readme.onnx").read_bytes(), "readme.onnx").line
    line = line.replace('"readme', f'"{tmp_path}/readme')
    exec(compile(line, "the line", "exec"), {})
    whole = rf_viz.load((tmp_path / "readme_whole.onnx").read_bytes())
    beside = rf_viz.load(CASES / "readme.onnx")
    assert whole.trace()["relu_1"].region((5, 5)) == beside.trace()["relu_1"].region((5, 5))
