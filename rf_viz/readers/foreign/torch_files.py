"""PyTorch's own files: what ``torch.save``, ``torch.jit.save`` and ``torch.export.save`` write.

Only the directory of an archive and the instructions of its pickle are read (see ``pickles``).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from ..bounded import parse_json, read_entry
from ..content import Content
from ..pickles import Built, Inert, Name, PickleError, Stored, parts, read_pickle
from .advice import (
    IMAGE,
    OF_PYTORCH,
    READS,
    Foreign,
    export,
    install,
    printable,
    quoted,
    stem,
    zeros,
)
from .held import Held, class_of, held_in, mapping, module_held, shape_of
from .weights import counted, example_input, of_weights

LARGEST_PICKLE = 2**26
"""So many bytes of a pickle are read."""

MAGIC = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The number that torch.save's old format starts with, as pickle writes it."""

_HARMLESS = {
    "_codecs": {"encode"},
    "collections": {"OrderedDict", "Counter", "defaultdict"},
    "torch": {"Size", "Tensor", "device", "dtype", "BFloat16Storage", "ComplexFloatStorage"},
    "torch._tensor": {"_rebuild_from_type_v2"},
    "torch.nn.parameter": {"Parameter", "Buffer"},
    "torch.serialization": {"_get_layout"},
    "torch.storage": {"UntypedStorage", "TypedStorage"},
}
"""What ``torch.load`` builds by itself, beside storages, types and the functions for tensors."""

_TORCH_TYPES = {
    "float", "float16", "float32", "float64", "double", "half", "bfloat16", "int8", "int16",
    "int32", "int64", "uint8", "bool", "complex64", "complex128", "per_tensor_affine",
    "per_channel_affine", "qint8", "quint8", "qint32", "contiguous_format", "preserve_format",
}  # fmt: skip

_RUNS_CODE = {
    "os", "posix", "nt", "subprocess", "builtins", "__builtin__", "sys", "runpy", "socket",
    "shutil", "importlib", "pty", "webbrowser", "ctypes", "commands", "urllib", "requests",
}  # fmt: skip
"""Modules that a harmless pickle names nothing of."""

_HARMLESS_BUILTINS = {"set", "frozenset", "complex", "bytearray", "slice", "range", "object"}
_BUILDS = _HARMLESS_BUILTINS | {"getattr", "dict", "list", "int", "str", "float", "bool", "tuple"}
"""What objects of many classes are built with."""


