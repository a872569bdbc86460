"""The weights of a TFLite file: constants that its operators take as such."""

from __future__ import annotations

from math import prod

from ..reading.weights import Constants, first_uses, summed
from .call import Call
from .program import Program


def parameters(program: Program) -> dict[str, int]:
    """Count the weights of each operation that is the first to use them, by its output's name.

    Real numbers may be stored as integers with a scale. Operators that keep a state are left out.
    """
    constants = {t.name: t for t in program.stored}
    sizes = {name: prod(t.shape) for name, t in constants.items()}
    real = {n for n, t in constants.items() if "float" in t.dtype or t.quantised is not None}
    fixed, live = _split(program)
    kinds = Constants(fixed, sizes, real)
    return summed((call.name, n) for call, n in first_uses(fixed, live, sizes, kinds.weights))


def _split(program: Program) -> tuple[list[Call], list[Call]]:
    """The calls that depend on no input, those in the midst of an operator too, and the others."""
    fixed, live = list(program.fixed), []
    reached = set(program.inputs)
    for call in program.calls:
        if reached.isdisjoint(call.inputs):
            fixed.append(call)
        else:
            reached.update(call.outputs)
            live.append(call)
    return fixed, live
