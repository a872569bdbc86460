"""Loops of TensorFlow 1 as functions: from frames of ``Enter``, ``Switch`` and ``Exit``.

A frame becomes one ``While``, as TensorFlow 2 writes it (Yu et al., Dynamic Control Flow in
Large-Scale Machine Learning, EuroSys 2018, describe the frames).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ....runtimes.tensorflow.graph_names import maker
from .flatten import Body
from .messages import NodeDef
from .scopes import common_scope
from .wiring import EXITS, exits

_ENTER = ("Enter", "RefEnter")
_SWITCH = ("Switch", "RefSwitch")
_MERGE = ("Merge", "RefMerge")
_EXIT = ("Exit", "RefExit")
_NEXT = ("NextIteration", "RefNextIteration")
_TAKES = {**dict.fromkeys((*_ENTER, *_EXIT, *_NEXT), 1), **dict.fromkeys(_SWITCH, 2)}
"""The least number of inputs of these nodes."""


class Functional(NamedTuple):
    """Nodes of a graph in which frames are ``While`` nodes, and the functions of these."""

    nodes: list[Any]
    bodies: dict[str, Body]


def functional(nodes: Iterable[Any]) -> Functional:
    """Turn the frames of a graph into loops with functions.

    A frame that no loop has left behind in the usual form stays as it is.
    """
    left = list(nodes)
    bodies: dict[str, Body] = {}
    if not any(node.op in _ENTER for node in left):
        return Functional(left, bodies)
    by_name = {node.name: node for node in left}
    frames = _frames(by_name)
    depth = {frame: len(frame) for frame in frames.values()}
    for frame in sorted(depth, key=lambda f: (-depth[f], f)):
        if not frame:
            continue
        members = [n for n in by_name.values() if frames.get(n.name) == frame]
        loop = _loop(members, by_name)
        if loop is None:
            continue
        for node in members:
            del by_name[node.name]
        name = _free(loop.name, by_name)
        bodies[f"{name}/cond"], bodies[f"{name}/body"] = loop.condition, loop.body
        by_name[name] = _while(name, loop)
        frames[name] = frame[:-1]
    return Functional(list(by_name.values()), bodies)


def _frames(nodes: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The frames that each node lies in, the outermost first; of an ``Exit`` those that it leaves.

    What comes back from the end of a turn does not count.
    """
    frames: dict[str, tuple[str, ...]] = {}

    def behind(node: Any) -> tuple[str, ...]:  # noqa: ANN401
        """The frames in which a node's results are."""
        own = frames[node.name]
        return own[:-1] if node.op in _EXIT else own

    for start in nodes:
        stack = [start]
        while stack:
            node = nodes[stack[-1]]
            if node.name in frames:
                stack.pop()
                continue
            before = [
                nodes[name]
                for reference in node.input
                if (name := maker(reference.lstrip("^"))) in nodes and nodes[name].op not in _NEXT
            ]
            waiting = [n.name for n in before if n.name not in frames]
            if waiting and len(stack) <= len(nodes):
                stack.append(waiting[0])
                continue
            stack.pop()
            inner = max((behind(n) for n in before if n.name in frames), key=len, default=())
            if node.op in _ENTER:
                inner = (*inner, node.attr["frame_name"].s.decode("utf-8", "replace"))
            frames[node.name] = inner
    return frames


class _Loop(NamedTuple):
    """What a frame is: what enters, its condition and body, and the nodes that leave it."""

    name: str
    inputs: tuple[str, ...]
    condition: Body
    body: Body
    exits: tuple[str, ...]


