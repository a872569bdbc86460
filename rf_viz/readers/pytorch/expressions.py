"""Expressions over the free sizes of an exported program, worked out without running anything."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping

LARGEST = 2**40
"""Sizes beyond this are taken for nonsense."""

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


def worked_out(term: ast.expr, free: Mapping[str, int]) -> Number:
    """The value of an expression when the free sizes are these.

    Raises KeyError, ValueError, TypeError or ArithmeticError where it is not known.
    """
    result = _value(term, free)
    if abs(result) >= LARGEST:
        raise ValueError(f"a size of {result}")
    return result


def _value(term: ast.expr, free: Mapping[str, int]) -> Number:
    if isinstance(term, ast.Name):
        return free[term.id]
    if isinstance(term, ast.Constant) and isinstance(term.value, int | float):
        return term.value
    if isinstance(term, ast.UnaryOp) and isinstance(term.op, ast.USub):
        return -worked_out(term.operand, free)
    if isinstance(term, ast.BinOp) and type(term.op) in _OPERATIONS:
        combine = _OPERATIONS[type(term.op)]
        return combine(worked_out(term.left, free), worked_out(term.right, free))
    if isinstance(term, ast.Call) and isinstance(term.func, ast.Name):
        name, first = term.func.id, next(iter(term.args), None)
        if name == "Float" and isinstance(first, ast.Constant):
            return float(str(first.value))
        return _FUNCTIONS[name](*(worked_out(argument, free) for argument in term.args))
    raise ValueError(ast.unparse(term))
