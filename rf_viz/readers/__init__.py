"""Readers, one per format, chosen by a file's content and then by its extension."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from ..errors import MissingFilesError, ModelError
from ..model import Model
from .content import Content
from .sniffing import (
    CORE_ML,
    HDF5,
    KERAS_WEIGHTS,
    SAVED_MODEL,
    protobuf_fields,
    varint,
)


@dataclass(frozen=True)
class Reader:
    """A format and its module, which has ``load(content)`` and is imported when first needed."""

    module: str
    matches: Callable[[Content], bool]
    extensions: tuple[str, ...]


def _onnx(content: Content) -> bool:
    """A ModelProto: its version, its graph (field 7) or operator sets (field 8) in sight."""
    fields = protobuf_fields(content.head)
    return bool(fields.get(1) == 0 and fields.keys() & {7, 8})


def _tflite(content: Content) -> bool:
    return content.head[4:8] == b"TFL3"


def _graph_def(content: Content) -> bool:
    """A GraphDef: nodes (field 1), of which the first starts with its name and its operator."""
    head = content.head
    if head.lstrip().startswith((b"node {", b"node{")):
        return True
    if head[:1] != b"\x0a":
        return False
    at = varint(head, 1)[1]
    if head[at : at + 1] != b"\x0a":
        return False
    length, at = varint(head, at + 1)
    return length > 0 and head[at + length : at + length + 1] == b"\x12"


def _meta_graph(content: Content) -> bool:
    """A MetaGraphDef: a list of operators or tags comes first; or an archive of one."""
    head = content.head
    if head.lstrip().startswith(b"meta_info_def"):
        return True
    if content.extension == ".meta" and protobuf_fields(head).keys() & {1, 2}:
        return True
    at = varint(head, 1)[1]
    if head[:1] == b"\x0a" and head[at : at + 1] == b"\x12":
        at = varint(head, at + 1)[1]
        return head[at : at + 1] == b"\x0a"
    return any(name.endswith(".meta") for name in content.archive_names)


def _saved_model(content: Content) -> bool:
    """The folder that it is, its message alone, or an archive of the folder."""
    if content.is_folder:
        return content.holds_saved_model
    if content.head.startswith(SAVED_MODEL):  # so does a Core ML model, but for its last field
        return max(protobuf_fields(content.head), default=0) < CORE_ML
    return any(name.rpartition("/")[2] == "saved_model.pb" for name in content.archive_names)


def _keras(content: Content) -> bool:
    """HDF5, an archive as Keras 3 writes it, or a configuration in JSON."""
    if content.head.startswith(HDF5):
        return True
    names = content.archive_names
    if "config.json" in names and names & KERAS_WEIGHTS:
        return True
    head = content.head[:2000].lstrip()
    return head.startswith(b"{") and b'"class_name"' in head and b'"config"' in head


def _exported_program(content: Content) -> bool:
    """An archive as torch.export.save writes it, or PyTorch's other archives of that form."""
    return any(
        name == "serialized_exported_program.json"
        or name.rpartition("/")[2] == "archive_format"
        or "aotinductor/" in name
        for name in content.archive_names
    )


READERS = (
    Reader(".onnx", _onnx, (".onnx", ".ort", ".onnxtxt", ".onnxtext", ".onnxjson")),
    Reader(".pytorch", _exported_program, (".pt2",)),
    Reader(".tensorflow.saved_model.reader", _saved_model, ()),
    Reader(".tensorflow.keras.reader", _keras, (".keras", ".h5", ".hdf5")),
    Reader(".tflite", _tflite, (".tflite",)),
    Reader(".tensorflow.meta_graph", _meta_graph, (".meta",)),
    Reader(".tensorflow.graph_def", _graph_def, (".pb", ".pbtxt", ".graphdef")),
)


def looks_like_model(data: bytes, name: str) -> bool:
    """Tell by a file's extension or its first bytes whether some reader would take it."""
    content = Content.of(data, name)
    return any(
        content.extension in reader.extensions or reader.matches(content) for reader in READERS
    )


def open_model(
    source: Any,  # noqa: ANN401
    name: str | None = None,
    signature: str | None = None,
    training_ops: bool = False,
    example: Any = None,  # noqa: ANN401
) -> Model:
    """Load a model of any format from a file or its bytes, or convert one from memory.

    ``signature`` and ``training_ops`` are as in ``Content``; ``example`` is what a module of
    PyTorch is called with. Raises ModelError for a source that is
    no such model, or that does not have that signature.
    """
    model = _opened(source, name, signature, training_ops, example)
    if signature is not None and signature != model.signature:
        there = ", ".join(model.signatures) or "none to choose"
        raise ModelError(f"{model.name} has no signature {signature!r}; it has {there}")
    return model


