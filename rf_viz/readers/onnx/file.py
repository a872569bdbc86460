"""ONNX files: parsed, and checked for what must hold before they are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import inliner

from ...errors import ModelError
from ..content import Content

OLDEST = 7
"""The first version of the standard operators that is read."""

_PROTOBUF_LIMIT = 2**31 - 1
_FORMATS = {".onnxtxt": "onnxtxt", ".onnxtext": "onnxtxt", ".onnxjson": "json"}


def parse(content: Content) -> onnx.ModelProto:
    """Parse the message in a file and inline its local functions. Raises ModelError."""
    name = content.name
    if content.size > _PROTOBUF_LIMIT:
        raise ModelError(
            f"{name} is larger than 2 GB, which an ONNX file cannot be: save it with "
            "onnx.save_model(..., save_as_external_data=True)"
        )
    if content.extension == ".ort":
        raise ModelError(f"{name} is in ONNX Runtime's own format: open the .onnx it was made of")
    form = _FORMATS.get(content.extension, "protobuf")
    data = content.read()
    try:
        proto = onnx.load_model_from_string(data, format=form)
    except Exception as error:  # the parsers' complaints share no base class
        raise ModelError(
            f"{name} is an ONNX file that is damaged or cut off: download or export it again"
        ) from error
    # That is the key of every reference to a side file.
    return checked(proto, name, content.folder, side_files=b"location" in data)


def checked(
    proto: onnx.ModelProto, name: str, folder: str | None, *, side_files: bool = True
) -> onnx.ModelProto:
    """Check a model, its side files in ``folder`` among it, and inline its local functions.

    ``side_files`` says whether it may have any. Raises ModelError.
    """
    _check(proto, name)
    if side_files:
        _check_side_files(proto, folder, name)
    if not proto.functions:
        return proto
    try:
        return inliner.inline_local_functions(proto)
    except Exception as error:
        raise ModelError(f"{name} has functions that cannot be put in place: {error}") from error


def _check(proto: onnx.ModelProto, name: str) -> None:
    if not proto.graph.node:
        raise ModelError(f"{name} holds no graph of operations: it is empty or cut off")
    if proto.ir_version > onnx.IR_VERSION:
        raise ModelError(
            f"{name} is of version {proto.ir_version} of the ONNX format, the onnx package here "
            f"reads up to {onnx.IR_VERSION}: update it with 'pip install -U onnx'"
        )
    newest = onnx.defs.onnx_opset_version()
    for opset in proto.opset_import:
        if opset.domain in ("", "ai.onnx") and not OLDEST <= opset.version <= newest:
            raise ModelError(
                f"{name} uses version {opset.version} of the ONNX operators, RF-Viz reads "
                f"{OLDEST} to {newest}: convert it with onnx.version_converter"
            )
    if not proto.opset_import:
        raise ModelError(f"{name} does not say which version of the ONNX operators it uses")


def _check_side_files(proto: onnx.ModelProto, folder: str | None, name: str) -> None:
    """Check that weights outside the file lie in files in its folder. Raises ModelError."""
    checked: dict[str, int] = {}
    for tensor in _tensors(proto):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {e.key: e.value for e in tensor.external_data}
        location = entries.get("location", "")
        if folder is None:
            raise ModelError(
                f"{name} keeps its weights in another file ({location}), which did not come with "
                "it: give that file along with it, or open the model by path beside it"
            )
        if location not in checked:
            checked[location] = _size(location, Path(folder), name)
        end = _number(entries.get("offset")) + _number(entries.get("length"))
        if end > checked[location]:
            raise ModelError(
                f"{location}, which holds weights of {name}, is shorter than it should be: "
                "it is damaged or cut off"
            )


def _size(location: str, folder: Path, name: str) -> int:
    path = folder / location
    home = folder.resolve()
    if not location or not path.resolve().is_relative_to(home) or path.resolve() == home:
        raise ModelError(
            f"{name} points to weights in {location!r}, outside its own folder: refused"
        )
    if not path.is_file():
        raise ModelError(
            f"{name} keeps its weights in {location}, which is missing: put it beside the model"
        )
    return path.stat().st_size


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _tensors(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every constant of a model, including those that nodes and subgraphs hold."""
    graphs = [proto.graph]
    while graphs:
        graph = graphs.pop()
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors
                if attribute.HasField("sparse_tensor"):
                    yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
                if attribute.HasField("g"):
                    graphs.append(attribute.g)
                graphs.extend(attribute.graphs)
