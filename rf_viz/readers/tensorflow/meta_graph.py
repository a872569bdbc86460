"""Graphs of TensorFlow 1's checkpoints: the ``.meta`` file, its values in the files beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from tempfile import TemporaryDirectory

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from ...errors import ModelError
from ...runtimes.tensorflow.graph_names import VARIABLES, maker
from ..archive import Archive
from ..content import Content
from . import TensorFlowModel
from .protobuf.flatten import flatten
from .protobuf.held import hold
from .protobuf.messages import MetaGraphDef
from .protobuf.training import without_training
from .saved_model.checkpoint import Checkpoint, identity, restored_from, weights

ENDING = ".meta"
"""How the name of such a file ends; before that it is that of the values' files."""

_STATE = "checkpoint"
"""The file that names the latest of several checkpoints."""

_MISSING = "its .index and .data-... files: open all of them together, or a zip of them"

_LARGEST_GRAPH = 2**31 - 1


def load(content: Content) -> TensorFlowModel:
    """Read a .meta file, or an archive of one. Raises ModelError where it is damaged."""
    if content.head.startswith(b"PK") or (content.extension != ENDING and _is_tar(content)):
        unpacked = _Unpacked(content)
        return _read(unpacked.graph, content, unpacked.prefix if unpacked.has_values else None)
    prefix = None
    if content.path is not None:
        prefix = os.fspath(content.path).removesuffix(ENDING)
    there = prefix is not None and os.path.exists(f"{prefix}.index")
    return _read(content.read(), content, (lambda: str(prefix)) if there else None)


def _is_tar(content: Content) -> bool:
    return content.head[257:262] == b"ustar" or content.head.startswith(
        (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
    )


class _Unpacked:
    """Checkpoint in an archive; its values are unpacked when they are first asked for."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._temporary: TemporaryDirectory[str] | None = None
        with Archive.open(content) as archive:
            graphs = [n for n in archive.names if n.endswith(ENDING)]
            state = next((n for n in archive.names if n.rpartition("/")[2] == _STATE), "")
            latest = _latest(archive.read(state, 2**20)) if state else ""
            name = next((n for n in graphs if n.rpartition("/")[2] == f"{latest}{ENDING}"), None)
            name = name or max(graphs, key=_step)
            self._root, _, self._name = name.removesuffix(ENDING).rpartition("/")
            self.has_values = f"{name.removesuffix(ENDING)}.index" in archive.names
            self.graph = archive.read(name, _LARGEST_GRAPH)

    def prefix(self) -> str:
        """Unpack the values, once; returns what their files' names begin with."""
        if self._temporary is None:
            temporary = TemporaryDirectory()
            with Archive.open(self._content) as archive:
                archive.extract(f"{self._root}/{self._name}.".lstrip("/"), temporary.name)
            for entry in os.listdir(temporary.name):
                whole = os.path.join(temporary.name, f"{self._name}.{entry}")
                os.rename(os.path.join(temporary.name, entry), whole)
            self._temporary = temporary  # kept as long as the model is
        return os.path.join(self._temporary.name, self._name)


def _latest(state: bytes) -> str:
    """The name that the list of checkpoints calls the latest; empty where it names none."""
    named = re.search(rb'^model_checkpoint_path: "(?:.*[/\\])?([^"]+)"', state, re.M)
    return named[1].decode("utf-8", "replace") if named else ""


def _step(name: str) -> tuple[int, str]:
    """Where a checkpoint comes among others: by the number that it ends with."""
    number = re.search(r"-(\d+)\.meta$", name)
    return int(number[1]) if number else -1, name


def _read(data: bytes, content: Content, prefix: Callable[[], str] | None) -> TensorFlowModel:
    """Read the message; ``prefix`` gives what the names of the values' files begin with."""
    name, meta = content.name, MetaGraphDef()
    try:
        if data.lstrip().startswith((b"meta_info_def", b"graph_def")):
            text_format.Parse(data.decode(), meta, allow_unknown_field=True)
        else:
            meta.ParseFromString(data)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            f"{name} is a TensorFlow checkpoint's graph that is damaged or cut off: download or "
            "save it again"
        ) from error
    graph = meta.graph_def
    if not graph.node:
        raise ModelError(f"{name} holds no graph of operations: it is empty or cut off")
    values = {}
    if prefix is not None:
        restore = maker(meta.saver_def.restore_op_name)
        keys = {identity(n): identity(n) for n in graph.node if n.op in VARIABLES}
        keys |= restored_from(graph, restore) if restore else {}
        values = weights(graph, keys, Checkpoint(prefix, name, _MISSING))
    hidden = 0
    if not content.training_ops:
        graph, hidden = without_training(graph)
    flat = flatten(graph)
    held = hold(flat, values)
    return TensorFlowModel(flat, name, held=held, hidden=hidden)
