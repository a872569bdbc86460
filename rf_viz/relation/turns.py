"""Relations of a loop: what its body does at every turn, and what it carries from turn to turn.

Tensors of a loop's body get one more axis in front here: the turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .base import (
    OR,
    SUM,
    Array,
    AxisMap,
    BaseStep,
    Factor,
    Labels,
    NoMap,
    Relation,
    Semiring,
    Shape,
    check_shape,
    pull,
    push,
    shape_after,
)
from .mixes import Mix
from .moves import Broadcast, Reshape, Transpose
from .selections import Part, Taps
from .windows import Scan, Window

Turn = Relation | None
"""The relation of an edge at one turn; None where nothing is seen by it then."""

EveryTurn = Relation | tuple[Turn, ...]
"""The relation of a body's edge: one for all turns, or one for each in a tuple."""

_GROWS = NoMap("irregular", "a loop sees everything before a cell")


class InTurns(BaseStep):
    """Relations of a body, one for each turn, between tensors with the turns in front.

    ``before`` and ``after`` are the shapes of one turn.
    """

    __slots__ = ("after", "before", "relations", "slides")

    def __init__(self, relations: Sequence[Turn], before: Shape, after: Shape) -> None:
        self.relations, self.before, self.after = tuple(relations), before, after
        first = next((r for r in self.relations if r), ())
        self.slides = tuple(sorted({a + 1 for step in first[:1] for a in step.slides}))

    def push(self, a: Array, ring: Semiring) -> Array:
        """Push every turn's values through its own relation."""
        nothing: Array = np.full((1,) * len(self.after), ring.zero, a.dtype)
        rows = zip(self.relations, self._rows(a), strict=True)
        return _stacked([nothing if r is None else push(r, v, ring) for r, v in rows])

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Pull every turn's values back through its own relation."""
        nothing: Array = np.full((1,) * len(self.before), ring.zero, a.dtype)
        rows = zip(self.relations, self._rows(a), strict=True)
        return _stacked([nothing if r is None else pull(r, v, ring) for r, v in rows])

    def _rows(self, a: Array) -> Sequence[Array]:
        return [a[0]] * len(self.relations) if len(a) == 1 else list(a)

    def label(self, labels: Labels) -> Labels:
        """The labels after the first relation; the turns stay what they are."""
        inner = labels[1:]
        for step in next((r for r in self.relations if r is not None), ()):
            inner = step.label(inner)
        return (labels[0], *inner)

    def shape(self, before: Shape) -> Shape:
        """The shape after the relations, which is the same for all."""
        check_shape(before, (len(self.relations), *self.before))
        if any(shape_after(r, self.before) != self.after for r in set(self.relations) - {None}):
            raise ValueError(f"what turns make is not always of {self.after}")
        return (len(self.relations), *self.after)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """No map: relations may differ from turn to turn. The turns themselves stay."""
        return NoMap("irregular", "it differs from turn to turn") if axis else AxisMap(0, 1, 0, 1)


def _differs(relation: EveryTurn) -> bool:
    """Whether there is a relation for each turn."""
    return bool(relation) and (relation[0] is None or isinstance(relation[0], tuple))


def _stacked(rows: Sequence[Array]) -> Array:
    if all(row is rows[0] for row in rows):
        return rows[0][np.newaxis]
    return np.stack(np.broadcast_arrays(*rows))


def every_turn(relation: EveryTurn, before: Shape, turns: int) -> Relation:
    """A body's relation from a tensor of shape ``before``, with the turns in front of all."""
    if _differs(relation):
        after = next(shape_after(r, before) for r in relation if r is not None)  # type: ignore[arg-type]
        return (InTurns(relation, before, after),)  # type: ignore[arg-type]
    steps: list[BaseStep] = []
    shape = before
    for step in relation:
        after = step.shape(shape)  # type: ignore[union-attr]
        steps += _behind(step, shape, after, turns)  # type: ignore[arg-type]
        shape = after
    return tuple(steps)


def _behind(step: BaseStep, before: Shape, after: Shape, turns: int) -> Relation:
    """The same step with one more axis in front: as a step of its kind where that has one."""
    kind = type(step)
    if isinstance(step, Mix):
        axes = [a + 1 for a in step.axes]
        return (Mix(axes, step.before, None if step.stays else step.after),)
    if isinstance(step, Reshape):
        return (Reshape((turns, *before), (turns, *after)),)
    if isinstance(step, Broadcast):
        wide = (turns, *[1] * step.lead, *before)
        return (Reshape((turns, *before), wide), Broadcast(wide, (turns, *after)))
    if isinstance(step, Transpose):
        return (Transpose((0, *[a + 1 for a in step.order])),)
    if isinstance(step, Window) and kind in (Window, Scan):
        windows = [w._replace(axis=w.axis + 1) for w in step.windows]
        return (kind(windows, step.taps, spatial=bool(step.slides)),)
    if isinstance(step, Part):
        return (Part(step.axis + 1, step.start, step.size, step.out),)
    if isinstance(step, Taps):
        return (step.along(step.axis + 1),)
    return (InTurns([(step,)] * turns, before, after),)


