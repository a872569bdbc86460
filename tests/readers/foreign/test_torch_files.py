"""PyTorch's files: each is told by its content, nothing is unpickled, and the line is Python.

The files were written by PyTorch 2.14 and its packages (tests/data/foreign/make.py).
"""

from __future__ import annotations

import io
import os
import pickle
import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from rf_viz.readers.content import Content
from rf_viz.readers.foreign.advice import Foreign
from rf_viz.readers.foreign.naming import name_for_what_it_is

DATA = Path(__file__).resolve().parents[2] / "data"
FILES, CASES = DATA / "foreign", DATA / "cases" / "pytorch"


def refused(source: Path | bytes, name: str | None = None) -> rf_viz.ModelError:
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(source, name)
    error = caught.value
    assert "\n" not in str(error)
    compile(error.line, "the line", "exec")
    assert not error.line or str(error) == f"{error.sentence}: {error.line}"
    return error


def exported(model: str, shape: str, file: str, packages: str = "") -> str:
    """How a line ends."""
    return (
        f'torch.onnx.export({model}.eval(), (torch.zeros({shape}),), "{file}.onnx", dynamo=True, '
        f"external_data=False)  # pip install torch{packages} onnx onnxscript"
    )


IMAGE = "1, 3, 224, 224"
STATE = "10 tensors: layer1.0.weight, layer1.1.weight, layer1.1.bias ...; 923 numbers"
NET = "9 tensors: conv.weight, conv.bias, bn.weight ...; 139 numbers"
MODULE = "__main__.Net (4 modules, 9 tensors: conv.weight, conv.bias, bn.weight ...)"
LOAD = "model.load_state_dict(torch.load("


@pytest.mark.parametrize(
    ("path", "sentence", "line"),
    [
        (
            CASES / "state_dict.pth",
            f"state_dict.pth holds the weights ({STATE}), but no architecture",
            f'{LOAD}"state_dict.pth", weights_only=True)); '
            + exported("model", IMAGE, "state_dict"),
        ),
        (
            CASES / "lightning.ckpt",
            "is a checkpoint as PyTorch Lightning writes it: it holds the weights (10 tensors",
            f'{LOAD}"lightning.ckpt", weights_only=True)["state_dict"]); '
            + exported("model", IMAGE, "lightning"),
        ),
        (
            FILES / "old_state_dict.pt",
            f"holds the weights ({NET}), but no architecture",
            f'{LOAD}"old_state_dict.pt", weights_only=True)); '
            + exported("model", IMAGE, "old_state_dict"),
        ),
        (FILES / "half.bin", f"holds the weights ({NET})", exported("model", IMAGE, "half")),
        (
            FILES / "vit_tiny_160.pth",
            "holds weights that look like those of a vision transformer of timm (152 tensors",
            exported("model", "1, 3, 160, 160", "vit_tiny_160"),
        ),
        (
            FILES / "resnet18.pth",
            "holds the weights of torchvision's resnet18 (122 tensors: conv1.weight, bn1.weight, "
            "bn1.bias ...; 11.2 million numbers), but no architecture",
            'import torch, torchvision; model = torchvision.models.get_model("resnet18", '
            f'num_classes=10); {LOAD}"resnet18.pth", weights_only=True)); '
            + exported("model", IMAGE, "resnet18", " torchvision"),
        ),
        (
            FILES / "imagenet.pth.tar",
            "is a checkpoint of PyTorch, with epoch, arch, best_acc1: it holds the weights of "
            "torchvision's resnet18",
            'model.load_state_dict({k.removeprefix("module."): v for k, v in '
            'torch.load("imagenet.pth.tar", weights_only=True)["state_dict"].items()}); '
            + exported("model", IMAGE, "imagenet", " torchvision"),
        ),
        (
            FILES / "module.pt",
            f"is a whole PyTorch module, pickled: {MODULE}; it holds weights and settings, but "
            "not the code that runs them. If you trust the file, run this line in the script",
            'model = torch.load("module.pt", weights_only=False); '
            + exported("model", IMAGE, "module"),
        ),
        (
            FILES / "old_module.pt",
            f"is a whole PyTorch module, pickled: {MODULE}",
            'model = torch.load("old_module.pt", weights_only=False); '
            + exported("model", IMAGE, "old_module"),
        ),
        (
            FILES / "module_in_checkpoint.pt",
            f"is a checkpoint of PyTorch with a whole module in it, pickled: {MODULE}",
            'torch.load("module_in_checkpoint.pt", weights_only=False)["model"]; '
            + exported("model", IMAGE, "module_in_checkpoint"),
        ),
        (
            FILES / "squeezenet_module.pt",
            "torchvision.models.squeezenet.SqueezeNet (68 modules, 52 tensors: "
            "features.0.weight, features.0.bias, features.3.squeeze.weight ...)",
            exported("model", IMAGE, "squeezenet_module", " torchvision"),
        ),
        (
            CASES / "scripted.pth",
            "is a TorchScript archive of Small (10 tensors: layer1.0.weight, layer1.1.weight, "
            "layer1.1.bias ...): it holds the architecture",
            'import torch; torch.onnx.export(torch.jit.load("scripted.pth", map_location="cpu")'
            '.eval(), (torch.zeros(1, 3, 224, 224),), "scripted.onnx", dynamo=False)  '
            "# pip install torch onnx",
        ),
        (FILES / "mobile.ptl", "is a TorchScript archive of Net (9 tensors", "dynamo=False)"),
        (
            FILES / "package.pt",
            f"is a package of PyTorch (torch.package) that holds the weights ({NET})",
            'torch.package.PackageImporter("package.pt").load_pickle("nets", "net.pkl")',
        ),
        (FILES / "optimiser.pt", "holds the state of an optimiser of PyTorch, no network", ""),
        (FILES / "tensor.pt", "holds a single PyTorch tensor (3 x 4), no network", ""),
        (FILES / "list.pt", "holds a list of 3 objects, 2 of them tensors", ""),
    ],
    ids=lambda part: part.name if isinstance(part, Path) else "",
)
def test_a_file_is_told_by_what_is_in_it(path: Path, sentence: str, line: str) -> None:
    error = refused(path)
    assert error.sentence.startswith(path.name)
    assert sentence in error.sentence
    assert line in error.line
    assert bool(line) == bool(error.line)
    # The content decides, whatever the file is called.
    assert refused(path.read_bytes(), "net").sentence.split()[1:4] == error.sentence.split()[1:4]