class _Limited:
    """A stream of which at most so many bytes are read."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes, fewer at the limit."""
        size = self._left if size is None or size < 0 else min(size, self._left)
        data = self._stream.read(size)
        self._left -= len(data)
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line, or what the limit leaves of it."""
        line = self._stream.readline(self._left if size is None or size < 0 else size)
        self._left -= len(line)
        return line

    def tell(self) -> int:
        """Where the stream stands."""
        return self._stream.tell()


def of_archive(content: Content, archive: zipfile.ZipFile) -> Foreign | None:
    """Say what an archive of PyTorch is; None for any other."""
    names = archive.namelist()
    last = {name.rsplit("/", 1)[-1]: name for name in reversed(names)}
    if "serialized_exported_program.json" in last or _is_exported(archive, last, names):
        return _exported(content, names)
    if "extern_modules" in last:
        return _package(content, archive, names)
    if "constants.pkl" in last or any("/code/" in n and n.endswith(".py") for n in names):
        return _script(content, archive, last)
    if "data.pkl" in last:
        return _saved(content, _pickle_in(archive, last["data.pkl"]))
    return None


def _is_exported(archive: zipfile.ZipFile, last: Mapping[str, str], names: Iterable[str]) -> bool:
    if "archive_format" in last:
        with suppress(zipfile.BadZipFile):
            return read_entry(archive, last["archive_format"], 16).strip() == b"pt2"
    return any("/data/aotinductor/" in name for name in names)


def _exported(content: Content, names: Iterable[str]) -> Foreign:
    compiled = any("aotinductor" in name for name in names)
    graphs = any(n.endswith(".json") and ("/models/" in n or "_program" in n) for n in names)
    if compiled and not graphs:
        return Foreign(
            "is a program that PyTorch compiled (AOTInductor): machine code without a graph; "
            "export the model that it was made of",
            export("model", content.name),
        )
    call = (
        f"import torch; torch.onnx.export(torch.export.load({quoted(content.name)}), "
        f"f={quoted(f'{stem(content.name)}.onnx')}, dynamo=True, external_data=False)"
    )
    return Foreign(
        "is a program as torch.export.save writes it, which holds the architecture, but in a form "
        "that RF-Viz cannot read: this line exports it",
        install(call, "torch", "onnx", "onnxscript"),
    )


def _package(content: Content, archive: zipfile.ZipFile, names: Iterable[str]) -> Foreign:
    pickle = next((n for n in names if n.endswith(".pkl")), "package/model.pkl")
    folder, _, file = pickle.partition("/")[2].rpartition("/")
    resource = folder.replace("/", ".")
    model = (
        f"torch.package.PackageImporter({quoted(content.name)})"
        f".load_pickle({quoted(resource)}, {quoted(file)})"
    )
    held = None
    with suppress(PickleError):
        inert = _pickle_in(archive, pickle)
        held = None if inert is None else held_in(inert.value)
    if held is not None and held.module is None:
        return of_weights(
            held.weights,
            content.name,
            "".join([model, *(f"[{quoted(key)}]" for key in held.keys)]),
            holder="is a package of PyTorch (torch.package) that holds the weights",
            imports=["import torch.package"],
            trusted=True,
        )
    return Foreign(
        "is a package of PyTorch (torch.package): Python code and pickles, which RF-Viz never "
        "runs; if you trust it and there is a model in it, this line exports it",
        export(
            "model",
            content.name,
            before=[f"model = {model}"],
            imports="import torch, torch.package",
        ),
    )


def _script(content: Content, archive: zipfile.ZipFile, last: Mapping[str, str]) -> Foreign:
    held = None
    if "data.pkl" in last:
        inert = _pickle_in(archive, last["data.pkl"])
        with suppress(PickleError):
            held = module_held(inert.value) if inert and isinstance(inert.value, Built) else None
    shape = example_input(held.weights) if held else IMAGE
    of = f" of {_plain_class(held.module)}" if held and held.module else ""
    about = f" ({counted(held.weights)})" if held and held.weights else ""
    load = f'torch.jit.load({quoted(content.name)}, map_location="cpu")'
    call = (
        f"import torch; torch.onnx.export({load}.eval(), ({zeros(shape)},), "
        f"{quoted(f'{stem(content.name)}.onnx')}, dynamo=False)"
    )
    return Foreign(
        f"is a TorchScript archive{of}{about}: it holds the architecture, but as a program for "
        "PyTorch to run, which RF-Viz does not read; this line exports it",
        install(call, "torch", "onnx"),
    )


def _plain_class(name: Name) -> str:
    """A class's name for people: without what TorchScript puts around it."""
    inner = [p for p in str(name).split(".") if p != "__torch__" and "torch_mangle" not in p]
    return printable(".".join(inner) or "RecursiveScriptModule")


def of_pickle(content: Content) -> Foreign | None:
    """Say what a pickle is, or a file of torch.save's old format; None for any other file."""
    head = content.head
    binary = head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"
    textual = content.extension in (".pkl", ".pickle", ".p") and head[:1] in b"(ct}]iS"
    if not binary and not textual:
        return None
    with content.open() as file:
        stream = _Limited(file, LARGEST_PICKLE)
        old = MAGIC in head[:64]
        try:
            for _ in range(3 if old else 0):  # the number, the version, the machine
                read_pickle(stream)
            inert: Inert | None = read_pickle(stream)
        except PickleError:
            inert = None
    if old:
        return _saved(content, inert)
    return _plain_pickle(content, inert)


def _pickle_in(archive: zipfile.ZipFile, name: str) -> Inert | None:
    """A pickle in an archive, inert; None where it cannot be followed."""
    try:
        return read_pickle(io.BytesIO(read_entry(archive, name, LARGEST_PICKLE)))
    except (PickleError, zipfile.BadZipFile):
        return None


