"""One reader a format, tried by what a file holds and then by what it is called."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ..errors import ModelError
from ..model import Model
from .content import Content
from .foreign import name_for_what_it_is, protobuf_fields, varint


@dataclass(frozen=True)
class Reader:
    """A format: its module, which has ``load(content)``, is imported when it is first needed."""

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


READERS = (
    Reader(".onnx", _onnx, (".onnx", ".ort", ".onnxtxt", ".onnxtext", ".onnxjson")),
    Reader(".tflite", _tflite, (".tflite",)),
    Reader(".tensorflow.graph_def", _graph_def, (".pb", ".pbtxt", ".graphdef")),
)


def open_model(source: str | os.PathLike[str] | bytes, name: str | None = None) -> Model:
    """Load a model of any format from a file or its bytes. Raises ModelError."""
    content = Content.of(source, name)
    for reader in READERS:
        if reader.matches(content):
            return _load(reader, content)
    why = name_for_what_it_is(content)
    if why is None:
        for reader in READERS:
            if content.extension in reader.extensions:
                return _load(reader, content)
        why = "is of no format that is known here: RF-Viz reads ONNX models (.onnx)"
    raise ModelError(f"{content.name} {why}")


def _load(reader: Reader, content: Content) -> Model:
    model: Model = import_module(reader.module, __name__).load(content)
    return model
