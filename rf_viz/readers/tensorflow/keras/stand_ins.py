"""Keras layers of our own: stand-ins for what is not executed, and for Keras 2's calls.

The functional interface of Keras 2 wrote a call of a TensorFlow function (``tf.nn.relu(x)``,
``x / 127.5``) down as a layer that names the function. Those of TensorFlow's mathematics are called
again; they can do nothing but compute.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import cache, reduce
from typing import Any

from ..ops.stand_in import NOT_EXECUTED

_FUNCTION = "rf_viz>TensorFlowFunction"

_FUNCTION_LAYERS = ("TFOpLambda", "SlicingOpLambda")

_NAMESPACES = ("math", "nn", "image", "linalg", "signal")

_FUNCTIONS = re.split(
    r"\s+",
    """abs acos add add_n argmax argmin asin atan atan2 batch_to_space boolean_mask broadcast_to
    cast clip_by_value complex concat constant convert_to_tensor cos cosh cumsum divide einsum
    ensure_shape equal exp expand_dims eye fill floor gather gather_nd greater greater_equal
    identity less less_equal linspace logical_and logical_not logical_or matmul maximum meshgrid
    minimum multiply negative norm not_equal one_hot ones ones_like pad pow range rank realdiv
    reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod
    reduce_sum repeat reshape reverse roll round rsqrt scalar_mul shape sigmoid sign sin sinh size
    slice softmax space_to_batch split sqrt square squeeze stack stop_gradient strided_slice
    subtract tan tanh tensordot tile transpose truediv unstack where zeros zeros_like""",
)
"""Those at TensorFlow's top."""

_REFLECTED = {"radd": "add", "rsub": "sub", "rmul": "mul", "rtruediv": "truediv", "rpow": "pow",
              "rfloordiv": "floordiv", "rmod": "mod", "rmatmul": "matmul"}  # fmt: skip
_OPERATORS = {*_REFLECTED.values(), "neg", "abs", "eq", "ne", "lt", "le", "gt", "ge"}


def is_function_call(entry: Mapping[str, Any]) -> bool:
    """Whether a layer of a configuration is Keras 2's call of a TensorFlow function."""
    return entry["class_name"] in _FUNCTION_LAYERS


def stand_in_for_function(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Such a layer's configuration as one that Keras 3 can build; None for another function."""
    name = entry.get("config", {}).get("function")
    if not isinstance(name, str) or _function(name) is None:
        return None
    called = entry.get("name") or entry["config"].get("name")
    return {
        "module": "rf_viz",
        "class_name": _FUNCTION,
        "registered_name": _FUNCTION,
        "name": called,
        "config": {"name": called, "function": name},
        "inbound_nodes": [_node(node) for node in entry.get("inbound_nodes", [])],
    }


def _node(node: list[Any]) -> dict[str, Any]:
    """A call as Keras 2 wrote it, as Keras 3 does.

    Keras 2: the first argument, a list of tensors or one, each (layer, number of its call, number
    of its output, other arguments); or a constant in the place of the tensor.
    """
    several = bool(node) and isinstance(node[0], list)
    firsts = node if several else [node]
    arguments = [
        first[2] if first[0] == "_CONSTANT_VALUE" else _tensor(first[:3]) for first in firsts
    ]
    others = firsts[0][3] if len(firsts[0]) > 3 else {}
    return {
        "args": [arguments if several else arguments[0]],
        "kwargs": {k: _argument(v) for k, v in others.items() if k != "name"},
    }


def _argument(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and all(type(n) is int for n in value[1:]):
            return value[2] if value[0] == "_CONSTANT_VALUE" else _tensor(value)
        return [_argument(v) for v in value]
    if isinstance(value, dict):
        return {k: _argument(v) for k, v in value.items()}
    return value


def _tensor(history: list[Any]) -> dict[str, Any]:
    config = {"shape": [None], "dtype": "float32", "keras_history": list(history)}
    return {"class_name": "__keras_tensor__", "config": config}


def _function(name: str) -> Callable[..., Any] | None:
    """The function of TensorFlow's mathematics of that name, None for any other."""
    import tensorflow as tf

    if name == "__operators__.getitem":
        return _sliced
    if name.startswith("__operators__."):
        plain = name.partition(".")[2]
        if plain in _REFLECTED:
            function = getattr(operator, _REFLECTED[plain])
            return lambda x, y: function(y, x)
        if plain not in _OPERATORS:
            return None
        function = getattr(operator, plain)
        return lambda x, **others: function(x, *others.values())
    *space, last = name.removeprefix("compat.v1.").split(".")
    if (space and space[0] not in _NAMESPACES) or (not space and last not in _FUNCTIONS):
        return None
    if last.startswith("_") or any(part.startswith("_") for part in space):
        return None
    try:
        found = reduce(getattr, name.split("."), tf)
    except AttributeError:
        return None
    return found if callable(found) else None


def _sliced(x: Any, slice_spec: Any) -> Any:  # noqa: ANN401
    """``x[slice_spec]``, as Keras 2 spells slices."""
    parts = slice_spec if isinstance(slice_spec, list | tuple) else [slice_spec]
    return x[tuple(_slice(part) for part in parts)]


def _slice(part: Any) -> Any:  # noqa: ANN401
    if isinstance(part, dict) and "start" in part:
        return slice(part["start"], part["stop"], part["step"])
    return Ellipsis if isinstance(part, dict) or part == "Ellipsis" else part


@cache
def our_layers() -> dict[str, type]:
    """The classes, by the names under which a configuration has them."""
    import keras
    import tensorflow as tf

    class NotExecuted(keras.layers.Layer):  # type: ignore[misc]
        """Stands for a layer that is not executed: everything reaches everything."""

        def __init__(self, reason: str, kind: str, outputs: list[Any], **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.reason, self.kind = reason, kind
            self.makes: list[tuple[Any, str]] = [(list(shape), dtype) for shape, dtype in outputs]
            self._allow_non_tensor_positional_args = True

        def call(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            given = [t for t in keras.tree.flatten([args, kwargs]) if keras.ops.is_tensor(t)]
            said: list[tuple[Any, str]] = self.makes or [(None, "")]
            made = [self._make(given, shape, dtype) for shape, dtype in said]
            return made if len(made) > 1 else made[0]

        def _make(self, given: list[Any], shape: list[int | None] | None, dtype: str) -> Any:  # noqa: ANN401
            first, reason = given[0], self.reason
            extents = tf.shape(first)
            if shape is None or (None in shape[1:] and len(shape) != first.shape.rank):
                reason += ", its output to have the shape of its input"
                static = first.shape
            else:
                extents = tf.stack([extents[i] if n is None else n for i, n in enumerate(shape)])
                static = tf.TensorShape(shape)
            kind = dtype or first.dtype
            token = f"{NOT_EXECUTED} {reason}"
            # Any operation would do: it is renamed once the graph is made, and never run.
            made = tf.raw_ops.PyFunc(
                input=[*given, extents], token=token, Tout=[kind], name="assumed"
            )[0]
            made.set_shape(static)
            return made

    class TensorFlowFunction(keras.layers.Layer):  # type: ignore[misc]
        """Keras 2's call of a TensorFlow function."""

        def __init__(self, function: str, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.function, self.kind = function, f"tf.{function}"
            self._called_function = _function(function)
            self._allow_non_tensor_positional_args = True
            self._convert_input_args = False

        def call(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            assert self._called_function is not None
            return self._called_function(*args, **kwargs)

    return {NOT_EXECUTED: NotExecuted, _FUNCTION: TensorFlowFunction}
