"""The constant masks of a TensorFlow graph, as its twin keeps them.

The twin lets every signal pass, but for what a constant mask hides. Its masks are computed while it
runs, from the graph's own constants, and share no code with the reader's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ..graph_names import data_inputs, maker
from .writer import BOOL, FLOAT, INT32, Writer

GAP = 80.0
"""A softmax's weight is 0 where the sum of what constants add lies so far below all others."""

_DEEP = 5000.0
"""A maximum is none of those whose constants lie so far below all others."""

BOTTOMLESS = 1000.0
"""An exponential is 0 in any precision where it lies so far below all others."""

_DEEPEST = 60

_SAME = {
    "Cast", "CheckNumerics", "CheckNumericsV2", "EnsureShape", "Identity", "PlaceholderWithDefault",
    "PreventGradient", "Snapshot", "StopGradient",
}  # fmt: skip
_MOVES = {
    "BatchToSpaceND", "BroadcastTo", "DepthToSpace", "ExpandDims", "MirrorPad", "Reshape",
    "Reverse", "ReverseSequence", "ReverseV2", "Roll", "Slice", "SpaceToBatchND", "SpaceToDepth",
    "Squeeze", "StridedSlice", "Tile", "Transpose",
}  # fmt: skip
_Follow = Callable[[str], "str | None"]


