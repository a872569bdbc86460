"""The constant masks of an ONNX model, as its twin keeps them.

The twin lets every signal pass, but for what a constant mask hides. Its masks are computed while it
runs, from the model's own constants, and share no code with the reader's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_GAP = 80.0
"""A softmax's weight is 0 where the sum of what constants add lies so far below all others."""

_DEEP = 5000.0
"""A maximum is none of those whose constants lie so far below all others."""

_BOTTOMLESS = 1000.0
"""An exponential is 0 in any precision where it lies so far below all others."""

_DEEPEST = 60

_MOVES = {
    "Compress", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND",
    "Reshape", "ReverseSequence", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose",
    "Unsqueeze",
}  # fmt: skip
_SAME = {"Cast", "CastLike", "Dropout", "Identity"}
_QUANTISING = {"QuantizeLinear", "DequantizeLinear"}


class NoTwinError(Exception):
    """Raised where the twin has no node with the same dependence; the argument says why."""


class Writer(Protocol):
    """The twin's graph, as far as masks need it."""

    opset: int
    signals: set[str]

    def shape(self, name: str) -> tuple[int, ...]:
        """The traced shape of a tensor."""
        ...

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        """Add a constant; returns its name."""
        ...

    def add(
        self,
        op: str,
        *inputs: str,
        out: str = "",
        like: onnx.NodeProto | None = None,
        **more: Any,  # noqa: ANN401
    ) -> str:
        """Add a node; returns the name of its output."""
        ...

    def outputs(self, node: onnx.NodeProto, first: str) -> Sequence[str]:
        """Add a node with another first input; returns the names of its outputs."""
        ...

    def cast(self, name: str, out: str = "") -> str:
        """Add a cast to float32; returns the name of its output."""
        ...

    def filled(self, name: str, value: float) -> str:
        """Add a tensor of one value in the shape of another; returns its name."""
        ...

    def expand(self, name: str, shape: Sequence[int]) -> str:
        """Add a tensor broadcast to a shape; returns its name."""
        ...


