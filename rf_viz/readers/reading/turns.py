"""Loops as scans: the body is described once, for all of its turns together.

Every tensor of the body gets one more axis in front, the turns. What one turn hands on to the next
is a ``Recurrence`` (``rf_viz/relation/turns.py``), worked out from the body itself.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import Edge, Output, Part, Relation, Shape, Taps
from ...relation.common.basic import everything, reshape
from ...relation.common.products import crop
from ...relation.turns import Cycle, every_turn, from_around, in_front, recurrences, work
from ...trace.tensors import Source, Tensor
from .maskings import NOTHING, Maskings
from .node import BaseNode, Call, Subgraph, described_tensor, outputs_of
from .values import DataDependent, Filled, Put, Value, leaves

Node = BaseNode[Any]

MOST_TURNS = 2**14
"""The most turns of a loop that are counted, and followed."""


_MOST_PARTS = 16
"""The most parts that a tensor of a single turn is made of."""

_MOST_CUT = 2**11
"""The most turns of a loop that cuts up a list at every turn: its square is the cost."""


_STEPS_A_CALL = 16
"""So many steps of a walk through a loop's turns take as long as a call takes to read."""


class Carried(NamedTuple):
    """An input of a body that is a state: its first value, and the result that becomes the next."""

    value: Value
    result: int


class Around(NamedTuple):
    """An input of a body that is the same at every turn."""

    value: Value


class Counted(NamedTuple):
    """An input of a body that is known at every turn, whatever the model is fed."""

    values: Sequence[Value]


class Scanned(NamedTuple):
    """An input of a body that takes one position along an axis of a tensor after the other."""

    value: Value
    axis: int
    positions: Sequence[int]


Entering = Carried | Around | Counted | Scanned


class Loop(NamedTuple):
    """A loop in the terms of all formats.

    Attributes:
        body: the subgraph of a turn.
        entering: what each of its inputs is.
        collected: the results of which every turn's is kept, by number.
        turns: how many there are.
    """

    body: Subgraph[Any]
    entering: Sequence[Entering]
    collected: Sequence[int]
    turns: int


class _Turned(Value):
    """A constant that differs from turn to turn."""

    __slots__ = ("turns",)

    def __init__(self, turns: Sequence[Value]) -> None:
        super().__init__(next((v.shape for v in turns if v.shape is not None), None))
        self.turns = turns


def handed_on(body: Subgraph[Any]) -> dict[int, int]:
    """The inputs that a body returns as they are: their numbers, by those of the results."""
    origin = {name: i for i, name in enumerate(body.inputs)}
    for call in body.calls:
        ends = (len(call.inputs), len(call.outputs))
        if call.op == "Identity" and ends == (1, 1) and call.inputs[0] in origin:
            origin[call.outputs[0]] = origin[call.inputs[0]]
    return {i: origin[name] for i, name in enumerate(body.outputs) if name in origin}


def constant_states(
    node: Node,
    body: Subgraph[Any],
    constants: Iterable[int],
    states: Mapping[int, tuple[Value, int]],
) -> set[int]:
    """The inputs of a body that are known at every turn, by number.

    ``constants`` are those that enter so; ``states`` are the first value and the number of the
    result of all others that may be.
    """
    needs = _needs(node, body)
    constant = set(constants)
    left = {
        i: result for i, (value, result) in states.items() if value.tensor < 0 and is_tensor(value)
    }
    while True:
        out = [
            i
            for i, result in left.items()
            if not needs[body.outputs[result]] <= constant | set(left)
        ]
        if not out:
            return constant | set(left)
        for i in out:
            del left[i]


def is_tensor(value: Value) -> bool:
    """Whether a value is a tensor of its own rather than a list of such, or a handle."""
    lists = value.items is not None or value.rows is not None or isinstance(value, Filled)
    return not lists and value.shape is not None


def _needs(node: Node, body: Subgraph[Any]) -> dict[str, set[int]]:
    """The inputs that each tensor of a body is computed from, by number; -1 is the surroundings."""
    needs: dict[str, set[int]] = {name: {i} for i, name in enumerate(body.inputs)}
    needs.update((name, set()) for name in body.constants)

    def of(name: str) -> set[int]:
        if name not in needs:
            value = node.scope.get(name)
            return {-1} if value is not None and _depends(value) else set()
        return needs[name]

    for call in body.calls:
        own: set[int] = set()
        for name in (*call.inputs, *call.inner):
            if name:
                own |= of(name)
        needs.update((name, own) for name in call.outputs if name)
    for name in body.outputs:
        needs.setdefault(name, of(name))
    return needs


