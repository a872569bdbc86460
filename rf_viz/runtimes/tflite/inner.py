"""Values of tensors within loops and branches of a TFLite file.

A loop's graphs are run by themselves, turn by turn, on the values that the graph around has; a
branch's graph is run once. So a tensor is fetched as it is within one turn, which LiteRT itself
does not keep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ..quantised import Quantised

PATIENCE = 120.0
"""Seconds that the turns of one loop may take."""

_STATE = "state_"
"""How the names begin of what turns carry, each with its number."""

Array = NDArray[Any]


class TensorSlot(NamedTuple):
    """Slot of a tensor in its graph: its number there, and how it stores its values.

    ``dtype`` is NumPy's name of its type, empty for one that NumPy does not have.
    """

    number: int
    dtype: str
    quantised: Quantised | None


class Graph(NamedTuple):
    """One of a file's graphs: its number there, and its tensors by name.

    Attributes:
        number: its place in the file.
        inputs: the tensors that it takes, in order.
        outputs: those that it returns, in order.
        slots: where its tensors are.
        computed: the names of those that an operation makes.
        constants: the values, as stored, of those that the file holds.
        parts: its loops and branches, by the names that its tensors' names begin with.
        stateful: whether it keeps anything from one run to the next.
    """

    number: int
    inputs: Sequence[str]
    outputs: Sequence[str]
    slots: Mapping[str, TensorSlot]
    computed: frozenset[str]
    constants: Mapping[str, Callable[[], Array | None]]
    parts: Mapping[str, Part]
    stateful: bool


class Part(NamedTuple):
    """An operation that runs other graphs: its operator, the tensors it takes, and the graphs.

    Graphs go by their role: ``cond`` and ``body``, ``then`` and ``else``, or ``call``.
    """

    op: str
    inputs: Sequence[str]
    graphs: Mapping[str, Callable[[], Graph]]


Run = Callable[[Graph, Mapping[str, Array], Sequence[str]], list[Array]]
"""Runs a graph on these inputs, by name and as stored; returns computed tensors as stored."""


def part_of(graph: Graph, name: str) -> str:
    """The loop or branch that a tensor lies in; empty where it lies in none."""
    return max((at for at in graph.parts if name.startswith(f"{at}/")), key=len, default="")


def slot_of(graph: Graph, name: str) -> TensorSlot:
    """The slot of a tensor, by its path through loops and branches. Raises ModelError."""
    at = "" if name in graph.slots else part_of(graph, name)
    if at:
        part, path = graph.parts[at], name.removeprefix(f"{at}/")
        role, _, path = _parted(part, path)
        inner = part.graphs[role]()
        return slot_of(inner, _named(inner, path))
    if name not in graph.slots:
        raise not_computed(name)
    return graph.slots[name]


def not_computed(name: str) -> ModelError:
    """The error to raise where no operation computes a tensor."""
    return ModelError(
        f"{name} is not a value that an operation of this model's graph computes, "
        "so it cannot be shown: pick another layer"
    )


def fetch(
    graph: Graph, feeds: Mapping[str, Array], names: Sequence[str], run: Run
) -> dict[str, Array]:
    """Compute tensors of a graph, those within its loops and branches among them, as stored.

    Raises ModelError where these inputs do not lead to one of them.
    """
    values = {name: feeds[name] for name in names if name in feeds}
    inner: dict[str, list[str]] = {}
    direct: list[str] = []
    for name in dict.fromkeys(n for n in names if n and n not in values):
        if name in graph.computed:
            direct.append(name)
        elif name in graph.constants:
            constant = graph.constants[name]()
            if constant is None:
                raise ModelError(f"the values of {name} cannot be read")
            values[name] = constant
        elif at := part_of(graph, name):
            inner.setdefault(at, []).append(name)
        else:
            slot_of(graph, name)
    if direct:
        values.update(zip(direct, run(graph, feeds, direct), strict=True))
    for at, paths in inner.items():
        part = graph.parts[at]
        entering = fetch(graph, feeds, part.inputs, run)
        inputs = [entering.get(name, np.zeros(0)) for name in part.inputs]
        wanted = [path.removeprefix(f"{at}/") for path in paths]
        inside = _turns if part.op == "WHILE" else _branch
        values.update((f"{at}/{p}", v) for p, v in inside(at, part, inputs, wanted, run).items())
    return values


def _branch(
    at: str, part: Part, inputs: Sequence[Array], wanted: Sequence[str], run: Run
) -> dict[str, Array]:
    way = "call"
    if part.op == "IF":
        condition, *inputs = inputs
        way = "then" if condition.reshape(-1)[0] else "else"
    for path in wanted:
        if not path.startswith(f"{way}/"):
            raise ModelError(
                f"{at}/{path} has no value for these inputs: it is in a branch that they do not "
                "lead to, others may"
            )
    graph = part.graphs[way]()
    feeds = dict(zip(graph.inputs, inputs, strict=True))
    values = fetch(graph, feeds, [path.removeprefix(f"{way}/") for path in wanted], run)
    return {f"{way}/{name}": value for name, value in values.items()}


def _turns(
    at: str, part: Part, inputs: Sequence[Array], wanted: Sequence[str], run: Run
) -> dict[str, Array]:
    """Take turns until all that is wanted is there. Raises ModelError where there are too few."""
    graphs = {role: part.graphs[role]() for role in ("cond", "body")}
    if any(graph.stateful for graph in graphs.values()):
        raise ModelError(f"the loop {at} keeps a state, so its turns cannot be run by themselves")
    paths = {path: _parted(part, path) for path in wanted}
    every: dict[str, list[Array]] = {p: [] for p, (_, turn, _) in paths.items() if turn is None}
    last = max((turn for _, turn, _ in paths.values() if turn is not None), default=-1)
    values: dict[str, Array] = {}
    until = time.monotonic() + PATIENCE
    turn = 0

    def take(role: str, results: Sequence[str]) -> list[Array]:
        """Run one of the loop's graphs, and keep what is wanted of it."""
        graph = graphs[role]
        here = {p: _named(graph, n) for p, (r, t, n) in paths.items() if (r, t) == (role, turn)}
        here |= {p: _named(graph, paths[p][2]) for p in every if paths[p][0] == role}
        feeds = dict(zip(graph.inputs, inputs, strict=True))
        computed = fetch(graph, feeds, [*results, *here.values()], run)
        for path, name in here.items():
            if path in every:
                every[path].append(computed[name])
            else:
                values[path] = computed[name]
        return [computed[name] for name in results]

    while every or turn <= last:
        if time.monotonic() > until:
            raise ModelError(f"the loop {at} did not end in {PATIENCE:.0f} seconds")
        (go,) = take("cond", graphs["cond"].outputs[:1])
        if not go.reshape(-1)[0]:
            break
        inputs = take("body", graphs["body"].outputs)
        turn += 1
    missing = [path for path in wanted if path not in values and not every.get(path)]
    if missing:
        raise ModelError(
            f"the loop {at} ends after {turn} turns for these inputs: {missing[0]} has no value"
        )
    for path, each in every.items():
        values[path] = np.stack(each)
    return values


def _parted(part: Part, path: str) -> tuple[str, int | None, str]:
    """The graph that a path leads into, the turn (None for all together), and what is left."""
    first, slash, rest = path.partition("/")
    if part.op != "WHILE":
        return first, None, rest
    number = int(first) if slash and first.isdecimal() else None
    path = path if number is None else rest
    if number is not None and path.startswith("condition/"):
        return "cond", number, path.removeprefix("condition/")
    return "body", number, path


def _named(graph: Graph, name: str) -> str:
    """A tensor's own name, where it is called by the number of the input that it is."""
    number = name.removeprefix(_STATE)
    if name in graph.slots or number == name or not number.isdecimal():
        return name
    return graph.inputs[int(number)] if int(number) < len(graph.inputs) else name
