"""Flattening: from a graph and its functions to one graph that computes the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from ....errors import ModelError
from ...reading.expansion import Part, check_expansion
from . import messages
from .messages import GraphDef, NodeDef
from .wiring import output_number

_CALLS = {"PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall", "XlaLaunch"}
"""Operators that call the function that an attribute names."""

_FUNCTION = {"XlaLaunch": "function"}
"""Its name, where it is not ``f``."""

_BRANCHES = {"If", "StatelessIf", "Case", "StatelessCase"}

_INT32, _BOOL = 3, 10
"""Types, by their number in the enumeration DataType."""


class Body(NamedTuple):
    """Function written out: its nodes, the names of its arguments, and those of its results."""

    nodes: list[Any]
    arguments: tuple[str, ...]
    results: tuple[str, ...]


def flatten(graph_def: Any) -> Any:  # noqa: ANN401
    """Put every function that a node calls in the place of the call.

    What was the call passes the function's results on under its old name; the function's nodes
    get that name in front of theirs. Branches become ``Switch`` and ``Merge``. The bodies of loops
    stay functions. A graph that calls none is returned as it is. Raises ModelError.
    """
    functions = {f.signature.name: f for f in graph_def.library.function}
    if not any(_called(node, functions) for node in graph_def.node):
        return graph_def
    _check(graph_def.node, functions)
    writer = _Writer(functions)
    for node in graph_def.node:
        writer.put(node, list(node.input))
    flat = GraphDef(node=writer.nodes, versions=_copy(graph_def.versions))
    flat.library.MergeFrom(_copy(graph_def.library))
    return flat


def _called(node: Any, functions: Mapping[str, Any]) -> list[str]:  # noqa: ANN401
    """The functions that a node calls."""
    op = node.op
    if op in functions:
        return [op]
    if op in _CALLS:
        return [node.attr[_FUNCTION.get(op, "f")].func.name]
    if op in _BRANCHES:
        ways = node.attr["branches"].list.func if op.endswith("Case") else _if(node)
        return [way.name for way in ways]
    return []


def _if(node: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """The functions of an ``If``, in the order of the values of its condition."""
    return node.attr["else_branch"].func, node.attr["then_branch"].func


def _check(nodes: Sequence[Any], functions: Mapping[str, Any]) -> None:
    """See to it that the flat graph is of a sane size. Raises ModelError."""

    def part(nodes: Sequence[Any]) -> Part[str]:
        """Return what these nodes are, and what they call."""
        calls = [(name, len(node.name) + 1) for node in nodes for name in _called(node, functions)]
        names = len(nodes) + sum(len(node.input) for node in nodes)
        return Part(len(nodes), names, sum(node.ByteSize() for node in nodes), calls)

    check_expansion(part(nodes), lambda name: part(_function(functions, name).node_def))


def written_out(functions: Mapping[str, Any], name: str) -> Body:
    """Write out a function of the library and those that it calls. Raises ModelError."""
    function = _function(functions, name)
    _check(function.node_def, functions)
    writer = _Writer(functions)
    arguments = tuple(a.name for a in function.signature.input_arg)
    results = writer.inline(function, "", dict(zip(arguments, arguments, strict=True)), {})
    return Body(writer.nodes, arguments, tuple(results))


def _function(functions: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    """A function of the library. Raises ModelError where it is not there."""
    if name not in functions:
        raise ModelError(f"the graph calls a function {name!r} that it does not hold")
    return functions[name]


class _Writer:
    """Writer of a flat graph: collects its ``nodes``."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self.nodes: list[Any] = []

    def put(self, node: Any, inputs: Sequence[str]) -> None:  # noqa: ANN401
        """Add a node with these inputs, or what it calls."""
        data = [name for name in inputs if not name.startswith("^")]
        if node.op in _BRANCHES:
            self._branch(node, data)
        elif node.op in _CALLS:
            function = node.attr[_FUNCTION.get(node.op, "f")].func
            self._call(node, function.name, function.attr, data)
        elif node.op in self._functions:
            self._call(node, node.op, node.attr, data)
        else:
            added = _copy(node)
            added.input[:] = inputs
            self.nodes.append(added)

    def _call(
        self,
        node: Any,  # noqa: ANN401
        name: str,
        attributes: Mapping[str, Any],
        inputs: Sequence[str],
    ) -> None:
        """Add the nodes of the function that a node calls, and pass its results on."""
        function = _function(self._functions, name)
        results = self._inlined(function, f"{node.name}/", inputs, attributes)
        self._pass(node.name, results, _kinds(function.signature.output_arg, attributes))

    def _inlined(
        self,
        function: Any,  # noqa: ANN401
        prefix: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Any],
    ) -> list[str]:
        """Inline a function, its inputs in order. Raises ModelError where they do not fit."""
        arguments = [a.name for a in function.signature.input_arg]
        if len(arguments) != len(inputs):
            raise ModelError(
                f"function {function.signature.name!r} takes {len(arguments)} arguments, a call "
                f"has {len(inputs)}: the graph is invalid"
            )
        by_argument = dict(zip(arguments, inputs, strict=True))
        return self.inline(function, prefix, by_argument, attributes)

    def inline(
        self,
        function: Any,  # noqa: ANN401
        prefix: str,
        inputs: Mapping[str, str],
        attributes: Mapping[str, Any],
    ) -> list[str]:
        """Add a function's nodes, and return the names of its results.

        ``inputs`` are what it is called on, by the names of its arguments; ``attributes`` are
        those of the call, which its own may refer to.
        """
        makers = {node.name: node for node in function.node_def}

        def outer(reference: str) -> str:
            """Name in the flat graph what the function's body refers to."""
            if reference.startswith("^"):
                return f"^{prefix}{reference[1:]}"
            name, _, output = reference.partition(":")
            if name in inputs:
                return inputs[name]
            if name not in makers:
                raise ModelError(
                    f"function {function.signature.name!r} reads {name!r}, which nothing makes: "
                    "the graph is invalid"
                )
            number = self._number(makers[name], output)
            return f"{prefix}{name}:{number}" if number else prefix + name

        for node in function.node_def:
            copy = _copy(node)
            copy.name = prefix + node.name
            for key, value in node.attr.items():
                if value.WhichOneof("value") == "placeholder" and value.placeholder in attributes:
                    copy.attr[key].CopyFrom(_copy(attributes[value.placeholder]))
            self.put(copy, [outer(reference) for reference in node.input])
        return [outer(function.ret[a.name]) for a in function.signature.output_arg]

    def _number(self, node: Any, output: str) -> int:  # noqa: ANN401
        """Count which of all its outputs a node's ``name:position`` is. Raises ModelError."""
        name, _, position = output.partition(":")
        number = output_number(position)
        if node.op in self._functions:
            names = [a.name for a in self._functions[node.op].signature.output_arg]
            if name not in names:
                raise ModelError(f"{node.name!r} has no output {name!r}: the graph is invalid")
            return names.index(name) + number
        for before, length in several_outputs().get(node.op, ()):
            if before == name:
                break
            if not length:
                number += 1
            elif node.attr[length].WhichOneof("value") == "list":
                number += len(node.attr[length].list.type)
            else:
                number += node.attr[length].i
        return number

    def _branch(self, node: Any, inputs: Sequence[str]) -> None:  # noqa: ANN401
        """Add every branch, on what a ``Switch`` lets through, and a ``Merge`` of them all."""
        kinds = list(node.attr["Tin"].list.type)
        if len(inputs) != 1 + len(kinds):
            raise ModelError(
                f"{node.op} {node.name!r} has {len(inputs)} inputs, and types of {len(kinds)} that "
                "it passes on: the graph is invalid"
            )
        chosen_by, *passed_on = inputs
        if node.op.endswith("If"):
            ways = dict(zip(("else", "then"), _if(node), strict=True))
        else:
            ways = {f"branch{i}": f for i, f in enumerate(node.attr["branches"].list.func)}
        if not ways:
            raise ModelError(f"{node.op} {node.name!r} has no branches: the graph is invalid")
        conditions = self._conditions(node, chosen_by, len(ways))
        results = []
        out_kinds: list[int] = []
        for (way, branch), (condition, side) in zip(ways.items(), conditions, strict=True):
            prefix = f"{node.name}/{way}/"
            let_in = []
            for i, (name, kind) in enumerate(zip(passed_on, kinds, strict=True)):
                let_in.append(self._switch(f"{prefix}given{i}", name, condition, kind, side))
            function = _function(self._functions, branch.name)
            branch_results = self._inlined(function, prefix, let_in, branch.attr)
            out_kinds = _kinds(function.signature.output_arg, branch.attr)
            results.append(
                [
                    self._switch(f"{prefix}made{i}", name, condition, kind, side)
                    for i, (name, kind) in enumerate(zip(branch_results, out_kinds, strict=True))
                ]
            )
        if len({len(names) for names in results}) > 1:
            raise ModelError(
                f"the branches of {node.op} {node.name!r} have unlike numbers of results: "
                "the graph is invalid"
            )
        merged = []
        for i, (names, kind) in enumerate(zip(zip(*results, strict=True), out_kinds, strict=True)):
            merge = NodeDef(name=f"{node.name}/merged{i}", op="Merge", input=names)
            merge.attr["T"].type = kind
            merge.attr["N"].i = len(names)
            self.nodes.append(merge)
            merged.append(merge.name)
        self._pass(node.name, merged, out_kinds)

    def _conditions(self, node: Any, chosen_by: str, count: int) -> list[tuple[str, int]]:  # noqa: ANN401
        """Find for each branch a truth value and the side of a ``Switch`` by it.

        ``chosen_by`` is the condition, or a number. The last branch of a ``Case`` takes every
        number that is no other's.
        """
        if node.op.endswith("If"):
            if node.attr["Tcond"].type not in (0, _BOOL):
                chosen_by = self._add("Cast", f"{node.name}/condition", chosen_by, DstT=_BOOL)
                self.nodes[-1].attr["SrcT"].type = node.attr["Tcond"].type
            return [(chosen_by, 0), (chosen_by, 1)]
        conditions: list[tuple[str, int]] = []
        for i in range(max(count - 1, 1)):
            number = self._add("Const", f"{node.name}/number{i}", dtype=_INT32)
            tensor = self.nodes[-1].attr["value"].tensor
            tensor.dtype = _INT32
            tensor.int_val.append(i)
            is_number = self._add("Equal", f"{node.name}/is{i}", chosen_by, number, T=_INT32)
            conditions.append((is_number, 1))
        other = conditions[0][0]
        for i, (condition, _) in enumerate(conditions[1:]):
            other = self._add("LogicalOr", f"{node.name}/any{i}", other, condition)
        return [*conditions[: count - 1], (other, 0)]

    def _switch(self, name: str, tensor: str, condition: str, kind: int, side: int) -> str:
        """Add a ``Switch``, and name the output that passes to one side of a condition."""
        self._add("Switch", name, tensor, condition, T=kind)
        return f"{name}:1" if side else name

    def _add(self, op: str, name: str, *inputs: str, **kinds: int) -> str:
        """Add a node whose attributes ``kinds`` are types; returns its name."""
        node = NodeDef(name=name, op=op, input=inputs)
        for key, kind in kinds.items():
            node.attr[key].type = kind
        self.nodes.append(node)
        return name

    def _pass(self, name: str, results: Sequence[str], kinds: Sequence[int]) -> None:
        """Let results go by the name of the call that they are of."""
        if len(results) == 1:
            self._add("Identity", name, *results, T=kinds[0])
        elif results:
            self._add("IdentityN", name, *results)
            self.nodes[-1].attr["T"].list.type.extend(kinds)
        else:
            self._add("NoOp", name)


def _kinds(arguments: Iterable[Any], attributes: Mapping[str, Any]) -> list[int]:
    """The types of a function's results, as a call with these attributes sets them."""
    return [attributes[a.type_attr].type if a.type_attr else a.type for a in arguments]


def _copy(message: Any) -> Any:  # noqa: ANN401
    """A message as one of our own classes, whosever it was."""
    copy = getattr(messages, type(message).__name__)()
    copy.MergeFromString(message.SerializeToString())
    return copy


@cache
def several_outputs() -> dict[str, list[tuple[str, str]]]:
    """Table of the operators that have more than one output, each with its outputs in order.

    Of an output it has the name, and the name of the attribute that says how many tensors it is,
    empty for a single one.
    """
    table = {}
    for line in (files(__package__) / "several_outputs.txt").read_text().splitlines():
        op, *outputs = line.split()
        table[op] = [(name, length) for name, _, length in (o.partition("*") for o in outputs)]
    return table
