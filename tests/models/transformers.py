"""Small vision transformers as ONNX files with random weights, written as exporters write them."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper

from tests.oracles.onnx_oracle import build

WIDTH = 8
HEADS = 2


class Writer:
    """Nodes and constants, one after the other; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, NDArray[np.generic]] = {}
        self.rng = np.random.default_rng(0)

    def op(self, op: str, *inputs: str, name: str = "", **attributes: object) -> str:
        name = name or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def constant(self, value: object) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def weights(self, *shape: int) -> str:
        return self.constant(self.rng.normal(scale=0.3, size=shape).astype(np.float32))

    def reshape(self, x: str, *shape: int, name: str = "") -> str:
        return self.op("Reshape", x, self.constant(np.array(shape)), name=name)

    def cut(self, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        ends = [self.constant(np.array([n])) for n in (start, stop, axis, step)]
        return self.op("Slice", x, *ends)

    def roll(self, x: str, axis: int, by: int, name: str = "") -> str:
        """The first ``by`` positions go to the end (a negative ``by`` brings them back)."""
        first, rest = self.cut(x, axis, 0, by), self.cut(x, axis, by, 2**31)
        return self.op("Concat", rest, first, axis=axis, name=name)

    def patches(self, size: int) -> str:
        """The patch embedding, (1, WIDTH, rows, columns)."""
        w = self.weights(WIDTH, 3, size, size)
        return self.op("Conv", "x", w, name="patches", kernel_shape=[size] * 2, strides=[size] * 2)

    def norm(self, x: str, width: int = WIDTH) -> str:
        return self.op("LayerNormalization", x, self.weights(width), self.weights(width), axis=-1)

    def dense(self, x: str, before: int, after: int, name: str = "") -> str:
        product = self.op("MatMul", x, self.weights(before, after))
        return self.op("Add", product, self.weights(after), name=name)

    def attention(self, x: str, groups: int, tokens: int, prefix: str, bias: str = "") -> str:
        """Self-attention within each group of (groups, tokens, WIDTH), and its projection."""
        packed = self.reshape(
            self.dense(self.norm(x), WIDTH, 3 * WIDTH), groups, tokens, 3, HEADS, WIDTH // HEADS
        )
        packed = self.op("Transpose", packed, perm=[2, 0, 3, 1, 4])
        query, key, value = (self.op("Gather", packed, self.constant(i), axis=0) for i in range(3))
        key = self.op("Transpose", key, perm=[0, 1, 3, 2])
        scores = self.op("MatMul", query, key)
        if bias:
            scores = self.op("Add", scores, bias)
        shares = self.op("Softmax", scores, axis=-1, name=f"{prefix}/shares")
        mixed = self.op("Transpose", self.op("MatMul", shares, value), perm=[0, 2, 1, 3])
        mixed = self.reshape(mixed, groups, tokens, WIDTH)
        return self.dense(mixed, WIDTH, WIDTH, name=f"{prefix}/attention")

    def mlp(self, x: str, name: str) -> str:
        hidden = self.op("Sigmoid", self.dense(self.norm(x), WIDTH, 2 * WIDTH))
        return self.op("Add", x, self.dense(hidden, 2 * WIDTH, WIDTH), name=name)

    def model(self, shape: list[int]) -> onnx.ModelProto:
        """What was written, for an input ``x`` of that shape."""
        return build(self.nodes, {"x": shape}, self.constants)


def vit(rows: int = 3, columns: int = 4, patch: int = 4, class_token: bool = True) -> bytes:
    """Two blocks of global attention. Tensors: patches, tokens, begin, block0, block1, logits."""
    w, count = Writer(), rows * columns
    tokens = w.reshape(w.patches(patch), 1, WIDTH, count)
    x = w.op("Transpose", tokens, perm=[0, 2, 1], name="tokens")
    if class_token:
        x = w.op("Concat", w.weights(1, 1, WIDTH), x, axis=1)
        count += 1
    x = w.op("Add", x, w.weights(1, count, WIDTH), name="begin")
    for number in range(2):
        attention = w.attention(x, 1, count, f"block{number}")
        x = w.op("Add", x, attention, name=f"block{number}/residual")
        x = w.mlp(x, f"block{number}")
    x = w.norm(x)
    if class_token:
        x = w.op("Gather", x, w.constant(0), axis=1, name="class")
    else:
        x = w.op("ReduceMean", x, axes=[1], keepdims=0, name="class")
    w.dense(x, WIDTH, 5, name="logits")
    return w.model([1, 3, rows * patch, columns * patch]).SerializeToString()


def swin(side: int = 8, window: int = 4, patch: int = 2) -> bytes:
    """A block of window attention, a shifted one, and a merge of patches.

    Tensors: patches, windows0, windows1, block0, rolled, block1, merged.
    """
    w, across = Writer(), side // window
    x = w.op("Transpose", w.patches(patch), perm=[0, 2, 3, 1])
    for number, shift in enumerate((0, window // 2)):
        shortcut = x
        if shift:
            x = w.roll(w.roll(x, 1, shift), 2, shift, name="rolled")
        x = w.reshape(x, 1, across, window, across, window, WIDTH)
        x = w.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
        x = w.reshape(x, across**2, window**2, WIDTH, name=f"windows{number}")
        bias = w.weights(1, HEADS, window**2, window**2)
        x = w.attention(x, across**2, window**2, f"block{number}", bias)
        x = w.reshape(x, 1, across, across, window, window, WIDTH)
        x = w.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
        x = w.reshape(x, 1, side, side, WIDTH)
        if shift:
            x = w.roll(w.roll(x, 1, -shift), 2, -shift)
        x = w.op("Add", shortcut, x)
        x = w.reshape(x, 1, side**2, WIDTH, name=f"block{number}/tokens")
        x = w.mlp(x, f"block{number}")
        x = w.reshape(x, 1, side, side, WIDTH)
    quarters = [w.cut(w.cut(x, 1, i, side, 2), 2, j, side, 2) for j in (0, 1) for i in (0, 1)]
    x = w.op("Concat", *quarters, axis=-1)
    x = w.reshape(x, 1, side**2 // 4, 4 * WIDTH)
    w.dense(w.norm(x, 4 * WIDTH), 4 * WIDTH, 2 * WIDTH, name="merged")
    return w.model([1, 3, side * patch, side * patch]).SerializeToString()
