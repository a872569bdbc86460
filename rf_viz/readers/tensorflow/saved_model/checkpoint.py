"""Checkpoints: the values of a graph's variables, from the files beside it.

Which of the checkpoint's entries a variable is restored from is read off the graph that TensorFlow
itself would run to restore it. Nothing of it is run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....runtimes.tensorflow.graph_names import VARIABLES, maker
from ...reading.values import Value
from ..call import dims
from ..protobuf.ancestors import ancestors
from ..protobuf.flatten import flatten
from ..protobuf.held import Weight
from ..protobuf.wiring import output_number

_ASSIGN = ("Assign", "AssignVariableOp")
_PASSES = ("Identity", "Cast", "ReadVariableOp", "Reshape")


def restored_from(graph_def: Any, restore: str) -> dict[str, str]:  # noqa: ANN401
    """Find the checkpoint's entries that variables are restored from, by their identities.

    ``restore`` is the node that restores them all.
    """
    flat = flatten(ancestors(graph_def, [restore], control=True))
    nodes = {node.name: node for node in flat.node}

    def origin(reference: str) -> tuple[Any, int]:
        """Follow a value back past what only passes it on: to its node, and which output it is."""
        for _ in range(len(nodes) + 1):
            name, _, number = reference.partition(":")
            node = nodes.get(name)
            if node is None or node.op not in _PASSES or not node.input:
                return node, output_number(number)
            reference = node.input[0]
        return None, 0

    entries: dict[str, str] = {}
    for node in flat.node:
        if node.op not in _ASSIGN or len(node.input) < 2:
            continue
        variable, _ = origin(node.input[0])
        value, number = origin(node.input[1])
        if variable is None or value is None or value.op != "RestoreV2" or len(value.input) < 2:
            continue
        keys, _ = origin(value.input[1])
        listed = keys.attr["value"].tensor.string_val if keys is not None else []
        if number < len(listed):
            entries[identity(variable)] = listed[number].decode("utf-8", "replace")
    return {**_copied(graph_def, entries), **entries}


def _copied(graph_def: Any, entries: Mapping[str, str]) -> dict[str, str]:  # noqa: ANN401
    """Entries of the variables that the restored ones are copies of: Keras saves such copies."""
    nodes = {node.name: node for node in graph_def.node}
    originals: dict[str, str] = {}
    for node in graph_def.node:
        if node.op == "AssignVariableOp":
            if len(node.input) < 2:
                continue
            copy, value = (nodes.get(maker(name)) for name in node.input[:2])
            if copy is None or value is None or value.op != "ReadVariableOp":
                continue
            original = nodes.get(value.input[0]) if value.input else None
            if original is not None and identity(copy) in entries:
                originals[identity(original)] = entries[identity(copy)]
    return originals


def identity(variable: Any) -> str:  # noqa: ANN401
    """Name the variable behind a node: several nodes may be handles of one variable."""
    shared = variable.attr["shared_name"].s if "shared_name" in variable.attr else b""
    return shared.decode("utf-8", "replace") or str(variable.name)


def weights(
    graph_def: Any,  # noqa: ANN401
    keys: Mapping[str, str],
    checkpoint: Checkpoint,
) -> dict[str, Weight]:
    """Return the weights behind the variables of a graph, by node name, where they are known."""
    restored: dict[str, Weight] = {}
    for node in graph_def.node:
        if node.op not in VARIABLES:
            continue
        key, shape = keys.get(identity(node)), dims(node.attr["shape"].shape)
        if key is not None and shape is not None and -1 not in shape:
            value = Value(shape, get=partial(checkpoint.read, key, shape))
            restored[node.name] = Weight(value, node.attr["dtype"].type)
    return restored


class Checkpoint:
    """Files of variables, for the graph in the file ``name``.

    ``prefix`` returns what their paths begin with, and is called at the first read. ``missing``
    says what to do where they did not come with the graph.
    """

    def __init__(self, prefix: Callable[[], str], name: str, missing: str) -> None:
        self._find, self._name, self._missing = prefix, name, missing

    def read(self, key: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """Read the values of one entry. Raises ModelError where it is missing or damaged."""
        stored_shape = self._shapes.get(key)
        if stored_shape is None:
            raise ModelError(f"the checkpoint of {self._name} lacks {key}: it is incomplete")
        if tuple(stored_shape) != shape:
            raise ModelError(
                f"the checkpoint of {self._name} has {key} of {list(stored_shape)}, the graph of "
                f"{list(shape)}: they do not belong together"
            )
        if int(np.prod(shape, dtype=object)) > self._bytes:
            raise ModelError(
                f"the checkpoint of {self._name} is smaller than {key} that it should hold: "
                "it is damaged or cut off"
            )
        try:
            return np.asarray(self._reader.get_tensor(key))
        except Exception as error:  # TensorFlow's own kinds
            raise ModelError(
                f"the checkpoint of {self._name} is damaged or cut off: download it again"
            ) from error

    @cached_property
    def _prefix(self) -> str:
        """Beginning of the paths of its files."""
        return self._find()

    @cached_property
    def _bytes(self) -> int:
        """The size of its files together."""
        folder = os.path.dirname(self._prefix)
        return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())

    @cached_property
    def _shapes(self) -> Mapping[str, list[int]]:
        """The shapes of its entries, by name."""
        shapes: Mapping[str, list[int]] = self._reader.get_variable_to_shape_map()
        return shapes

    @cached_property
    def _reader(self) -> Any:  # noqa: ANN401
        """TensorFlow's reader of it. Raises ModelError where it is missing or damaged."""
        from ....runtimes.tensorflow.imports import import_tensorflow

        tf = import_tensorflow()
        if not os.path.exists(f"{self._prefix}.index"):
            raise ModelError(f"{self._name} came without {self._missing}")
        try:
            return tf.train.load_checkpoint(self._prefix)
        except Exception as error:  # TensorFlow's own kinds
            raise ModelError(
                f"the checkpoint of {self._name} is damaged or cut off: download it again"
            ) from error
