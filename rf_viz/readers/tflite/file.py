"""A TFLite file as plain Python: its FlatBuffer read once, nothing in it trusted.

The schema's own module, which LiteRT's package ships, says where things lie. Offsets may point
anywhere, and many of them to one place: so what is read is counted, and may not come to much more
than the file holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from math import prod
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import Shape
from ...runtimes.extras import install_line
from ...runtimes.quantised import Quantised

_SHARED = 4
"""How often a file may use what it holds: writers store equal tables only once."""

_SMALL = 2**16
"""Entries that any file may have."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as the file declares it.

    Attributes:
        signature: the shape, with None along axes of any size.
        dtype: NumPy's name of its type, empty for types that NumPy does not have.
        resource: whether it is the handle of a variable or table.
        variable: whether it keeps its values from one run to the next.
        data: the stored bytes of a constant, None where it is computed, and where they are no
            plain array.
    """

    name: str
    shape: Shape = ()
    signature: tuple[int | None, ...] = ()
    dtype: str = ""
    resource: bool = False
    variable: bool = False
    data: NDArray[np.uint8] | None = None
    quantised: Quantised | None = None

    def value(self) -> NDArray[Any] | None:
        """Return the real numbers that a constant stands for, None where they are not known."""
        stored = self.stored()
        if stored is None or self.quantised is None:
            return stored
        return self.quantised.real(stored)

    def stored(self) -> NDArray[Any] | None:
        """Return a constant as the file stores it, None where it is not known."""
        if self.data is None or not self.dtype:
            return None
        return self.data.view(self.dtype).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class FileOperator:
    """One operation: the schema's name of its operator, or ``CUSTOM`` and its ``custom`` name.

    ``inputs`` and ``outputs`` are numbers of tensors, -1 where one is left out. ``options`` are
    named as in the schema, integers for its enumerations; of a custom operator the bytes.
    """

    op: str
    custom: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]

    def with_inputs(self, inputs: tuple[int, ...]) -> FileOperator:
        """Return the operation on other inputs."""
        return replace(self, inputs=inputs)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """The tensors of one graph, each under a name of its own, and the operations on them."""

    tensors: tuple[TensorInfo, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[FileOperator, ...]


def parse(data: bytes, name: str) -> list[Subgraph]:
    """Return the graphs of a file, the main one first. Raises ModelError."""
    schema = _schema(name)
    try:
        return _Parser(schema, data).subgraphs()
    except Exception as error:  # whatever reading trips over is an offset that points nowhere
        raise ModelError(
            f"{name} is a TensorFlow Lite model that is damaged or cut off: "
            "download or convert it again"
        ) from error


def signatures(data: bytes, name: str) -> dict[str, int]:
    """Return the number of the graph that each named signature of a file runs; none where damaged.

    They are what a caller of the file is offered; no region depends on them.
    """
    model = _schema(name).Model.GetRootAs(data, 0)
    try:
        count = min(model.SignatureDefsLength(), model.SubgraphsLength())
        named = [model.SignatureDefs(i) for i in range(count)]
        graphs = {
            (s.SignatureKey() or b"").decode("utf-8", "replace"): int(s.SubgraphIndex())
            for s in named
        }
    except Exception:  # offsets may point anywhere
        return {}
    return {key: n for key, n in graphs.items() if key and n < model.SubgraphsLength()}


def _schema(name: str) -> ModuleType:
    try:
        schema: ModuleType = import_module("ai_edge_litert.schema_py_generated")
    except ImportError as error:
        raise ModelError(
            f"{name} is a TensorFlow Lite model, which is read with LiteRT's package: "
            f"{install_line('tflite')} brings it"
        ) from error
    return schema


class _Parser:
    """Reads tables of a file, and counts what it reads."""

    def __init__(self, schema: ModuleType, data: bytes) -> None:
        self._schema, self._data = schema, data
        self._left = _SHARED * len(data) + _SMALL
        self._model = schema.Model.GetRootAs(data, 0)
        self._operators = _names(schema.BuiltinOperator)
        self._options = _names(schema.BuiltinOptions)
        self._options2 = _names(schema.BuiltinOptions2)
        self._types = {n: _numpy_name(t) for n, t in _names(schema.TensorType).items()}
        self._codes = self._all(self._model.OperatorCodesLength, self._model.OperatorCodes)

    def subgraphs(self) -> list[Subgraph]:
        """Read all graphs. Raises ValueError, and whatever else a damaged file leads to."""
        graphs = self._all(self._model.SubgraphsLength, self._model.Subgraphs)
        if not graphs:
            raise ValueError("no graph")
        return [self._subgraph(g) for g in graphs]

    def _count(self, size: int) -> int:
        self._left -= size
        if self._left < 0:
            raise ValueError("more than the file holds")
        return size

    def _all(self, length: Callable[[], int], get: Callable[[int], Any]) -> list[Any]:
        return [get(i) for i in range(self._count(length()))]

    def _ints(self, length: Callable[[], int], get: Callable[[], Any]) -> tuple[int, ...]:
        return tuple(get().tolist()) if self._count(length()) else ()

    def _text(self, text: bytes | None) -> str:
        self._count(len(text or b""))
        return (text or b"").decode("utf-8", "replace")

    def _subgraph(self, graph: Any) -> Subgraph:  # noqa: ANN401
        listed = self._all(graph.TensorsLength, graph.Tensors)
        inputs = self._ints(graph.InputsLength, graph.InputsAsNumpy)
        outputs = self._ints(graph.OutputsLength, graph.OutputsAsNumpy)
        operators = tuple(
            self._operator(o) for o in self._all(graph.OperatorsLength, graph.Operators)
        )
        used = {*inputs, *outputs}
        for operator in operators:
            used.update(n for n in (*operator.inputs, *operator.outputs) if n != -1)
        if used and not 0 <= min(used) <= max(used) < len(listed):
            raise ValueError("an operation on a tensor that there is not")
        names: set[str] = set()
        tensors = tuple(
            self._tensor(t, i, names) if i in used else TensorInfo(f"unused tensor {i}")
            for i, t in enumerate(listed)
        )
        return Subgraph(tensors, inputs, outputs, operators)

    def _tensor(self, tensor: Any, number: int, names: set[str]) -> TensorInfo:  # noqa: ANN401
        """Read a tensor, with a name that is none of ``names``, and add it to these."""
        name = self._text(tensor.Name()) or f"tensor {number}"
        if name in names:
            name = f"{name} ({number})"
        names.add(name)
        shape = self._ints(tensor.ShapeLength, tensor.ShapeAsNumpy)
        signature = self._ints(tensor.ShapeSignatureLength, tensor.ShapeSignatureAsNumpy)
        if len(signature) != len(shape):
            signature = shape
        shape = tuple(n if n >= 0 else 1 for n in shape)  # some converters write -1 here too
        dtype = self._types.get(tensor.Type(), "")
        quantised, readable = self._quantised(tensor.Quantization(), shape)
        return TensorInfo(
            name,
            shape,
            tuple(n if n >= 0 else None for n in signature),
            dtype,
            tensor.Type() == self._schema.TensorType.RESOURCE,
            bool(tensor.IsVariable()),
            self._stored(tensor, prod(shape), dtype) if readable else None,
            quantised,
        )

    def _stored(self, tensor: Any, size: int, dtype: str) -> NDArray[np.uint8] | None:  # noqa: ANN401
        """The bytes of the values that the file holds, if it does and they are plain."""
        if not 0 <= tensor.Buffer() < self._model.BuffersLength():
            return None
        buffer = self._model.Buffers(tensor.Buffer())
        if buffer.Offset() > 1:  # behind the FlatBuffer, as in files of more than 2 GB
            start, length = buffer.Offset(), buffer.Size()
            if start + length > len(self._data):
                raise ValueError("values beyond the file's end")
            data = np.frombuffer(self._data, np.uint8, length, start)
        elif buffer.DataLength():
            data = buffer.DataAsNumpy()
        else:
            return None
        if tensor.Sparsity() is not None or not dtype:
            return None
        return data if data.size == size * np.dtype(dtype).itemsize else None

    def _quantised(self, table: Any, shape: Shape) -> tuple[Quantised | None, bool]:  # noqa: ANN401
        """How a tensor is quantised, if it is, and whether its numbers can be told from that.

        Files exist whose axis is that of another tensor: where only one axis has as many slices as
        there are scales, it is that one.
        """
        if table is None or not table.ScaleLength():
            return None, True
        scale = table.ScaleAsNumpy()
        zero = table.ZeroPointAsNumpy() if table.ZeroPointLength() else np.zeros(1, np.int64)
        self._count(scale.size + zero.size)
        axis, slices = table.QuantizedDimension(), max(scale.size, zero.size)
        if slices > 1 and not (0 <= axis < len(shape) and shape[axis] == slices):
            axes = [i for i, n in enumerate(shape) if n == slices]
            if len(axes) != 1:
                return None, False
            (axis,) = axes
        if {scale.size, zero.size} - {1, slices}:
            return None, False
        return Quantised(scale, zero, axis), True

    def _operator(self, operator: Any) -> FileOperator:  # noqa: ANN401
        code = self._codes[operator.OpcodeIndex()]
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        inputs = self._ints(operator.InputsLength, operator.InputsAsNumpy)
        outputs = self._ints(operator.OutputsLength, operator.OutputsAsNumpy)
        op = self._operators.get(number, f"operator {number}")
        custom = self._text(code.CustomCode()) if op == "CUSTOM" else ""
        options: dict[str, Any] = {}
        if op == "CUSTOM":
            size = self._count(operator.CustomOptionsLength())
            options["bytes"] = operator.CustomOptionsAsNumpy().tobytes() if size else b""
        for kinds, kind, get in (
            (self._options, operator.BuiltinOptionsType(), operator.BuiltinOptions),
            (self._options2, operator.BuiltinOptions2Type(), operator.BuiltinOptions2),
        ):
            if kind and kind in kinds and (table := get()) is not None:
                options |= self._fields(kinds[kind], table)
        return FileOperator(op, custom, inputs, outputs, options)

    def _fields(self, kind: str, table: Any) -> dict[str, Any]:  # noqa: ANN401
        """The numbers, texts and vectors of numbers in a table of options."""
        reader = getattr(self._schema, kind)()
        reader.Init(table.Bytes, table.Pos)
        fields: dict[str, Any] = {}
        for name in vars(getattr(self._schema, f"{kind}T")()):
            upper = name[0].upper() + name[1:]
            length = getattr(reader, f"{upper}Length", None)
            if length is None:
                value = getattr(reader, upper)()
                fields[name] = self._text(value) if isinstance(value, bytes) else value
            elif hasattr(reader, f"{upper}AsNumpy"):
                fields[name] = self._ints(length, getattr(reader, f"{upper}AsNumpy"))
        return fields


def _names(enumeration: type) -> dict[int, str]:
    return {v: k for k, v in vars(enumeration).items() if not k.startswith("_")}


def _numpy_name(kind: str) -> str:
    """NumPy's name of a type of the schema; empty where it has none, or packs several a byte."""
    try:
        return np.dtype(kind.lower()).name
    except TypeError:
        return ""
