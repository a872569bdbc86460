"""Shapes at any size, as the exporter wrote them down: from the free sizes that an input has."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from onnx import ModelProto, ValueInfoProto

from ...relation import Shape
from .expressions import LARGEST, worked_out

_FACTOR = re.compile("[1-9][0-9]{0,9}")


def declared_shapes(model: ModelProto, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """The shapes that tensors have when the inputs have these, by name; those that are known.

    Empty where an input has another size than the one that it was exported with.
    """
    free: dict[str, int] = {}
    for value in model.graph.input:
        for dim, n in zip(
            value.type.tensor_type.shape.dim, shapes.get(value.name, ()), strict=False
        ):
            if dim.dim_param:
                factor, _, name = dim.dim_param.rpartition("*")
                if name.isidentifier() and (not factor or _FACTOR.fullmatch(factor)):
                    free[name] = n // int(factor or 1)
            elif dim.dim_value != n:
                return {}
    values = (*model.graph.value_info, *model.graph.output)
    return {v.name: shape for v in values if (shape := _shape(v, free)) is not None}


def _shape(value: ValueInfoProto, free: Mapping[str, int]) -> Shape | None:
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return None
    try:
        sizes = [d.dim_value if d.HasField("dim_value") else _size(d.dim_param, free)
                 for d in kind.shape.dim]  # fmt: skip
    except (
        SyntaxError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError,
    ):  # fmt: skip
        return None
    return tuple(sizes) if all(0 <= n < LARGEST for n in sizes) else None


def _size(text: str, free: Mapping[str, int]) -> int:
    result = worked_out(ast.parse(text, mode="eval").body, free)
    if not isinstance(result, int):
        raise ValueError(f"a size of {result}")
    return result