def from_around(relation: EveryTurn, before: Shape, turns: int) -> Relation:
    """A body's relation from a tensor around the loop, which every turn reads as a whole.

    Where each turn takes one position along an axis, these become the turns.
    """
    if _differs(relation):
        table_and_rest = _taken(relation)  # type: ignore[arg-type]
        if table_and_rest is not None:
            table, rest = table_and_rest
            axis = table.axis
            one = (*before[:axis], 1, *before[axis + 1 :])
            front = (axis, *[i for i in range(len(before)) if i != axis])
            moved = (len(table.table), *[before[i] for i in front[1:]])
            steps: Relation = (table, Transpose(front), Reshape(moved, (turns, *one)))
            return steps + every_turn(rest, one, turns)
    wide, repeated = (1, *before), (turns, *before)
    lead: Relation = (Reshape(before, wide), Broadcast(wide, repeated))
    return lead + every_turn(relation, before, turns)


def _taken(relations: tuple[Turn, ...]) -> tuple[Taps, Relation] | None:
    """The table of the positions that turns take, and what else they do, alike; else None."""
    rows: list[int] = []
    rest = relations[0][1:] if relations[0] else ()
    axis = size = -1
    for relation in relations:
        at = _position(relation[0]) if relation else None
        if at is None or not relation or relation[1:] != rest or (rows and at[:2] != (axis, size)):
            return None
        axis, size, row = at
        rows.append(row)
    table = Taps(axis, size, np.array(rows)[:, np.newaxis], slides=True, why="a loop takes turns")
    return table, rest


def _position(step: object) -> tuple[int, int, int] | None:
    """The axis that a step takes one position of, its extent, and the position; else None."""
    if isinstance(step, Taps) and step.table.shape == (1, 1) and step.table[0, 0] < step.size:
        return step.axis, step.size, int(step.table[0, 0])
    if type(step) is Window and step.taps is None:
        moving = [w for w in step.windows if not w.trivial]
        if len(moving) == 1 and moving[0].kernel == moving[0].out == 1:
            at = -moving[0].pad
            if 0 <= at < moving[0].size:
                return moving[0].axis, moving[0].size, at
    return None


def in_front(shape: Shape, axis: int, positions: Sequence[int]) -> Relation:
    """Positions along an axis, which goes to the front: the turns of a scan."""
    table = np.asarray(positions)[:, np.newaxis]
    front = (axis, *[i for i in range(len(shape)) if i != axis])
    if list(positions) == list(range(shape[axis])):
        return (Transpose(front),) if axis else ()
    taps = Taps(axis, shape[axis], table, slides=True, why="a loop takes turns")
    return (taps, Transpose(front)) if axis else (taps,)


class Cycle(NamedTuple):
    """The part of a loop's body that leads from what is carried into a turn to what comes out.

    Values are numbered: first ``states``, of these shapes, as they are before a turn; then
    ``sources``, which the turns read; then those that the body makes of them. ``edges`` lead to
    each of the last from earlier ones. ``after`` is for each state the value that becomes it in
    the next turn; -1 for one that depends on nothing then.
    """

    turns: int
    states: tuple[Shape, ...]
    sources: tuple[Shape, ...]
    edges: tuple[tuple[tuple[int, EveryTurn], ...], ...]
    after: tuple[int, ...]


def work(cycle: Cycle) -> int:
    """Count the steps of one walk through all turns, those of the loops within each turn too."""
    total = 0
    for edges in cycle.edges:
        for _, relation in edges:
            if _differs(relation):
                turns: list[Turn] = list(relation)  # type: ignore[arg-type]
                total += sum(_work_of(turn) for turn in turns if turn is not None)
            else:
                total += cycle.turns * _work_of(relation)  # type: ignore[arg-type]
    return total


def _work_of(relation: Relation) -> int:
    total = 1
    for step in relation:
        if isinstance(step, Recurrence):
            total += step.work
        elif isinstance(step, InTurns):
            total += sum(_work_of(turn) for turn in step.relations if turn is not None)
        else:
            total += 1
    return total