def _opened(
    source: Any,  # noqa: ANN401
    name: str | None,
    signature: str | None,
    training_ops: bool,
    example: Any,  # noqa: ANN401
) -> Model:
    if isinstance(source, bytearray | memoryview):
        source = bytes(source)
    if not isinstance(source, str | os.PathLike | bytes):
        return _in_memory(source, name, example)
    if example is not None:
        raise ModelError("an example goes with a module of PyTorch; a file tells its own inputs")
    content = replace(Content.of(source, name), signature=signature, training_ops=training_ops)
    for reader in READERS:
        if reader.matches(content):
            return _load(reader, content)
    from .foreign.naming import name_for_what_it_is  # rarely needed, and a cold start is short

    foreign = name_for_what_it_is(content)
    if foreign is not None and foreign.goes_with:
        raise MissingFilesError(f"{content.name} {foreign.what}", [foreign.goes_with])
    if foreign is not None:
        raise ModelError(f"{content.name} {foreign.what}", foreign.line)
    for reader in READERS:
        if content.extension in reader.extensions:
            return _load(reader, content)
    raise ModelError(
        f"{content.name} is of no format that is known here: RF-Viz reads ONNX (.onnx), PyTorch "
        "(.pt2), Keras (.keras, .h5), TensorFlow (SavedModel, .pb, .pbtxt) and TensorFlow Lite "
        "(.tflite) models"
    )


_MODULE = ("torch", "Module")
"""The class of PyTorch's modules, by its package and its name."""

_IN_MEMORY = {
    ("keras", "Model"): (".tensorflow.keras.reader", "of_model"),
    ("tf_keras", "Model"): (".tensorflow.function", "of_keras_2"),
    ("tensorflow", "ConcreteFunction"): (".tensorflow.function", "of_function"),
    ("tensorflow", "Function"): (".tensorflow.function", "of_function"),
    ("tensorflow", "Graph"): (".tensorflow.graph_def", "of_graph"),
    _MODULE: (".pytorch.memory", "of_module"),
    ("torch", "ExportedProgram"): (".pytorch.memory", "of_program"),
    ("torch", "ONNXProgram"): (".pytorch.memory", "of_onnx_program"),
}
"""Converters of objects by their package and class; nothing is imported to recognise them."""


_MESSAGES = {
    "onnx.ModelProto": (".onnx", "of_message"),
    "tensorflow.GraphDef": (".tensorflow.graph_def", "of_message"),
}
"""Converters of protobuf messages, by their full names, whatever package their classes are of."""


def _in_memory(source: object, name: str | None, example: Any) -> Model:  # noqa: ANN401
    message = getattr(getattr(source, "DESCRIPTOR", None), "full_name", "")
    kinds = _kinds(type(source))
    for kind in kinds:
        reader = _MESSAGES.get(message) or _IN_MEMORY.get(kind)
        if reader is not None:
            extra = {"example": example} if kind == _MODULE else {}
            if example is not None and not extra:
                kind_of = type(source).__name__
                raise ModelError(
                    f"an example goes with a module of PyTorch; a {kind_of} tells its own inputs"
                )
            module, convert = reader
            model: Model = getattr(import_module(module, __name__), convert)(source, name, **extra)
            return model
    raise ModelError(_no_model(source))


def _kinds(cls: type) -> list[tuple[str, str]]:
    """A class and its ancestors, each by its package and its name."""
    return [(c.__module__.partition(".")[0], c.__name__) for c in cls.__mro__]


def _no_model(source: object) -> str:
    """Say what an object is that is no model, and what to give instead."""
    if isinstance(source, type) and _MODULE in _kinds(source):
        name = source.__name__
        return f"{name} is the class of a module: give a module of that class, {name}(...)"
    if ("torch", "Tensor") in _kinds(type(source)):
        return "a tensor is no model: give the module first, then the tensor as its example"
    values = list(source.values()) if isinstance(source, Mapping) else []
    for value in list(values):
        values += value.values() if isinstance(value, Mapping) else ()
    if any(("torch", "Tensor") in _kinds(type(value)) for value in values):
        return (
            "a state_dict holds weights but no architecture: build the module, call "
            "module.load_state_dict(...) with it, and give the module with an example of its input"
        )
    return (
        f"an object of type {type(source).__name__} is no model that is known here: give the path "
        "of a file, its bytes, a Keras model, an onnx.ModelProto, a TensorFlow graph, GraphDef or "
        "function, or a module of PyTorch with an example of its input"
    )


def _load(reader: Reader, content: Content) -> Model:
    model: Model = import_module(reader.module, __name__).load(content)
    return model
