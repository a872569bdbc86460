"""What a traced function holds of the program around it: variables and constants."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...reading.values import Value
from .held import Constant, Weight


def captured(graph: Any) -> dict[str, Weight]:  # noqa: ANN401
    """By the names of the nodes that stand for them, what a FuncGraph captured."""
    import tensorflow as tf

    found: dict[str, Weight] = {}
    for outer, inner in graph.captures:
        if outer.dtype == tf.resource:
            data = outer._handle_data
            if data is None or not data.is_set or len(data.shape_and_type) != 1:
                continue  # a table or the like
            kind = data.shape_and_type[0].dtype
            shape = tuple(d.size for d in data.shape_and_type[0].shape.dim)
            value = Value(shape, get=partial(_read, outer, kind))
        else:
            kind = outer.dtype.as_datatype_enum
            value = Constant(tuple(outer.shape), get=outer.numpy)
        found[inner.op.name] = Weight(value, kind)
    return found


def _read(handle: Any, kind: int) -> NDArray[Any]:  # noqa: ANN401
    import tensorflow as tf

    return np.asarray(tf.raw_ops.ReadVariableOp(resource=handle, dtype=kind).numpy())
