"""Run a flat TensorFlow graph with TensorFlow and fetch any tensor of it.

Only the part of the graph that leads to the fetched tensors is handed to TensorFlow, unoptimised:
that takes some tenths of a second at most, so that looking at another layer feels immediate, and
nothing that the layer does not need has to be known to TensorFlow or is ever run. Large weights
stay out of that part; they are fed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ..values import as_float, cast, neutral
from .backward import Backward, backward
from .graph_names import PLACEHOLDERS, VARIABLES, called_functions, maker
from .imports import import_tensorflow
from .kinds import kind_of
from .loops import Loop, Turns
from .operators import FILLS_TABLE
from .route import INSTEAD
from .safety import leaves_something, may_run
from .substitutes import substitute

THREADS = 2
"""Processor threads that one run may use."""
_FED_FROM = 4096
"""Bytes from which a constant is fed."""
_WITHOUT_VALUES = ("TemporaryVariable", *VARIABLES)
_NOT_NUMBERS = {7, 20, 21}
"""DataType's DT_STRING, DT_RESOURCE and DT_VARIANT."""
_CONTROL_FLOW = ("Enter", "RefEnter", "RefSwitch", "Switch", "_SwitchN")
"""Operators beside which a node's control inputs say in which branch or loop it runs."""


class _Part(NamedTuple):
    """A part of the graph: the values that it takes, and the types of its inputs.

    ``stored`` are the placeholders of the values of its variables, ``fills`` the nodes that fill
    its tables.
    """

    graph_def: Any
    values: dict[str, NDArray[Any]]
    inputs: dict[str, np.dtype[Any]]
    stored: dict[str, str]
    fills: list[str]


class _Cut(NamedTuple):
    """A part of the graph, ready to run: the values it takes, and the types of its inputs.

    ``restore`` are the operations that give its variables and tables their values. ``lasts`` says
    whether a run may leave something in the session.
    """

    session: Any
    restore: list[Any]
    fetches: list[Any]
    values: dict[str, NDArray[Any]]
    inputs: dict[str, np.dtype[Any]]
    lasts: bool


class _Way(NamedTuple):
    """A backward pass from a tensor to one that is fed, ready to run.

    Attributes:
        backward: the pass.
        cut: the forward pass, which fetches what the backward pass reads of it.
    """

    backward: Backward
    cut: _Cut


