"""What to say of a file that no reader takes, and the line of Python that exports its network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple

IMAGE = (1, 3, 224, 224)
"""The input that a line names where nothing tells its shape."""

READS = "RF-Viz reads ONNX, PyTorch (.pt2), Keras, TensorFlow and TensorFlow Lite models"

_LONGEST = 60
_SUFFIXES = {
    *(".pt", ".pth", ".pt2", ".ckpt", ".bin", ".tar", ".ptl", ".torchscript", ".safetensors"),
    *(".pkl", ".pickle", ".gguf", ".mar", ".nemo", ".mlmodel", ".mlpackage", ".engine", ".plan"),
    *(".trt", ".pte", ".index", ".json", ".onnx"),
}


class Foreign(NamedTuple):
    """What a file is, to complete a sentence that begins with its name, and a line to copy.

    The line is Python, complete but for what only the person has: where it says ``model``, that
    is the network, built by the code that it was trained with. ``goes_with`` is the model that
    the file is a part of.
    """

    what: str
    line: str = ""
    goes_with: str = ""


def quoted(text: str) -> str:
    """Quote a text as Python does, in double quotes."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def printable(name: str) -> str:
    """Cut a name out of a file to what can be shown."""
    text = "".join(c if c.isprintable() else "?" for c in name[: 2 * _LONGEST])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def stem(file: str) -> str:
    """Strip a file's name of its ending, and of two as in ``model.pth.tar``."""
    path = PurePath(file)
    while path.suffix.lower() in _SUFFIXES and path.stem:
        path = path.with_suffix("")
    return path.name


def zeros(shape: Sequence[int]) -> str:
    """Write an example input: an image of zeros, or numbers of words where it has two axes."""
    numbers = ", ".join(map(str, shape))
    return f"torch.zeros({numbers})"


def export(
    model: str,
    file: str,
    shape: Sequence[int] = IMAGE,
    *,
    before: Sequence[str] = (),
    imports: str = "import torch",
    packages: Sequence[str] = ("torch",),
) -> str:
    """Write the line that exports a network as one ONNX file.

    ``model`` is an expression; ``before`` are statements that come first; ``packages`` have to be
    installed beside what the export needs.
    """
    target = quoted(f"{stem(file)}.onnx")
    call = (
        f"torch.onnx.export({model}.eval(), ({zeros(shape)},), {target}, "
        "dynamo=True, external_data=False)"
    )
    return install("; ".join([imports, *before, call]), *packages, "onnx", "onnxscript")


def install(line: str, *packages: str) -> str:
    """Say behind a line what has to be installed for it."""
    return f"{line}  # pip install {' '.join(dict.fromkeys(packages))}"


OF_PYTORCH = Foreign(
    "is a PyTorch file: export the model that it was saved from", export("model", "model")
)
