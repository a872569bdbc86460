"""Operators that are not of the schema: TensorFlow's own, and some that are met often."""

from __future__ import annotations

import numpy as np

from ...tensorflow.call import python
from ...tensorflow.ops import OPERATORS
from ...tensorflow.protobuf.messages import NodeDef
from ..file import FileOperator
from ..node import Entry, Site, entry_like
from ..tf_op import TfOp, ints
from .fused import biased

_FLEX = "Flex"
"""How the names of TensorFlow's own operators begin, which the converter kept."""


_UNFOLLOWED = ("Merge", "RefMerge", "StatelessWhile", "While")
"""Control flow, whose descriptions follow functions and branches that no TFLite file holds."""


def custom_entry(operator: FileOperator) -> Entry | None:
    """Return the entry of a custom operator; None where it is not known."""
    if not operator.custom.startswith(_FLEX):
        return CUSTOM.get(operator.custom)
    op = operator.custom.removeprefix(_FLEX)
    if op in _UNFOLLOWED:
        return None
    if op not in OPERATORS:
        return Entry(_flex, "other", None)
    return entry_like(op, _flex)


def _flex(site: Site) -> TfOp:
    """A TensorFlow operation that the converter kept: its options are its name and NodeDef."""
    from flatbuffers import flexbuffers

    try:
        root = flexbuffers.GetRoot(bytearray(site.option("bytes")))
        op, message = (ref.AsStringBytes for ref in root.AsVector)
        name, node = op.decode(), NodeDef.FromString(message)
    except Exception as error:  # whatever reading trips over is no such pair
        raise ValueError("its options hold no TensorFlow operation") from error
    return TfOp(name, site.every, {key: python(value) for key, value in node.attr.items()})


def _transposed_with_bias(site: Site) -> TfOp:
    """MediaPipe's transposed convolution; its options are C's (padding, stride_w, stride_h).

    The kernel's axes are (out, height, width, in).
    """
    padding, across, down = np.frombuffer(site.option("bytes"), "<i4", 3).tolist()
    out, height, width, _ = site.shape(1, 4)
    same = padding == 1
    more = ints(0, 0, 0, out) if same else ints(0, height - down, width - across, out)
    size = TfOp("AddV2", (TfOp("Mul", (TfOp("Shape", (0,)), ints(1, down, across, 0))), more))
    kernel = TfOp("Transpose", (1, ints(1, 2, 0, 3)))
    attributes = {
        "strides": (1, down, across, 1),
        "padding": "SAME" if same else "VALID",
        "data_format": "NHWC",
    }
    return biased(TfOp("Conv2DBackpropInput", (size, kernel, 0), attributes), site, 2)


CUSTOM: dict[str, Entry] = {
    "Convolution2DTransposeBias": entry_like("Conv2DBackpropInput", _transposed_with_bias)
}
"""The custom operators that are met often, by name."""
