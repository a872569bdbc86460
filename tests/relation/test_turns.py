"""Steps over the turns of a loop do what the turns do one by one."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rf_viz.relation import MAX, MIN, OR, SUM, Mix, Relation, Shape, pull, push, shape_after
from rf_viz.relation.turns import Cycle, every_turn, from_around, in_front, recurrences
from tests.oracles import naive
from tests.relation.test_relation import KINDS, expected, values

RINGS = (MIN, MAX, OR)
TURNS = 4
SAME = ("mix", "taps", "window", "transpose", "only", "opaque")


def some_relations(rng: Random, count: int) -> list[naive.Op]:
    """Operations that keep a tensor of three elements as it is."""
    ops: list[naive.Op] = []
    while len(ops) < count:
        op = naive.some_op(rng, (3,), SAME)
        if op.after == (3,):
            ops.append(op)
    return ops


def blocks(matrices: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """A matrix with these on its diagonal."""
    rows, columns = matrices[0].shape
    whole = np.zeros((rows * len(matrices), columns * len(matrices)), np.int64)
    for i, matrix in enumerate(matrices):
        whole[i * rows : (i + 1) * rows, i * columns : (i + 1) * columns] = matrix
    return whole


def check(
    relation: Relation, matrix: NDArray[np.int64], before: Shape, after: Shape, rng: Random
) -> None:
    assert shape_after(relation, before) == after
    for ring in RINGS:
        for forward in (True, False):
            one, other = (before, after) if forward else (after, before)
            a = values(rng, tuple(1 if rng.random() < 0.4 else n for n in one), ring)
            result = (push if forward else pull)(relation, a, ring)
            flat = np.broadcast_to(a, one).reshape(-1)
            np.testing.assert_array_equal(
                np.broadcast_to(result, other).reshape(-1),
                expected(matrix if forward else matrix.T, flat, ring),
            )


@pytest.mark.parametrize("kind", KINDS)
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_every_turn_does_what_one_does(kind: str, rng: Random) -> None:
    shape = tuple(rng.randint(1, 4) for _ in range(rng.randint(1, 3)))
    op = naive.some_op(rng, shape, [kind])
    relation = every_turn(op.relation, shape, TURNS)
    check(relation, blocks([op.matrix] * TURNS), (TURNS, *shape), (TURNS, *op.after), rng)


@given(rng=st.randoms(use_true_random=False))
def test_turns_that_differ_do_each_its_own(rng: Random) -> None:
    ops = some_relations(rng, TURNS)
    blind = rng.randrange(TURNS)
    relations = tuple(None if i == blind else op.relation for i, op in enumerate(ops))
    matrices = [op.matrix * (i != blind) for i, op in enumerate(ops)]
    check(every_turn(relations, (3,), TURNS), blocks(matrices), (TURNS, 3), (TURNS, 3), rng)
    check(from_around(relations, (3,), TURNS), np.vstack(matrices), (3,), (TURNS, 3), rng)


@given(rng=st.randoms(use_true_random=False))
def test_turns_that_take_one_position_each_are_a_table(rng: Random) -> None:
    positions = [rng.randrange(5) for _ in range(TURNS)]
    relation = in_front((2, 5), 1, positions)
    numbers = np.arange(10).reshape(2, 5)
    matrix = np.zeros((TURNS * 2, 10), np.int64)
    matrix[np.arange(TURNS * 2), numbers[:, positions].T.reshape(-1)] = 1
    check(relation, matrix, (2, 5), (TURNS, 2), rng)


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_a_recurrence_is_its_turns_one_after_the_other(rng: Random) -> None:
    """Two states and a source; a value of each turn is made of them, and states of all."""
    ops = some_relations(rng, 6)
    ways = [op.relation for op in ops]
    edges = (
        ((0, ways[0]), (2, ways[1])),
        ((1, ways[2]), (3, ways[3])),
        ((4, ways[4]), (0, ways[5])),
    )
    after = (rng.choice([2, 3, 4, 5]), rng.choice([-1, 0, 4, 5]))
    cycle = Cycle(TURNS, ((3,), (3,)), ((3,),), edges, after)
    truth = reach(cycle, [op.matrix for op in ops])
    relations = recurrences(cycle)
    for source in range(3):
        for target in range(2):
            matrix = truth[source, target]
            if (source, target) not in relations:
                assert not matrix.any()
                continue
            relation = relations[source, target]
            before = (3,) if source < 2 else (TURNS, 3)
            check(relation, matrix, before, (TURNS, 3), rng)
            forth, back = (values(rng, s, SUM) for s in (before, (TURNS, 3)))
            there = (np.broadcast_to(push(relation, forth, SUM), (TURNS, 3)) * back).sum()
            here = (np.broadcast_to(pull(relation, back, SUM), before) * forth).sum()
            np.testing.assert_allclose(there, here)
            paths = np.broadcast_to(pull(relation, np.ones((TURNS, 3)), SUM), before)
            assert np.array_equal(paths.reshape(-1) > 0, matrix.any(axis=0))


def reach(cycle: Cycle, matrices: list[NDArray[np.int64]]) -> dict[tuple[int, int], NDArray]:
    """What each state before each turn is made of, followed element by element."""
    places = {0: slice(0, 3), 1: slice(3, 6), 2: slice(6, None)}
    total = 6 + 3 * TURNS
    states = [np.zeros((3, total), np.int64) for _ in range(2)]
    for i in range(2):
        states[i][:, places[i]] = np.eye(3)
    rows: list[list[NDArray]] = [[], []]
    for turn in range(cycle.turns):
        source = np.zeros((3, total), np.int64)
        source[:, 6 + 3 * turn : 9 + 3 * turn] = np.eye(3)
        values_so_far = [*states, source]
        left = iter(matrices)
        for edges in cycle.edges:
            values_so_far.append(
                sum((next(left) @ values_so_far[n] for n, _ in edges), np.zeros_like(source))
            )
        for i in range(2):
            rows[i].append(states[i])
        states = [values_so_far[n] if n >= 0 else np.zeros_like(source) for n in cycle.after]
    whole = [np.vstack(r) > 0 for r in rows]
    return {(s, t): whole[t][:, places[s]].astype(np.int64) for s in range(3) for t in range(2)}


def test_counts_stay_within_bounds_however_many_the_turns() -> None:
    every = (Mix((0,), (4,)),)
    cycle = Cycle(3000, ((4,),), ((4,),), (((0, every), (1, ())),), (2,))
    relation = recurrences(cycle)[1, 0]
    last = np.zeros((3000, 1))
    last[-1] = 1
    counts = pull(relation, last, SUM)
    assert np.isfinite(counts).all()
    assert (counts[:-1] > 0).all()