class TensorFlowRuntime:
    """Activations of a flat graph, computed by TensorFlow; may be shared between threads.

    ``graph_def`` is a GraphDef; its output 0 of node n is called "n", output 1 "n:1". ``variables``
    give the values of handles of variables, by node name; ``loops`` returns the loops that have
    functions. TensorFlow is loaded when a runtime is made.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401  (messages have no types)
        variables: Mapping[str, Callable[[], NDArray[Any] | None]] | None = None,
        loops: Callable[[], Mapping[str, Loop]] = dict,
    ) -> None:
        self._tf = import_tensorflow()
        self._graph_def, self._variables, self._find_loops = graph_def, variables or {}, loops
        self._nodes = {node.name: node for node in graph_def.node}
        self._functions = {f.signature.name: f for f in graph_def.library.function}
        self._ordered = any(node.op in _CONTROL_FLOW for node in graph_def.node)
        self._values: dict[str, NDArray[Any]] = {}
        self._can_be_fed: dict[str, bool] = {}
        self._latest: tuple[tuple[frozenset[str], str, tuple[str, ...]], _Cut] | None = None
        self._latest_way: tuple[Any, _Way | None] | None = None
        self._lock = Lock()

    def activations(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """Compute the named tensors, as float32, for these inputs (by name).

        Any tensor may be fed; then it is not computed. What is fed is cast to the model's own
        types. Missing placeholders are filled with ones where their name says that they are a mask,
        else with zeros, in the shape that ``shapes`` says (default: the declared one, open axes 1).
        Sizes need not be those that the graph declares,
        as long as its operations accept them. Raises ModelError where the graph cannot be run that
        far: it holds no weights, it reaches beyond itself, or TensorFlow refuses.
        """
        wanted = tuple(dict.fromkeys(names))
        own = tuple(n for n in wanted if n not in feeds and maker(n) in self._nodes)
        values: dict[str, Any] = {name: feeds[name] for name in wanted if name in feeds}
        if own:
            values.update(zip(own, self._fetched(own, feeds, shapes or {}), strict=True))
        for loop, paths in self._within(n for n in wanted if n not in values).items():
            turns = Turns(self._loops[loop], paths, self._functions)
            fetched = self._fetched(turns.paths, feeds, shapes or {}, turns)
            values.update((f"{loop}/{p}", v) for p, v in turns.by_path(fetched).items())
        return {name: as_float(name, values[name]) for name in wanted}

    def gradients(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        seeds: Sequence[NDArray[np.floating[Any]]],
        shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> list[NDArray[np.floating[Any]]]:
        """Compute the gradients of a tensor with respect to one that is fed.

        For each seed, of the shape of the tensor ``name``, that of the sum of seed times value, in
        the shape and the precision of the tensor ``source``. Feeds and shapes are as in
        ``activations``. What ``gaps`` lists passes no gradient. Raises ModelError where there is
        none, and where the graph cannot be run.
        """
        dtype = self._precision(source)
        if name == source:
            return [np.asarray(seed, dtype) for seed in seeds]
        way, values_in = self._way(feeds, name, source, shapes or {})
        if way is None:
            return [np.zeros(feeds[source].shape, dtype) for _ in seeds]
        if len(seeds) > 1 and not way.backward.again:
            kept = self._run(way.cut, (name,), values_in)
            values_in.update(zip(way.backward.kept, kept, strict=True))
        gradients = []
        for seed in seeds:
            values_in[way.backward.seed] = seed
            last = way.cut._replace(fetches=[way.backward.gradient])
            gradients.append(np.asarray(self._run(last, (name,), values_in)[0], dtype))
        return gradients

    def gradient_gaps(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> tuple[str, ...]:
        """List the operators between two tensors that pass no gradient, as "Round (its name)".

        The arguments are as in ``gradients``. Raises ModelError where there is no gradient at all.
        """
        self._precision(source)
        way = None if name == source else self._way(feeds, name, source, shapes or {})[0]
        return () if way is None else way.backward.gaps

    def _precision(self, source: str) -> np.dtype[Any]:
        """The type of gradients with respect to a tensor. Raises ModelError where there are none.

        Short floats (bfloat16) count as float32, since NumPy has no such type.
        """
        node = self._nodes.get(maker(source))
        if node is None:
            raise ModelError(
                f"{source} is not a value that an operation of this model's graph computes, so "
                f"there are no gradients with respect to it: {INSTEAD}"
            )
        kind = node.attr["dtype"].type if node.op in PLACEHOLDERS else self._kind(source)
        dtype = self._tf.dtypes.as_dtype(kind)
        if not dtype.is_floating:
            raise ModelError(
                f"{source} holds no real numbers but {dtype.name}, and there are no gradients with "
                f"respect to those: {INSTEAD}"
            )
        return np.dtype(np.float64 if dtype == self._tf.float64 else np.float32)

    def _way(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Sequence[int]],
    ) -> tuple[_Way | None, dict[str, NDArray[Any]]]:
        """The backward pass between two tensors, and what to feed to it.

        None where the one does not depend on the other.
        """
        fed = frozenset(feeds)
        if name in fed:
            return None, {}
        if maker(name) not in self._nodes:
            self._within([name])
            raise ModelError(
                f"{name} is computed in each turn of a loop, and gradients are computed only of "
                f"what comes out of it: pick another layer, or {INSTEAD}"
            )
        sizes = tuple(sorted((n, tuple(s)) for n, s in shapes.items()))
        sizes += tuple(sorted((n, value.shape) for n, value in feeds.items()))
        key = fed, name, source, sizes
        with self._lock:
            if self._latest_way is None or self._latest_way[0] != key:
                self._latest_way = None
                self._latest_way = key, self._build_way(feeds, name, source, shapes)
            way = self._latest_way[1]
            if way is not None and way.cut.lasts:
                self._latest_way = None
        if way is None:
            return None, {}
        return way, {**way.cut.values, **self._values_in(way.cut.inputs, feeds, shapes)}

    def _build_way(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Sequence[int]],
    ) -> _Way | None:
        fed = frozenset(feeds)
        part = self._part([name], fed, self._fixed(fed))
        if source not in part.inputs:
            return None
        values_in = {**part.values, **self._values_in(part.inputs, feeds, shapes)}
        for node in part.graph_def.node:  # so that gradients are built for these shapes
            value = values_in.get(f"{node.name}:0")
            if value is not None:
                shape = node.attr["shape"].shape
                shape.unknown_rank = False
                for n in value.shape:
                    shape.dim.add(size=n)
        try:
            message = self._tf.compat.v1.GraphDef.FromString(part.graph_def.SerializeToString())
            passing = backward(self._tf, message, name, self._entry(source, fed))
            if passing is None:
                return None
            with passing.graph.as_default():
                restore = self._restore(passing.graph, part)
        except ModelError:
            raise
        except (self._tf.errors.OpError, LookupError, TypeError, ValueError) as error:
            raise ModelError(_refusal([name], error)) from error
        session = self._session(passing.graph, part)
        lasts = leaves_something(part.graph_def)
        cut = _Cut(session, restore, list(passing.kept), part.values, part.inputs, lasts)
        return _Way(passing, cut)

    @cached_property
    def _loops(self) -> Mapping[str, Loop]:
        return self._find_loops()

    def _within(self, names: Iterable[str]) -> dict[str, list[str]]:
        """The loops that tensors are in, with their paths there. Raises ModelError."""
        within: dict[str, list[str]] = {}
        for name in names:
            around = (loop for loop in self._loops if name.startswith(f"{loop}/"))
            innermost = max(around, key=len, default=None)
            if innermost is None:
                raise ModelError(
                    f"{name} is not a value that an operation of this model's graph computes, "
                    "so it cannot be shown: pick another layer"
                )
            within.setdefault(innermost, []).append(name.removeprefix(f"{innermost}/"))
        return within

    def _fetched(
        self,
        names: tuple[str, ...],
        feeds: Mapping[str, NDArray[np.generic]],
        shapes: Mapping[str, Sequence[int]],
        turns: Turns | None = None,
    ) -> list[Any]:
        """The values of tensors of the graph, or of a loop's turns."""
        with self._lock:
            fed = frozenset(feeds)
            key = fed, "" if turns is None else turns.loop.name, names
            if self._latest is None or self._latest[0] != key:
                self._latest = None
                self._latest = key, self._cut(names, fed, self._fixed(fed), turns)
            cut = self._latest[1]
            if cut.lasts:  # what one person's image leaves is not for the next
                self._latest = None
        values_in = {**cut.values, **self._values_in(cut.inputs, feeds, shapes)}
        return self._run(cut, names, values_in)

    def _values_in(
        self,
        inputs: Mapping[str, np.dtype[Any]],
        feeds: Mapping[str, NDArray[np.generic]],
        shapes: Mapping[str, Sequence[int]],
    ) -> dict[str, NDArray[np.generic]]:
        """The values of these inputs, by the placeholders that they are fed to."""
        values = {}
        for name, dtype in inputs.items():
            value = feeds.get(name)
            if value is None:
                shape = shapes.get(name)
                value = neutral(name, self._declared(name) if shape is None else shape, dtype)
            values[self._entry(name, frozenset(feeds))] = cast(value, dtype)
        return values

    def _entry(self, name: str, fed: frozenset[str]) -> str:
        """The tensor at which the value of an input, or of what is fed instead, goes in."""
        return f"{_alias(name) if self._is_replaced(name, fed) else name}:0"

    def _run(self, cut: _Cut, names: Sequence[str], values_in: Mapping[str, Any]) -> list[Any]:
        """Run a part of the graph. Raises ModelError where TensorFlow refuses."""

        def fetched(start: int, stop: int) -> list[Any]:
            values: list[Any] = cut.session.run(cut.fetches[start:stop], values_in)
            return values

        try:
            # Before each run, which may have changed them.
            cut.session.run(cut.restore, {k: v for k, v in values_in.items() if k in cut.values})
            return fetched(0, len(cut.fetches))
        except (self._tf.errors.OpError, TypeError, ValueError) as error:
            if "does not have value" not in str(error):
                raise ModelError(_refusal(names, error)) from error
            start, stop = 0, len(cut.fetches)
            while stop - start > 1:
                middle = (start + stop) // 2
                try:
                    fetched(start, middle)
                    start = middle
                except self._tf.errors.OpError:
                    stop = middle
            raise ModelError(
                f"{names[min(start, len(names) - 1)]} has no value for these inputs: "
                "it is in a branch that they do not lead to, others may"
            ) from error

    def _fixed(self, fed: frozenset[str]) -> set[str]:
        """The nodes whose values depend on no input, so that they can be computed once."""
        if self._ordered:  # a constant in a loop belongs to that loop
            return set()
        moving = {n.name for n in self._nodes.values() if n.op.startswith("Placeholder")}
        moving |= {maker(name) for name in fed}
        pending = list(moving)
        while pending:
            new = set(self._users.get(pending.pop(), ())) - moving
            moving |= new
            pending.extend(new)
        return self._nodes.keys() - moving

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        """The nodes that read each node, or wait for it, by its name."""
        users: dict[str, list[str]] = {}
        for node in self._nodes.values():
            for reference in node.input:
                users.setdefault(maker(reference), []).append(node.name)
        return users

    def _cut(
        self,
        names: Sequence[str],
        fed: frozenset[str],
        fixed: set[str],
        turns: Turns | None = None,
    ) -> _Cut:
        """The part of the graph that leads to these tensors from what is fed and what is fixed.

        With ``turns`` they are tensors of a loop.
        """
        tf = self._tf
        names = names if turns is None else turns.loop.inputs
        part = self._part(names, fed, fixed)
        try:
            substitute(part.graph_def)
            message = tf.compat.v1.GraphDef.FromString(part.graph_def.SerializeToString())
            with tf.Graph().as_default() as graph:
                tf.import_graph_def(message, name="")
                # Copies, since a tensor that is fetched itself never gets its axes turned round
                # (see _config).
                fetches = [tf.identity(graph.get_tensor_by_name(_reference(n))) for n in names]
                if turns is not None:
                    fetches = turns.build(tf, fetches)
                restore = self._restore(graph, part)
        except (tf.errors.OpError, KeyError, TypeError, ValueError) as error:
            raise ModelError(_refusal(names, error)) from error
        session = self._session(graph, part)
        lasts = leaves_something(part.graph_def)
        return _Cut(session, restore, fetches, part.values, part.inputs, lasts)

    def _part(self, names: Sequence[str], fed: frozenset[str], fixed: set[str]) -> _Part:
        """The part of the graph that leads to these tensors from what is fed and what is fixed."""
        tf = self._tf
        part = type(self._graph_def)(versions=self._graph_def.versions)
        inputs: dict[str, np.dtype[Any]] = {}
        used: dict[str, str] = {}
        nodes = dict.fromkeys(self._ancestors(names, fed, fixed))
        fills = [fill for table, fill in self._table_fills if table in nodes]
        nodes.update(dict.fromkeys(self._ancestors(fills, fed, fixed)))
        for name in nodes:
            node = self._nodes[name]
            if node.op in _WITHOUT_VALUES and name not in self._variables:
                raise ModelError(
                    f"this graph holds no weights ({name} is a variable without a value), so its "
                    "activations cannot be computed; what its cells see holds all the same"
                )
            if node.op in PLACEHOLDERS:
                inputs[name] = self._add_placeholder(part, name, node.attr["dtype"].type)
                continue
            copy = part.node.add(name=name, op=node.op)
            for reference in self._inputs(node):
                tensor = reference.removesuffix(":0")
                if self._is_replaced(tensor, fed):
                    if tensor not in inputs:
                        kind = self._kind(tensor)
                        inputs[tensor] = self._add_placeholder(part, _alias(tensor), kind)
                    reference = _alias(tensor)
                elif self._is_fed(maker(reference), fixed):
                    reference = used.setdefault(reference, f"value/{len(used)}")
                copy.input.append(reference)
            for key, value in node.attr.items():
                if not key.startswith("_"):  # colocation and other hints, which name absent nodes
                    copy.attr[key].CopyFrom(value)
        part.library.function.extend(called_functions(part.node, self._functions))
        reason = may_run(part)
        if reason:
            raise ModelError(f"this model cannot be run up to {names[0]}: {reason}")
        self._evaluate(used)
        values = {}
        stored: dict[str, str] = {}
        for node in part.node:
            if node.name in self._variables:
                stored[node.name] = f"value/{len(used) + len(stored)}"
                values[f"{stored[node.name]}:0"] = self._variable(node.name)
        for reference, name in used.items():
            value = values[f"{name}:0"] = self._values[reference]
            self._add_placeholder(part, name, tf.dtypes.as_dtype(value.dtype).as_datatype_enum)
        return _Part(part, values, inputs, stored, fills)

    def _restore(self, graph: Any, part: _Part) -> list[Any]:  # noqa: ANN401
        """The operations, added to a graph, that give its variables and tables their values."""
        restore = [
            self._tf.raw_ops.AssignVariableOp(
                resource=graph.get_tensor_by_name(f"{variable}:0"),
                value=self._tf.compat.v1.placeholder(part.values[f"{value}:0"].dtype, name=value),
            )
            for variable, value in part.stored.items()
        ]
        return restore + [graph.get_operation_by_name(name) for name in part.fills]

    def _session(self, graph: Any, part: _Part) -> Any:  # noqa: ANN401
        config = _config(self._tf, any(_is_channels_first(node) for node in part.graph_def.node))
        return self._tf.compat.v1.Session(graph=graph, config=config)

    @cached_property
    def _table_fills(self) -> list[tuple[str, str]]:
        """The tables of the graph that it fills itself, each with the node that does."""
        fills = []
        for node in self._nodes.values():
            if node.op in FILLS_TABLE:
                table = maker(node.input[0])
                while table in self._nodes and self._nodes[table].op == "Identity":
                    table = maker(self._nodes[table].input[0])
                fills.append((table, node.name))
        return fills

    def _inputs(self, node: Any) -> list[str]:  # noqa: ANN401
        """A node's inputs; its control inputs only where they matter."""
        return [i for i in node.input if self._ordered or i[0] != "^"]

    def _ancestors(
        self, names: Iterable[str], fed: frozenset[str], fixed: set[str]
    ) -> Iterable[str]:
        """The nodes that lead to these tensors, but for those whose values are fed."""
        ancestors: dict[str, None] = {}
        pending = [maker(name) for name in names]
        while pending:
            name = pending.pop()
            if name in ancestors:
                continue
            if name not in self._nodes:
                raise ModelError(f"the graph reads {name!r}, which nothing makes: it is invalid")
            ancestors[name] = None
            for reference in self._inputs(self._nodes[name]):
                replaced = self._is_replaced(reference.removesuffix(":0"), fed)
                if not replaced and not self._is_fed(maker(reference), fixed):
                    pending.append(maker(reference))
        return ancestors

    def _is_replaced(self, tensor: str, fed: frozenset[str]) -> bool:
        """Whether a tensor that an operation would compute is fed instead."""
        return tensor in fed and self._nodes[maker(tensor)].op not in PLACEHOLDERS

    def _kind(self, tensor: str) -> int:
        """The type of a tensor that an operation computes. Raises ModelError."""
        kind = kind_of(self._nodes[maker(tensor)], int(tensor.partition(":")[2] or 0))
        if not kind:
            raise ModelError(f"the type of {tensor} is not known, so it cannot be fed")
        return kind

    def _is_fed(self, name: str, fixed: set[str]) -> bool:
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
        """Work out ``_values`` for these tensors, none of which depends on an input."""
        new = []
        for reference in references:
            if reference not in self._values:
                node = self._nodes[maker(reference)]
                while node.op == "Identity":
                    node = self._nodes[maker(node.input[0])]
                if node.op == "Const":
                    self._values[reference] = self._constant(node)
                else:
                    new.append(reference)
        if new:
            cut = self._cut(new, frozenset(), set())
            self._values.update(zip(new, self._run(cut, new, cut.values), strict=True))

    def _variable(self, name: str) -> NDArray[Any]:
        """The values of a variable. Raises ModelError where its file does not give them."""
        value = self._variables[name]()
        if value is None:
            raise ModelError(f"the values of the variable {name} are not in the model's file")
        return value

    def _constant(self, node: Any) -> NDArray[Any]:  # noqa: ANN401
        """The values of a Const. Raises ModelError where they do not fill its shape."""
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
        """The shape that a placeholder declares, open axes 1."""
        shape = self._nodes[placeholder].attr["shape"].shape
        return [max(d.size, 1) for d in shape.dim]


