"""Types of the tensors of a graph, by TensorFlow's definitions of its operators."""

from __future__ import annotations

from typing import Any


def kind_of(node: Any, number: int) -> int:  # noqa: ANN401  (protobuf messages have no types)
    """Look up the type of a node's output, as a number of DataType; 0 where it is not known.

    Loads TensorFlow.
    """
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    kinds: list[int] = []
    for output in definition.output_arg if definition else ():
        if output.type_list_attr:
            kinds.extend(node.attr[output.type_list_attr].list.type)
            continue
        kind = node.attr[output.type_attr].type if output.type_attr else output.type
        kinds.extend([kind] * (node.attr[output.number_attr].i if output.number_attr else 1))
    return kinds[number] if number < len(kinds) else 0
