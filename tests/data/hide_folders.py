"""Take the folders of the machine that wrote them out of the files of PyTorch beside it.

    python tests/data/hide_folders.py

PyTorch writes the path of each line of source into what it saves. Run this after any of the scripts
that make such files: of a path it leaves what is below site-packages or tests. It needs onnx.
"""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path

import onnx

HERE = Path(__file__).parent
PATH = re.compile(rb"(?:/[\w.+-]+)+/[\w.+-]+\.py")
IN_PICKLE = re.compile(rb"X(.{4})(" + PATH.pattern + rb")", re.DOTALL)


def shortened(match: re.Match[bytes]) -> bytes:
    """What is left of a path."""
    below = re.search(rb"(?:site-packages|tests)/.*", match[0])
    return below[0] if below else match[0].rpartition(b"/")[2]


def in_pickle(match: re.Match[bytes]) -> bytes:
    """A text of a pickle, its length before it."""
    (length,) = struct.unpack("<I", match[1])
    if length != len(match[2]):
        return match[0]
    text = PATH.sub(shortened, match[2])
    return b"X" + struct.pack("<I", len(text)) + text


def rewrite_archive(path: Path) -> None:
    """Rewrite an archive; what TorchScript keeps for messages of errors is left out."""
    with zipfile.ZipFile(path) as archive:
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in entries:
            if entry.filename.endswith(".debug_pkl"):
                continue
            named = PATH.sub(shortened, content) if entry.filename.endswith(".json") else content
            archive.writestr(entry, named, entry.compress_type, 9)


def rewrite_graph(path: Path) -> None:
    """Rewrite the notes of an ONNX file's nodes."""
    model = onnx.load(path, load_external_data=False)
    graphs = [model.graph, *model.functions]
    for node in (node for graph in graphs for node in graph.node):
        for note in node.metadata_props:
            note.value = PATH.sub(shortened, note.value.encode()).decode()
    onnx.save(model, path)


for path in sorted(HERE.rglob("*")):
    if path.suffix not in {".pt2", ".pt", ".pth", ".ptl", ".bin", ".onnx"}:
        continue
    if path.suffix == ".onnx":
        if PATH.search(path.read_bytes()):
            rewrite_graph(path)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            named = any(PATH.search(archive.read(entry)) for entry in archive.infolist())
        if named:
            rewrite_archive(path)
    else:
        content = path.read_bytes()
        if PATH.search(content):
            path.write_bytes(IN_PICKLE.sub(in_pickle, content))
