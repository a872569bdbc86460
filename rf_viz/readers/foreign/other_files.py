"""Other files of networks: weights without a graph, and networks compiled for one machine."""

from __future__ import annotations

import re
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import prod
from pathlib import PurePath

from ..bounded import open_tar, parse_json, read_entry
from ..content import Content
from ..sniffing import CORE_ML
from .advice import Foreign, export, install, printable, quoted, stem
from .architectures import Shape
from .weights import of_weights

_LARGEST_HEADER = 2**26
_LARGEST_SIDE = 2**16
_LONGEST = 100
"""The most letters of a configuration's names."""

_SHARD = re.compile(r"-0*(\d+)-of-0*(\d+)\.\w+$")
"""The end of the name of a file that holds a part of the weights: its number, of how many."""

_SIDE_FILE = re.compile(r"^(.+?)(\.onnx)?(\.|_)(data|weights?|bin|ext|external)$", re.IGNORECASE)
"""The name of a file with the weights of an ONNX model: the model's name comes first."""


_DAMAGED_SAFETENSORS = Foreign(
    "is a safetensors file, which holds weights but no graph, and it is damaged or cut off: "
    "download it again"
)


def of_safetensors(content: Content) -> Foreign | None:
    """Say what weights a safetensors file holds; None for any other file."""
    head = content.head
    length = int.from_bytes(head[:8], "little")
    if head[8:9] != b"{" or not 1 < length < content.size:
        return None
    try:
        with content.open() as file:
            header = parse_json(file.read(8 + min(length, _LARGEST_HEADER))[8:])
        entries = {n: e for n, e in header.items() if n != "__metadata__"}
        weights: dict[str, Shape] = {
            str(n): tuple(int(side) for side in e["shape"])
            for n, e in sorted(entries.items(), key=lambda item: _natural(item[0]))
        }
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError):
        return _DAMAGED_SAFETENSORS
    if any(prod(shape) >= 2**63 or min(shape, default=0) < 0 for shape in weights.values()):
        return _DAMAGED_SAFETENSORS
    if not weights:
        return Foreign("is a safetensors file without any weights")
    part = _SHARD.search(content.name)
    holder, load = "holds the weights", f"load_file({quoted(content.name)})"
    extra: list[str] = []
    if part:
        holder = f"holds part {part[1]} of {part[2]} of the weights"
        pattern = quoted(f"{content.name[: part.start()]}-*.safetensors")
        load = f"{{k: v for f in sorted(glob.glob({pattern})) for k, v in load_file(f).items()}}"
        extra = ["import glob"]
    return of_weights(
        weights,
        content.name,
        load,
        holder=holder,
        imports=[*extra, "from safetensors.torch import load_file"],
        packages=["safetensors"],
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """A key to sort names by, with the numbers in them as numbers."""
    parts = re.split(r"(\d{1,9})", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def of_gguf(content: Content) -> Foreign | None:
    """Say what network a GGUF file has the weights of; None for any other file."""
    head = content.head
    if not head.startswith(b"GGUF"):
        return None
    count = name = ""
    with suppress(struct.error, UnicodeDecodeError):
        _, tensors = struct.unpack_from("<IQ", head, 4)
        count = f" ({tensors:,} tensors)"
        key = head.find(b"general.architecture")
        if key >= 0:  # its value is a text: type 8, length, letters
            kind, length = struct.unpack_from("<IQ", head, key + len("general.architecture"))
            at = key + len("general.architecture") + 12
            if kind == 8 and length <= 64:
                name = f" of the architecture {printable(head[at : at + length].decode())}"
    return Foreign(
        f"is a GGUF file: it holds the weights of a network{name}{count} and its settings, but no "
        "graph: export the PyTorch model that it was made of",
        export("model", content.name),
    )


_CORE_ML = {
    **dict.fromkeys((500, 303, 403), "a neural network"),
    502: "an ML program",
    **dict.fromkeys((200, 201, 202), "a pipeline of models"),
}
"""What a Core ML model is by the field that holds it; other fields hold no network."""


def of_core_ml(fields: Iterable[int], file: str) -> Foreign | None:
    """Say what a Core ML model is, by the fields of its message; None for any other message."""
    kinds = [n for n in fields if n >= CORE_ML]
    if not kinds or {1, 2} - set(fields):
        return None
    what = _CORE_ML.get(kinds[0])
    if what is None:
        return Foreign("is a Core ML model that is no neural network")
    return Foreign(
        f"is a Core ML model, {what}: it holds the architecture, but in Apple's own form, which "
        "RF-Viz does not read; export the model that it was converted from",
        export("model", file),
    )


def of_compiled(content: Content) -> Foreign | None:
    """Say what network was compiled for one machine; None for any other file."""
    head = content.head
    if head[:4] in (b"ftrt", b"ptrt") or b"ftrt" in head[4:8192]:
        return Foreign(
            "is a TensorRT engine: a network compiled for one kind of GPU, whose graph cannot be "
            "read back; open the ONNX file that it was built from, or export the model again",
            export("model", content.name),
        )
    if head[4:8] in (b"ET12", b"ET13"):
        return Foreign(
            "is a program for ExecuTorch: a network compiled for small devices, which RF-Viz does "
            "not read; export the model that it was made of",
            export("model", content.name),
        )
    return None


def of_zip(names: Iterable[str], archive: zipfile.ZipFile, file: str) -> Foreign | None:
    """Say what archive of a model server or of Core ML a zip is; None for any other."""
    names = list(names)
    manifest = next((n for n in names if n.endswith("MAR-INF/MANIFEST.json")), None)
    if manifest is not None:
        return _served(archive, manifest, names, file)
    if any(n.endswith("com.apple.CoreML/model.mlmodel") for n in names):
        return of_core_ml((1, 2, 502), file)
    return None


def _served(archive: zipfile.ZipFile, manifest: str, names: list[str], file: str) -> Foreign:
    inside = ""
    with suppress(ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile):
        model = parse_json(read_entry(archive, manifest, 2**20))["model"]
        inside = str(model.get("serializedFile") or model.get("modelFile") or "")
    if inside not in names:
        ends = (".onnx", ".pt2", ".pt", ".pth", ".bin", ".safetensors")
        inside = next((n for end in ends for n in names if n.endswith(end)), "")
    if not inside:
        return Foreign("is an archive of TorchServe with no model in it")
    return Foreign(
        f"is an archive of TorchServe, which holds a model, {printable(inside)}, and code to serve "
        "it: this line unpacks the model, then open that",
        f"import zipfile; zipfile.ZipFile({quoted(file)}).extract({quoted(inside)})",
    )


def of_tar(names: Iterable[str], content: Content) -> Foreign | None:
    """Say what archive of NeMo, or of the oldest PyTorch, a tar is; None for any other."""
    last = {PurePath(name).name: name for name in names}
    if "model_config.yaml" in last:
        kind = _nemo_class(content, last["model_config.yaml"])
        line = (
            f"from nemo.core import ModelPT; ModelPT.restore_from({quoted(content.name)}, "
            f'map_location="cpu").eval().export({quoted(f"{stem(content.name)}.onnx")})'
        )
        return Foreign(
            f"is an archive of NVIDIA NeMo{kind}: it holds weights and settings, but the "
            "architecture is in the package nemo; this line exports it",
            install(line, "nemo_toolkit[all]"),
        )
    if {"sys_info", "pickle", "storages"} <= last.keys():
        load = f"torch.load({quoted(content.name)}, weights_only=False)"
        return Foreign(
            "was written by PyTorch 0.1, as a tar: load it in Python if you trust it, and export "
            "the model",
            export("model", content.name, before=[f"model = {load}"]),
        )
    return None


def _nemo_class(content: Content, name: str) -> str:
    """Name the class of a NeMo model, by its settings."""
    with suppress(tarfile.TarError, OSError, EOFError, KeyError, UnicodeDecodeError):
        with content.open() as file, open_tar(file, content.head, content.size) as tar:
            member = next((m for m in tar if m.name.removeprefix("./") == name), None)
            stream = tar.extractfile(member) if member is not None else None
            text = stream.read(2**20).decode() if stream else ""
        target = re.search(r"^target:\s*([\w.]+)", text, re.MULTILINE)
        if target:
            return f" with a {printable(target[1].rpartition('.')[2])}"
    return ""


def of_side_file(content: Content) -> Foreign | None:
    """Say of which model's weights a file likely is, by its name; None for any other name."""
    match = _SIDE_FILE.match(content.name)
    if match is None or (not match[2] and match[4].lower() not in ("data", "external")):
        return None
    model = f"{match[1]}.onnx"
    return Foreign(
        f"holds the weights of an ONNX model, likely of {printable(model)}, but no graph: upload "
        f"{printable(model)} and {printable(content.name)} together, or open {printable(model)} "
        "by its path, this file beside it",
        goes_with=model,
    )


def of_settings(entries: Mapping[str, object], file: str) -> Foreign | None:
    """Say what network of the package transformers a configuration is of; None for any other."""
    kind, classes = entries.get("model_type"), entries.get("architectures")
    if not isinstance(kind, str) or len(kind) > _LONGEST or "weight_map" in entries:
        return None
    named = classes[0] if isinstance(classes, list) and classes else None
    fits = isinstance(named, str) and named.isidentifier() and len(named) <= _LONGEST
    cls = named if fits else "AutoModel"
    side = entries.get("image_size")
    channels = entries.get("num_channels", 3)
    image = all(isinstance(n, int) and 0 < n < _LARGEST_SIDE for n in (side, channels))
    shape = (1, channels, side, side) if image else (1, 128)
    model = f"transformers.{cls}(transformers.AutoConfig.from_pretrained({quoted(file)}))"
    if cls == "AutoModel":
        model = model.replace("AutoModel(", "AutoModel.from_config(", 1)
    line = export(
        "model",
        stem(kind),
        shape,  # type: ignore[arg-type]
        before=[f"model = {model}"],
        imports="import torch, transformers",
        packages=["torch", "transformers"],
    )
    if not image:
        line = line.replace("torch.zeros(1, 128)", "torch.zeros(1, 128, dtype=torch.long)")
    return Foreign(
        f"is the configuration of a network of the package transformers ({printable(kind)}): it "
        "names the architecture, but its graph is in that package; this line builds the network, "
        "with random weights, and exports it",
        line,
    )
