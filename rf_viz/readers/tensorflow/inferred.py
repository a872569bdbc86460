"""Shapes by TensorFlow's own inference, where no description knows them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from ...errors import ModelError
from ...relation import Shape
from ...runtimes.tensorflow.graph_names import PLACEHOLDERS, called_functions, data_inputs, maker
from ...runtimes.tensorflow.imports import import_tensorflow
from ...runtimes.tensorflow.kinds import kind_of
from ...runtimes.tensorflow.safety import may_run
from .program import Program
from .protobuf.messages import GraphDef
from .rules import takes_wrong_constants

_SMALL = 1024
"""Constants of up to so many elements may say something about a shape."""


def infer_shapes(program: Program, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Infer the shapes, by name, that are known for sure when the placeholders have these.

    Returns none at all where TensorFlow cannot be loaded, does not accept the graph, or must not
    run it.
    """
    try:
        tf = import_tensorflow()
    except ModelError:
        return {}
    bound = _bound(program, shapes)
    if may_run(bound):  # the inference runs operations on constants
        return {}
    if takes_wrong_constants(bound):  # it reads them without a look at their types
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


def _bound(program: Program, shapes: Mapping[str, Shape]) -> Any:  # noqa: ANN401
    """The graph for inputs of these shapes, without what it says of other sizes or its weights."""
    bound = GraphDef(versions=program.graph_def.versions)
    nodes = {node.name: node for node in program.nodes}
    within = {}
    for name, extents in shapes.items():
        node = nodes.get(maker(name))
        if node is not None and node.op not in PLACEHOLDERS:  # a tensor that is given as it is
            within[name] = f"bound/{name.replace(':', '/')}"
            kind = kind_of(node, int(name.partition(":")[2] or 0))
            _placeholder(bound, within[name], kind, extents)
    for node in program.nodes:
        if node.name in program.placeholders and node.op not in PLACEHOLDERS:
            continue
        shape = shapes.get(node.name) if node.op in PLACEHOLDERS else _large(node)
        if shape is None:
            copy = bound.node.add(name=node.name, op=node.op)
            for name in data_inputs(node):
                copy.input.append(within.get(name, name))
            for key, value in node.attr.items():
                # Hints may name absent nodes, or shapes at the declared size.
                if not key.startswith("_"):
                    copy.attr[key].CopyFrom(value)
        else:
            _placeholder(bound, node.name, node.attr["dtype"].type, shape)
    functions = {f.signature.name: f for f in program.graph_def.library.function}
    bound.library.function.extend(called_functions(bound.node, functions))
    return bound


def _placeholder(graph: Any, name: str, kind: int, shape: Shape) -> None:  # noqa: ANN401
    """Add a placeholder of a type and shape."""
    node = graph.node.add(name=name, op="Placeholder")
    node.attr["dtype"].type = kind
    node.attr["shape"].shape.SetInParent()
    for n in shape:
        node.attr["shape"].shape.dim.add(size=n)


def _large(node: Any) -> Shape | None:  # noqa: ANN401
    """The shape of a constant that is too large to say anything about another shape."""
    if node.op != "Const":
        return None
    shape = tuple(d.size for d in node.attr["value"].tensor.tensor_shape.dim)
    return shape if prod(shape) > _SMALL else None
