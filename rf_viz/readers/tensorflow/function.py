"""Reads functions that TensorFlow traced, and models of Keras 2 in memory, which are such."""

from __future__ import annotations

from typing import Any

from ...errors import ModelError
from ...model import ModelInput
from . import TensorFlowModel
from .protobuf.captures import captured
from .protobuf.flatten import flatten
from .protobuf.held import hold
from .protobuf.messages import GraphDef
from .protobuf.scopes import Names, rename, without_calls


def of_function(function: Any, name: str | None = None) -> TensorFlowModel:  # noqa: ANN401
    """Read a ``tf.function`` with an input signature, or a ConcreteFunction of one.

    Raises ModelError where it does not say what it takes.
    """
    if hasattr(function, "get_concrete_function"):
        try:
            function = function.get_concrete_function()
        except (TypeError, ValueError) as error:
            raise ModelError(
                "this function does not say what it takes: give RF-Viz "
                "function.get_concrete_function(tf.TensorSpec((None, 224, 224, 3)))"
            ) from error
    graph = function.graph
    inner = {id(t) for _, t in graph.captures}
    inputs = tuple(
        ModelInput(
            t.op.name,
            (None,) * 4 if t.shape.rank is None else tuple(t.shape.as_list()),
            t.dtype.name,
        )
        for t in graph.inputs
        if id(t) not in inner
    )
    flat = flatten(GraphDef.FromString(graph.as_graph_def().SerializeToString()))
    held = hold(flat, captured(graph))
    names = Names()
    for kept in (*(i.name for i in inputs), *held):
        names.give(kept, kept)
    rename(flat, without_calls, names)
    return TensorFlowModel(flat, name or str(graph.name), inputs, held=held)


def of_keras_2(model: Any, name: str | None = None) -> TensorFlowModel:  # noqa: ANN401
    """Read a model of the package tf_keras. Raises ModelError where it has no input yet."""
    import tensorflow as tf

    if not getattr(model, "inputs", None):
        raise ModelError(f"{model.name} does not say what input it takes: call it once on data")
    specs = [tf.TensorSpec(t.shape, t.dtype, name=t.name.partition(":")[0]) for t in model.inputs]
    call = tf.function(lambda x: model(x, training=False), autograph=False)
    signature = specs[0] if len(specs) == 1 else specs
    return of_function(call.get_concrete_function(signature), name or model.name)
