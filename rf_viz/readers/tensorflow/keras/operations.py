"""Single operations of TensorFlow as layers, in which TensorFlow 2.0 to 2.3 wrote calls down.

Such a layer, a ``TensorFlowOpLayer``, holds the operation's ``NodeDef`` and the values of the
inputs that are constant, by their numbers. The operation is imported into the graph that is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

OPERATION_LAYER = "TensorFlowOpLayer"
"""The class of such a layer."""


def operation_of(settings: Mapping[str, Any]) -> Any | None:  # noqa: ANN401  (protobuf: no types)
    """Read the ``NodeDef`` in a layer's settings; None where there is none that may be built.

    It is an object of protobuf's JSON form, or the message's bytes as text. Operations that reach
    beyond the graph, or that call functions, which the layer does not hold, are not built.
    """
    import tensorflow as tf
    from google.protobuf.json_format import ParseDict, ParseError
    from google.protobuf.message import DecodeError

    from ....runtimes.tensorflow.safety import may_run

    graph = tf.compat.v1.GraphDef()
    node, written = graph.node.add(), settings.get("node_def")
    try:
        if isinstance(written, dict):
            ParseDict(written, node)
        elif isinstance(written, str):
            node.ParseFromString(written.encode("utf-8"))
    except (DecodeError, ParseError):
        return None
    calls_function = any(value.HasField("func") for value in node.attr.values())
    return None if not node.op or calls_function or may_run(graph) else node


def operation(node: Any, constants: Mapping[str, Any]) -> Callable[..., Any]:  # noqa: ANN401
    """Return a function of an operation's other inputs that adds it to the current graph.

    ``constants`` are the values of constant inputs by number. The function returns the output, or
    a list of several. Raises ValueError if the operation does not fit its inputs.
    """
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    types = _input_types(node, op_def_registry.get(node.op))
    values = {int(number): _array(value) for number, value in constants.items()}
    if not set(values) <= set(range(len(types))):
        raise ValueError(f"{node.op} has {len(types)} inputs, and constants for others")
    own = [number for number in range(len(types)) if number not in values]

    def added(*tensors: Any) -> Any:  # noqa: ANN401
        """Add the operation to the current graph."""
        inputs = dict(zip(own, tf.nest.flatten(tensors), strict=True))
        for number, value in values.items():
            inputs[number] = tf.constant(value, types[number])
        graph = tf.compat.v1.GraphDef()
        copy = graph.node.add()
        copy.CopyFrom(node)
        copy.name = tf.compat.v1.get_default_graph().unique_name(node.op)
        copy.device = ""
        copy.input[:] = [f"input{number}" for number in range(len(types))]
        (imported,) = tf.graph_util.import_graph_def(
            graph,
            input_map={f"input{number}": tensor for number, tensor in inputs.items()},
            return_elements=[copy.name],
            name="",
        )
        outputs = list(imported.outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    return added


def _input_types(node: Any, definition: Any) -> list[int]:  # noqa: ANN401
    """The type of each input of an operation, as numbers of TensorFlow's ``DataType``."""
    types: list[int] = []
    for argument in definition.input_arg:
        if argument.type_list_attr:
            types += node.attr[argument.type_list_attr].list.type
        else:
            kind = node.attr[argument.type_attr].type if argument.type_attr else argument.type
            types += [kind] * (node.attr[argument.number_attr].i if argument.number_attr else 1)
    return types


def _array(value: Any) -> Any:  # noqa: ANN401
    """A constant as an array; Keras 2.13 and later wrote it as an object."""
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        value = value["config"].get("value")
    return np.asarray(value)
