"""The reader of SavedModels: a folder, or a zip or tar of one.

Only the graph that leads to a signature's outputs is read. Nothing is run: neither code that runs
when a SavedModel is loaded, nor its functions.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

from google.protobuf.message import DecodeError

from ....errors import ModelError
from ....model import ModelInput
from ....runtimes.tensorflow.graph_names import maker
from ...archive import Archive
from ...content import Content
from .. import TensorFlowModel
from ..call import dims
from ..protobuf.ancestors import ancestors
from ..protobuf.flatten import flatten
from ..protobuf.held import hold
from ..protobuf.messages import SavedModel
from ..protobuf.scopes import Names, rename, without_calls
from ..protobuf.tensors import dtype
from .checkpoint import Checkpoint, restored_from, weights

FILE = "saved_model.pb"
"""The name of the file that holds the graph."""

_SERVING, _DEFAULT = "serve", "serving_default"

_INITIALISE = "__saved_model_init_op"
"""The signature that fills the tables."""

_MISSING = "its folder variables/: open the whole SavedModel folder, or a zip of it"

_LARGEST_GRAPH = 2**31 - 1


def load(content: Content) -> TensorFlowModel:
    """Read a SavedModel. Raises ModelError where it is damaged or has no signature."""
    path = content.path
    if content.is_folder and path is not None:
        data = Content.of(os.path.join(path, FILE), content.name).read()
        return _read(data, content, lambda: os.path.join(path, "variables"))
    if content.head[:3] == b"\x08\x01\x12":  # the message itself, its folder around it
        return _read(content.read(), content, lambda: _beside(content))
    unpacked = _Unpacked(content)
    return _read(unpacked.graph, content, unpacked.variables)


def _beside(content: Content) -> str:
    """The folder of the variables beside a file; nowhere for one that came as bytes."""
    return os.path.join(content.folder or "", "variables") if content.folder else os.devnull


class _Unpacked:
    """SavedModel in an archive; its variables are unpacked when they are first asked for."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._temporary: TemporaryDirectory[str] | None = None
        with Archive.open(content) as archive:
            graphs = [n for n in archive.names if n.rpartition("/")[2] == FILE]
            if len(graphs) != 1:
                raise ModelError(
                    f"{content.name} holds {len(graphs)} SavedModels: pack one folder only"
                )
            self._root = graphs[0].removesuffix(FILE)
            self.graph = archive.read(graphs[0], _LARGEST_GRAPH)

    def variables(self) -> str:
        """Unpack the variables, once; returns their folder."""
        if self._temporary is None:
            temporary = TemporaryDirectory()
            with Archive.open(self._content) as archive:
                archive.extract(f"{self._root}variables/", temporary.name)
            self._temporary = temporary  # kept as long as the model is
        return self._temporary.name


def _read(data: bytes, content: Content, variables: Callable[[], str]) -> TensorFlowModel:
    """Read the message of a SavedModel; ``variables`` gives the folder of its variables."""
    name = content.name
    try:
        saved = SavedModel.FromString(data)
    except DecodeError as error:
        raise ModelError(
            f"{name} is a SavedModel that is damaged or cut off: download or save it again"
        ) from error
    if not saved.meta_graphs:
        raise ModelError(f"{name} is a SavedModel without a graph: it is empty or damaged")
    meta = next(
        (m for m in saved.meta_graphs if _SERVING in m.meta_info_def.tags), saved.meta_graphs[0]
    )
    signatures = _signatures(meta, name)
    key = content.signature or (_DEFAULT if _DEFAULT in signatures else next(iter(signatures)))
    if key not in signatures:
        there = ", ".join(signatures)
        raise ModelError(f"{name} has no signature {key!r}; it has {there}")
    signature = signatures[key]
    outputs = [maker(info.name) for info in signature.outputs.values() if info.name]
    graph = ancestors(meta.graph_def, outputs)
    if any("HashTable" in node.op for node in graph.node):
        graph = ancestors(meta.graph_def, [*outputs, *_fillers(meta)])
    if not graph.node:
        raise ModelError(f"{name} is damaged: the outputs of its signature {key!r} are not there")
    restore = maker(meta.saver_def.restore_op_name)
    keys = restored_from(meta.graph_def, restore) if restore else {}
    inputs = _signature_inputs(graph, signature, key)
    graph = flatten(graph)
    names = Names()
    for model_input in inputs:
        names.give(model_input.name, model_input.name)
    rename(graph, without_calls, names)
    checkpoint = Checkpoint(lambda: os.path.join(variables(), "variables"), name, _MISSING)
    held = hold(graph, weights(graph, keys, checkpoint))
    model = TensorFlowModel(graph, name, inputs, held=held)
    model.signatures, model.signature = tuple(signatures), key
    return model


def _fillers(meta: Any) -> list[str]:  # noqa: ANN401
    """The nodes that fill tables when a program loads the model; what they read is left out."""
    nodes = {node.name: node for node in meta.graph_def.node}
    pending = [
        maker(info.name)
        for key, signature in meta.signature_def.items()
        if key == _INITIALISE
        for info in signature.outputs.values()
    ]
    fillers: dict[str, None] = {}
    while pending:
        name = pending.pop()
        if name in nodes and name not in fillers:
            fillers[name] = None
            pending.extend(r[1:] for r in nodes[name].input if r.startswith("^"))
    return list(fillers)


def _signatures(meta: Any, name: str) -> dict[str, Any]:  # noqa: ANN401
    """The signatures that can be read, by name. Raises ModelError where there is none."""
    usable = {
        key: s
        for key, s in sorted(meta.signature_def.items())
        if s.outputs and s.inputs and not key.startswith("__")
    }
    if not usable:
        raise ModelError(
            f"{name} is a SavedModel without a signature, so it does not say what it takes: save "
            "it with model.export(), or with signatures= of tf.saved_model.save()"
        )
    return usable


def _signature_inputs(graph: Any, signature: Any, key: str) -> tuple[ModelInput, ...]:  # noqa: ANN401
    """Make the signature's inputs placeholders of the graph, with the signature's names."""
    nodes = {node.name: node for node in graph.node}
    names: dict[str, str] = {}
    inputs = []
    for info_name, info in sorted(signature.inputs.items()):
        node_name, _, number = info.name.partition(":")
        node = nodes.get(node_name)
        if node is None:
            continue
        if number not in ("", "0"):
            raise ModelError(
                f"the signature {key!r} feeds {info.name}, which is not the first output of its "
                "operation: save the model with an input of its own"
            )
        wanted = node_name
        if node_name == f"{key}_{info_name}" and info_name not in nodes:
            wanted = names[node_name] = info_name
        kind = info.dtype or node.attr["dtype"].type
        shape = info.tensor_shape
        node.Clear()
        node.name, node.op = wanted, "Placeholder"
        node.attr["dtype"].type = kind
        node.attr["shape"].shape.CopyFrom(shape)
        extents = dims(shape)
        inputs.append(
            ModelInput(
                wanted,
                (None,) * 4 if extents is None else tuple(n if n > 0 else None for n in extents),
                dtype(kind) or "object",
            )
        )
    for node in graph.node:
        for i, reference in enumerate(node.input):
            name, colon, number = reference.partition(":")
            if name in names:
                node.input[i] = f"{names[name]}{colon}{number}"
    return tuple(inputs)
