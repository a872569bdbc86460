"""The weights of a TensorFlow graph: its variables, or of a frozen one constants."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from ...runtimes.tensorflow.graph_names import VARIABLES
from ..reading.values import Value
from ..reading.weights import Constants, first_uses, summed
from .call import Call, declared_shape
from .program import Program
from .protobuf.held import Constant
from .protobuf.tensors import dtype


def parameters(program: Program, held: Mapping[str, Value]) -> dict[str, int]:
    """Count the weights of each operation that is the first to use them, by its output's name.

    Of a graph with variables these count, wherever they go, unless an operator asks for their
    shapes only. Of one without, all constants count that stand where weights do, and in arithmetic
    all real ones of more than one number. ``held`` are the values of nodes that stand for weights.
    """
    variables = _variables(program, held)
    if variables:

        def weights(call: Call) -> tuple[str, ...]:
            return () if call.operator and call.operator.asks_shape_only else call.inputs

        counts = first_uses(program.fixed, program.calls, variables, weights)
    else:
        constants = {c.name: c.proto.attr["value"].tensor for c in program.fixed if c.op == "Const"}
        sizes = {n: prod(d.size for d in t.tensor_shape.dim) for n, t in constants.items()}
        real = {n for n, t in constants.items() if _is_real(t.dtype)}
        # Constants of a frozen graph may be anything: only their places tell which were trained.
        kinds = Constants(program.fixed, sizes, real)
        counts = first_uses(program.fixed, program.calls, sizes, kinds.weights)
    return summed((call.name, n) for call, n in counts)


def _variables(program: Program, held: Mapping[str, Value]) -> dict[str, int | None]:
    """The sizes of the variables of real numbers, None where a shape is not known."""
    sizes: dict[str, int | None] = {}
    for node in program.nodes:
        shape: tuple[int, ...] | None
        if node.name in held and not isinstance(held[node.name], Constant):
            shape = held[node.name].shape
        elif node.op in VARIABLES:
            shape = declared_shape(node)
        else:
            continue
        if _is_real(node.attr["dtype"].type):
            sizes[node.name] = None if shape is None or -1 in shape else prod(shape)
    return sizes


def _is_real(kind: Any) -> bool:  # noqa: ANN401
    return "float" in (dtype(kind) or "")