def _alias(tensor: str) -> str:
    """The name of the placeholder at which a tensor is fed that an operation would compute."""
    return f"fed/{tensor.replace(':', '/')}"


def _reference(name: str) -> str:
    """A tensor's name as TensorFlow spells it, with the number of the output."""
    return name if ":" in name else f"{name}:0"


def _is_numeric(node: Any) -> bool:  # noqa: ANN401
    """Whether what a node makes can be fed: no text, no handle of a variable, table or list."""
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    kinds = [kind for a in node.attr.values() for kind in (a.type, *a.list.type)]
    kinds += [argument.type for argument in definition.output_arg] if definition else []
    return _NOT_NUMBERS.isdisjoint(kinds)


def _is_channels_first(node: Any) -> bool:  # noqa: ANN401
    """Whether a node takes its image with the channels before the rows and columns."""
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
    """TensorFlow's error message as one sentence, without its stack traces."""
    text = str(getattr(error, "message", error)) or type(error).__name__
    text = text.partition("\n\nOriginal stack trace")[0].partition("\nErrors may have")[0]
    text = re.sub(
        r"^Graph execution error:\s+Detected at node .*?\nNode: (\S+)\s", r"\1: ", text, flags=re.S
    )
    text = " ".join(line.strip() for line in text.splitlines() if "[[" not in line)
    where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return f"TensorFlow cannot run this model up to {where}: {text[:300].strip().rstrip('.')}"
