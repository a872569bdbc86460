"""Run a flat TensorFlow graph with TensorFlow and fetch any tensor of it.

Only the part of the graph that leads to the asked tensors is given to TensorFlow, unoptimised:
that takes some tenths of a second at most, so that looking at another layer feels immediate, and
nothing that the layer does not need has to be known to TensorFlow or is ever run. Large weights
stay out of that part; they are fed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ..values import as_float, cast, neutral
from .functions import called
from .imports import import_tensorflow
from .safety import may_run

THREADS = 2
_FED_FROM = 4096
"""Bytes from which a constant is fed."""
_PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
_VARIABLES = ("TemporaryVariable", "VarHandleOp", "Variable", "VariableV2")
_NOT_NUMBERS = {7, 20, 21}
"""DataType's DT_STRING, DT_RESOURCE and DT_VARIANT."""
_CONTROL_FLOW = ("Enter", "RefEnter", "RefSwitch", "Switch")
"""Where these are, a node's control inputs say in which branch or loop it runs."""


class _Cut(NamedTuple):
    """A part of the graph, ready to run: the values it takes, and the types of its inputs."""

    session: Any
    asked: list[Any]
    values: dict[str, NDArray[Any]]
    inputs: dict[str, np.dtype[Any]]


class TensorFlowRuntime:
    """Activations of a flat graph. May be shared between threads. Loads TensorFlow when it is made.

    ``graph_def`` is a GraphDef; its output 0 of node n is called "n", output 1 "n:1".
    """

    def __init__(self, graph_def: Any) -> None:  # noqa: ANN401  (messages have no types)
        self._tf = import_tensorflow()
        self._graph_def = graph_def
        self._nodes = {node.name: node for node in graph_def.node}
        self._functions = {f.signature.name: f for f in graph_def.library.function}
        self._ordered = any(node.op in _CONTROL_FLOW for node in graph_def.node)
        self._values: dict[str, NDArray[Any]] = {}
        self._can_be_fed: dict[str, bool] = {}
        self._latest: tuple[tuple[frozenset[str], tuple[str, ...]], _Cut] | None = None
        self._lock = Lock()

    def activations(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """The values of the named tensors, as float32, for these inputs (by name).

        Inputs are cast to the model's own types. Placeholders that are not given are ones where
        their name says that they are a mask, else zeros, in the shape that ``shapes`` says
        (default: the declared one, open axes 1). Sizes need not be those that the graph declares,
        as long as its operations work out. Raises ModelError where the graph cannot be run that
        far: it holds no weights, it reaches beyond itself, or TensorFlow refuses.
        """
        wanted = tuple(dict.fromkeys(names))
        for name in wanted:
            if _maker(name) not in self._nodes:
                raise ModelError(
                    f"{name} is not a value that an operation of this model's graph computes, "
                    "so it cannot be shown: pick another layer"
                )
        with self._lock:
            key = frozenset(feeds), wanted
            if self._latest is None or self._latest[0] != key:
                self._latest = None
                self._latest = key, self._cut(wanted, key[0], self._fixed(key[0]))
            cut = self._latest[1]
        given = dict(cut.values)
        for name, dtype in cut.inputs.items():
            value = feeds.get(name)
            if value is None:
                shape = (shapes or {}).get(name)
                value = neutral(name, self._declared(name) if shape is None else shape, dtype)
            given[f"{name}:0"] = cast(value, dtype)
        values = self._run(cut, wanted, given)
        return {name: as_float(name, value) for name, value in zip(wanted, values, strict=True)}

    def _run(self, cut: _Cut, names: Sequence[str], given: Mapping[str, Any]) -> list[Any]:
        try:
            values: list[Any] = cut.session.run(cut.asked, given)
        except (self._tf.errors.OpError, TypeError, ValueError) as error:
            raise ModelError(_refusal(names, error)) from error
        return values

    def _fixed(self, fed: frozenset[str]) -> set[str]:
        """The nodes whose values depend on no input, so that they can be computed once."""
        if self._ordered:  # a constant in a loop belongs to that loop
            return set()
        users: dict[str, list[str]] = {}
        moving = {n.name for n in self._nodes.values() if n.op.startswith("Placeholder")} | fed
        for node in self._nodes.values():
            for reference in node.input:
                users.setdefault(_maker(reference), []).append(node.name)
        todo = list(moving)
        while todo:
            found = set(users.get(todo.pop(), ())) - moving
            moving |= found
            todo.extend(found)
        return self._nodes.keys() - moving

    def _cut(self, names: Sequence[str], fed: frozenset[str], fixed: set[str]) -> _Cut:
        """The part of the graph that leads to these tensors from what is fed and what is fixed."""
        tf = self._tf
        part = type(self._graph_def)(versions=self._graph_def.versions)
        inputs: dict[str, np.dtype[Any]] = {}
        used: dict[str, str] = {}
        for name in self._ancestors(names, fed, fixed):
            node = self._nodes[name]
            if node.op in _VARIABLES:
                raise ModelError(
                    f"this graph holds no weights ({name} is a variable without a value), so its "
                    "activations cannot be computed; what its cells see holds all the same"
                )
            if name in fed or node.op in _PLACEHOLDERS:
                inputs[name] = self._add_placeholder(part, name, node.attr["dtype"].type)
                continue
            copy = part.node.add(name=name, op=node.op)
            for reference in self._inputs(node):
                if self._is_known(_maker(reference), fixed):
                    reference = used.setdefault(reference, f"value/{len(used)}")
                copy.input.append(reference)
            for key, value in node.attr.items():
                if key[0] != "_":  # colocation and other hints, which name absent nodes
                    copy.attr[key].CopyFrom(value)
        part.library.function.extend(called(part.node, self._functions))
        reason = may_run(part)
        if reason:
            raise ModelError(f"this model cannot be run up to {names[0]}: {reason}")
        self._evaluate(used)
        values = {}
        for reference, name in used.items():
            value = values[f"{name}:0"] = self._values[reference]
            self._add_placeholder(part, name, tf.dtypes.as_dtype(value.dtype).as_datatype_enum)
        message = tf.compat.v1.GraphDef.FromString(part.SerializeToString())
        try:
            with tf.Graph().as_default() as graph:
                tf.import_graph_def(message, name="")
                # Copies, since what is fetched itself is never turned round (see _config).
                asked = [tf.identity(graph.get_tensor_by_name(_reference(n))) for n in names]
        except (tf.errors.OpError, KeyError, TypeError, ValueError) as error:
            raise ModelError(_refusal(names, error)) from error
        config = _config(tf, any(_is_channels_first(node) for node in part.node))
        return _Cut(tf.compat.v1.Session(graph=graph, config=config), asked, values, inputs)

    def _inputs(self, node: Any) -> list[str]:  # noqa: ANN401
        return [i for i in node.input if self._ordered or i[0] != "^"]

    def _ancestors(
        self, names: Iterable[str], fed: frozenset[str], fixed: set[str]
    ) -> Iterable[str]:
        """The nodes that lead to these tensors, but for those whose values are known."""
        found: dict[str, None] = {}
        todo = [_maker(name) for name in names]
        while todo:
            name = todo.pop()
            if name in found:
                continue
            if name not in self._nodes:
                raise ModelError(f"the graph reads {name!r}, which nothing makes: it is invalid")
            found[name] = None
            if name not in fed:
                makers = map(_maker, self._inputs(self._nodes[name]))
                todo.extend(m for m in makers if not self._is_known(m, fixed))
        return found

    def _is_known(self, name: str, fixed: set[str]) -> bool:
        """Whether a node's values are fed rather than computed: large weights, and what is fixed.

        Small constants stay in the graph, where TensorFlow can read shapes and axes from them.
        """
        node = self._nodes.get(name)
        if node is None or (node.op != "Const" and name not in fixed):
            return False
        if name not in self._can_be_fed:
            large = node.op != "Const" or node.ByteSize() >= _FED_FROM
            self._can_be_fed[name] = large and _is_numeric(node)
        return self._can_be_fed[name]

    def _evaluate(self, references: Iterable[str]) -> None:
        """Work out ``_values`` for these tensors, all of them known."""
        new = []
        for reference in references:
            if reference not in self._values:
                node = self._nodes[_maker(reference)]
                while node.op == "Identity":
                    node = self._nodes[_maker(node.input[0])]
                if node.op == "Const":
                    self._values[reference] = self._constant(node)
                else:
                    new.append(reference)
        if new:
            cut = self._cut(new, frozenset(), set())
            self._values.update(zip(new, self._run(cut, new, cut.values), strict=True))

    def _constant(self, node: Any) -> NDArray[Any]:  # noqa: ANN401
        tensor = node.attr["value"].tensor
        dtype = np.dtype(self._tf.dtypes.as_dtype(tensor.dtype).as_numpy_dtype)
        shape = [d.size for d in tensor.tensor_shape.dim]
        content = tensor.tensor_content
        try:
            if content:
                return np.frombuffer(content, dtype).reshape(shape)
            message = self._tf.compat.v1.NodeDef.FromString(node.SerializeToString())
            value: NDArray[Any] = self._tf.make_ndarray(message.attr["value"].tensor)
            return value
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"weight {node.name} does not hold as many numbers as its shape "
                f"{tuple(shape)} says: the file is damaged"
            ) from error

    def _add_placeholder(self, part: Any, name: str, kind: int) -> np.dtype[Any]:  # noqa: ANN401
        """Add a placeholder of any shape; returns its NumPy type."""
        dtype = self._tf.dtypes.as_dtype(kind)
        if dtype.as_numpy_dtype is object:
            raise ModelError(f"input {name} takes {dtype.name}, not numbers: it cannot be fed")
        part.node.add(name=name, op="Placeholder").attr["dtype"].type = kind
        numpy_type: np.dtype[Any] = np.dtype(dtype.as_numpy_dtype)
        return numpy_type

    def _declared(self, placeholder: str) -> list[int]:
        shape = self._nodes[placeholder].attr["shape"].shape
        return [max(d.size, 1) for d in shape.dim]


