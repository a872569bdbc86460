"""The names of files that no reader takes, with a hint at what to do with them."""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from itertools import islice

from .content import Content

_TO_ONNX = "RF-Viz reads ONNX"
_READS = "RF-Viz reads ONNX, Keras, TensorFlow and TensorFlow Lite models"
_EXPORT = f"{_TO_ONNX}: export the model with torch.onnx.export"
_CONVERT = f"{_TO_ONNX}: convert it with tf2onnx"

HDF5 = b"\x89HDF\r\n\x1a\n"

SAVED_MODEL = b"\x08\x01\x12"
"""How the message of a SavedModel starts: its version, then its graphs."""

KERAS_WEIGHTS = {"metadata.json", "model.weights.h5", "model.weights.npz", "model.weights.json"}
"""Files beside the configuration in an archive as Keras 3 writes it."""

_MOST_NAMES = 10_000

PYTORCH_PICKLE = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The number that torch.save's old format starts with, as pickle writes it."""

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "is only a pointer to a file kept by Git LFS: run 'git lfs pull'"),
    (b"\x93NUMPY", f"is a NumPy array, not a model; {_READS}"),
    (b"GGUF", f"is a GGUF file: it holds weights but no graph; {_READS}"),
    (b"\x89PNG", f"is an image, not a model; {_READS}"),
    (b"\xff\xd8\xff", f"is an image, not a model; {_READS}"),
    (b"GIF8", f"is an image, not a model; {_READS}"),
    (b"RIFF", f"is an image or sound, not a model; {_READS}"),
    (b"%PDF", f"is a PDF document, not a model; {_READS}"),
    (b"\x1f\x8b", "is a gzip archive: unpack it and open the model in it"),
    (b"BZh", "is a bzip2 archive: unpack it and open the model in it"),
    (b"\xfd7zXZ", "is an xz archive: unpack it and open the model in it"),
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

_EXTENSIONS: Mapping[str, str] = {
    ".mlmodel": f"is a Core ML model; {_TO_ONNX}",
    ".caffemodel": f"is a Caffe model; {_TO_ONNX}",
    ".pt": f"is a PyTorch file; {_EXPORT}",
    ".pth": f"is a PyTorch file; {_EXPORT}",
}


def name_for_what_it_is(content: Content) -> str | None:
    """Say what a file is, to complete a sentence that starts with its name; None if unknown."""
    head = content.head
    if not head:
        return "is empty: the download or export broke off"
    checkpoint = _checkpoint(content)
    if checkpoint:
        return checkpoint
    for start, what in _STARTS:
        if head.startswith(start):
            return what
    if head[:2] == b"PK":
        return _zip(content)
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        if PYTORCH_PICKLE in head[:64]:
            return f"is a PyTorch file of the old format; {_EXPORT}"
        return f"is a Python pickle, which is never opened here: it could run any code; {_EXPORT}"
    if head[257:262] == b"ustar":
        return "is a tar archive: unpack it and open the model in it"
    if head[8:10] == b'{"' and 0 < int.from_bytes(head[:8], "little") < content.size:
        return f"is a safetensors file: it holds weights but no graph; {_EXPORT}"
    return _text(content) or _EXTENSIONS.get(content.extension)


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


def archive_names(content: Content) -> frozenset[str]:
    """List the names in a zip or tar archive, none for any other file. Nothing is unpacked."""
    head = content.head
    packed = head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ"))
    try:
        with content.open() as file:
            if head[:2] == b"PK":
                with zipfile.ZipFile(file) as archive:
                    return frozenset(archive.namelist())
            if packed or head[257:262] == b"ustar":
                with tarfile.open(fileobj=file) as tar:
                    entries = islice(tar, _MOST_NAMES)
                    return frozenset(entry.name.removeprefix("./") for entry in entries)
    except (
        zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError,
        NotImplementedError,
    ):  # fmt: skip
        pass
    return frozenset()


def _zip(content: Content) -> str:
    """Say what a zip archive is, by the names in it; nothing is unpacked."""
    try:
        with content.open() as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "is a zip archive that is damaged or cut off"
    last = {name.rsplit("/", 1)[-1] for name in names}
    if "constants.pkl" in last:
        return f"is a TorchScript archive; {_EXPORT}"
    if "data.pkl" in last or any(name.endswith(".pt2") for name in names):
        return f"is a PyTorch file; {_EXPORT}"
    if "model.weights.h5" in last:
        return "holds the weights of a Keras model but no model: save it with model.save()"
    if any(name.endswith(".npy") for name in names):
        return f"is a NumPy archive, not a model; {_READS}"
    if any(name.endswith(".onnx") for name in names):
        return "is a zip archive with an ONNX model in it: unpack it and open that"
    return "is a zip archive: unpack it and open the model in it"


def _text(content: Content) -> str | None:
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
        return "is a web page: the download led to a page instead of the model"
    if low.startswith("<"):
        if "<net" in low:
            return f"is an OpenVINO model; {_TO_ONNX}: open the ONNX file it was made from"
        return f"is an XML document, not a model; {_READS}"
    if low.startswith(("{", "[")):
        if "modeltopology" in low:
            return f"is a TensorFlow.js model in JSON; {_CONVERT}"
        return f"is a JSON document, not a model; {_READS}"
    return f"is a text, not a model; {_READS}"


def protobuf_fields(head: bytes) -> dict[int, int]:
    """Read the numbers of the fields that a message starts with, each with its wire type.

    Reads as far as the first bytes go; empty where they are no such message.
    """
    fields: dict[int, int] = {}
    at = 0
    while at < len(head):
        key, at = varint(head, at)
        number, kind = key >> 3, key & 7
        if not 0 < number < 2**29 or kind not in (0, 1, 2, 5):
            return {}
        fields.setdefault(number, kind)
        if kind == 2:
            length, at = varint(head, at)
            at += length
        elif kind == 0:
            _, at = varint(head, at)
        else:
            at += 8 if kind == 1 else 4
    return fields


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Read the varint at a position; returns the number and the position after it."""
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    return value, at