class Masks:
    """The masks of a graph's tensors, written into the twin when they are first asked for."""

    def __init__(self, writer: Writer, nodes: Mapping[str, Any]) -> None:
        self._writer, self._nodes = writer, nodes
        self._biases: dict[str, str | None] = {}
        self._kept: dict[str, str | None] = {}
        self._depth = 0

    def bias(self, name: str) -> str | None:
        """What constants have added to a tensor, in its shape; None for nothing."""
        return self._followed(name, self._biases, self._bias_of)

    def kept(self, name: str) -> str | None:
        """1 where a tensor's element may be other than 0, else 0; None where all may be."""
        return self._followed(name, self._kept, self._kept_of)

    def _followed(
        self,
        name: str,
        done: dict[str, str | None],
        follow: Callable[[str, Any], str | None],
    ) -> str | None:
        if name in done:
            return done[name]
        node = self._nodes.get(maker(name))
        if node is None or not self._is_signal(name) or self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            result = follow(name, node)
        finally:
            self._depth -= 1
        if result is not None:
            result = self._writer.expand(result, self._writer.shape(name))
        done[name] = result
        return result

    def _is_signal(self, name: str) -> bool:
        return name in self._writer.signals

    def number_of(self, name: str, kind: int) -> str:
        """A constant as float32."""
        return self._writer.cast(name, kind)

    def _added(self, name: str, kind: int) -> str | None:
        return self.bias(name) if self._is_signal(name) else self.number_of(name, kind)

    def _bias_of(self, name: str, node: Any) -> str | None:  # noqa: ANN401
        add, op, inputs = self._writer.add, node.op, data_inputs(node)
        kind = node.attr["T"].type
        if op in ("Add", "AddV2", "AddN"):
            parts = [p for p in (self._added(i, kind) for i in inputs) if p is not None]
            return self._writer.total(parts) if parts else None
        if op == "Sub":
            one, two = (self._added(i, kind) for i in inputs)
            if two is None:
                return one
            return add("Neg", two) if one is None else add("Sub", one, two)
        if op in ("Mul", "Div", "RealDiv"):
            first, second = inputs if self._is_signal(inputs[0]) else inputs[::-1]
            if self._is_signal(second) or (op != "Mul" and first != inputs[0]):
                return None
            scaled = self.bias(first)
            return scaled and add("Mul" if op == "Mul" else "RealDiv", scaled,
                                  self.number_of(second, kind))  # fmt: skip
        if op in ("Maximum", "Minimum"):
            if sum(map(self._is_signal, inputs)) != 1:
                return None
            return add(op, *(self._added(i, kind) or self._number(0) for i in inputs))
        if op in ("Select", "SelectV2"):
            if self._is_signal(inputs[0]):
                return None
            one, two = (self._added(i, kind) for i in inputs[1:])
            if one is None and two is None:
                return None
            return self.chosen(name, node, one or self._number(0), two or self._number(0))
        if op == "Max":
            reduced = self.bias(inputs[0])
            return reduced and add("Max", reduced, inputs[1], like=node)
        if op == "LogSoftmax":
            before = self.bias(inputs[0])
            return before and add("Sub", before, self._writer.reduce(before, [-1]))
        return self._moved(name, node, self.bias, 0)

    def chosen(self, name: str, node: Any, one: str, two: str) -> str:  # noqa: ANN401
        """One where the node's constant condition holds, else two."""
        after = self._writer.shape(name)
        condition = data_inputs(node)[0]
        if node.op == "Select":  # there may be one condition for each row
            one, two = (self._writer.expand(part, after) for part in (one, two))
            return self._writer.add("Select", condition, one, two)
        return self._writer.add("SelectV2", condition, one, two)

    def _moved(self, name: str, node: Any, follow: _Follow, fill: float) -> str | None:  # noqa: ANN401
        op, inputs = node.op, data_inputs(node)
        if op in _SAME:
            return follow(inputs[0])
        if op in ("ConcatV2", "Pack"):
            count = node.attr["N"].i
            parts = [follow(i) for i in inputs[:count]]
            if not any(parts):
                return None
            kind = node.attr["T"].type
            filled = [
                part or self._writer.filled(i, kind, fill)
                for part, i in zip(parts, inputs, strict=False)
            ]
            return self._writer.add(op, *filled, *inputs[count:], like=node)
        at = 1 if op == "Split" else 0
        if op not in _MOVES and op not in ("GatherV2", "Split", "SplitV", "Unpack"):
            return None
        if any(self._is_signal(i) for n, i in enumerate(inputs) if n != at):
            return None
        moved = follow(inputs[at])
        if moved is None:
            return None
        inputs[at] = moved
        kind_name = "Tparams" if op == "GatherV2" else "T"
        first = self._writer.add(op, *inputs, like=node, kind=kind_name)
        number = name.partition(":")[2]
        return f"{first}:{number}" if number else first

    def _number(self, value: float) -> str:
        return self._writer.constant(np.asarray(value, np.float32))

    def _kept_part(self, name: str, kind: int) -> str | None:
        if self._is_signal(name):
            return self.kept(name)
        return self._writer.add("Sign", self._writer.add("Abs", self.number_of(name, kind)))

    def _kept_of(self, name: str, node: Any) -> str | None:  # noqa: ANN401
        add, op, inputs = self._writer.add, node.op, data_inputs(node)
        kind = node.attr["T"].type if "T" in node.attr else BOOL
        if op == "Softmax":
            return self.above_gap(inputs[0])
        if op == "Exp":
            return self.exponential(inputs[0])
        if op in ("LogicalAnd", "Mul", "MulNoNan"):
            parts = [p for p in (self._kept_part(i, kind) for i in inputs) if p is not None]
            return add("Mul", *parts) if len(parts) == 2 else parts[0] if parts else None
        if op in ("Div", "DivNoNan", "RealDiv"):
            return self.kept(inputs[0])
        if op in ("Select", "SelectV2"):
            one, two = (self._kept_part(i, kind) for i in inputs[1:])
            if self._is_signal(inputs[0]):
                return add("Maximum", one, two) if one and two else None
            if one is None and two is None:
                return None
            return self.chosen(name, node, one or self._number(1), two or self._number(1))
        if op in ("MatrixBandPart", "Pad"):
            before = self.kept(inputs[0])
            if before is None and op == "Pad":
                return None
            before = before or self._writer.filled(inputs[0], kind, 1)
            return add(op, before, *inputs[1:], like=node)
        return self._moved(name, node, self.kept, 1)

    def exponential(self, name: str) -> str | None:
        """1 for the elements that an exponential's mask leaves; None where it has none.

        A row of which all elements lie low is left, since it may be divided by its sum.
        """
        bias, shape = self.bias(name), self._writer.shape(name)
        if bias is None or not shape:
            return None
        kept = self._above_gap(self._writer.reshape(bias, (1, prod(shape))), (1, prod(shape)), GAP)
        if kept is None:
            return None
        writer, add = self._writer, self._writer.add
        kept = writer.reshape(kept, shape)
        lowest = self._number(-np.inf)
        bias = self._without_nan(bias)
        real = self._least(bias, lowest)
        all_axes = list(range(len(shape)))
        top = writer.reduce(
            add("SelectV2", self._least(kept, self._number(0)), bias, lowest), all_axes
        )
        low = add("Sub", top, self._number(GAP))
        bottom = add("Sub", add("Minimum", top, self._number(0)), self._number(BOTTOMLESS))
        lying = add("LessEqual", writer.reduce(bias, [-1]), low)
        left = add("Maximum", kept, writer.cast(lying, BOOL))
        high = add("Greater", bias, self._number(-GAP))
        left = add("Maximum", left, writer.cast(high, BOOL))
        above = writer.cast(add("GreaterEqual", bias, bottom), BOOL)
        return add("Mul", add("Mul", left, above), writer.cast(real, BOOL))

    def _least(self, name: str, bound: str) -> str:
        return self._writer.add("Greater", name, bound)

    def _without_nan(self, name: str) -> str:
        wrong = self._writer.add("IsNan", name)
        return self._writer.add("SelectV2", wrong, self._number(-np.inf), name)

    def above_gap(self, name: str) -> str | None:
        """1 for elements whose bias is above the first gap along the last axis; None for all."""
        return self._kept_along(name, GAP)

    def largest(self, name: str) -> str | None:
        """1 for the elements that may be the largest along the last axis; None for all."""
        return self._kept_along(name, _DEEP)

    def _kept_along(self, name: str, gap: float) -> str | None:
        bias, shape = self.bias(name), self._writer.shape(name)
        return None if bias is None or not shape else self._above_gap(bias, shape, gap)

    def _slice(self, name: str, begin: Sequence[int], size: Sequence[int]) -> str:
        node = self._writer.node(
            "Slice", "", name, self._writer.ints(begin), self._writer.ints(size)
        )
        node.attr["T"].type, node.attr["Index"].type = FLOAT, INT32
        output: str = node.name
        return output

    def _above_gap(self, bias: str, shape: Sequence[int], least: float) -> str | None:
        length = shape[-1]
        if length < 2:
            return None
        writer, add = self._writer, self._writer.add
        bias = self._without_nan(bias)
        ordered = add("TopKV2", bias, writer.ints(length), sorted=True)
        top = writer.reduce(bias, [-1])
        rank = len(shape)
        before, behind = (
            self._slice(ordered, (0,) * (rank - 1) + (start,), (*shape[:-1], length - 1))
            for start in (0, 1)
        )
        gap = add("Sub", before, behind)
        gap = add("SelectV2", add("IsNan", gap), self._number(0), gap)
        wide = writer.cast(add("GreaterEqual", gap, self._number(least)), BOOL)
        passed = add("Cumsum", wide, writer.ints(-1))
        lowest = add("SelectV2", add("Less", passed, self._number(0.5)), behind, top)
        last = writer.add("Min", lowest, writer.ints([-1]), keep_dims=True)
        kept = add("GreaterEqual", bias, last)
        real = self._least(top, self._number(-np.inf))
        return add("Mul", writer.cast(kept, BOOL), writer.cast(real, BOOL))

    def factor(self, name: str, kind: int) -> str | None:
        """A constant factor where it is a mask, of 0 and 1 along two axes or more; else ones.

        None for a stored constant that has too few axes.
        """
        stored = self._nodes.get(name)
        if stored is not None and stored.op == "Const":
            extents = [d.size for d in stored.attr["value"].tensor.tensor_shape.dim]
            if sum(n > 1 for n in extents) < 2:
                return None
        writer, add = self._writer, self._writer.add
        number = self.number_of(name, kind)
        other = add("Abs", add("Mul", number, add("Sub", number, self._number(1))))
        shape = writer.node("Shape", "", number)
        shape.attr["T"].type = FLOAT
        long = writer.cast(add("Greater", writer.cast(shape.name, INT32), self._number(1)), BOOL)
        axes = add("Sum", long, writer.ints([0]))
        every = writer.constant(np.array([-1], np.int32))
        worst = add("Max", add("Reshape", other, every), writer.ints([0]))
        small = writer.cast(add("LessEqual", worst, self._number(0)), BOOL)
        many = writer.cast(add("Greater", axes, self._number(1.5)), BOOL)
        mask = self._least(add("Mul", small, many), self._number(0.5))
        ones = add("Add", add("Mul", number, self._number(0)), self._number(1))
        return add("SelectV2", mask, number, ones)
