"""The main graph of a TFLite file as calls of TensorFlow operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...errors import ModelError, defect
from ...trace.tensors import Category
from ..reading.values import Value
from ..tensorflow.ops import OPERATORS
from ..tensorflow.ops.opaque import opaque
from . import ops
from .call import Call
from .file import FileOperator, Subgraph
from .node import Entry, Site
from .tf_op import TfOp

if TYPE_CHECKING:
    from ...runtimes.tflite.inner import Graph

_PARAMETERS = "what else it takes as constant depends on the data"


class Shown(NamedTuple):
    """A file's operator as a person meets it; ``multiplies`` as in ``Operator``."""

    op: str
    category: Category
    multiplies: bool | None


class Program:
    """The calls by which a graph computes its tensors; what no input reaches is worked out once.

    An operator may take several calls; what these pass on among them has no name in the file.

    Attributes:
        inputs: the names of the graph's inputs.
        outputs: those of its outputs.
        shown: the operators of the computed tensors that have a name in the file, by that name.
        stored: the tensors that are not computed.
        fixed: the calls that depend on no input, in order.
        calls: those that may depend on one, in order.
    """

    def __init__(
        self,
        graph: Subgraph,
        work_out: Callable[[Iterable[Call], dict[str, Value]], None],
        bodies: Callable[[int], Program] | None = None,
    ) -> None:
        """Translate a graph. ``work_out`` reads calls, adding to the values it gets.

        ``bodies`` returns the other graphs of the file by number.
        """
        self._graph, self._work_out, self._bodies = graph, work_out, bodies
        self._names = [t.name for t in graph.tensors]
        self.inputs = tuple(dict.fromkeys(self._names[i] for i in graph.inputs))
        self.shown = {
            self._names[i]: _shown(o) for o in graph.operators for i in o.outputs if i >= 0
        }
        self.outputs = tuple(self._names[i] for i in graph.outputs)
        self.stored = [
            t for t in graph.tensors if t.name not in self.shown and t.name not in self.inputs
        ]
        self._constants = {t.name: Value(t.shape, get=t.value) for t in self.stored}
        self.fixed: list[Call] = []
        self.calls: list[Call] = []
        self._read()

    @cached_property
    def constants(self) -> dict[str, Value]:
        """Everything that does not depend on any input, nor on its shape, by name."""
        values = dict(self._constants)
        self._work_out(self.fixed, values)
        for tensor in self._graph.tensors:
            value = values.get(tensor.name)
            # A variable that nothing has changed yet: the file tells its shape, which is fixed.
            if value is not None and value.shape is None and tensor.shape == tensor.signature:
                values[tensor.name] = Value(tensor.shape)
        return values

    def _read(self) -> None:
        fixed_names = {"", *self._constants}
        computed = set(self.inputs)
        handles = _Handles()
        for operator in self._graph.operators:
            inputs = operator.inputs
            if any(self._graph.tensors[i].resource for i in inputs if i >= 0):
                operator = operator.with_inputs((*inputs, *handles.behind(inputs)))
                handles.put(inputs)
            elif any(self._graph.tensors[i].resource for i in operator.outputs if i >= 0):
                handles.enter(operator)
            outputs = self._named(operator.outputs)
            for name in filter(None, outputs):
                if name in computed:
                    raise ModelError(f"{operator.op} makes {name!r}, which already exists")
                computed.add(name)
            calls = self._translated(operator, fixed_names)
            if calls[-1].operator is not None and fixed_names.issuperset(
                self._named(operator.inputs)
            ):
                fixed_names.update(outputs)
                self.fixed += calls
            else:
                self.calls += calls

    def _named(self, numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple([self._names[i] if i >= 0 else "" for i in numbers])

    def _translated(self, operator: FileOperator, fixed_names: set[str]) -> list[Call]:
        """The calls that an operator takes, the last of which makes its outputs."""
        inputs, outputs = self._named(operator.inputs), self._named(operator.outputs)
        op = operator.custom or operator.op
        name = next(filter(None, outputs), op)
        entry = ops.entry(operator)
        if entry is None:
            return [Call(op, name, inputs, outputs, {}, ops.opaque_entry(operator))]
        tf_op = self._translate(entry, operator, f"{op} {name!r}")
        used = {inputs[i] for i in tf_op.numbers()}
        if not {*inputs, ""} <= used | fixed_names:
            return [Call(op, name, inputs, outputs, {}, opaque(_PARAMETERS, entry.category))]
        calls: list[Call] = []
        self._add(tf_op, name, inputs, outputs, calls)
        return calls

    def _translate(self, entry: Entry, operator: FileOperator, title: str) -> TfOp:
        try:
            tf_op = entry.translate(Site(operator, self._graph.tensors))
        except ValueError as error:  # by convention the file breaks the schema's rules
            why = " ".join(str(error).split())
            raise ModelError(f"{title} is not valid: {why}") from error
        except Exception as error:
            raise defect(f"describe {title}", error) from error
        missing = [i for i in tf_op.numbers() if i >= len(operator.inputs)]
        if missing:
            raise ModelError(f"{title} is not valid: it lacks its input {min(missing)}")
        return tf_op

    def _add(
        self,
        tf_op: TfOp,
        name: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        calls: list[Call],
    ) -> None:
        """Add the calls that an operation takes, what it is computed from first."""
        names = []
        for source in tf_op.inputs:
            if isinstance(source, int):
                names.append(inputs[source])
                continue
            inner = f"{name}\0{len(calls)}.{len(names)}"  # a name that no tensor of a file has
            if isinstance(source, TfOp):
                self._add(source, name, inputs, (inner,), calls)
            else:
                self._constants[inner] = Value(source.shape, value=np.asarray(source))
            names.append(inner)
        entry = tf_op.operator or OPERATORS.get(tf_op.op)
        calls.append(
            Call(
                tf_op.op,
                name,
                tuple(names),
                outputs,
                tf_op.attributes,
                entry,
                tf_op.same,
                self._bodies,
            )
        )


class _Handles:
    """The handles of variables and tables, and what was put behind each so far.

    What was put there may come out again. A handle that no operation makes may be any.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._behind: dict[str, list[int]] = {}

    def enter(self, operator: FileOperator) -> None:
        """Enter what makes a handle: operators of the same options make handles of one thing."""
        name = f"{operator.op} {sorted(operator.options.items())}"
        self._names.update(dict.fromkeys(operator.outputs, name))

    def put(self, inputs: Iterable[int]) -> None:
        """Note that an operation on these inputs may have put them behind its handles."""
        inputs = [i for i in inputs if i >= 0]
        for name in {self._names[i] for i in inputs if i in self._names} or {""}:
            behind = self._behind.setdefault(name, [])
            behind += [i for i in inputs if i not in behind]

    def behind(self, inputs: Iterable[int]) -> list[int]:
        """The tensors that may come out of an operation on these inputs."""
        names = {self._names[i] for i in inputs if i in self._names}
        parts = [p for n, p in self._behind.items() if not names or n in names or not n]
        return list(dict.fromkeys(i for part in parts for i in part))


class File:
    """All graphs of a file as programs, each translated when it is first needed."""

    def __init__(
        self,
        graphs: Sequence[Subgraph],
        work_out: Callable[[Iterable[Call], dict[str, Value]], None],
    ) -> None:
        self._graphs, self._work_out = graphs, work_out
        self._programs: dict[int, Program] = {}
        self._check()

    def program(self, number: int) -> Program:
        """Return the graph of that number. Raises ModelError where there is none."""
        if not 0 <= number < len(self._graphs):
            raise ModelError(f"an operation takes graph {number} of {len(self._graphs)}: not valid")
        if number not in self._programs:
            graph = self._graphs[number]
            self._programs[number] = Program(graph, self._work_out, self.program)
        return self._programs[number]

    def runnable(self, number: int) -> Graph:
        """Return the graph of that number as the runtime takes it. Raises ModelError."""
        from ...runtimes.tflite.inner import Graph, Part, TensorSlot

        program, graph = self.program(number), self._graphs[number]
        named = [t.name for t in graph.tensors]
        parts = {}
        for operator in graph.operators:
            roles = _graphs_of(operator)
            if roles:
                name = next((named[i] for i in operator.outputs if i >= 0), operator.op)
                graphs = {role: partial(self.runnable, n) for role, n in roles.items()}
                inputs = [named[i] if i >= 0 else "" for i in operator.inputs]
                parts[name] = Part(operator.op, inputs, graphs)
        return Graph(
            number,
            program.inputs,
            program.outputs,
            {t.name: TensorSlot(i, t.dtype, t.quantised) for i, t in enumerate(graph.tensors)},
            frozenset(program.shown),
            {t.name: t.stored for t in program.stored if not t.variable},
            parts,
            any(t.resource or t.variable for t in graph.tensors),
        )

    def _check(self) -> None:
        """Raises ModelError where a graph uses itself."""
        uses = [
            {n for o in graph.operators for n in _graphs_of(o).values()} for graph in self._graphs
        ]
        left = set(range(len(uses)))
        while left:
            last = {n for n in left if uses[n].isdisjoint(left)}
            if not last:
                raise ModelError("a graph of the file is part of itself: the file is invalid")
            left -= last


_GRAPHS = {
    "WHILE": {"condSubgraphIndex": "cond", "bodySubgraphIndex": "body"},
    "IF": {"thenSubgraphIndex": "then", "elseSubgraphIndex": "else"},
    "CALL": {"subgraph": "call"},
}
"""The options of operators that hold numbers of graphs, and the role of each graph."""


def _graphs_of(operator: FileOperator) -> dict[str, int]:
    """The numbers of the graphs that an operator uses, by role; 0 where the file leaves one out."""
    options = _GRAPHS.get(operator.op, {})
    return {role: operator.options.get(option, 0) for option, role in options.items()}


def _shown(operator: FileOperator) -> Shown:
    op, entry = operator.custom or operator.op, ops.entry(operator) or ops.opaque_entry(operator)
    if entry is None:
        return Shown(op, "other", None)
    return Shown(op, entry.category, entry.multiplies)
