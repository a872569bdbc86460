"""Tracing: from a Keras model to one graph, by one call with its own input signature.

Variables are placeholders of the graph, so that no weight is copied, nor even made, before somebody
asks for its value. Every node is named after the Keras layer that made it: ``block1/conv/BiasAdd``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError, defect
from ....model import ModelInput
from ....runtimes.tensorflow.graph_names import maker
from ....trace.settings import in_words
from ....trace.tensors import Group
from ...reading.values import Value
from ..ops.stand_in import NOT_EXECUTED
from ..protobuf.captures import captured
from ..protobuf.counts import settle_counts
from ..protobuf.flatten import flatten
from ..protobuf.held import Weight, hold
from ..protobuf.messages import GraphDef
from ..protobuf.scopes import Names, enclosing, rename
from .biases import broadcast_biases
from .build import ONE_AT_A_TIME, with_slashes
from .categories import category
from .in_graph import as_with_values
from .own_data import computed_in_graph
from .settings import settings
from .stand_ins import kind_of, our_layers
from .texts import complaint
from .unrolling import unrolled_in_bounds

_CALLS = ("PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile", "If",
          "StatelessIf", "Case", "StatelessCase")  # fmt: skip

Fetch = Callable[[Any], NDArray[Any] | None]
"""Function from one of the model's variables to its values."""


@dataclass
class Traced:
    """Graph of a model: flat, with a placeholder for each input and for each variable ``held``.

    ``groups`` gives, by the path that its nodes' names begin with, each call of a layer.
    """

    graph: Any
    inputs: tuple[ModelInput, ...]
    held: dict[str, Value]
    groups: dict[str, Group]


def trace(
    model: Any,  # noqa: ANN401
    name: str,
    fetch: Fetch | None = None,
    legacy: bool = False,
) -> Traced:
    """Trace a Keras model. ``fetch`` gives the values of its variables: by default their own.

    A ``legacy`` model computes what Keras 2 computes, where Keras 3 does not.

    Raises ModelError where the model does not say what it takes, or cannot be called on it.
    """
    import keras
    import tensorflow as tf

    with ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        structure = _signature(model, name)
        graph = tf.__internal__.FuncGraph("keras")
        calls = _Calls(model, graph, structure)
        with graph.as_default():
            try:
                placeholders = keras.tree.map_structure(_placeholder, structure)
            except (ValueError, TypeError, OverflowError) as error:
                raise ModelError(
                    f"{name} takes an input of no sane shape: {_reason(error)}"
                ) from error
            variables = list(model.variables)
            stand = [tf.compat.v1.placeholder(v.dtype, v.shape, name="variable") for v in variables]
            stands_for = list(zip(variables, stand, strict=True))
            scope = keras.StatelessScope(stands_for, initialize_variables=False)
            try:
                with (
                    scope,
                    computed_in_graph(model),
                    as_with_values(model),
                    unrolled_in_bounds(model),
                    broadcast_biases() if legacy else nullcontext(),
                    calls.recorded(),
                ):
                    model(placeholders, training=False)
            except Exception as error:
                if calls.defect is not None:
                    raise defect(f"follow the layers of {name}", calls.defect) from calls.defect
                raise ModelError(f"{name} cannot be called: {_reason(error)}") from error
    flat = flatten(GraphDef.FromString(graph.as_graph_def().SerializeToString()))
    settle_counts(flat)
    own = fetch or _own_value
    weights = captured(graph)
    names = {t.op.name: _plain_name(v.path) for v, t in zip(variables, stand, strict=True)}
    for v, t in zip(variables, stand, strict=True):
        value = Value(tuple(v.shape), get=partial(own, v))
        weights[t.op.name] = Weight(value, t.dtype.as_datatype_enum)
    takes = {
        t.op.name: ModelInput(spec.name, tuple(t.shape.as_list()), t.dtype.name)
        for spec, t in zip(
            keras.tree.flatten(structure), keras.tree.flatten(placeholders), strict=True
        )
    }
    return _named(flat, takes, weights, names, calls.by_scope)


def _own_value(variable: Any) -> NDArray[Any]:  # noqa: ANN401
    """The values that a variable has."""
    return np.asarray(variable.numpy())


def _reason(error: Exception) -> str:
    """Say in one line what an exception says, and in which layer where Keras names it."""
    return next(line.strip() for line in complaint(error).splitlines() if line.strip())[:300]