def _depends(value: Value) -> bool:
    if value.rows is not None:
        return _depends(value.rows)
    if value.items is not None:
        return any(map(_depends, value.items))
    return value.tensor >= 0 or value.shape is None


def needs_only(node: Node, body: Subgraph[Any], result: str, inputs: set[int]) -> bool:
    """Whether a tensor of a body is computed from these of its inputs alone."""
    return _needs(node, body)[result] <= inputs


class Counter:
    """The part of a body that is known at every turn: it is computed turn by turn.

    ``results`` are the names of what is needed of a turn.
    """

    def __init__(self, node: Node, body: Subgraph[Any], results: Sequence[str]) -> None:
        self._node, self._body, self._results = node, body, results
        wanted, calls = set(results), []
        for call in reversed(body.calls):
            if not wanted.isdisjoint(call.outputs):
                calls.append(call)
                wanted.update(call.inputs, call.inner)
        self._calls = calls[::-1]

    def turn(self, inputs: Mapping[str, Value]) -> list[Value]:
        """Compute the results of a turn on these inputs. Raises DataDependent where they depend."""
        scope: MutableMapping[str, Value] = ChainMap(
            {**self._body.constants, **inputs},
            self._node.scope,  # type: ignore[arg-type]
        )
        reading = self._node.reading
        reading.spend(1 + len(self._calls), f"{self._node.op} {self._node.name}")
        mark = len(reading.tensors)
        reading.read(self._calls, scope)
        if len(reading.tensors) > mark:
            del reading.tensors[mark:]
            reading.maskings.forget(mark)
            raise DataDependent(f"how often {self._node.op} {self._node.name} turns")
        missing = [name for name in self._results if name not in scope]
        if missing:
            raise ModelError(f"nothing in {self._node.name} makes its output {missing[0]!r}")
        return [scope[name] for name in self._results]


def name_turns(node: Node, turns: int) -> None:
    """Let a loop that was followed be shown as one layer, with its operations inside."""
    node.reading.loops[node.name] = f"{turns:,} turn{'s' * (turns != 1)}"


class Followed(NamedTuple):
    """What comes out of a loop: ``states`` at its end, by the number of the body's input; and
    every turn's of what is ``collected``, with the turns in front.
    """

    states: dict[int, Output | Value]
    collected: list[Output | Value]


def follow(node: Node, loop: Loop, shown: Callable[[int], str]) -> Followed:
    """Describe a loop as a scan; its tensors are entered after the node's name.

    ``shown`` names an input of the body to people. The node's inputs are replaced by those that the
    outputs depend on. Raises DataDependent where the body cannot be described for all turns
    together.
    """
    return _Scan(node, loop, shown).followed()


def assume(
    node: Node, loop: Loop, shown: Callable[[int], str], shapes: Sequence[Shape | None], why: str
) -> Followed:
    """Describe a loop that is not followed: all that comes out depends on all that enters.

    Its number of turns is 0 where it is not known. Shapes are those that the body keeps;
    ``shapes`` are others that are known, by state and then by what is collected. The node's inputs
    are replaced.
    """
    results = _results_of_any_turn(node, loop, shown)
    captured = [node.scope.get(n) for n in node.call.inner]
    entering = [v for v in (*node.inputs, *captured) if v is not None]
    sources = [v for v in dict.fromkeys(leaves(entering)) if v.tensor >= 0]
    node.inputs = sources

    def output(shape: Shape | None, name: str) -> Output | Value:
        if not sources:
            return Value(shape)
        if shape is None:
            return node.reading.shapeless(node, f"{node.name}/{name}", why)
        edges = [Edge(i, everything(v.shape or (), shape)) for i, v in enumerate(sources)]
        return Output(shape, edges, why)

    states: dict[int, Output | Value] = {}
    carried = [(i, e) for i, e in enumerate(loop.entering) if isinstance(e, Carried)]
    for (i, (value, number)), declared in zip(carried, shapes, strict=False):
        result = None if results is None else results[number]
        if is_tensor(value):
            kept = result is not None and result.shape == value.shape
            states[i] = output(value.shape if kept else declared, shown(i))
            continue
        whole = output(_list_shape(value, result), shown(i))
        if isinstance(whole, Output):
            tensor = node.add(f"{node.name}/{shown(i)}", whole)
            whole = Value(None, rows=Value(whole.shape, tensor.tensor))
        states[i] = whole
    collected = []
    for number, declared in zip(loop.collected, shapes[len(carried) :], strict=True):
        shape = None if results is None else results[number].shape
        every = (loop.turns, *shape) if shape is not None and loop.turns else declared
        collected.append(output(every, loop.body.outputs[number]))
    return Followed(states, collected)


