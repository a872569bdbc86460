"""The table of TFLite's operators, one module a family; importing it fills ``OPERATORS``.

An entry tells what an operator is in TensorFlow's terms, whose table has the relations. To add an
operator, put a function that takes its ``Site`` into the module of its family, decorated with
``@operator``, its name, and the TensorFlow operator that it is most like, which has its category
and its products. The function returns a ``TfOp``, and raises ValueError where the file breaks the
schema's rules. What TensorFlow has under another name, or what depends on its inputs as another
operator does, takes a line: ``enter_renamed``, ``enter_alike``.

What has no equivalent goes by name, with the reason, into ``opaque``.
"""

from __future__ import annotations

from ...reading.operators import Operator
from ..file import FileOperator
from ..node import OPERATORS, Entry
from . import (
    control_flow,
    custom,
    elementwise,
    generate,
    linear,
    moves,
    opaque,
    quantised,
    recurrent,
    reductions,
    resize,
    select,
    slicing,
    windows,
)

__all__ = [
    "OPERATORS",
    "control_flow",
    "custom",
    "elementwise",
    "entry",
    "generate",
    "linear",
    "moves",
    "opaque",
    "opaque_entry",
    "quantised",
    "recurrent",
    "reductions",
    "resize",
    "select",
    "slicing",
    "windows",
]


def entry(operator: FileOperator) -> Entry | None:
    """Return the entry of an operator that has an equivalent in TensorFlow."""
    if operator.op == "CUSTOM":
        return custom.custom_entry(operator)
    return OPERATORS.get(operator.op)


def opaque_entry(operator: FileOperator) -> Operator | None:
    """Return the entry of an operator that no relation describes; None where it is not known."""
    nameless = operator.op == "CUSTOM" and operator.custom in ("", "CUSTOM")
    return None if nameless else opaque.ENTRIES.get(operator.op)
