"""Sizes of exported tensors: numbers, or expressions over the sizes that were left free."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_SYMBOL = re.compile(r"(?:Symbol\('(\w+)'.*\)|(\w*[A-Za-z_]\w*))$")
"""A bare symbol, as sympy writes it out in full (since PyTorch 2.7) or in short."""

_MARK = re.compile(r", (?:positive|nonnegative|integer)=\w+|Symbol\('|'\)|Integer\(|\s")


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
    symbol = _SYMBOL.fullmatch(text)
    if re.fullmatch(r"(?:Integer\()?(-?\d+)\)?", text):
        return int(re.sub(r"[^-\d]", "", text))
    return Expression(
        (symbol[1] or symbol[2]) if symbol else _MARK.sub("", text),
        symbol is not None,
        _whole(hint["as_int"]) if hint and "as_int" in hint else None,
    )


def _whole(value: Any) -> int:  # noqa: ANN401
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise TypeError("a size is no whole number")
    return value


def example(value: Size) -> int | None:
    """The size in the example that was exported; None where that is unknown."""
    return value if isinstance(value, int) else value.hint
