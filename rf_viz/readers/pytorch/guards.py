"""Guards: what a program of free sizes takes for true of them.

``torch.export`` follows a module at the sizes of its example. Where the code asks for a size, as in
``if x.shape[2] > 20``, the program has one of the two branches, and a guard says for which sizes it
is that of the module. At any other size it would compute something else.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from ...relation import Shape
from .expressions import Number, worked_out

_INPUT = re.compile(r"L((?:\['\w+'\]|\[\d+\])+)\.size\(\)\[(\d+)\]")
"""A size of an input, as PyTorch writes it: ``L['x'].size()[2]``."""

_COMPARED: dict[type[ast.cmpop], Callable[[Number, Number], bool]] = {
    ast.Eq: operator.eq,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    # That a size is not 1 only says that nothing is broadcast, which ONNX decides as PyTorch does.
    ast.NotEq: lambda a, b: True,
}

_UNKNOWN = (
    SyntaxError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError,
)  # fmt: skip
"""What working out a condition raises where it is not one on sizes alone."""


def broken(guards: Iterable[str], shapes: Mapping[str, Shape], batched: Sequence[str]) -> str:
    """Find a guard that does not hold when the inputs have these shapes; empty where all do.

    The first axis of ``batched`` inputs stands for any batch: guards on it are left out, and so are
    those that cannot be worked out.
    """
    free = {
        _name(name, axis): n
        for name, shape in shapes.items()
        for axis, n in enumerate(shape)
        if axis or name not in batched
    }
    for guard in guards:
        try:
            if not _holds(_parsed(guard), free):
                return _INPUT.sub(lambda m: f"{_path(m[1])}.shape[{m[2]}]", guard)
        except _UNKNOWN:
            continue
    return ""


@lru_cache(maxsize=1000)
def _parsed(guard: str) -> ast.expr:
    named = _INPUT.sub(lambda m: _name(_path(m[1]), int(m[2])), guard)
    return ast.parse(named, mode="eval").body


def _path(keys: str) -> str:
    """The name of the input that lies under these keys of the arguments: ``args_0``."""
    return "_".join(re.findall(r"\w+", keys))


def _name(path: str, axis: int) -> str:
    return f"{path}_axis_{axis}"


def _holds(term: ast.expr, free: Mapping[str, int]) -> bool:
    """Whether a condition on sizes holds. Raises what ``worked_out`` does."""
    if isinstance(term, ast.BoolOp):
        every = isinstance(term.op, ast.And)
        return (all if every else any)(_holds(value, free) for value in term.values)
    if isinstance(term, ast.UnaryOp) and isinstance(term.op, ast.Not):
        return not _holds(term.operand, free)
    if not isinstance(term, ast.Compare):
        raise TypeError(ast.unparse(term))
    values = [worked_out(side, free) for side in (term.left, *term.comparators)]
    return all(
        _COMPARED[type(op)](a, b)
        for op, a, b in zip(term.ops, values[:-1], values[1:], strict=True)
    )