def _saved(content: Content, inert: Inert | None) -> Foreign:
    """Say what torch.save wrote."""
    if inert is None:
        old = " of the old format" if MAGIC in content.head[:64] else ""
        return Foreign(
            f"is a PyTorch file{old} whose list of contents is damaged, or too long to follow: "
            "save or download it again, or export the model that it was saved from",
            OF_PYTORCH.line,
        )
    warning = _runs_code(inert)
    if warning:
        return warning
    top, items = inert.value, mapping(inert.value)
    try:
        held = held_in(top)
    except PickleError:
        return _saved(content, None)
    elsewhere = any(_location(p) not in ("", "cpu") for p in parts(top) if isinstance(p, Stored))
    load = _load(content.name, inert.names, elsewhere)
    if held is None:
        return _nothing_to_open(top)
    if any("qtensor" in n.name or ".quantized." in n.module for n in inert.names):
        return Foreign(
            f"is a PyTorch file of quantised weights ({counted(held.weights)}), which "
            "torch.onnx.export does not take: export the model that was quantised",
            export("model", content.name, example_input(held.weights)),
        )
    keys = "".join(f"[{quoted(key)}]" for key in held.keys)
    if held.module is not None:
        return _whole_module(content, held, f"{load}{keys}")
    holder = "holds the weights"
    version = items.get("pytorch-lightning_version")
    if isinstance(version, str):
        version = printable(version)
        holder = f"is a checkpoint of PyTorch Lightning {version}: it holds the weights"
    elif held.keys == ("state_dict",) and content.extension == ".ckpt":
        holder = "is a checkpoint as PyTorch Lightning writes it: it holds the weights"
    elif held.keys:
        others = [printable(k) for k in items if isinstance(k, str) and k not in held.keys]
        beside = f", with {', '.join(others[:3])}" if others else ""
        holder = f"is a checkpoint of PyTorch{beside}: it holds the weights"
    return of_weights(
        held.weights,
        content.name,
        f"{load}{keys}",
        holder=holder,
        trusted="weights_only=False" in load,
    )


def _load(name: str, names: Iterable[Name], elsewhere: bool) -> str:
    """The expression that loads a file, without running code wherever that is possible."""
    place = ', map_location="cpu"' if elsewhere else ""
    harmless = all(_is_harmless(n) for n in names)
    return f"torch.load({quoted(name)}{place}, weights_only={harmless})"


def _is_harmless(name: Name) -> bool:
    """Whether ``torch.load`` builds it without running code."""
    module, attribute = name
    if module == "torch" and (attribute.endswith("Storage") or attribute in _TORCH_TYPES):
        return True
    if module == "torch._utils" and attribute.startswith("_rebuild_"):
        return True
    if module in ("builtins", "__builtin__"):
        return attribute in _HARMLESS_BUILTINS
    return attribute in _HARMLESS.get(module, ())


def _location(stored: Stored) -> str:
    identity = stored.identity
    is_storage = isinstance(identity, tuple) and len(identity) > 3 and identity[0] == "storage"
    return identity[3] if is_storage and isinstance(identity[3], str) else ""


def _runs_code(inert: Inert) -> Foreign | None:
    """Warn of a pickle that names what no file of weights needs."""
    for name in sorted(inert.names):
        harmless = name.module in ("builtins", "__builtin__") and (
            name.name in _HARMLESS_BUILTINS
            or name.name in ("getattr", "dict", "list", "int", "str")
        )
        if name.module.partition(".")[0] in _RUNS_CODE and not harmless:
            return Foreign(
                f"is a Python pickle that would call {printable(str(name))} when it is loaded, "
                "which no file of weights needs: do not load it unless you know why"
            )
    return None


def _whole_module(content: Content, held: Held, load: str) -> Foreign:
    assert held.module is not None
    name = held.module
    package = name.module.partition(".")[0]
    about = f"{held.modules} module{'s' * (held.modules != 1)}, {counted(held.weights)}"
    whole = (
        "a checkpoint of PyTorch with a whole module in it"
        if held.keys
        else "a whole PyTorch module"
    )
    what = f"is {whole}, pickled: {printable(str(name))} ({about})"
    if package == "ultralytics":
        line = f'from ultralytics import YOLO; YOLO({quoted(content.name)}).export(format="onnx")'
        return Foreign(
            f"{what}; it holds weights and settings, but not the code that runs them: this line "
            "exports it, if you trust the file",
            install(line, "ultralytics", "onnx"),
        )
    if package in ("__main__", "__mp_main__"):
        where = "run this line in the script that defines that class"
        packages = ["torch"]
    elif package == "torch":
        where = "this line exports it"
        packages = ["torch"]
    else:
        where = f"where {printable(package)} can be imported, this line exports it"
        packages = ["torch", package] if package in ("torchvision", "timm") else ["torch"]
    model = load.replace("weights_only=True", "weights_only=False")
    return Foreign(
        f"{what}; it holds weights and settings, but not the code that runs them. If you trust "
        f"the file, {where}",
        export(
            "model",
            content.name,
            example_input(held.weights),
            before=[f"model = {model}"],
            packages=packages,
        ),
    )