def archive(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return file.getvalue()


def test_programs_that_torch_export_saved() -> None:
    """What is said of one that the reader of exported programs does not take."""

    def named(content: bytes) -> Foreign:
        foreign = name_for_what_it_is(Content.of(content, "net.pt2"))
        assert foreign is not None
        return foreign

    older = archive(serialized_exported_program_DOT_json=b"{}", version=b"1.0")
    line = 'torch.onnx.export(torch.export.load("net.pt2"), f="net.onnx", dynamo=True'
    newer = archive(net__archive_format=b"pt2", net__models__model_DOT_json=b"{}")
    for content in (older, newer):
        assert "torch.export.save writes it, which holds the architecture" in named(content).what
        assert line in named(content).line
    compiled = archive(net__archive_format=b"pt2", net__data__aotinductor__model__m_DOT_so=b"x")
    assert "machine code without a graph" in named(compiled).what


# Pickles that mean no good ----------------------------------------------------------------------


class Runs:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", range(6))
def test_code_in_a_pickle_is_named_and_not_run(tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "made"
    content = pickle.dumps({"weights": [Runs(target)]}, protocol)
    for file, name in ((archive(net__data_DOT_pkl=content), "net.pt"), (content, "net.pkl")):
        error = refused(file, name)
        assert re.search(r"would call (posix|nt)\.mkdir when it is loaded", error.sentence)
        assert error.line == ""
    assert not target.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x02.",
        b"\x80\x02h\x07.",  # nothing was put there
        b"\x80\x02}q\x00(" + b"X\x01\x00\x00\x00a" * 3,
        b"\x80\x04\x8e" + b"\xff" * 8 + b"x.",  # 2 ** 64 bytes follow
        b"\x80\x02" + b"(" * 100_000 + b"l" * 100_000,
        b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",  # it holds itself
        b"\x80\x02" + b"]q\x00" + b"h\x00a" * 1000 + b".",
        bytes(2**27),
    ],
    ids=["empty", "stop", "memo", "cut", "length", "deep", "itself", "list of itself", "bomb"],
)
def test_damaged_and_endless_pickles_are_one_sentence(content: bytes) -> None:
    assert refused(archive(net__data_DOT_pkl=content), "net.pt").sentence.startswith("net.pt ")
    if content[:1] == b"\x80":
        assert refused(content, "net.pkl").sentence.startswith("net.pkl ")