class _Turns:
    """The turns of a cycle, one after the other or back, over any semiring."""

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle
        self._own = len(cycle.states) + len(cycle.sources)

    @cached_property
    def work(self) -> int:
        """The number of steps of one walk through all turns."""
        return work(self.cycle)

    def relation(self, relation: EveryTurn, turn: int) -> Turn:
        """The relation of an edge at one turn."""
        return relation[turn] if _differs(relation) else relation  # type: ignore[return-value]

    def forward(self, values: list[Array | None], turn: int, ring: Semiring) -> list[Array | None]:
        """The states after a turn, from states and sources before it; None sees nothing."""
        values = list(values)
        for edges in self.cycle.edges:
            joint: Array | None = None
            for source, relation in edges:
                value, own = values[source], self.relation(relation, turn)
                if value is not None and own is not None:
                    joint = _plus(joint, push(own, value, ring), ring)
            values.append(joint)
        return [values[n] if n >= 0 else None for n in self.cycle.after]

    def backward(self, after: list[Array | None], turn: int, ring: Semiring) -> list[Array | None]:
        """Values at states and sources before a turn, from those at the states after it."""
        values: list[Array | None] = [None] * (self._own + len(self.cycle.edges))
        for n, value in zip(self.cycle.after, after, strict=True):
            if n >= 0 and value is not None:
                values[n] = _plus(values[n], value, ring)
        for number in reversed(range(self._own, len(values))):
            value = values[number]
            if value is None:
                continue
            for source, relation in self.cycle.edges[number - self._own]:
                own = self.relation(relation, turn)
                if own is not None:
                    values[source] = _plus(values[source], pull(own, value, ring), ring)
        return values[: self._own]

    @cached_property
    def shares(self) -> list[float]:
        """By what each turn's path counts are multiplied, so that they stay within bounds.

        Counts grow exponentially with the turns. What each turn multiplies all of them by does not
        change which is larger at one turn.
        """
        shares = []
        shapes = self.cycle.states
        states: list[Array | None] = [np.ones((1,) * len(s)) for s in shapes]
        for turn in range(self.cycle.turns):
            states = self.forward([*states, *[None] * len(self.cycle.sources)], turn, SUM)
            peak = max((float(s.max()) for s in states if s is not None and s.size), default=0.0)
            share = 1 / peak if peak > 1 else 1.0
            shares.append(share)
            states = [None if s is None else s * share for s in states]
        return shares


def _plus(one: Array | None, two: Array, ring: Semiring) -> Array:
    return two if one is None else ring.plus(one, two)