def _nothing_to_open(top: Any) -> Foreign:  # noqa: ANN401
    """Say what torch.save wrote that is no network."""
    items = mapping(top)
    shape = shape_of(top)
    if shape is not None:
        by = " x ".join(map(str, shape)) or "one number"
        return Foreign(f"holds a single PyTorch tensor ({by}), no network; {READS}")
    if {"state", "param_groups"} <= items.keys():
        return Foreign(
            "holds the state of an optimiser of PyTorch, no network: open what was saved beside it"
        )
    if isinstance(top, list | tuple):
        count = sum(shape_of(part) is not None for part in top)
        kind = "tuple" if isinstance(top, tuple) else "list"
        return Foreign(f"holds a {kind} of {len(top)} objects, {count} of them tensors; {READS}")
    if items:
        words = [key if isinstance(key, str) else type(key).__name__ for key in list(items)[:4]]
        keys = ", ".join(map(printable, words))
        more = " ..." if len(items) > 4 else ""
        return Foreign(
            f"was written by torch.save and holds a dictionary ({keys}{more}) without the weights "
            f"of a network; {READS}"
        )
    name = class_of(top) if isinstance(top, Built) else None
    of = f" of the class {printable(str(name))}" if name else ""
    return Foreign(f"was written by torch.save and holds an object{of}, no network; {READS}")


def _plain_pickle(content: Content, inert: Inert | None) -> Foreign:
    """Say what Python's own pickle wrote."""
    never = "which is never opened here: it could run any code"
    if inert is None:
        return Foreign(
            f"is a Python pickle, {never}; {OF_PYTORCH.what.partition(': ')[2]}", OF_PYTORCH.line
        )
    warning = _runs_code(inert)
    if warning:
        return warning
    file = quoted(content.name)
    try:
        held = held_in(inert.value)
    except PickleError:
        return _plain_pickle(content, None)
    load = f'pickle.load(open({file}, "rb"))'
    if held is not None and held.module is not None:
        foreign = _whole_module(content, held, load)
        return Foreign(
            foreign.what, foreign.line.replace("import torch;", "import pickle, torch;", 1)
        )
    if held is not None:
        return of_weights(
            held.weights,
            content.name,
            load + "".join(f"[{quoted(key)}]" for key in held.keys),
            holder="is a Python pickle that holds the weights",
            imports=["import pickle"],
        )
    value = inert.value
    name = class_of(value) if isinstance(value, Built) else None
    of = f" of {printable(str(name))}" if name else ""
    if name and name.module.startswith("fastai"):
        model = f"load_learner({file}).model"
        return Foreign(
            f"is a learner of fastai, pickled, {never}; if you trust it, this line exports its "
            "network",
            export(
                "model",
                content.name,
                before=[f"model = {model}"],
                imports="import torch; from fastai.learner import load_learner",
                packages=["torch", "fastai"],
            ),
        )
    return Foreign(f"is a Python pickle{of}, {never}; {READS}")


def of_index(content: Content) -> Foreign | None:
    """Say of which files the weights are that an index in JSON lists; None for any other text."""
    if b'"weight_map"' not in content.head or content.size > LARGEST_PICKLE:
        return None
    try:
        entries = parse_json(content.read())["weight_map"]
        files = sorted({str(file) for file in entries.values()})
        weights = dict.fromkeys(map(str, entries), ())
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    pattern = f"{files[0].partition('-')[0]}-*{'.' + files[0].rpartition('.')[2]}" if files else ""
    safe = pattern.endswith(".safetensors")
    reader = "load_file(f)" if safe else "torch.load(f, weights_only=True)"
    load = f"{{k: v for f in sorted(glob.glob({quoted(pattern)})) for k, v in {reader}.items()}}"
    return of_weights(
        weights,
        content.name,
        load,
        holder=f"lists the weights that lie in {len(files)} other files: the weights",
        imports=["import glob", *(["from safetensors.torch import load_file"] if safe else [])],
        packages=["safetensors"] if safe else [],
    )
