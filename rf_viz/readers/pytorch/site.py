"""One call of an operator, as a rule sees it, and the table of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from . import dtypes
from .program import Argument, Dtype, Graph, Name, Node, TensorMeta
from .writer import Writer

_FARTHEST = 2**24
"""The longest kernel, stride or padding."""


class Untranslatable(Exception):  # noqa: N818 (no error: the operator stays as it is)
    """Raised where a rule has no ONNX for a call: it stays under its own name, and is opaque."""


class Scope(Protocol):
    """What surrounds a call: the values of the names that it uses."""

    def value(self, name: str) -> str:
        """The ONNX name of a tensor's or number's present value."""
        ...

    def meta(self, name: str) -> TensorMeta | None:
        """What the exporter knew of a tensor; None for numbers."""
        ...

    def subgraph(self, graph: Graph, values: Sequence[str | None], label: str) -> Any:  # noqa: ANN401
        """Translate a subgraph that becomes a node's attribute, its inputs bound to values."""
        ...

    def inline(self, graph: Graph, arguments: Sequence[Argument]) -> list[str]:
        """Translate a subgraph in place; returns the values that it returns."""
        ...


class Site:
    """A call with its arguments, and the writer that takes down its ONNX nodes.

    ``target`` is the operator; of one that writes in place the one that computes the same.
    ``replaced`` are values that stand for those of tensors, by the tensors' names.
    """

    def __init__(
        self,
        node: Node,
        target: str,
        scope: Scope,
        writer: Writer,
        replaced: Mapping[str, str] | None = None,
    ) -> None:
        self.node, self.target, self.scope, self.writer = node, target, scope, writer
        self._replaced = replaced or {}

    # ---- arguments

    def has(self, name: str) -> bool:
        """Tell whether an argument was passed, and is not None."""
        return self.node.arguments.get(name) is not None

    def argument(self, name: str, default: Argument = None) -> Argument:
        """An argument as the program has it."""
        value = self.node.arguments.get(name, default)
        return default if value is None else value

    def flag(self, name: str, default: bool = False) -> bool:
        """An argument that is a truth value. Raises Untranslatable where it is computed."""
        value = self.argument(name, default)
        if not isinstance(value, bool):
            raise Untranslatable
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """An argument that is a whole number. Raises Untranslatable where it is computed."""
        value = self.argument(name, default)
        if not isinstance(value, int) or not -(2**63) <= value < 2**63:
            raise Untranslatable
        return value

    def real(self, name: str, default: float | None = None) -> float:
        """An argument that is a number. Raises Untranslatable where it is computed."""
        value = self.argument(name, default)
        if not isinstance(value, int | float):
            raise Untranslatable
        return float(value)

    def wholes(self, name: str, default: Sequence[int] | None = None) -> list[int]:
        """An argument that is a list of whole numbers; one number is a list of one."""
        value = self.argument(name, default)
        listed = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(n, int) and -(2**63) <= n < 2**63 for n in listed):
            raise Untranslatable
        return list(listed)

    def each(self, name: str, count: int, default: int | None = None) -> list[int]:
        """A whole number for each of some axes; one number stands for all."""
        values = self.wholes(name, None if default is None else [default])
        if not values and default is not None:
            values = [default]
        if len(values) == 1:
            values = values * count
        if len(values) != count or max(values, default=0) > _FARTHEST:
            raise Untranslatable
        return values

    def axis(self, name: str = "dim", default: int | None = None, of: str = "self") -> int:
        """An argument that counts an axis, from 0 on."""
        return self.counted(self.whole(name, default), self.rank(of))

    def axes(self, name: str = "dim", of: str = "self") -> list[int]:
        """An argument that counts axes, from 0 on, in its order; all axes where there is none."""
        rank = self.rank(of)
        listed = self.wholes(name, [])
        return [self.counted(a, rank) for a in listed] or list(range(rank))

    @staticmethod
    def counted(axis: int, rank: int) -> int:
        """An axis counted from 0 on. Raises Untranslatable where there is none such."""
        if not -max(rank, 1) <= axis < max(rank, 1):
            raise Untranslatable
        return axis % max(rank, 1)

    # ---- tensors

    def tensor(self, name: str) -> str:
        """The ONNX name of a tensor argument. Raises Untranslatable where it is none."""
        value = self.node.arguments.get(name)
        if not isinstance(value, Name):
            raise Untranslatable
        return self.value(value.name)

    def value(self, name: str) -> str:
        """The ONNX name of a tensor or number of the program."""
        return self._replaced.get(name) or self.scope.value(name)

    def optional(self, name: str) -> str:
        """The ONNX name of a tensor argument; empty where it is None."""
        return self.tensor(name) if self.has(name) else ""

    def tensors(self, name: str) -> list[str]:
        """The ONNX names of an argument that is a list of tensors."""
        value = self.argument(name)
        if not isinstance(value, list) or not all(isinstance(v, Name) for v in value):
            raise Untranslatable
        return [self.value(v.name) for v in value]

    def meta(self, name: str) -> TensorMeta:
        """What the exporter knew of a tensor argument."""
        value = self.node.arguments.get(name)
        return self.meta_of(value.name) if isinstance(value, Name) else self._no_tensor()

    def meta_of(self, name: str) -> TensorMeta:
        """What the exporter knew of a tensor of the program."""
        return self.scope.meta(name) or self._no_tensor()

    @staticmethod
    def _no_tensor() -> TensorMeta:
        raise Untranslatable

    def is_tensor(self, name: str) -> bool:
        """Tell whether an argument is a tensor rather than a number."""
        value = self.node.arguments.get(name)
        return isinstance(value, Name) and self.scope.meta(value.name) is not None

    def rank(self, name: str = "self") -> int:
        """The number of axes of a tensor argument."""
        return len(self.meta(name).sizes)

    def dtype(self, name: str = "self") -> int:
        """The type of a tensor argument."""
        return self.meta(name).dtype

    def shape(self, name: str = "self") -> tuple[int | None, ...]:
        """The shape of a tensor argument, None along free axes."""
        return sizes_of(self.meta(name))

    def static(self, name: str = "self") -> tuple[int, ...]:
        """The shape of a tensor argument. Raises Untranslatable where an axis is free."""
        return fixed(self.shape(name))

    @property
    def results(self) -> list[str | None]:
        """The names of the outputs, those of lists among them."""
        names: list[str | None] = []
        for output in self.node.outputs:
            names += output if isinstance(output, list) else [output]
        return names

    @property
    def result(self) -> TensorMeta:
        """What the exporter knew of the first output."""
        return (
            self.meta_of(self.results[0])
            if self.results and self.results[0]
            else (self._no_tensor())
        )

    # ---- numbers

    def scalar(self, value: Argument, dtype: int) -> str:
        """A number of the program as a tensor without axes, of some type."""
        if isinstance(value, Name):
            return self.cast(self.scope.value(value.name), dtype)
        if not isinstance(value, bool | int | float | complex):
            raise Untranslatable
        return self.writer.constant(dtypes.scalar(value, dtype))

    def count(self, value: Argument) -> str:
        """A whole number of the program, computed or not, as a list of one."""
        if isinstance(value, Name):
            return self.add("Reshape", self.scope.value(value.name), self.ints([1]))
        if not isinstance(value, int):
            raise Untranslatable
        return self.ints([max(-(2**63), min(value, 2**63 - 1))])

    def counts(self, values: Argument) -> str:
        """A list of whole numbers, computed or not, as one tensor."""
        if not isinstance(values, list):
            raise Untranslatable
        if all(isinstance(v, int) for v in values):
            return self.ints(values)
        return self.add("Concat", *(self.count(v) for v in values), axis=0)

    # ---- writing

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add a node of one output; returns that output's name."""
        return self.writer.add(op, *inputs, **attributes)

    def ints(self, values: Sequence[int]) -> str:
        """Add a list of whole numbers; returns its name."""
        return self.writer.ints(values)

    def cast(self, value: str, dtype: int) -> str:
        """Convert a value to a type."""
        return self.add("Cast", value, to=dtypes.onnx_type(dtype))

    def cast_from(self, value: str, before: int, after: int) -> str:
        """Convert a value to a type, where it is of another one."""
        return value if before == after else self.cast(value, after)

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """Give a value another shape: 0 keeps an axis, -1 is what is left."""
        return self.add("Reshape", value, self.ints(shape))

    def transpose(self, value: str, order: Sequence[int]) -> str:
        """Put the axes of a value into another order."""
        return self.add("Transpose", value, perm=list(order))

    def unsqueeze(self, value: str, *axes: int) -> str:
        """Add axes of length 1."""
        return self.add("Unsqueeze", value, self.ints(axes))

    def squeeze(self, value: str, *axes: int) -> str:
        """Drop axes of length 1."""
        return self.add("Squeeze", value, self.ints(axes))

    def operand(self, name: str, dtype: int) -> str:
        """An argument, a tensor or a number, converted to a type."""
        if self.is_tensor(name):
            return self.cast_from(self.tensor(name), self.dtype(name), dtype)
        return self.scalar(self.argument(name), dtype)

    def common(self, *names: str) -> int:
        """The type that arguments combine to."""
        tensors, single, numbers = list[int](), list[int](), list[int]()
        for name in names:
            value = self.argument(name)
            if self.is_tensor(name):
                (tensors if self.rank(name) else single).append(self.dtype(name))
            elif isinstance(value, Name):
                numbers.append(dtypes.INT64)
            elif value is not None:
                numbers.append(dtypes.of_number(value))
        return dtypes.promoted(tensors, single, numbers)

    def wanted(self, default: int) -> int:
        """The type that the argument ``dtype`` names."""
        value = self.argument("dtype")
        return value.number if isinstance(value, Dtype) else default


def sizes_of(meta: TensorMeta) -> tuple[int | None, ...]:
    """The sizes of a tensor, None where they are free."""
    return tuple(n if isinstance(n, int) else None for n in meta.sizes)


def fixed(shape: Sequence[int | None]) -> tuple[int, ...]:
    """A shape without free axes. Raises Untranslatable where there are any."""
    if any(n is None for n in shape):
        raise Untranslatable
    return tuple(n for n in shape if n is not None)


Translated = str | Sequence[str | None]
"""What a rule returns: the value of its output, or of each output."""

Rule = Callable[[Site], Translated]

RULES: dict[str, Rule] = {}
"""The table of rules, by the operator's namespace, name and overload."""


def rule(*targets: str) -> Callable[[Rule], Rule]:
    """Enter a rule for operators of ATen; the overload ``default`` may be left out."""

    def enter(function: Rule) -> Rule:
        for target in targets:
            overload = target if "." in target else f"{target}.default"
            RULES[f"aten.{overload}"] = function
        return function

    return enter


def rule_of(*targets: str) -> Callable[[Rule], Rule]:
    """Enter a rule for operators of other namespaces, by their full names."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(targets, function))
        return function

    return enter
