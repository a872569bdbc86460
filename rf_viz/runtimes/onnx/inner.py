"""Values of tensors within branches and loops of an ONNX graph.

A body is run as a model of its own, on the values that the graph around it has: a branch once, a
loop's body turn by turn. So a tensor is fetched as it is within one turn, which the loop itself
would not give out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ...errors import ModelError

PATIENCE = 120.0
"""Seconds that the turns of one loop may take."""

_BRANCHES = {"then": "then_branch", "else": "else_branch"}


class Scope(NamedTuple):
    """What a body may use of the graph around it.

    ``fetch`` computes tensors by name, ``holds`` says whether there is one of that name, and
    ``fixed`` whether it depends on no input. ``run`` fetches tensors of a body, a model by itself,
    by a key that stands for it.
    """

    fetch: Callable[[Sequence[str]], list[Any]]
    holds: Callable[[str], bool]
    fixed: Callable[[str], bool]
    run: Callable[[Any, Callable[[], onnx.ModelProto], Mapping[str, Any], Sequence[str]], list[Any]]


def uses(node: onnx.NodeProto) -> Iterator[str]:
    """The names that a node uses, including those that only its subgraphs use."""
    yield from filter(None, node.input)
    for graph in bodies(node).values():
        for inner in graph.node:
            yield from uses(inner)
        yield from (o.name for o in graph.output)


def bodies(node: onnx.NodeProto) -> dict[str, onnx.GraphProto]:
    """The subgraphs that a node carries, by the names of its attributes."""
    return {a.name: a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH}


def name_of(node: onnx.NodeProto) -> str:
    """The name of a node, or its first output's: what the names of its inner tensors begin with."""
    return node.name or next(filter(None, node.output), node.op_type)


def fetch_inner(node: onnx.NodeProto, paths: Sequence[str], scope: Scope) -> dict[str, Any]:
    """Compute tensors within a node's bodies, by their paths there.

    A path begins with "then" or "else" in an ``If``, with the number of a turn in a loop; without
    one it stands for all turns together, which are then in front. Raises ModelError where these
    inputs do not lead there.
    """
    wanted: dict[str, list[str]] = {}
    for path in paths:
        part, slash, name = path.partition("/")
        if node.op_type != "If" and not (slash and part.isdecimal()):
            part, name = "", path
        wanted.setdefault(part, []).append(name)
    run = {"If": _branch, "Loop": _loop, "Scan": _scan, "SequenceMap": _sequence_map}
    if node.op_type not in run:
        raise ModelError(f"the body of {node.op_type} {name_of(node)} is not run by itself")
    return run[node.op_type](_Node(node, scope), wanted)


class _Node:
    """A node with bodies, and the values around it."""

    def __init__(self, proto: onnx.NodeProto, scope: Scope) -> None:
        self.proto, self.name, self._scope = proto, name_of(proto), scope
        self._graphs = bodies(proto)
        self._captured: dict[str, dict[str, Any]] = {}

    def inputs(self, first: int = 0) -> list[Any]:
        """The values of the inputs from ``first`` on, None for those that are left out."""
        names = self.proto.input[first:]
        values = iter(self._scope.fetch([name for name in names if name]))
        return [next(values) if name else None for name in names]

    def attribute(self, name: str, default: Any) -> Any:  # noqa: ANN401
        """An attribute's value, or the default."""
        return next(
            (helper.get_attribute_value(a) for a in self.proto.attribute if a.name == name), default
        )

    def body(self, name: str) -> onnx.GraphProto:
        """A body. Raises ModelError where it is missing."""
        if name not in self._graphs:
            raise ModelError(f"{self.proto.op_type} {self.name} lacks its {name}: it is invalid")
        return self._graphs[name]

    def run(self, body: str, inputs: Sequence[Any], names: Sequence[str]) -> list[Any]:
        """Fetch tensors of a body, run on these values of its inputs."""
        graph = self.body(body)
        if body not in self._captured:
            outer = [n for n in _captures(graph) if self._scope.holds(n)]
            self._captured[body] = dict(zip(outer, self._scope.fetch(outer), strict=True))
        captured = self._captured[body]
        values = {i.name: v for i, v in zip(graph.input, inputs, strict=False) if v is not None}
        constants = {
            n: v for n, v in captured.items() if self._scope.fixed(n) and isinstance(v, np.ndarray)
        }
        fed = {n: v for n, v in captured.items() if n not in constants} | values
        key = (self.name, body, *(_kind(v) for v in fed.values()))
        return self._scope.run(key, lambda: _model(graph, fed, constants), fed, names)

    def position(self, inner: str) -> int | None:
        """The input that a scan's "input3" is a slice of; None where that is no slice."""
        number = inner.removeprefix("input")
        computed = any(inner in node.output for node in self.body("body").node)
        return int(number) if inner != number and number.isdecimal() and not computed else None


def _branch(node: _Node, wanted: Mapping[str, list[str]]) -> dict[str, Any]:
    (condition,) = node.inputs()
    way = "then" if np.asarray(condition).reshape(-1)[0] else "else"
    for part, names in wanted.items():
        if part != way:
            raise ModelError(
                f"{node.name}/{part}/{names[0]} has no value for these inputs: they lead to the "
                f"{way} branch of {node.name}, others may lead here"
            )
    values = node.run(_BRANCHES[way], (), wanted[way])
    return {f"{way}/{name}": v for name, v in zip(wanted[way], values, strict=True)}