def _loop(members: Sequence[Any], nodes: Mapping[str, Any]) -> _Loop | None:
    """The loop that a frame's nodes make; None where they do not make one in the usual form."""
    own = {node.name: node for node in members}
    conditions = [node for node in members if node.op == "LoopCond"]
    merges = [
        node for node in members
        if node.op in _MERGE and any(own.get(maker(r), node).op in _NEXT for r in node.input)
    ]  # fmt: skip
    if len(conditions) != 1 or not merges:
        return None
    if any(len(node.input) < _TAKES.get(node.op, 0) for node in members):
        return None
    (condition,) = conditions
    entered: list[str] = []
    following: list[str] = []
    for merge in merges:
        ins = [own[n] for r in merge.input if (n := maker(r)) in own and not r.startswith("^")]
        if len(ins) != 2 or ins[0].op not in _ENTER or ins[1].op not in _NEXT:
            return None
        entered.append(ins[0].input[0])
        following.append(ins[1].input[0])
    states = {merge.name: merge.name for merge in merges}
    names: dict[str, str] = {}  # what stands for a tensor in the functions
    left: dict[str, str] = {}
    for node in members:
        if node.op in _SWITCH and maker(node.input[1]) == condition.name:
            merge = maker(node.input[0])
            if merge not in states:
                return None
            names[f"{node.name}:1"] = merge
            left[node.name] = merge
    ends = [""] * len(merges)
    for node in members:
        if node.op in _EXIT:
            merge = left.get(maker(node.input[0]), "")
            place = next((i for i, m in enumerate(merges) if m.name == merge), None)
            if place is None or ends[place]:
                return None
            ends[place] = node.name
    around = [
        node for node in members
        if node.op in _ENTER and not any(maker(r) == node.name for m in merges for r in m.input)
    ]  # fmt: skip
    arguments = (*states, *(node.name for node in around))
    inner = {
        name: node
        for name, node in own.items()
        if name not in arguments and node.op not in (*_ENTER, *_EXIT, *_NEXT, "LoopCond")
    }
    parts = _Parts(inner, names, arguments)
    results = [parts.of(reference) for reference in following]
    whole = parts.cut(results), parts.cut([decision := parts.of(condition.input[0])])
    if None in whole:
        return None
    body, ahead = whole
    return _Loop(
        common_scope(node.name for node in (*merges, condition)).rstrip("/") or merges[0].name,
        (*entered, *(node.input[0] for node in around)),
        Body(ahead or [], arguments, (decision,)),
        Body(body or [], arguments, (*results, *(node.name for node in around))),
        (*ends, *[""] * len(around)),
    )


class _Parts:
    """Parts of a frame as functions: ``names`` are what tensors are called there."""

    def __init__(
        self, nodes: Mapping[str, Any], names: Mapping[str, str], arguments: Iterable[str]
    ) -> None:
        self._nodes, self._names, self._arguments = nodes, names, set(arguments)
        self._makers = {end: name for name, node in nodes.items() for end in exits(node) if end}

    def of(self, reference: str) -> str:
        """The name of a tensor in the function."""
        reference = reference.removesuffix(":0")
        return self._names.get(reference, reference)

    def cut(self, results: Iterable[str]) -> list[Any] | None:
        """The nodes that compute these; None where they need more than the arguments."""
        wanted: set[str] = set()
        pending = [maker(name) for name in results]
        while pending:
            name = pending.pop()
            name = self._makers.get(name, name)
            if name in self._arguments or name in wanted:
                continue
            if name not in self._nodes:
                return None
            wanted.add(name)
            inputs = self._nodes[name].input
            pending += [maker(self.of(r)) for r in inputs if not r.startswith("^")]
        copies = []
        for name, node in self._nodes.items():
            if name not in wanted:
                continue
            copy = NodeDef()
            copy.MergeFromString(node.SerializeToString())
            copy.input[:] = [r if r.startswith("^") else self.of(r) for r in node.input]
            if any(r in {f"{a}:1" for a in self._arguments} for r in copy.input):
                return None  # the number of what arrived at the start of a turn
            copies.append(copy)
        return copies


def _while(name: str, loop: _Loop) -> Any:  # noqa: ANN401
    node = NodeDef(name=name, op="While", input=loop.inputs)
    node.attr["cond"].func.name = f"{name}/cond"
    node.attr["body"].func.name = f"{name}/body"
    node.attr[EXITS].list.s.extend(end.encode() for end in loop.exits)
    return node


def _free(name: str, names: Mapping[str, Any]) -> str:
    """A name that no node has."""
    wanted, count = name, 0
    while name in names:
        count += 1
        name = f"{wanted}_{count}"
    return name
