"""Captures of a traced function: the variables and constants of the program around it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...reading.values import Value
from .held import Constant, Weight


def captured(graph: Any) -> dict[str, Weight]:  # noqa: ANN401
    """Return what a FuncGraph captured, by the names of the nodes that stand for it."""
    import tensorflow as tf

    weights: dict[str, Weight] = {}
    for outer, inner in graph.captures:
        if outer.dtype == tf.resource:
            data = outer._handle_data  # the one place that says what a handle leads to
            if data is None or not data.is_set or len(data.shape_and_type) != 1:
                continue  # a table or the like
            kind = data.shape_and_type[0].dtype
            shape = tuple(d.size for d in data.shape_and_type[0].shape.dim)
            value = Value(shape, get=partial(_read, outer, kind))
        else:
            kind = outer.dtype.as_datatype_enum
            value = Constant(tuple(outer.shape), get=outer.numpy)
        weights[inner.op.name] = Weight(value, kind)
    return weights


def _read(handle: Any, kind: int) -> NDArray[Any]:  # noqa: ANN401
    """The values of the variable behind a handle."""
    import tensorflow as tf

    return np.asarray(tf.raw_ops.ReadVariableOp(resource=handle, dtype=kind).numpy())