@dataclass
class _Spec:
    """Input of a model."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


def _placeholder(spec: _Spec) -> Any:  # noqa: ANN401
    """A placeholder of the current graph for an input."""
    import tensorflow as tf

    return tf.compat.v1.placeholder(spec.dtype, spec.shape, name="input")


def _signature(model: Any, name: str) -> Any:  # noqa: ANN401
    """Find what a model takes, in the structure in which it takes it. Raises ModelError."""
    import keras

    # Keras tells of the structure, of the layer behind an input, and of the shapes that a model
    # was built for, in attributes of its own only: ``model.inputs`` is a flat list.
    own = getattr(model, "_functional", None) or model  # a Sequential's
    structure = getattr(own, "_inputs_struct", None)
    if structure is not None:
        return keras.tree.map_structure(
            lambda t: _Spec(with_slashes(t._keras_history.operation.name), tuple(t.shape), t.dtype),
            structure,
        )
    shapes = getattr(model, "_build_shapes_dict", None) or {}
    if len(shapes) == 1:
        (shape,) = shapes.values()
        if _is_shape(shape):
            return _Spec("input", (None, *shape[1:]), model.input_dtype or "float32")
        if isinstance(shape, list | tuple) and all(_is_shape(s) for s in shape):
            return [
                _Spec(f"input_{i}", (None, *s[1:]), model.input_dtype or "float32")
                for i, s in enumerate(shape)
            ]
        if isinstance(shape, dict) and all(_is_shape(s) for s in shape.values()):
            return {
                k: _Spec(str(k), (None, *s[1:]), model.input_dtype or "float32")
                for k, s in shape.items()
            }
    raise ModelError(
        f"{name} does not say what input it takes: call it once on some data, or build it with "
        "the shape of its input, before it is saved or given to RF-Viz"
    )


def _is_shape(value: Any) -> bool:  # noqa: ANN401
    """Whether a value is a shape of one axis or more, None along axes of any size."""
    return (
        isinstance(value, list | tuple)
        and len(value) > 0
        and all(n is None or isinstance(n, int) for n in value)
    )


@dataclass
class _Call:
    """Call of a layer: the scope of TensorFlow in which it ran, and what it made."""

    path: str
    layer: Any
    outputs: list[str] = field(default_factory=list)


class _Calls:
    """The calls of a model's layers while it is traced into ``graph``, by TensorFlow scope.

    ``defect`` is what went wrong in recording them, as against in Keras or in a layer.
    """

    def __init__(self, model: Any, graph: Any, structure: Any) -> None:  # noqa: ANN401
        import keras

        self._graph, self._model = graph, model
        self.by_scope: dict[str, _Call] = {}
        self.defect: Exception | None = None
        self._paths = {s.name for s in keras.tree.flatten(structure)}
        self._open: list[str] = [""]

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record the calls of the model's layers while it lasts."""
        changed: list[tuple[Any, str, Any]] = []

        def change(operation: Any, name: str, call: Callable[..., Any]) -> None:  # noqa: ANN401
            """Replace a method past Keras, which would track it, and remember what was there."""
            changed.append((operation, name, operation.__dict__.get(name)))
            object.__setattr__(operation, name, call)

        try:
            # Layers within layers have no other list.
            layers = {id(x): x for x in self._model._flatten_layers()}
            for layer in layers.values():
                quantised = getattr(layer, "quantization_mode", None) is not None
                name = "quantized_call" if quantised else "call"
                change(layer, name, self._recording(layer, getattr(layer, name)))
            functions = {
                id(x): x for layer in layers.values() for x in getattr(layer, "operations", ())
            }
            for function in (f for key, f in functions.items() if key not in layers):
                change(function, "call", _assumed_where_it_fails(function, function.call))
            yield
        finally:
            for operation, name, before in changed:
                if before is None:
                    object.__delattr__(operation, name)
                else:
                    object.__setattr__(operation, name, before)

    def _recording(self, layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
        """A layer's ``call`` that records itself."""
        import keras
        import tensorflow as tf

        @wraps(call)
        def recording_call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            """Call the layer, and note in which scope and what it returned."""
            with self._noting_defects():
                scope = tf.get_current_name_scope()
                within_function = tf.compat.v1.get_default_graph() is not self._graph
                part_of_another = within_function or scope in self.by_scope
                if not part_of_another:
                    self.by_scope[scope] = _Call(self._free_path(layer), layer)
            if part_of_another:
                return call(*args, **kwargs)
            self._open.append(self.by_scope[scope].path)
            try:
                outputs = call(*args, **kwargs)
            finally:
                self._open.pop()
            if layer is self._model:
                return outputs
            with self._noting_defects():
                return keras.tree.map_structure(partial(self._own, scope), outputs)

        return recording_call

    @contextmanager
    def _noting_defects(self) -> Iterator[None]:
        """Note an exception as a defect: Keras passes on what a call raises as if it were its."""
        try:
            yield
        except Exception as error:
            self.defect = error
            raise

    def _free_path(self, layer: Any) -> str:  # noqa: ANN401
        """The layer's path, with a number where it is called again."""
        if layer is self._model:
            return ""
        above = self._open[-1]
        path = wanted = _plain_name(f"{above}/{layer.name}" if above else layer.name)
        count = 1
        while path in self._paths:
            count += 1
            path = f"{wanted}_call{count}"
        self._paths.add(path)
        return path

    def _own(self, scope: str, output: Any) -> Any:  # noqa: ANN401
        """An output as a tensor that this layer made, where it only passes one on."""
        import tensorflow as tf

        if not isinstance(output, tf.Tensor):
            return output
        if enclosing(output.op.name, self.by_scope) != scope or output.op.type in _CALLS:
            mask = getattr(output, "_keras_mask", None)
            output = tf.identity(output, name="output")
            if mask is not None:
                output._keras_mask = mask  # where Keras keeps it; a copy would be without
        self.by_scope[scope].outputs.append(output.name)
        return output


def _assumed_where_it_fails(function: Any, call: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
    """A function of Keras's in a model: a stand-in where it runs with values only, in no graph."""
    import keras

    @wraps(call)
    def call_or_stand_in(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Call the function; where that fails, assume outputs of the shapes that it declares."""
        try:
            return call(*args, **kwargs)
        except Exception as error:  # whatever Keras makes of tensors without values
            kind, outputs = type(function).__name__, keras.tree.flatten(function.output)
            why = _reason(error).partition(". ")[0].rstrip(".")
            reason = f"{kind} {function.name!r} is not executed ({why})"
            declared = [[list(t.shape), keras.backend.standardize_dtype(t.dtype)] for t in outputs]
            stand_in = our_layers()[NOT_EXECUTED](reason, kind, declared)
            values = stand_in.call(*args, **kwargs)
            return keras.tree.pack_sequence_as(
                function.output, values if isinstance(values, list) else [values]
            )

    return call_or_stand_in


def _plain_name(path: str) -> str:
    """A path of which TensorFlow can name a node."""
    return re.sub(r"[^A-Za-z0-9_.\\/>-]", "_", with_slashes(path)).lstrip("_\\/>-") or "layer"


def _named(
    graph: Any,  # noqa: ANN401
    takes: Mapping[str, ModelInput],
    weights: Mapping[str, Weight],
    names_of_weights: Mapping[str, str],
    calls: Mapping[str, _Call],
) -> Traced:
    """The traced graph, its nodes named by layers, and only what it uses of what it holds."""
    used = {reference.partition(":")[0] for node in graph.node for reference in node.input}
    for i in reversed(range(len(graph.node))):
        name = graph.node[i].name
        if name in weights and name not in used:
            del graph.node[i]
    held = hold(graph, weights)
    names = Names()
    inputs = tuple(
        ModelInput(names.give(old, declared.name), declared.shape, declared.dtype)
        for old, declared in takes.items()
    )
    held = {
        names.give(old, names_of_weights.get(old, "constant")): value for old, value in held.items()
    }
    rename(graph, lambda node: _new_name(node, calls), names)
    for node in graph.node:
        _mark(node)
    operators = {node.name: node.op for node in graph.node}
    groups: dict[str, Group] = {}
    for call in sorted(calls.values(), key=lambda call: call.path.count("/")):  # the outer first
        if call.path and call.outputs:
            parent = groups.get(enclosing(call.path, groups) or "")
            output = names.of(call.outputs[0])
            groups[call.path] = _group(call, output, operators, parent)
    return Traced(graph, inputs, held, groups)


def _group(call: _Call, output: str, operators: Mapping[str, str], parent: Group | None) -> Group:
    """Describe a call, by its output and the operators of the graph's nodes."""
    facts = settings(call.layer)
    return Group(
        call.path,
        kind_of(call.layer),
        in_words(facts),
        output.removesuffix(":0"),
        category(call.layer, operators.get(maker(output), "")),
        facts,
        parent,
    )


def _new_name(old: str, calls: Mapping[str, _Call]) -> str:
    """A node's name by the layer that made it."""
    scope = enclosing(old, calls)
    if scope is None:
        return old
    path, rest = calls[scope].path, old[len(scope) + 1 :]
    return f"{path}/{rest}" if path else rest


def _mark(node: Any) -> None:  # noqa: ANN401
    """Give the stand-in's operation its own name, so that nothing takes it for one to run."""
    if node.op == "PyFunc":
        token = node.attr["token"].s.decode("utf-8", "replace")
        if token.startswith(NOT_EXECUTED):
            node.op = NOT_EXECUTED
            node.attr["reason"].s = token.removeprefix(f"{NOT_EXECUTED} ").encode()
