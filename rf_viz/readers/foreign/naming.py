"""The names of files that no reader takes, with a hint at what to do with them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ..bounded import PACKED, open_zip, parse_json
from ..content import Content
from ..sniffing import protobuf_fields
from .advice import OF_PYTORCH, READS, Foreign
from .folders import name_of_folder
from .other_files import (
    of_compiled,
    of_core_ml,
    of_gguf,
    of_safetensors,
    of_settings,
    of_side_file,
    of_tar,
    of_zip,
)
from .torch_files import of_archive, of_index, of_pickle

_TO_ONNX = "RF-Viz reads ONNX"
_CONVERT = f"{_TO_ONNX}: convert it with tf2onnx"

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "is only a pointer to a file kept by Git LFS: run 'git lfs pull'"),
    (b"\x93NUMPY", f"is a NumPy array, not a model; {READS}"),
    (b"\x89PNG", f"is an image, not a model; {READS}"),
    (b"\xff\xd8\xff", f"is an image, not a model; {READS}"),
    (b"GIF8", f"is an image, not a model; {READS}"),
    (b"RIFF", f"is an image or sound, not a model; {READS}"),
    (b"%PDF", f"is a PDF document, not a model; {READS}"),
    (b"7z\xbc\xaf", "is a 7z archive: unpack it and open the model in it"),
    (b"\x28\xb5\x2f\xfd", "is a zstd archive: unpack it and open the model in it"),
)

_CHECKPOINT = (
    "it holds no graph: open the .meta file beside it, together with its .index and .data-... "
    "files; of a checkpoint of TensorFlow 2, which has no .meta, save the model itself, with "
    "model.save() or tf.saved_model.save()"
)

_TABLE = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
"""The end of a table of names, as TensorFlow writes it."""

_DATA = re.compile(r"\.data-\d+-of-\d+$")
"""The end of the name of a file with a checkpoint's values."""

_EXTENSIONS: Mapping[str, Foreign] = {
    ".mlmodel": Foreign(f"is a Core ML model; {_TO_ONNX}"),
    ".caffemodel": Foreign(f"is a Caffe model; {_TO_ONNX}"),
    **dict.fromkeys((".pt", ".pth"), OF_PYTORCH),
}


_OF_ONNX = (".onnx_data", ".data")
"""The extensions of files with the weights of ONNX models."""


def name_for_what_it_is(content: Content) -> Foreign | None:
    """Say what a file is, to complete a sentence that starts with its name; None if unknown."""
    if content.is_folder:
        return name_of_folder(Path(content.path or ""))
    head = content.head
    if not head:
        return Foreign("is empty: the download or export broke off")
    what = _checkpoint(content) or _by_its_start(head)
    if what:
        return Foreign(what)
    if head[:2] == b"PK":
        return _zip(content)
    if content.extension in _OF_ONNX:  # whatever bytes weights begin with
        return of_side_file(content)
    for recognise in (of_gguf, of_compiled, of_safetensors, of_pickle, of_index):
        foreign = recognise(content)
        if foreign is not None:
            return foreign
    if head[257:262] == b"ustar" or head.startswith(PACKED):
        return of_tar(content.archive_names, content) or _archive(head)
    text = _text(content)
    if text is not None:
        return text
    foreign = of_core_ml(protobuf_fields(head), content.name)
    return foreign or of_side_file(content) or _EXTENSIONS.get(content.extension)


def _by_its_start(head: bytes) -> str:
    return next((what for start, what in _STARTS if head.startswith(start)), "")


def _archive(head: bytes) -> Foreign:
    kinds = zip(PACKED, ("gzip", "bzip2", "xz"), strict=True)
    kind = next((kind for start, kind in kinds if head.startswith(start)), "tar")
    return Foreign(f"is a {kind} archive: unpack it and open the model in it")


def _checkpoint(content: Content) -> str:
    """Say which of a TensorFlow checkpoint's files it is; empty for any other."""
    if _DATA.search(content.name):
        return f"is the part of a TensorFlow checkpoint that holds the weights; {_CHECKPOINT}"
    if content.head.lstrip().startswith(b"model_checkpoint_path:"):
        return f"is the list of the checkpoints of a TensorFlow model; {_CHECKPOINT}"
    with content.open() as file:
        file.seek(max(content.size - len(_TABLE), 0))
        if file.read() == _TABLE:
            return f"is the index of a TensorFlow checkpoint: it names weights, but {_CHECKPOINT}"
    return ""


def _zip(content: Content) -> Foreign:
    """Say what a zip archive is, by the names in it; nothing is unpacked."""
    try:
        with content.open() as file, open_zip(file) as archive:
            names = archive.namelist()
            foreign = of_archive(content, archive) or of_zip(names, archive, content.name)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Foreign("is a zip archive that is damaged or cut off")
    if foreign is not None:
        return foreign
    last = {name.rsplit("/", 1)[-1] for name in names}
    if "model.weights.h5" in last:
        return Foreign("holds the weights of a Keras model but no model: save it with model.save()")
    if any(name.endswith(".npy") for name in names):
        return Foreign(f"is a NumPy archive, not a model; {READS}")
    if any(name.endswith(".onnx") for name in names):
        return Foreign("is a zip archive with an ONNX model in it: unpack it and open that")
    return Foreign("is a zip archive: unpack it and open the model in it")


def _text(content: Content) -> Foreign | None:
    try:
        start = content.head[:2000].decode("utf-8").lstrip("\ufeff \t\r\n")
    except UnicodeDecodeError as error:
        if error.start < 1990:  # else only the last letter is cut
            return None
        start = content.head[: error.start].decode("utf-8")
    if not start.isprintable() and any(ord(c) < 9 for c in start):
        return None
    low = start.lower()
    if content.extension in (".onnxtxt", ".onnxtext", ".onnxjson", ".pbtxt"):
        return None
    if low.startswith(("<!doctype html", "<html")):
        return Foreign("is a web page: the download led to a page instead of the model")
    if low.startswith("<"):
        if "<net" in low:
            return Foreign(f"is an OpenVINO model; {_TO_ONNX}: open the ONNX file it was made from")
        return Foreign(f"is an XML document, not a model; {READS}")
    if low.startswith(("{", "[")):
        settings = _settings(content)
        if settings is not None:
            return settings
        if "modeltopology" in low:
            return Foreign(f"is a TensorFlow.js model in JSON; {_CONVERT}")
        return Foreign(f"is a JSON document, not a model; {READS}")
    return Foreign(f"is a text, not a model; {READS}")


def _settings(content: Content) -> Foreign | None:
    """Say what network the settings in a text are of; None for any other text."""
    if b'"model_type"' not in content.head or content.size > len(content.head):
        return None
    try:
        entries = parse_json(content.head)
    except ValueError:
        return None
    return of_settings(entries, content.name) if isinstance(entries, dict) else None
