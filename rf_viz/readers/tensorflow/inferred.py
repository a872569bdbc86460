"""Shapes by TensorFlow's own inference, where no description knows them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from ...errors import ModelError
from ...relation import Shape
from ...runtimes.tensorflow_import import import_tensorflow
from ...runtimes.tensorflow_safety import may_run
from .messages import GraphDef
from .wiring import PLACEHOLDERS

_SMALL = 1024
"""Constants of up to so many elements may say something about a shape."""


def infer_shapes(graph_def: Any, shapes: Mapping[str, Shape]) -> dict[str, Shape]:  # noqa: ANN401
    """The shapes that are known for sure when the placeholders have these.

    None at all where TensorFlow cannot be loaded, does not take the graph (custom operators), or
    must not run it.
    """
    try:
        tf = import_tensorflow()
    except ModelError:
        return {}
    bound = _bound(graph_def, shapes)
    if may_run(bound):  # inference computes constants
        return {}
    theirs = tf.compat.v1.GraphDef.FromString(bound.SerializeToString())
    with tf.Graph().as_default() as graph:
        try:
            tf.graph_util.import_graph_def(theirs, name="")
        except (ValueError, TypeError, KeyError, tf.errors.OpError):
            return {}
        return {
            output.name.removesuffix(":0"): tuple(output.shape.as_list())
            for op in graph.get_operations()
            for output in op.outputs
            if output.shape.is_fully_defined()
        }


def _bound(graph_def: Any, shapes: Mapping[str, Shape]) -> Any:  # noqa: ANN401
    """The graph for inputs of these shapes, without what it says of other sizes or its weights."""
    bound = GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in graph_def.node:
        constant = node.attr["value"].tensor if node.op == "Const" else None
        shape: Shape | None = None
        if constant is not None:
            shape = tuple(d.size for d in constant.tensor_shape.dim)
        if node.op in PLACEHOLDERS:
            shape = shapes.get(node.name)
        elif shape is not None and prod(shape) <= _SMALL:
            shape = None
        if shape is None:
            bound.node.append(node)
        else:
            bound.node.add(name=node.name, op="Placeholder")
            attributes = bound.node[-1].attr
            attributes["dtype"].type = node.attr["dtype"].type
            attributes["shape"].shape.SetInParent()
            for n in shape:
                attributes["shape"].shape.dim.add(size=n)
        bound.node[-1].attr.pop("_output_shapes", None)
    return bound
