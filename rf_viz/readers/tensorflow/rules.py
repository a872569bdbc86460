"""The rules that an op is registered with in TensorFlow, and whether a node keeps them."""

from __future__ import annotations

from typing import Any

from ...errors import ModelError
from ...runtimes.tensorflow.imports import import_tensorflow
from ...runtimes.tensorflow.safety import may_run
from ..reading.values import Value
from .node import Node
from .protobuf.messages import GraphDef
from .protobuf.wiring import exits

_FIELDS = {
    "bool": "b",
    "float": "f",
    "func": "func",
    "int": "i",
    "shape": "shape",
    "string": "s",
    "tensor": "tensor",
    "type": "type",
}
"""The field of an AttrValue that holds an attribute of each kind."""

_SMALL = 1024
"""The most elements of an input whose values may matter to its op's rules."""


def violation(node: Node) -> str:
    """Return, in words, how a node breaks the rules of its op.

    Empty where it keeps them, where TensorFlow has no such op, and without TensorFlow.
    """
    try:
        tf = import_tensorflow()
    except ModelError:
        return ""
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    if definition is None or exits(node.call.proto):  # a loop that was made of a frame
        return ""
    return (
        _broken_attribute(node.call.proto, definition)
        or _wrong_count(node.call.proto, definition)
        or _refused_shapes(node, definition, tf)
    )


def takes_wrong_constants(graph: Any) -> bool:  # noqa: ANN401
    """Tell whether some node takes a constant that its op does not take, by its type or its axes.

    TensorFlow's own shape inference ends the whole process where it reads such a constant.
    """
    from tensorflow.python.framework import op_def_registry

    constants = {node.name: node.attr["value"].tensor for node in graph.node if node.op == "Const"}
    for node in graph.node:
        inputs = [constants.get(name.removesuffix(":0")) for name in node.input]
        kinds = [None if tensor is None else tensor.dtype for tensor in inputs]
        sizes = inputs[1] if node.op == "SplitV" and len(inputs) > 1 else None
        if sizes is not None and len(sizes.tensor_shape.dim) != 1:
            return True
        definition = op_def_registry.get(node.op) if any(kinds) else None
        if definition is None:
            continue
        try:
            expected = _types(node, definition)
        except KeyError:  # it lacks an attribute
            return True
        if any(kind and kind != own for kind, own in zip(kinds, expected, strict=False)):
            return True
    return False


def _broken_attribute(proto: Any, definition: Any) -> str:  # noqa: ANN401
    """Attributes that are missing, of another kind, or out of range."""
    for rule in definition.attr:
        name = rule.name
        if name not in proto.attr:
            if rule.HasField("default_value"):
                continue
            return f"it lacks its attribute {name!r}"
        value = proto.attr[name]
        listed = rule.type.startswith("list(")
        field = _FIELDS[rule.type.removeprefix("list(").removesuffix(")")]
        kind = value.WhichOneof("value")
        if kind != ("list" if listed else field) or (
            listed and any(f.name != field for f, _ in value.list.ListFields())
        ):
            return f"its attribute {name!r} is no {rule.type}"
        items = getattr(value.list, field) if listed else [getattr(value, field)]
        least = len(items) if listed else items[0]
        if rule.has_minimum and least < rule.minimum:
            return f"its attribute {name!r} is below {rule.minimum}"
        allowed = getattr(rule.allowed_values.list, field)
        if allowed and any(item not in allowed for item in items):
            return f"its attribute {name!r} is none of those that the operator knows"
    return ""


def _wrong_count(proto: Any, definition: Any) -> str:  # noqa: ANN401
    count = sum(not name.startswith("^") for name in proto.input)
    expected = len(_types(proto, definition))
    return "" if count == expected else f"the number of its inputs is {count}, not {expected}"


def _types(proto: Any, definition: Any) -> list[int]:  # noqa: ANN401
    """The type of each input, as a number of the enumeration DataType."""
    attributes = {a.name: a.default_value for a in definition.attr} | dict(proto.attr.items())
    types: list[int] = []
    for argument in definition.input_arg:
        if argument.type_list_attr:
            types += attributes[argument.type_list_attr].list.type
            continue
        kind = argument.type or attributes[argument.type_attr].type
        count = attributes[argument.number_attr].i if argument.number_attr else 1
        types += [kind] * count
    return types


def _refused_shapes(node: Node, definition: Any, tf: Any) -> str:  # noqa: ANN401
    """The error of TensorFlow's own shape inference for the node on inputs of these shapes."""
    if any(a.is_ref for a in definition.input_arg) or any(
        "func" in a.type for a in definition.attr
    ):
        return ""  # only a whole graph could hold the variable or the function
    graph_def = GraphDef()
    proto = graph_def.node.add(name="node", op=node.op)
    for name, value in node.call.proto.attr.items():
        if not name.startswith("_"):  # hints may name absent nodes
            proto.attr[name].CopyFrom(value)
    for i, kind in enumerate(_types(proto, definition)):
        proto.input.append(f"input{i}")
        # A description may have put others in place of the node's inputs: the call keeps its own.
        name = node.call.inputs[i] if i < len(node.call.inputs) else ""
        _add_input(graph_def, f"input{i}", kind, node.scope.get(name), tf)
    if may_run(graph_def):  # the inference runs operations on constants
        return ""
    parsed = tf.compat.v1.GraphDef.FromString(graph_def.SerializeToString())
    with tf.Graph().as_default():
        try:
            tf.graph_util.import_graph_def(parsed, name="")
        except (ValueError, TypeError, tf.errors.OpError) as error:
            text = " ".join(str(error).split())
            return text.partition(" for '{{node")[0].rstrip(".") or type(error).__name__
    return ""


def _add_input(graph_def: Any, name: str, kind: int, value: Value | None, tf: Any) -> None:  # noqa: ANN401
    """A constant of the input's values where they are known, else a placeholder of its shape."""
    proto = graph_def.node.add(name=name, op="Placeholder")
    proto.attr["dtype"].type = kind
    array = None if value is None else value.value()
    if array is not None and array.size <= _SMALL:
        try:
            tensor = tf.make_tensor_proto(array, tf.dtypes.as_dtype(kind))
        except (OverflowError, TypeError, ValueError):
            pass
        else:
            proto.op = "Const"
            proto.attr["value"].tensor.MergeFromString(tensor.SerializeToString())
            return
    shape = proto.attr["shape"].shape
    if value is None or value.shape is None:
        shape.unknown_rank = True
        return
    shape.SetInParent()
    for n in value.shape:
        shape.dim.add(size=n)