class Recurrence(BaseStep):
    """A state before each turn of a loop, as it depends on one thing that enters the loop.

    The source is number ``source`` of the cycle's values: either what the turns read, with the
    turns in front, or a state's first value. The output is state ``target`` before each turn, with
    the turns in front. Over ``SUM`` turns are weighted (see ``_Turns.shares``).
    """

    __slots__ = ("_turns", "first", "slides", "source", "target")

    def __init__(self, turns: _Turns, source: int, target: int) -> None:
        self._turns, self.source, self.target = turns, source, target
        self.first = source < len(turns.cycle.states)
        self.slides = () if self.first else (0,)

    @property
    def work(self) -> int:
        """The number of steps of one walk through all turns."""
        return self._turns.work

    def push(self, a: Array, ring: Semiring) -> Array:
        """Take one turn after the other."""
        cycle = self._turns.cycle
        count = len(cycle.states)
        states: list[Array | None] = [None] * count
        if self.first:
            states[self.source] = a
        rows: list[Array | None] = []
        read: list[Array | None] = [None] * len(cycle.sources)
        shares = self._turns.shares if ring is SUM else None
        for turn in range(cycle.turns):
            rows.append(states[self.target])
            if not self.first:
                read[self.source - count] = a[turn if len(a) > 1 else 0]
            states = self._turns.forward([*states, *read], turn, ring)
            if shares is not None:
                states = [None if s is None else s * shares[turn] for s in states]
        return self._rows(rows, len(cycle.states[self.target]), a.dtype, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Go back one turn after the other."""
        cycle = self._turns.cycle
        count = len(cycle.states)
        states: list[Array | None] = [None] * count
        rows: list[Array | None] = []
        shares = self._turns.shares if ring is SUM else None
        for turn in reversed(range(cycle.turns)):
            if shares is not None:
                states = [None if s is None else s * shares[turn] for s in states]
            values = self._turns.backward(states, turn, ring)
            states = values[:count]
            if not self.first:
                rows.append(values[self.source])
            seen = a[turn if len(a) > 1 else 0]
            states[self.target] = _plus(states[self.target], seen, ring)
        if not self.first:
            rank = len(cycle.sources[self.source - count])
            return self._rows(rows[::-1], rank, a.dtype, ring)
        first = states[self.source]
        if first is None:
            return np.full((1,) * len(cycle.states[self.source]), ring.zero, a.dtype)
        return first

    def _rows(
        self, rows: Sequence[Array | None], rank: int, dtype: np.dtype, ring: Semiring
    ) -> Array:
        nothing: Array = np.full((1,) * rank, ring.zero, dtype)
        return _stacked([nothing if row is None else row for row in rows])

    def label(self, labels: Labels) -> Labels:
        """Each axis has the origins that it has the first time that anything arrives."""
        cycle = self._turns.cycle
        count = len(cycle.states)
        reach: list[Labels | None] = [None] * (count + len(cycle.sources))
        reach[self.source] = labels if self.first else labels[1:]
        for turn in range(cycle.turns):
            reached = reach[self.target]
            if reached is not None:
                break
            reach = self._label_once(reach, turn)
        else:
            reached = tuple((Factor(0, n),) for n in cycle.states[self.target])
        lead = (Factor(0, cycle.turns),) if self.first else labels[0]
        return (lead, *reached)

    def _label_once(self, before: list[Labels | None], turn: int) -> list[Labels | None]:
        cycle = self._turns.cycle
        values = list(before)
        for edges in cycle.edges:
            own: Labels | None = None
            for source, relation in edges:
                carried, steps = values[source], self._turns.relation(relation, turn)
                if own is None and carried is not None and steps is not None:
                    own = carried
                    for step in steps:
                        own = step.label(own)
            values.append(own)
        count = len(cycle.states)
        states = [
            old if old is not None else (values[n] if n >= 0 else None)
            for old, n in zip(before[:count], cycle.after, strict=True)
        ]
        return [*states, *before[count:]]

    def shape(self, before: Shape) -> Shape:
        """The state's shape with the turns in front, for the source's own."""
        cycle = self._turns.cycle
        count = len(cycle.states)
        if self.first:
            check_shape(before, cycle.states[self.source])
        else:
            check_shape(before, (cycle.turns, *cycle.sources[self.source - count]))
        return (cycle.turns, *cycle.states[self.target])

    def affine(self, axis: int) -> AxisMap | NoMap:
        """No map along the turns; the identity along an axis that no turn works along."""
        if not self.first and axis == 0:
            return _GROWS
        cycle = self._turns.cycle
        places: list[int | None] = [None] * (len(cycle.states) + len(cycle.sources))
        places[self.source] = axis if self.first else axis - 1
        for _ in range(len(cycle.states) + 1):
            after = self._place_once(places)
            if isinstance(after, NoMap):
                return after
            if after == places:
                break
            places = after
        place = places[self.target]
        if place is None:
            return NoMap("irregular", "a loop carries nothing of it")
        return AxisMap(place + 1, 1, 0, 1)

    def _place_once(self, before: list[int | None]) -> list[int | None] | NoMap:
        """The axis of each state that an axis becomes; why there is none."""
        cycle = self._turns.cycle
        values = list(before)
        for edges in cycle.edges:
            own: int | None = None
            for source, relation in edges:
                place = values[source]
                if place is None:
                    continue
                if _differs(relation):
                    return NoMap("irregular", "it differs from turn to turn")
                for step in self._turns.relation(relation, 0) or ():
                    step_map = step.affine(place)
                    if isinstance(step_map, NoMap):
                        return step_map
                    if not step_map.moves:
                        return NoMap("irregular", "windows grow with the turns of a loop")
                    place = step_map.axis
                if own not in (None, place):
                    return NoMap("irregular", "a loop moves it between axes")
                own = place
            values.append(own)
        count = len(cycle.states)
        states = list(before[:count])
        for number, n in enumerate(cycle.after):
            place = values[n] if n >= 0 else None
            if place is not None:
                if states[number] not in (None, place):
                    return NoMap("irregular", "a loop moves it between axes")
                states[number] = place
        return [*states, *before[count:]]


def recurrences(cycle: Cycle) -> dict[tuple[int, int], Relation]:
    """The relations from each state's first value and each source to each state, by numbers.

    Those along which nothing ever arrives are left out.
    """
    turns = _Turns(cycle)
    count = len(cycle.states)
    relations: dict[tuple[int, int], Relation] = {}
    for source in range(count + len(cycle.sources)):
        reached = [source] if source < count else []
        values: list[Array | None] = [None] * (count + len(cycle.sources))
        shape = cycle.states[source] if source < count else cycle.sources[source - count]
        values[source] = np.ones((1,) * len(shape), bool)
        differs = any(_differs(r) for edges in cycle.edges for _, r in edges)
        for turn in range(cycle.turns if differs else min(cycle.turns, count + 1)):
            after = turns.forward(values, turn, OR)
            reached += [n for n, v in enumerate(after) if v is not None and n not in reached]
            values = [
                old if old is not None else new
                for old, new in zip(values, [*after, *values[count:]], strict=True)
            ]
        for target in reached:
            relations[source, target] = (Recurrence(turns, source, target),)
    return relations
