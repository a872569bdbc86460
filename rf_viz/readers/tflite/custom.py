"""Operators that are not of the schema: TensorFlow's own, and some that are met often."""

from __future__ import annotations

import numpy as np

from ..tensorflow.call import python
from ..tensorflow.protobuf.messages import NodeDef
from .file import FileOperator
from .step import Site, TfOp, Translate, biased, ints


def flex(operator: FileOperator, site: Site) -> TfOp | None:
    """A TensorFlow operation that the converter kept: its options are its name and NodeDef."""
    from flatbuffers import flexbuffers

    options = bytearray(operator.options["bytes"])
    op, message = (ref.AsStringBytes for ref in flexbuffers.GetRoot(options).AsVector)
    node = NodeDef.FromString(message)
    return TfOp(op.decode(), site.every, {name: python(value) for name, value in node.attr.items()})


def _transposed_with_bias(site: Site) -> TfOp:
    """MediaPipe's transposed convolution; its options are C's (padding, stride_w, stride_h).

    The kernel's axes are (out, height, width, in).
    """
    padding, across, down = np.frombuffer(site.option("bytes"), "<i4", 3).tolist()
    out, height, width, _ = site.input(1).shape
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


CUSTOM: dict[str, Translate] = {"Convolution2DTransposeBias": _transposed_with_bias}