def test_names_out_of_a_file_are_fit_to_be_shown() -> None:
    name = "w\n\x1b[31m" + "x" * 500
    content = pickle.dumps({name: np.zeros(3)})
    error = refused(archive(net__data_DOT_pkl=content), 'a"b.pt')
    assert "\x1b" not in str(error)
    assert len(error.sentence) < 500


def test_pickles_of_others_are_named_by_their_class() -> None:
    content = b"\x80\x04\x8c\x0esklearn.forest\x8c\x06Forest\x93)\x81}\x8c\x01nK\x05sb."
    assert "is a Python pickle of sklearn.forest.Forest, which is never opened here" in str(
        refused(content, "model.pkl")
    )
    learner = content.replace(b"\x0esklearn.forest", b"\x0efastai.learner")
    assert 'model = load_learner("model.pkl").model' in refused(learner, "model.pkl").line


# ---- harm: pickles that grow where they are followed


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def _mapped(items: bytes) -> bytes:
    return b"ccollections\nOrderedDict\n)R(" + items + b"u"


def _tensor(shape: bytes = b"K\x03\x85") -> bytes:
    """The instructions that build a tensor; ``shape`` are those that build its shape."""
    storage = b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + _text("0") + _text("cpu")
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x03tQK\x00" + shape
        + b"K\x01\x85\x89" + _mapped(b"") + b"tR"
    )  # fmt: skip


def _module(attributes: bytes) -> bytes:
    return b"ctorch.nn\nModule\n)R}(" + attributes + b"ub"


def _doubled(times: int = 60) -> bytes:
    """A tuple whose parts are twice the same, each of them again: written out, it has no end."""
    return b")" + b"2\x86" * times


def _shared(count: int) -> bytes:
    """Modules that all have the same many weights."""
    names = range(count)
    weights = b"}(" + b"".join(_text(f"p{i}") + b"j\1\0\0\0" for i in names) + b"u"
    inner = _module(_text("_parameters") + b"j\2\0\0\0" + _text("_modules") + b"}")
    modules = b"}(" + b"".join(_text(f"m{i}") + inner for i in names) + b"u"
    return (
        _tensor() + b"r\1\0\0\0" b"0" + weights + b"r\2\0\0\0" b"0"
        + _module(_text("_parameters") + b"}" + _text("_modules") + modules)
    )  # fmt: skip


def _chained(depth: int) -> bytes:
    """Modules within each other, whose paths are as long as they are many."""
    outer = b"ctorch.nn\nModule\n)R}(" + _text("_parameters") + b"}" + _text("w") + _tensor()
    return (outer + b"s" + _text("_modules") + b"}" + _text("a")) * depth + b"N" + b"sub" * depth


LONG = struct.pack("<i", 5000) + b"\x7f" * 5000
HARMS = {
    "a name that is doubled without end": _doubled() + b"2\x93",
    "a key that is doubled without end": b"}(]" + _doubled() + b"K\x01u",
    "a version that is doubled without end": b"}("
    + _text("pytorch-lightning_version")
    + _doubled()
    + _text("state_dict")
    + _mapped(_text("a.weight") + _tensor())
    + b"u",
    "a number of ten thousand digits": _mapped(
        _text("a.weight") + _tensor(b"\x8b" + LONG + b"\x85")
    ),
    "a shape of sixty axes": _mapped(
        _text("w") + _tensor(b"(" + (b"\x8a\x08" + b"\xff" * 7 + b"\x7f") * 60 + b"t")
    ),
    "a class that is a number": b"ccopy_reg\n_reconstructor\nK\x05R",
    "shared weights": _shared(750),
    "modules within each other": _chained(4500),
    "a key of a million letters": b"}("
    + _text("k" * 10**6)
    + _mapped(_text("a.weight") + _tensor())
    + b"u",
    "a name that repeats": _mapped(_text("features.1.weight" * 100_000) + _tensor()),
}


@pytest.mark.parametrize("harm", HARMS)
def test_pickles_that_grow_are_one_sentence(harm: str) -> None:
    pickled = b"\x80\x02" + HARMS[harm] + b"."
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    message = str(refused(buffer.getvalue(), "net.pt"))
    assert message.isprintable()
    assert len(message) < 1000


@pytest.mark.parametrize("form", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_packed_pickles_that_are_damaged_are_one_sentence(form: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", form) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + _mapped(_text("w") + _tensor()) + b".")
    data = bytearray(buffer.getvalue())
    start = data.index(b"data.pkl") + len(b"data.pkl")
    data[start + 4 : start + 12] = b"\xff" * 8
    assert "damaged" in refused(bytes(data), "net.pt").sentence