class Masks:
    """The masks of a model's tensors, written into the twin when they are first asked for."""

    def __init__(self, writer: Writer, proto: onnx.GraphProto) -> None:
        self._writer = writer
        self._makers: Mapping[str, onnx.NodeProto] = {
            name: node for node in proto.node for name in node.output
        }
        self._initializers = {tensor.name: tensor for tensor in proto.initializer}
        self._biases: dict[str, str | None] = {}
        self._kept: dict[str, str | None] = {}
        self._depth = 0

    def bias(self, name: str) -> str | None:
        """What constants have added to a tensor, in its shape; None for nothing."""
        return self._followed(name, self._biases, self._bias_of)

    def kept(self, name: str) -> str | None:
        """1 where a tensor's element may be other than 0, else 0; None where all may be."""
        return self._followed(name, self._kept, self._kept_of)

    def _followed(self, name: str, done: dict[str, str | None], follow: Any) -> str | None:  # noqa: ANN401
        if name in done:
            return done[name]
        node = self._makers.get(name)
        if node is None or name not in self._writer.signals or self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            result = follow(name, node)
        finally:
            self._depth -= 1
        if result is not None:
            result = self._writer.expand(result, self._writer.shape(name))
        done[name] = result
        return result  # type: ignore[no-any-return]

    def _is_signal(self, name: str) -> bool:
        return name in self._writer.signals

    def _added(self, name: str) -> str | None:
        """A term of a sum, as far as it is constant."""
        if self._is_signal(name):
            return self.bias(name)
        array = self._small(name)
        if array is not None and self._writer.opset < 11:
            return None
        return self._writer.cast(name)

    def _small(self, name: str) -> NDArray[Any] | None:
        """A stored constant whose numbers are too close together to mask any."""
        array = self._stored(name)
        if array is None or array.dtype.kind not in "biuf" or not array.size:
            return None
        values = array.astype(float)
        return array if float(np.abs(values).max()) < _GAP / 2 else None

    def _stored(self, name: str) -> NDArray[Any] | None:
        tensor = self._initializers.get(name)
        if tensor is None or tensor.data_location == TensorProto.EXTERNAL:
            return None
        return numpy_helper.to_array(tensor)

    def _bias_of(self, name: str, node: onnx.NodeProto) -> str | None:
        add, op, inputs = self._writer.add, node.op_type, list(node.input)
        if node.domain not in ("", "ai.onnx"):
            return None
        if op in ("Add", "Sum"):
            parts = [part for part in map(self._added, inputs) if part is not None]
            total = parts[0] if parts else None
            for part in parts[1:]:
                total = add("Add", str(total), part)
            return total
        if op == "Sub":
            one, two = map(self._added, inputs)
            if two is None:
                return one
            return add("Neg", two) if one is None else add("Sub", one, two)
        if op in ("Mul", "Div"):
            first, second = inputs if self._is_signal(inputs[0]) else inputs[::-1]
            if self._is_signal(second) or (op == "Div" and first is not inputs[0]):
                return None
            scaled = self.bias(first)
            return None if scaled is None else add(op, scaled, self._writer.cast(second))
        if op in ("Max", "Min"):
            if sum(map(self._is_signal, inputs)) != 1:
                return None
            return add(op, *(self._added(i) or self._zero() for i in inputs))
        if op == "Where":
            condition, *sides = inputs
            if self._is_signal(condition):
                return None
            one, two = (self._added(i) for i in sides)
            if one is None and two is None:
                return None
            return add("Where", condition, one or self._zero(), two or self._zero())
        if op == "ReduceMax":
            reduced = self.bias(inputs[0])
            return None if reduced is None else self._writer.outputs(node, reduced)[0]
        if op == "LogSoftmax":
            before = self.bias(inputs[0])
            if before is None:
                return None
            axis = next((int(a.i) for a in node.attribute if a.name == "axis"), -1)
            return add("Sub", before, self._extreme("ReduceMax", before, axis))
        return self._moved(name, node, self.bias)

    def _moved(self, name: str, node: onnx.NodeProto, follow: Any) -> str | None:  # noqa: ANN401
        if node.op_type in _SAME:
            return follow(node.input[0])  # type: ignore[no-any-return]
        if node.op_type in _MOVES:
            moved = follow(node.input[0])
            if moved is None:
                return None
            return self._writer.outputs(node, moved)[list(node.output).index(name)]
        if node.op_type == "Concat":
            fill = 0.0 if follow == self.bias else 1.0
            parts = [follow(i) for i in node.input]
            if not any(parts):
                return None
            filled = [
                part or self._writer.filled(i, fill)
                for part, i in zip(parts, node.input, strict=True)
            ]
            return self._writer.add("Concat", *filled, like=node)
        return None

    def _zero(self) -> str:
        return self._number(0)

    def _one(self) -> str:
        return self._number(1)

    def _kept_part(self, name: str) -> str | None:
        return self.kept(name) if self._is_signal(name) else self._positive(name)

    def _positive(self, name: str) -> str:
        """1 where a constant is not zero."""
        size = self._writer.add("Abs", self._writer.cast(name))
        return self._writer.cast(self._writer.add("Greater", size, self._zero()))

    def _kept_of(self, name: str, node: onnx.NodeProto) -> str | None:
        add, op, inputs = self._writer.add, node.op_type, list(node.input)
        if op in ("Softmax", "Hardmax"):
            return self.softmax(node)
        if op == "Exp":
            return self.exponential(node)
        if op in ("Mul", "And"):
            parts = [part for part in map(self._kept_part, inputs) if part is not None]
            return add("Mul", *parts) if len(parts) == 2 else parts[0] if parts else None
        if op == "Div" or op in _QUANTISING:
            return self.kept(inputs[0])
        if op == "Where":
            condition, *sides = inputs
            one, two = map(self._kept_part, sides)
            if self._is_signal(condition):
                return None if one is None or two is None else add("Max", one, two)
            if one is None and two is None:
                return None
            return add("Where", condition, one or self._one(), two or self._one())
        if op == "Trilu":
            before = self.kept(inputs[0]) or self._writer.filled(inputs[0], 1)
            return self._writer.outputs(node, before)[0]
        if op == "Pad":
            return self._padded(node)
        return self._moved(name, node, self.kept)

    def _padded(self, node: onnx.NodeProto) -> str | None:
        modes = [a.s for a in node.attribute if a.name == "mode"]
        fill = node.input[2] if len(node.input) > 2 else ""
        stored = self._stored(fill) if fill else np.zeros(())
        if modes not in ([], [b"constant"]) or self._writer.opset < 11 or stored is None:
            return None
        before = self.kept(node.input[0])
        if stored.any() or before is None:
            return None
        rest = [*node.input[1:2], "", *node.input[3:]]
        return self._writer.add("Pad", before, *rest, like=node)

    def softmax(self, node: onnx.NodeProto) -> str | None:
        """1 for the elements that a softmax's mask leaves; None where it has none."""
        rank = len(self._writer.shape(node.input[0]))
        axis = next((int(a.i) for a in node.attribute if a.name == "axis"), None)
        if self._writer.opset >= 13:
            return self.above_gap(node.input[0], (-1 if axis is None else axis) % rank)
        axis = (1 if axis is None else axis) % rank
        return self.above_gap(node.input[0], axis) if axis == rank - 1 else None

    def exponential(self, node: onnx.NodeProto) -> str | None:
        """1 for the elements that an exponential's mask leaves; None where it has none.

        A row of which all elements lie low is left, since it may be divided by its sum.
        """
        name = node.input[0]
        kept, bias = self.above_gap(name, None), self.bias(name)
        if kept is None or bias is None:
            return None
        add, shape = self._writer.add, self._writer.shape(name)
        top = add("Where", self._true(kept), bias, self._number(-np.inf))
        for axis in range(len(shape)):
            top = self._extreme("ReduceMax", top, axis)
        low = add("Sub", top, self._number(_GAP))
        bottom = add("Sub", add("Min", top, self._zero()), self._number(_BOTTOMLESS))
        best = self._extreme("ReduceMax", bias, len(shape) - 1)
        lying = self._writer.cast(add("Not", add("Greater", best, low)))
        kept = add("Max", self._writer.expand(lying, shape), kept)
        kept = add("Max", self._writer.cast(add("Greater", bias, self._number(-_GAP))), kept)
        above = self._writer.cast(add("Not", add("Less", bias, bottom)))
        real = self._writer.cast(add("Not", add("IsNaN", bias)))
        return add("Mul", add("Mul", kept, above), real)

    def _true(self, name: str) -> str:
        return self._writer.add("Greater", name, self._number(0.5))

    def _number(self, value: float) -> str:
        return self._writer.constant(np.float32(value))

    def largest(self, name: str, axis: int) -> str | None:
        """1 for the elements that may be the largest along an axis; None for all."""
        return self.above_gap(name, axis, _DEEP)

    def above_gap(self, name: str, axis: int | None, gap: float = _GAP) -> str | None:
        """1 for elements whose bias is above the first gap along an axis, or among all of them."""
        bias = self.bias(name)
        if bias is None:
            return None
        if self._writer.opset < 11:
            raise NoTwinError(" may be masked, in a model older than opset 11")
        add, shape = self._writer.add, self._writer.shape(name)
        bias = add("Where", add("IsNaN", bias), self._number(-np.inf), bias)
        line, length, along = bias, 0, 0
        if axis is None:
            line = add("Reshape", bias, self._writer.constant(np.array([-1], np.int64)))
            length = int(np.prod(shape))
        else:
            length, along = shape[axis], axis
        if length < 2:
            return None

        def ints(*values: int) -> str:
            return self._writer.constant(np.array(values, np.int64))

        sort = helper.make_node("TopK", [line, ints(length)], ["values", "at"], axis=along)
        ordered, _ = self._writer.outputs(sort, line)
        top = add("Slice", ordered, ints(0), ints(1), ints(along))
        before = add("Slice", ordered, ints(0), ints(length - 1), ints(along))
        behind = add("Slice", ordered, ints(1), ints(length), ints(along))
        apart = self._finite(add("Sub", before, behind))
        gaps = self._writer.cast(add("Not", add("Less", apart, self._number(gap))))
        passed = add("CumSum", gaps, self._writer.constant(np.int64(along)))
        above = add("Less", passed, self._number(0.5))
        lowest = add("Where", above, behind, top)
        lowest = self._extreme("ReduceMin", lowest, along)
        kept = add("Not", add("Less", bias, lowest))
        real = add("Greater", top, self._number(-np.inf))
        return self._writer.cast(add("And", kept, real))

    def _finite(self, name: str) -> str:
        """Differences, with 0 for those of two infinities."""
        return self._writer.add("Where", self._writer.add("IsNaN", name), self._zero(), name)

    def _extreme(self, op: str, name: str, axis: int) -> str:
        if self._writer.opset >= 18:
            where = self._writer.constant(np.array([axis], np.int64))
            return self._writer.add(op, name, where, keepdims=1)
        return self._writer.add(op, name, axes=[axis], keepdims=1)

    def numbers(self, name: str) -> tuple[int, ...]:
        """The numbers of a stored constant; none where it is computed."""
        array = self._stored(name)
        return () if array is None else tuple(int(n) for n in array.reshape(-1))

    def factor(self, name: str) -> str | None:
        """A constant factor where it is a mask: of nothing but 0 and 1, along at least two axes."""
        array = self._stored(name)
        if array is not None:
            wide = sum(n > 1 for n in array.shape) >= 2
            wide = wide and array.dtype.kind in "bf"
            mask = wide and bool(np.isin(array, (0, 1)).all())
            return self._writer.cast(name) if mask else None
        add, number = self._writer.add, self._writer.cast(name)
        other = add("Abs", add("Mul", number, add("Sub", number, self._one())))
        extents = self._writer.cast(add("Shape", name))
        long = self._writer.cast(add("Greater", extents, self._one()))
        # One number for each: whether all are 0 or 1, and how many axes are longer than 1.
        flat = self._writer.constant(np.array([1, -1], np.int64))
        worst = add("MatMul", add("Reshape", other, flat), self._column(other))
        axes = add("MatMul", add("Reshape", long, flat), self._column(long))
        small = add("Not", add("Greater", worst, self._zero()))
        many = add("Greater", axes, self._number(1.5))
        yes = add("Reshape", add("And", small, many), self._writer.constant(np.zeros(0, np.int64)))
        return add("Where", yes, number, self._one())

    def _column(self, name: str) -> str:
        """As many ones as a tensor has elements, as a column."""
        flat = self._writer.constant(np.array([-1, 1], np.int64))
        return self._writer.add("Reshape", self._writer.filled(name, 1), flat)
