"""Operators that TensorFlow runs on other hardware only, computed by those that a processor has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SUBSTITUTED = frozenset({"XlaDynamicUpdateSlice"})
"""Operators that are replaced wherever they stand."""

_GROUPED = "Conv3D"
"""The operator whose filters all have to take all channels, on a processor."""

_TRANSPOSED = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
"""The operators whose taps have to lie side by side, on some processors."""


def substitute(part: Any) -> None:  # noqa: ANN401  (protobuf messages have no types)
    """Replace, in place, the nodes of a graph that have no kernel on a processor, or may have none.

    A convolution of volumes is one of groups only by its input's channels, known when it runs.

    Raises whatever TensorFlow does where it refuses the graph.
    """

    for node in part.node:
        if node.op in SUBSTITUTED:
            _call(part, node, _updated, ["T", "T", "Tindices"])
        elif node.op == _GROUPED:
            _call(part, node, _convolution(node), ["T", "T"])
        elif node.op in _TRANSPOSED and max(node.attr["dilations"].list.i, default=1) > 1:
            _call(part, node, _transposed(node), ["Tshape", "T", "T"])


def _convolution(node: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401
    """A convolution of volumes in groups, with the settings of a node."""
    import tensorflow as tf

    first = node.attr["data_format"].s.startswith(b"NC")
    to_last = (0, 2, 3, 4, 1) if first else (0, 1, 2, 3, 4)
    strides = list(node.attr["strides"].list.i) or [1] * 5
    dilations = list(node.attr["dilations"].list.i) or [1] * 5
    padding = node.attr["padding"].s.decode()

    def convolved(x: Any, kernel: Any) -> Any:  # noqa: ANN401
        x = tf.transpose(x, to_last) if first else x
        x = tf.raw_ops.Conv3D(
            input=x,
            filter=_spread(kernel, tf.shape(x)[4]),
            strides=[strides[axis] for axis in to_last],
            padding=padding,
            dilations=[dilations[axis] for axis in to_last],
        )
        return tf.transpose(x, (0, 4, 1, 2, 3)) if first else x

    return convolved


def _transposed(node: Any) -> Callable[[Any, Any, Any], Any]:  # noqa: ANN401
    """A transposed convolution with the settings of a node, the gaps of its kernel filled."""
    import tensorflow as tf

    first = node.attr["data_format"].s.startswith(b"NC")
    spatial = slice(2, None) if first else slice(1, -1)
    own = {
        "strides": list(node.attr["strides"].list.i),
        "padding": node.attr["padding"].s.decode(),
        "data_format": node.attr["data_format"].s.decode() or None,
    }
    if node.op == _TRANSPOSED[0]:
        own["explicit_paddings"] = list(node.attr["explicit_paddings"].list.i)
    run = getattr(tf.raw_ops, node.op)
    dilations = list(node.attr["dilations"].list.i)[spatial]

    def convolved(sizes: Any, kernel: Any, x: Any) -> Any:  # noqa: ANN401
        wide = apart(kernel, dilations)
        settings = {name: value for name, value in own.items() if value is not None}
        return run(input_sizes=sizes, filter=wide, out_backprop=x, **settings)

    return convolved


def apart(kernel: Any, dilations: list[int]) -> Any:  # noqa: ANN401
    """Put zeros between the taps of a kernel, along its first axes."""
    import tensorflow as tf

    for axis, dilation in enumerate(dilations):
        if dilation > 1:
            before = tf.shape(kernel)
            apart = tf.expand_dims(kernel, axis + 1)
            rank = len(dilations) + 3
            pads = [[0, dilation - 1 if i == axis + 1 else 0] for i in range(rank)]
            size = before[axis] * dilation
            shape = tf.concat([before[:axis], [size], before[axis + 1 :]], 0)
            kernel = tf.reshape(tf.pad(apart, pads), shape)
            kernel = tf.gather(kernel, tf.range(size - dilation + 1), axis=axis)
    return kernel


def _spread(kernel: Any, channels: Any) -> Any:  # noqa: ANN401
    """A kernel for all channels, zero for those of other groups."""
    import tensorflow as tf

    outputs, of_group = tf.shape(kernel)[4], tf.shape(kernel)[3]
    groups = channels // of_group
    of_channel = tf.range(channels) // of_group
    of_output = tf.range(outputs) // (outputs // groups)
    own = tf.cast(of_channel[:, None] == of_output[None, :], kernel.dtype)
    return tf.tile(kernel, [1, 1, 1, groups, 1]) * own


def _updated(x: Any, update: Any, indices: Any) -> Any:  # noqa: ANN401
    """A tensor with a part of it replaced, the part moved back inside where it reaches out."""
    import tensorflow as tf

    size = tf.shape(update, indices.dtype)
    begin = tf.clip_by_value(indices, 0, tf.shape(x, indices.dtype) - size)
    return tf.raw_ops.TensorStridedSliceUpdate(
        input=x, begin=begin, end=begin + size, strides=tf.ones_like(begin), value=update
    )


def _call(
    part: Any,  # noqa: ANN401
    node: Any,  # noqa: ANN401
    compute: Callable[..., Any],
    types: list[str],
) -> None:
    """Make a node the call of a function, which takes inputs of the types in these attributes.

    An attribute that the node lacks stands for int32. The output is of the type T.
    """
    import tensorflow as tf

    kinds = [node.attr[name].type or tf.int32.as_datatype_enum for name in types]
    specs = [tf.TensorSpec(None, tf.dtypes.as_dtype(kind)) for kind in kinds]
    concrete = tf.function(compute, autograph=False).get_concrete_function(*specs)
    definition = part.library.function.add()
    definition.ParseFromString(concrete.function_def.SerializeToString())
    node.op = "PartitionedCall"
    output = node.attr["T"].type
    node.attr.clear()
    node.attr["Tin"].list.type.extend(kinds)
    node.attr["Tout"].list.type.append(output)
    node.attr["f"].func.name = definition.signature.name
