"""Sizes of exported tensors: numbers, or expressions over the sizes that were left free."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_LONGEST = 100_000
"""The most letters of an expression that is read; a Swin of any size has some of 11,600."""

_SIGNS = {"Add": " + ", "Mul": "*", "FloorDiv": "//", "Pow": "**", "Mod": "%"}
"""How operators are written between their operands, by sympy's names."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A size that depends on free ones.

    ``name`` is the free size's own name, or the expression in short. ``free`` says whether it is
    one free size by itself. ``hint`` is the size in the example that was exported, None if unknown.
    """

    name: str
    free: bool
    hint: int | None


Size = int | Expression


def size(document: Any) -> Size:  # noqa: ANN401
    """Read a size. Raises KeyError and the like where the document is not one."""
    ((kind, value),) = document.items()
    if kind == "as_int":
        return _whole(value)
    text, hint = value["expr_str"], value.get("hint")
    name = _name(text)
    if re.fullmatch(r"-?\d+", name):
        return _whole(int(name))
    hinted = _whole(hint["as_int"]) if hint and "as_int" in hint else None
    return Expression(name, name.isidentifier(), hinted)


@lru_cache(maxsize=1000)
def _name(text: str) -> str:
    """Write an expression in short. Raises ValueError where it is none."""
    if len(text) > _LONGEST:
        raise ValueError(f"an expression of more than {_LONGEST:,} letters")
    try:
        name = _written(ast.parse(text, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("a size is no expression") from error
    if not name.isprintable():
        raise ValueError("a size has letters that cannot be shown")
    return name


def _written(term: ast.expr) -> str:
    """Write an expression as people do; sympy spells it out in full (since PyTorch 2.7)."""
    if not isinstance(term, ast.Call):
        return ast.unparse(term)
    name = ast.unparse(term.func)
    if name in ("Symbol", "Integer"):
        first = term.args[0]
        return str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)
    parts = [_written(argument) for argument in term.args]
    if name not in _SIGNS:
        return f"{name}({', '.join(parts)})"
    inner = [f"({part})" if name != "Add" and not part.isalnum() else part for part in parts]
    return _SIGNS[name].join(inner)


def _whole(value: Any) -> int:  # noqa: ANN401
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise TypeError("a size is no whole number")
    return value


def example(value: Size) -> int | None:
    """The size in the example that was exported; None where that is unknown."""
    return value if isinstance(value, int) else value.hint
