"""Shapes at any size, as the exporter wrote them down: from the free sizes that an input has."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping

from onnx import ModelProto, ValueInfoProto

from ...relation import Shape

_LARGEST = 2**40
_FACTOR = re.compile("[1-9][0-9]{0,9}")

Number = int | float

_OPERATIONS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "Max": max,
    "Min": min,
    "ToFloat": float,
    "FloorToInt": math.floor,
    "CeilToInt": math.ceil,
    "TruncToInt": math.trunc,
    "RoundToInt": round,
    "IntTrueDiv": lambda a, b: a / b,
    "FloatTrueDiv": lambda a, b: a / b,
    "CleanDiv": lambda a, b: a // b,
    "PythonMod": lambda a, b: a % b,
}
"""Functions of sizes, by their names in torch/utils/_sympy/functions.py."""


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
    return tuple(sizes) if all(0 <= n < _LARGEST for n in sizes) else None


def _size(text: str, free: Mapping[str, int]) -> int:
    result = _worked_out(ast.parse(text, mode="eval").body, free)
    if not isinstance(result, int):
        raise ValueError(f"a size of {result}")
    return result


def _worked_out(term: ast.expr, free: Mapping[str, int]) -> Number:
    """The value of an expression. Raises ValueError and the like where it is not known."""
    result = _value(term, free)
    if abs(result) >= _LARGEST:
        raise ValueError(f"a size of {result}")
    return result


def _value(term: ast.expr, free: Mapping[str, int]) -> Number:
    if isinstance(term, ast.Name):
        return free[term.id]
    if isinstance(term, ast.Constant) and isinstance(term.value, int | float):
        return term.value
    if isinstance(term, ast.UnaryOp) and isinstance(term.op, ast.USub):
        return -_worked_out(term.operand, free)
    if isinstance(term, ast.BinOp) and type(term.op) in _OPERATIONS:
        combine = _OPERATIONS[type(term.op)]
        return combine(_worked_out(term.left, free), _worked_out(term.right, free))
    if isinstance(term, ast.Call) and isinstance(term.func, ast.Name):
        name, first = term.func.id, next(iter(term.args), None)
        if name == "Float" and isinstance(first, ast.Constant):
            return float(str(first.value))
        return _FUNCTIONS[name](*(_worked_out(argument, free) for argument in term.args))
    raise ValueError(ast.unparse(term))