class _Turns:
    """The turns of a loop, as long as one is waited for; collects the values that are wanted."""

    def __init__(self, node: _Node, wanted: Mapping[str, list[str]]) -> None:
        self._node, self._wanted = node, wanted
        self._last = max((int(part) for part in wanted if part), default=-1)
        self._inputs = [i.name for i in node.body("body").input]
        self._outputs = [o.name for o in node.body("body").output]
        self._every: dict[str, list[Any]] = {name: [] for name in wanted.get("", ())}
        self._until = time.monotonic() + PATIENCE
        self._values: dict[str, Any] = {}
        self.turn = 0

    @property
    def over(self) -> bool:
        """Whether all that is wanted has been computed."""
        return not self._every and self.turn > self._last

    def take(
        self, inputs: Sequence[Any], sliced: Callable[[int], Any] = lambda number: None
    ) -> list[Any]:
        """Take one turn on these values of the body's inputs; returns those of its outputs.

        ``sliced`` gives this turn's slice of an input that is scanned. Raises ModelError where the
        turns take too long.
        """
        if time.monotonic() > self._until:
            raise ModelError(f"the loop {self._node.name} did not end in {PATIENCE:.0f} seconds")
        entering = dict(zip(self._inputs, inputs, strict=False))
        once = self._wanted.get(str(self.turn), ())
        computed = dict.fromkeys(
            name
            for name in (*self._outputs, *once, *self._every)
            if name not in entering and self._node.position(name) is None
        )
        fetched = self._node.run("body", inputs, list(computed))
        values = {**entering, **dict(zip(computed, fetched, strict=True))}
        for name in once:
            position = self._node.position(name)
            value = values[name] if position is None else sliced(position)
            self._values[f"{self.turn}/{name}"] = value
        for name, each in self._every.items():
            each.append(values[name])
        self.turn += 1
        return [values[name] for name in self._outputs]

    def end(self) -> dict[str, Any]:
        """The values that were wanted. Raises ModelError where there was no such turn."""
        if self.turn <= self._last or (self._every and not self.turn):
            name = next(iter(self._wanted.get(str(self._last)) or self._every))
            raise ModelError(
                f"the loop {self._node.name} ends after {self.turn} turns for these inputs: "
                f"{name} has no value in turn {max(self._last, 0)}"
            )
        for name, each in self._every.items():
            if len({np.shape(value) for value in each}) > 1:
                raise ModelError(f"{name} changes its shape from turn to turn: it has no one value")
            self._values[name] = np.stack(each)
        return self._values


def _loop(node: _Node, wanted: Mapping[str, list[str]]) -> dict[str, Any]:
    limit, go, *carried = node.inputs()
    most = None if limit is None else int(np.asarray(limit).reshape(-1)[0])
    turns = _Turns(node, wanted)
    proceed = go is None or bool(np.asarray(go).reshape(-1)[0])
    while proceed and not turns.over and (most is None or turns.turn < most):
        results = turns.take([np.array(turns.turn, np.int64), np.array(True), *carried])
        proceed = bool(np.asarray(results[0]).reshape(-1)[0])
        carried = results[1 : 1 + len(carried)]
    return turns.end()


def _scan(node: _Node, wanted: Mapping[str, list[str]]) -> dict[str, Any]:
    values = node.inputs()
    count = int(node.attribute("num_scan_inputs", 0))
    first = len(values) - count
    axes = node.attribute("scan_input_axes", [0] * count)
    backward = node.attribute("scan_input_directions", [0] * count)
    carried = values[:first]
    turns = _Turns(node, wanted)
    length = values[first].shape[axes[0]]

    def sliced(number: int, turn: int) -> Any:  # noqa: ANN401
        i = number - first
        return np.take(values[number], length - 1 - turn if backward[i] else turn, axes[i])

    while turns.turn < length and not turns.over:
        turn = turns.turn
        slices = [sliced(number, turn) for number in range(first, len(values))]
        results = turns.take([*carried, *slices], lambda number, turn=turn: sliced(number, turn))  # type: ignore[misc]
        carried = results[:first]
    return turns.end()


def _sequence_map(node: _Node, wanted: Mapping[str, list[str]]) -> dict[str, Any]:
    values = node.inputs()
    turns = _Turns(node, wanted)
    while turns.turn < len(values[0]) and not turns.over:
        turns.take([v[turns.turn] if isinstance(v, list) else v for v in values])
    return turns.end()


def _captures(graph: onnx.GraphProto) -> list[str]:
    """The names that a body uses and does not make itself."""
    own = {i.name for i in graph.input} | {t.name for t in graph.initializer}
    own |= {t.values.name for t in graph.sparse_initializer}
    used: dict[str, None] = {}
    for node in graph.node:
        used.update(dict.fromkeys(uses(node)))
        own.update(node.output)
    used.update(dict.fromkeys(o.name for o in graph.output))
    return [name for name in used if name not in own]


def _kind(value: Any) -> str:  # noqa: ANN401
    """The type of a value, as a part of a key."""
    if isinstance(value, np.ndarray):
        return str(value.dtype)
    return f"list {_kind(value[0])}" if isinstance(value, list) and value else type(value).__name__


def _model(
    graph: onnx.GraphProto, fed: Mapping[str, Any], constants: Mapping[str, Any]
) -> onnx.ModelProto:
    """A body as the graph of a model that takes what it is fed, its versions still to be set."""
    model = onnx.ModelProto()
    model.graph.CopyFrom(graph)
    del model.graph.input[:]
    for name, value in fed.items():
        declared = model.graph.input.add(name=name)
        kind = declared.type
        if isinstance(value, list):
            kind = kind.sequence_type.elem_type
            value = value[0] if value else np.zeros(0, np.float32)
        if not isinstance(value, np.ndarray):
            raise ModelError(f"{name} is not a tensor, so what is computed from it cannot be shown")
        kind.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(value.dtype)
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    return model