def _results_of_any_turn(node: Node, loop: Loop, shown: Callable[[int], str]) -> list[Value] | None:
    """What a body returns in a turn of which nothing is known; None where that cannot be said."""
    entering: list[Entering] = []
    for entered in loop.entering:
        if isinstance(entered, Counted):
            entered = Around(Value(entered.values[0].shape))
        elif isinstance(entered, Scanned):
            if not len(entered.positions):
                return None
            entered = entered._replace(positions=entered.positions[:1])
        entering.append(entered)
    try:
        return _Scan(node, loop._replace(entering=entering, turns=1), shown).results()
    except (DataDependent, ModelError):
        return None


def _list_shape(before: Value, after: Value | None) -> Shape | None:
    """The shape of all items of a list together, before a loop fills it and after."""
    if before.rows is not None:
        return before.rows.shape
    if before.items is None:
        return None
    items = [v for v in before.items if v.shape is not None]
    if isinstance(after, Filled) and after.puts:
        items.append(after.puts[0].item)
    shapes = {v.shape for v in items}
    (shape,) = shapes if len(shapes) == 1 else (None,)
    filled_up = isinstance(after, Filled) and any(p.at is None for p in after.puts)
    return None if shape is None or filled_up else (len(before.items), *shape)


class _Scan:
    """One description of a loop as a scan."""

    def __init__(self, node: Node, loop: Loop, shown: Callable[[int], str]) -> None:
        self.node, self.loop, self._shown = node, loop, shown
        self.turns, self.body = loop.turns, loop.body
        self.local: list[Tensor] = []
        self._maskings = Maskings(self.local)
        self.around: dict[int, Value] = {}  # what enters whole, by the number of its local tensor
        self.scanned: dict[int, Scanned] = {}
        self.single: set[int] = set()  # tensors of a single turn
        self.states: dict[int, int] = {}  # local tensors of states, by the body's input
        self._places: dict[int, int] = {}  # the numbers of local tensors among all
        self._inputs: list[Value] = []

    def followed(self) -> Followed:
        """Describe the loop."""
        results = self.results()
        ends: dict[int, Value] = {}
        lists: dict[int, Filled] = {}
        after: list[int] = []
        for i, entering in enumerate(self.loop.entering):
            if not isinstance(entering, Carried):
                continue
            result = results[entering.result]
            if i in self.states:
                if _varies(result):
                    raise DataDependent(f"what {self._title} carries differs from turn to turn")
                if result.shape != entering.value.shape or not is_tensor(result):
                    raise DataDependent(f"{self._title} changes the shape of what it carries")
                after.append(result.tensor)
                ends[i] = result
            elif isinstance(result, Filled) and result.base is entering.value:
                lists[i] = result
            else:
                raise DataDependent(f"what {self._title} does with a list")
        if self.single and self.turns > _MOST_CUT:
            raise DataDependent(f"{self._title} cuts up what it carries in too many turns")
        self._enter(after)
        states: dict[int, Output | Value] = {i: self._last(v) for i, v in ends.items()}
        states.update((i, self._list(filled, self._shown(i))) for i, filled in lists.items())
        collected = [self._stacked(results[i]) for i in self.loop.collected]
        self.node.inputs = self._inputs
        name_turns(self.node, self.turns)
        return Followed(states, collected)

    @property
    def _title(self) -> str:
        return f"{self.node.op} {self.node.name}"

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Let what is read be entered among the body's own tensors while it lasts."""
        reading = self.node.reading
        outer = reading.tensors, reading.maskings
        reading.tensors, reading.maskings = self.local, self._maskings
        try:
            yield
        finally:
            reading.tensors, reading.maskings = outer

    def results(self) -> list[Value]:
        """Read the body on what stands for its inputs."""
        scope: dict[str, Value] = dict(self.body.constants)
        names = {n for call in self.body.calls for n in (*call.inputs, *call.inner)}
        for name in names | set(self.body.outputs):
            value = self.node.scope.get(name)
            if value is not None:
                scope[name] = self._inside(value)
        for i, (name, entering) in enumerate(
            zip(self.body.inputs, self.loop.entering, strict=True)
        ):
            scope[name] = self._entering(i, entering)
        inside = self.node.reading.inside(len(self.body.calls), self._title)
        with inside, self._apart():
            for call in self.body.calls:
                self._read(call, scope)
        if any(v.tensor >= 0 and v.shape is None for v in scope.values()):
            raise DataDependent(f"shapes in {self._title} depend on the data")
        return outputs_of(self.body, scope, self._title)

    def _entering(self, i: int, entering: Entering) -> Value:
        """What stands for an input of the body while it is read."""
        name = self._shown(i)
        match entering:
            case Around(value):
                return self._inside(value)
            case Counted(values):
                return _Turned(values)
            case Scanned(value, axis, positions):
                shape = value.shape or ()
                after = (*shape[:axis], *shape[axis + 1 :])
                if value.tensor < 0:
                    return _Turned([_position(value, axis, at, after) for at in positions])
                self.scanned[len(self.local)] = entering
                return self._stand_in(name, after)
            case Carried(value, _):
                if not is_tensor(value):
                    return Filled(value)
                self.states[i] = len(self.local)
                return self._stand_in(name, value.shape or ())

    def _stand_in(self, name: str, shape: Shape) -> Value:
        self.local.append(Tensor(name, name, self.node.op, shape))
        return Value(shape, len(self.local) - 1)

    def _inside(self, value: Value) -> Value:
        """What a value around the loop is within it."""
        if isinstance(value, Filled):
            raise DataDependent(f"what {self._title} does with a list")
        if value.rows is not None:
            return Value(None, rows=self._inside(value.rows))
        if value.items is not None:
            return Value(None, items=[self._inside(v) for v in value.items])
        if value.tensor < 0:
            return value
        if value.shape is None:
            raise DataDependent(f"shapes in {self._title} depend on the data")
        for number, other in self.around.items():
            if other.tensor == value.tensor:
                return Value(value.shape, number)
        self.around[len(self.local)] = value
        return self._stand_in("", value.shape)

    def _read(self, call: Call, scope: dict[str, Value]) -> None:
        """Describe a call of the body for all turns."""
        used = [scope[n] for n in (*call.inputs, *call.inner) if n in scope]
        if not any(isinstance(v, _Turned) for v in used):
            self.node.reading.read([call], scope)
        else:
            self._read_in_turns(call, scope)
        if any(isinstance(v, Filled) for v in used) and not any(
            isinstance(scope.get(n), Filled) for n in call.outputs
        ):
            raise DataDependent(f"what {self._title} does with a list")

    def _read_in_turns(self, call: Call, scope: dict[str, Value]) -> None:
        """Describe a call at each turn, and put the descriptions together."""
        reading = self.node.reading
        reading.spend(self.turns, self._title)
        described = []
        mark = len(self.local)
        for turn in range(self.turns):
            at: dict[str, Value] = {
                n: v.turns[turn]
                for n in (*call.inputs, *call.inner)
                if isinstance(v := scope.get(n), _Turned)
            }
            inputs = [at.get(n) or scope.get(n) if n else None for n in call.inputs]
            node = reading.node(call, inputs, ChainMap(at, scope))
            outputs = reading.described(node)
            if len(self.local) > mark:
                raise DataDependent(f"what {call.op} {call.name} does differs from turn to turn")
            described.append((node, outputs))
        for i, name in enumerate(call.outputs):
            if name:
                scope[name] = self._joined(name, [(node, out[i]) for node, out in described])

    def _joined(self, name: str, turns: Sequence[tuple[Node, Output | Value]]) -> Value:
        """One output for all turns, of its descriptions at each."""
        node = turns[0][0]
        outputs = [output for _, output in turns]
        if isinstance(outputs[0], Filled):
            return _joined_lists(outputs, self._title)
        live = [o for o in outputs if not _is_dead(o)]
        if not live:
            return outputs[0]  # type: ignore[return-value]
        if any(isinstance(o, Value) and not is_tensor(o) for o in live):
            raise DataDependent(f"what {node.op} {node.name} does differs from turn to turn")
        edges = [self._edges(n, o) for n, o in turns]
        if not any(edges):
            return _Turned([self.node.reading.bind(n, name, o) for n, o in turns])
        if len({o.shape for o in live}) != 1:
            return self._ragged(name, node, outputs, edges)
        values = {o.tensor for o in outputs if isinstance(o, Value)}
        if len(values) == 1 and all(isinstance(o, Value) for o in outputs):
            return outputs[0]  # type: ignore[return-value]
        value = self._joined_edges(name, node, live, edges)
        if len(live) == len(outputs):
            return value
        return _Turned([o if _is_dead(o) else value for o in outputs])  # type: ignore[misc]

    def _edges(self, node: Node, output: Output | Value) -> list[tuple[int, Relation]]:
        """The tensors of the body that an output of a node depends on, and how."""
        if isinstance(output, Value):
            return self._origins(output.tensor, ()) if output.tensor >= 0 else []
        return [
            way
            for e in output.edges
            if (value := node.inputs[e.input]) is not None and value.tensor >= 0
            for way in self._origins(value.tensor, e.relation)
        ]

    def _origins(self, tensor: int, relation: Relation) -> list[tuple[int, Relation]]:
        """The tensors behind one that there is at a single turn; else the tensor itself."""
        if tensor not in self.single:
            return [(tensor, relation)]
        return [(s.tensor, (*s.relation, *relation)) for s in self.local[tensor].sources]

    def _ragged(
        self,
        name: str,
        node: Node,
        outputs: Sequence[Output | Value],
        edges: Sequence[Sequence[tuple[int, Relation]]],
    ) -> Value:
        """A tensor whose shape differs from turn to turn, as the first items of a list do."""
        values = []
        for output, each in zip(outputs, edges, strict=True):
            if _is_dead(output):
                values.append(output)
                continue
            if len(each) > _MOST_PARTS or (isinstance(output, Output) and output.assumed):
                raise DataDependent(f"what {node.op} {node.name} does differs from turn to turn")
            sources = [Source(tensor, relation) for tensor, relation in each]
            shape = output.shape or ()
            self.single.add(len(self.local))
            self._maskings.enter(len(self.local), lambda: NOTHING)
            values.append(Value(shape, len(self.local)))
            self.local.append(described_tensor(node, name, shape, sources, ""))
        return _Turned(values)  # type: ignore[arg-type]

    def _joined_edges(
        self,
        name: str,
        node: Node,
        live: Sequence[Output | Value],
        edges: Sequence[Sequence[tuple[int, Relation]]],
    ) -> Value:
        """A tensor of the body that depends on others at some turns, or on each in its own way."""
        ways: dict[tuple[int, int], list[Relation | None]] = {}
        for turn, each in enumerate(edges):
            seen: dict[int, int] = {}
            for tensor, relation in each:
                seen[tensor] = seen.get(tensor, 0) + 1
                way = ways.setdefault((tensor, seen[tensor]), [None] * self.turns)
                way[turn] = relation
        sources = []
        for (tensor, _), way in ways.items():
            first = way[0]
            same = first is not None and all(r == first for r in way)
            sources.append(Source(tensor, first if same else tuple(way)))  # type: ignore[arg-type]
        assumed = next((o.assumed for o in live if isinstance(o, Output) and o.assumed), "")
        shape = live[0].shape or ()
        self._maskings.enter(len(self.local), lambda: NOTHING)
        self.local.append(described_tensor(node, name, shape, sources, assumed))
        return Value(shape, len(self.local) - 1)

    def _enter(self, after: Sequence[int]) -> None:
        """Enter the body's tensors, with the turns in front, and the states before each turn."""
        local, states = self.local, list(self.states.values())
        inner = range(len(local))
        stateful = set(states)
        for n in inner:
            if n not in self.single and any(s.tensor in stateful for s in local[n].sources):
                stateful.add(n)
        leading = {n for n in after if n >= 0}
        for n in reversed(inner):
            if n in leading:
                leading.update(s.tensor for s in local[n].sources)
        within = [n for n in inner if n in stateful and n in leading and n not in states]
        read = {n for n in after if n >= 0 and n not in stateful}
        read |= {s.tensor for n in within for s in local[n].sources} - stateful
        sources = sorted(read)
        for n in inner:
            if n not in stateful and n not in self.around and n not in self.single:
                self._enter_one(n)
        numbers = {n: i for i, n in enumerate([*states, *sources, *within])}
        cycle = Cycle(
            self.turns,
            tuple(local[n].shape for n in states),
            tuple(local[n].shape for n in sources),
            tuple(tuple((numbers[s.tensor], s.relation) for s in local[n].sources) for n in within),
            tuple(numbers[n] if n >= 0 else -1 for n in after),
        )
        self.node.reading.spend(work(cycle) // _STEPS_A_CALL, self._title)
        self._enter_states(cycle, states, sources)
        for n in inner:
            if n in stateful and n not in states:
                self._enter_one(n)

    def _enter_states(self, cycle: Cycle, states: Sequence[int], sources: Sequence[int]) -> None:
        edges: list[list[Source]] = [[] for _ in states]
        entered = [(i, e) for i, e in enumerate(self.loop.entering) if isinstance(e, Carried)]
        first = [e.value for i, e in entered if i in self.states]
        for (source, target), relation in recurrences(cycle).items():
            if source < len(states):
                if first[source].tensor >= 0:
                    edges[target].append(Source(first[source].tensor, relation))
                continue
            n = sources[source - len(states)]
            if n in self.around:
                whole = from_around((), self.local[n].shape, self.turns)
                edges[target].append(Source(self.around[n].tensor, whole + relation))
            elif n in self._places:
                edges[target].append(Source(self._places[n], relation))
        for n, sources_of in zip(states, edges, strict=True):
            if sources_of:
                self._add(n, sources_of)

    def _enter_one(self, n: int) -> None:
        """Enter a tensor of the body, if it depends on anything."""
        tensor = self.local[n]
        scanned = self.scanned.get(n)
        if scanned is not None:
            relation = in_front(scanned.value.shape or (), scanned.axis, scanned.positions)
            self._add(n, [Source(scanned.value.tensor, relation)])
            return
        sources = []
        for source in tensor.sources:
            before = self.local[source.tensor].shape
            if source.tensor in self.around:
                relation = from_around(source.relation, before, self.turns)
                sources.append(Source(self.around[source.tensor].tensor, relation))
            elif source.tensor in self._places:
                relation = every_turn(source.relation, before, self.turns)
                place = self._places[source.tensor]
                sources.append(Source(place, relation, source.local_beside_mix))
        if sources:
            self._add(n, sources)

    def _add(self, n: int, sources: Sequence[Source]) -> None:
        tensor, all_tensors = self.local[n], self.node.reading.tensors
        self._places[n] = len(all_tensors)
        prefix = f"{self.node.name}/"
        all_tensors.append(
            Tensor(
                prefix + tensor.name,
                prefix + tensor.node,
                tensor.op,
                (self.turns, *tensor.shape),
                sources,
                tensor.assumed,
                None,
                tensor.category,
                tensor.multiplies,
                tensor.call,
            )
        )

    def _turn_axis(self, value: Value) -> Edge | None:
        """An edge from all turns' values of a tensor of the body; None where they are constant."""
        n = value.tensor
        if n in self.around:
            self._inputs.append(self.around[n])
            relation = from_around((), self.local[n].shape, self.turns)
            return Edge(len(self._inputs) - 1, relation)
        if n not in self._places:
            return None
        self._inputs.append(Value((self.turns, *self.local[n].shape), self._places[n]))
        return Edge(len(self._inputs) - 1)

    def _last(self, value: Value) -> Output | Value:
        """A state at the loop's end."""
        if isinstance(value, _Turned):
            return value.turns[-1]
        if value.tensor < 0:
            return value
        shape = value.shape or ()
        edge = self._turn_axis(value)
        if edge is None:
            return Value(shape)
        last = crop(0, self.turns, self.turns - 1, 1) + reshape((1, *shape), shape)
        return Output(shape, [Edge(edge.input, edge.relation + last)])

    def _stacked(self, value: Value) -> Output | Value:
        """Every turn's values of a result, with the turns in front."""
        if not is_tensor(value) or _varies(value):
            raise DataDependent(f"what {self._title} does with a list")
        shape = (self.turns, *(value.shape or ()))
        edge = None if value.tensor < 0 else self._turn_axis(value)
        if edge is not None:
            return Output(shape, [edge])
        turns = value.turns if isinstance(value, _Turned) else [value] * self.turns
        return Value(shape, get=lambda: _together(turns), after=turns)

    def _list(self, filled: Filled, name: str) -> Value:
        """A list at the loop's end, under the name of the state."""
        before = filled.base.items
        if filled.base.rows is not None or before is None or len(filled.puts) != 1:
            raise DataDependent(f"what {self._title} does with a list")
        ((at, item),) = filled.puts
        if not is_tensor(item) or _varies(item):
            raise DataDependent(f"what {self._title} does with a list")
        places = range(len(before), len(before) + self.turns) if at is None else at
        if len(places) == 1:
            places = tuple(places) * self.turns
        count = max(len(before), max(places) + 1)
        if count > MOST_TURNS or min(places) < 0:
            raise DataDependent(f"what {self._title} does with a list")
        turn_of = np.full(count, -1)
        for turn, place in enumerate(places):
            turn_of[place] = turn
        shape = (count, *(item.shape or ()))
        edge = None if item.tensor < 0 else self._turn_axis(item)
        if edge is None:
            turns = item.turns if isinstance(item, _Turned) else [item] * self.turns
            padded = [*before, *[Value(None)] * (count - len(before))]
            items = [turns[t] if t >= 0 else padded[i] for i, t in enumerate(turn_of.tolist())]
            return Value(None, items=items)
        whole = self._inputs[edge.input]
        others = [(at, v) for at, v in enumerate(before) if v.tensor >= 0 and turn_of[at] < 0]
        if any(v.shape != item.shape for _, v in others):
            raise DataDependent(f"the shapes of the items in {self._title}")
        if others or edge.relation or turn_of.tolist() != list(range(self.turns)):
            step = Taps(0, self.turns, turn_of[:, np.newaxis], slides=True, why="a list is filled")
            self.node.inputs = self._inputs
            relation = (*edge.relation, step)
            edges = [Edge(edge.input, relation)]
            for number, value in others:
                part = Part(0, number, 1, count)
                self._inputs.append(value)
                edges.append(
                    Edge(len(self._inputs) - 1, (*reshape(shape[1:], (1, *shape[1:])), part))
                )
            whole = self.node.add(f"{self.node.name}/{name}", Output(shape, edges))
        return Value(None, rows=Value(shape, whole.tensor))


def _varies(value: Value) -> bool:
    """Whether a value depends on what is fed at some turns only."""
    return isinstance(value, _Turned) and any(v.tensor >= 0 for v in value.turns)


def _is_dead(output: Output | Value) -> bool:
    """Whether an output is not computed, as the other way of a branch."""
    return (
        isinstance(output, Value)
        and output.tensor < 0
        and not is_tensor(output)
        and not (output.items is not None or output.rows is not None or isinstance(output, Filled))
    )


def _joined_lists(turns: Sequence[Output | Value], title: str) -> Filled:
    """A list as all turns fill it, from what is put in at each."""
    lists = [v for v in turns if isinstance(v, Filled)]
    first = lists[0]
    if any(v.base is not first.base or len(v.puts) != len(first.puts) for v in lists):
        raise DataDependent(f"what {title} does with a list")
    puts = []
    for each in zip(*(v.puts for v in lists), strict=True):
        items = [p.item for p in each]
        item = items[0]
        if any(i is not item for i in items):
            if any(i.tensor >= 0 or not is_tensor(i) for i in items):
                raise DataDependent(f"what {title} does with a list")
            item = _Turned(items)
        places = [p.at for p in each]
        if any((at is None) != (places[0] is None) for at in places):
            raise DataDependent(f"what {title} does with a list")
        at = None if places[0] is None else tuple(n for p in places for n in p or ())
        puts.append(Put(at, item))
    return Filled(first.base, puts)


def _together(turns: Sequence[Value]) -> NDArray[Any] | None:
    arrays = [v.value() for v in turns]
    return None if any(a is None for a in arrays) else np.stack(arrays)  # type: ignore[arg-type]


def _position(value: Value, axis: int, at: int, after: Shape) -> Value:
    """One position along an axis of a constant."""

    def one() -> NDArray[Any] | None:
        array = value.value()
        return None if array is None else np.asarray(np.take(array, at, axis=axis))

    return Value(after, get=one, after=(value,))