def _reference(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _maker(reference: str) -> str:
    """The node that makes a tensor."""
    return reference.lstrip("^").partition(":")[0]


def _is_numeric(node: Any) -> bool:  # noqa: ANN401
    """Whether what a node makes can be fed: no text, no handle of a variable, table or list."""
    from tensorflow.python.framework import op_def_registry

    known = op_def_registry.get(node.op)
    kinds = [kind for a in node.attr.values() for kind in (a.type, *a.list.type)]
    kinds += [argument.type for argument in known.output_arg] if known else []
    return _NOT_NUMBERS.isdisjoint(kinds)


def _is_channels_first(node: Any) -> bool:  # noqa: ANN401
    return "data_format" in node.attr and node.attr["data_format"].s.startswith(b"NC")


def _config(tf: Any, channels_first: bool) -> Any:  # noqa: ANN401
    """Two threads, no graphics card, and no optimisation, which takes longer than one run.

    The exception: on a processor TensorFlow convolves with the channels last only, and can turn
    the others round.
    """
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=THREADS,
        inter_op_parallelism_threads=THREADS,
        device_count={"GPU": 0},
        allow_soft_placement=True,
    )
    options = config.graph_options
    options.optimizer_options.opt_level = tf.compat.v1.OptimizerOptions.L0
    rewriting = options.rewrite_options
    if channels_first:
        rewriting.cpu_layout_conversion = rewriting.NCHW_TO_NHWC
        rewriting.min_graph_nodes = -1
    else:
        rewriting.disable_meta_optimizer = True
    return config


def _refusal(names: Sequence[str], error: Exception) -> str:
    """TensorFlow's complaint as one sentence, without its stack traces."""
    text = str(getattr(error, "message", error)) or type(error).__name__
    text = text.partition("\n\nOriginal stack trace")[0].partition("\nErrors may have")[0]
    text = re.sub(
        r"^Graph execution error:\s+Detected at node .*?\nNode: (\S+)\s", r"\1: ", text, flags=re.S
    )
    text = " ".join(line.strip() for line in text.splitlines() if "[[" not in line)
    where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return f"TensorFlow cannot run this model up to {where}: {text[:300].strip().rstrip('.')}"
