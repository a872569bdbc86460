"""The main graph of a TFLite file as calls of TensorFlow operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import ModelError
from ..reading.operators import Operator
from ..reading.values import DataDependent, Value
from ..tensorflow import ops as _table  # noqa: F401  (fills OPERATORS)
from ..tensorflow.node import OPERATORS
from .custom import CUSTOM, flex
from .file import FileOperator, Subgraph
from .opaque import OPAQUE
from .step import Site, TfOp
from .table import TABLE


class Call:
    """A TensorFlow operation on named tensors; ``same`` as in ``Step``."""

    __slots__ = ("attributes", "inputs", "local", "name", "op", "operator", "outputs", "same")

    inner: tuple[str, ...] = ()
    graphs: tuple[Any, ...] = ()

    def __init__(
        self,
        op: str,
        name: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        attributes: Mapping[str, Any],
        operator: Operator | None,
        same: bool = True,
    ) -> None:
        self.op, self.name, self.inputs, self.outputs = op, name, inputs, outputs
        self.attributes, self.operator, self.same = attributes, operator, same
        self.local: bool = (
            operator is not None and operator.elementwise and len(inputs) == 1 == len(outputs)
        )


class Program:
    """A graph, and of that what no input reaches, worked out once.

    An operator may take several calls; what these pass on among them has no name in the file.
    ``shown`` are the names that the file has of computed tensors, each with its operator,
    ``stored`` the tensors that are not computed. ``fixed`` calls depend on no input.
    ``work_out`` reads calls, adding to the values it is given.
    """

    def __init__(
        self, graph: Subgraph, work_out: Callable[[Iterable[Call], dict[str, Value]], None]
    ) -> None:
        self._graph, self._work_out = graph, work_out
        self._names = [t.name for t in graph.tensors]
        self.inputs = tuple(dict.fromkeys(self._names[i] for i in graph.inputs))
        self.shown = {
            self._names[i]: o.custom or o.op for o in graph.operators for i in o.outputs if i >= 0
        }
        self.stored = [
            t for t in graph.tensors if t.name not in self.shown and t.name not in self.inputs
        ]
        self._given: dict[str, Value] = {t.name: Value(t.shape, get=t.value) for t in self.stored}
        self.fixed: list[Call] = []
        self.calls: list[Call] = []
        self._read()

    @cached_property
    def constants(self) -> Mapping[str, Value]:
        """Everything that does not depend on any input, nor on its shape, by name."""
        values = dict(self._given)
        self._work_out(self.fixed, values)
        return values

    def _read(self) -> None:
        known = {"", *self._given}
        made = set(self.inputs)
        behind: list[int] = []
        for operator in self._graph.operators:
            inputs = operator.inputs
            if any(self._graph.tensors[i].resource for i in inputs if i >= 0):
                # What was put into a variable or a table may come out again behind its handle.
                operator = operator.with_inputs((*inputs, *behind))
                behind += [i for i in inputs if i >= 0 and i not in behind]
            outputs = self._named(operator.outputs)
            for name in filter(None, outputs):
                if name in made:
                    raise ModelError(f"{operator.op} makes {name!r}, which already exists")
                made.add(name)
            calls = self._translated(operator, known)
            if calls[-1].operator is not None and known.issuperset(self._named(operator.inputs)):
                known.update(outputs)
                self.fixed += calls
            else:
                self.calls += calls

    def _named(self, numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple([self._names[i] if i >= 0 else "" for i in numbers])

    def _translated(self, operator: FileOperator, known: set[str]) -> list[Call]:
        inputs, outputs = self._named(operator.inputs), self._named(operator.outputs)
        op = operator.custom or operator.op
        name = next(filter(None, outputs), op)
        site = Site(operator, self._graph.tensors)
        try:
            step = _translate(operator, site)
            told = set() if step is None else {inputs[i] for i in _numbers(step)}
        except Exception as error:  # whatever a translation trips over is not as it should be
            why = " ".join(str(error).split()) or type(error).__name__
            raise ModelError(f"{op} {name!r} is not valid: {why}") from error
        if step is None:
            return [Call(op, name, inputs, outputs, {}, _opaque(op, OPAQUE.get(operator.op)))]
        if not {*inputs, ""} <= told | known:
            return [Call(op, name, inputs, outputs, {}, _opaque(op, _PARAMETERS))]
        calls: list[Call] = []
        self._add(step, name, inputs, outputs, calls)
        return calls

    def _add(
        self,
        step: TfOp,
        name: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        calls: list[Call],
    ) -> None:
        """The calls that a step takes, what it is computed from first."""
        mine = []
        for given in step.inputs:
            if isinstance(given, int):
                mine.append(inputs[given])
                continue
            inner = f"{name}\0{len(calls)}.{len(mine)}"  # a name that no tensor of a file has
            if isinstance(given, TfOp):
                self._add(given, name, inputs, (inner,), calls)
            else:
                self._given[inner] = Value(given.shape, value=np.asarray(given))
            mine.append(inner)
        entry = step.operator or OPERATORS.get(step.op)
        calls.append(Call(step.op, name, tuple(mine), outputs, step.attributes, entry, step.same))


def _translate(operator: FileOperator, site: Site) -> TfOp | None:
    if operator.op != "CUSTOM":
        translate = TABLE.get(operator.op)
    elif operator.custom.startswith("Flex"):
        return flex(operator, site)
    else:
        translate = CUSTOM.get(operator.custom)
    return None if translate is None else translate(site)


def _numbers(step: TfOp) -> set[int]:
    """The operator's inputs that a step uses."""
    found: set[int] = set()
    for given in step.inputs:
        if isinstance(given, int):
            found.add(given)
        elif isinstance(given, TfOp):
            found |= _numbers(given)
    return found


_PARAMETERS = "what else it takes as constant depends on the data"


def _opaque(op: str, why: str | None) -> Operator | None:
    if why is None or op == "CUSTOM":
        return None

    def describe(node: Any) -> Any:  # noqa: ANN401
        raise DataDependent(f"{node.op} {node.name} is taken to see everything: {why}")

    return Operator(describe, "other")
