"""ONNX files: parsed, and checked for what must hold before they are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath, PurePosixPath

import onnx
from onnx import external_data_helper

from ...errors import MissingFilesError, ModelError
from ..content import Content
from .functions import inlined
from .messages import broken_texts

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
    return inlined(proto, name)


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
    broken = next(broken_texts(proto), None)
    if broken is not None:
        raise ModelError(
            f"{name} holds a name that is no text, {broken!r}: it is damaged, download or export "
            "it again"
        )


def _check_side_files(proto: onnx.ModelProto, folder: str | None, name: str) -> None:
    """Check that weights outside the file lie in files in its folder. Raises ModelError."""
    ends: dict[str, int] = {}
    parts = list(_parts(proto))
    held = [tensor for part in parts for tensor in _tensors_held_by(part)]
    weights = [t for part in parts if isinstance(part, onnx.GraphProto) for t in part.initializer]
    for tensor in (*weights, *held):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        if folder is not None:
            _take_from_folder(tensor, Path(folder))
        entries = {e.key: e.value for e in tensor.external_data}
        location = entries.get("location", "")
        end = _number(entries.get("offset")) + _number(entries.get("length"))
        ends[location] = max(end, ends.get(location, 0))
    if not ends:
        return
    paths = {} if folder is None else {place: _path(place, Path(folder), name) for place in ends}
    missing = [place for place in ends if place not in paths or not paths[place].is_file()]
    if missing:
        raise _missing(missing, list(ends), name, beside=folder is not None)
    for place, end in ends.items():
        if end > paths[place].stat().st_size:
            raise ModelError(
                f"{place}, which holds weights of {name}, is shorter than it should be: "
                "it is damaged or cut off"
            )
    if folder is not None:
        _take_in(held, folder, name)


def _take_from_folder(tensor: onnx.TensorProto, folder: Path) -> None:
    """Let a tensor be in the model's own folder if its file lies there, and not where it says.

    An upload has no folders within it.
    """
    for entry in tensor.external_data:
        file = PurePosixPath(entry.value.replace("\\", "/"))
        if (
            entry.key != "location"
            or len(file.parts) < 2
            or ".." in file.parts
            or file.is_absolute()
        ):
            continue
        if not (folder / entry.value).exists() and (folder / file.name).is_file():
            entry.value = file.name


def _path(location: str, folder: Path, name: str) -> Path:
    path = folder / location
    home = folder.resolve()
    if not location or not path.resolve().is_relative_to(home) or path.resolve() == home:
        raise ModelError(
            f"{name} points to weights in {location!r}, outside its own folder: refused"
        )
    return path


def _missing(
    missing: Sequence[str], places: Sequence[str], name: str, beside: bool
) -> MissingFilesError:
    """The error to raise where side files are missing: all of them are named, or the first few."""
    lack = f"{name} keeps its weights in {_listed(missing)}, which"
    one = len(missing) == 1
    if beside:
        them = "it" if one else "them"
        advice = f"put {them} beside the model, or upload {them} along with it"
        return MissingFilesError(f"{lack} {'is' if one else 'are'} missing: {advice}", missing)
    files = [PurePosixPath(place.replace("\\", "/")).name for place in places]
    target = json.dumps(f"{PurePath(name).stem}_whole.onnx")
    return MissingFilesError(
        f"{lack} did not come with it: upload {_listed([name, *files])} together, or open the "
        "model by path; run where they lie together, this line makes one file of them",
        files,
        f"import onnx; onnx.save(onnx.load({json.dumps(name)}), {target})  # pip install onnx",
    )


_LISTED = 5


def _listed(names: Sequence[str]) -> str:
    """List names, of many the first."""
    if len(names) > _LISTED:
        return f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _take_in(tensors: Sequence[onnx.TensorProto], folder: str, name: str) -> None:
    """Read what lies in side files into the tensors themselves. Raises ModelError.

    Weights stay where they are. But whatever decodes a node's attribute knows of no folder, and
    would look for the file in the one that the program was started in.
    """
    outside = [t for t in tensors if t.data_location == onnx.TensorProto.EXTERNAL]
    size = 0
    for tensor in outside:
        try:
            external_data_helper.load_external_data_for_tensor(tensor, folder)
        except (OSError, ValueError, onnx.checker.ValidationError) as error:
            raise ModelError(
                f"a side file that holds constants of {name} cannot be read: keep it beside the "
                "model, as a plain file"
            ) from error
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]
        size += len(tensor.raw_data)
        if size > _PROTOBUF_LIMIT:
            raise ModelError(
                f"{name} has more than 2 GB of constants within its nodes: make initializers of "
                "them"
            )


Part = onnx.GraphProto | onnx.AttributeProto


def _parts(proto: onnx.ModelProto) -> Iterator[Part]:
    """Every graph of a model and every attribute, those of its functions among them."""
    pending: list[Part] = [proto.graph]
    for function in proto.functions:
        pending.extend(function.attribute_proto)
        pending.extend(attribute for node in function.node for attribute in node.attribute)
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, onnx.GraphProto):
            pending.extend(attribute for node in part.node for attribute in node.attribute)
        else:
            pending.extend(part.graphs)
            if part.HasField("g"):
                pending.append(part.g)


def _tensors_held_by(part: Part) -> Iterator[onnx.TensorProto]:
    """The constants of a graph or an attribute that are no initializers of their own."""
    if isinstance(part, onnx.GraphProto):
        sparse = list(part.sparse_initializer)
    else:
        yield from part.tensors
        if part.HasField("t"):
            yield part.t
        sparse = list(part.sparse_tensors)
        if part.HasField("sparse_tensor"):
            sparse.append(part.sparse_tensor)
    for tensor in sparse:
        yield from (tensor.values, tensor.indices)
