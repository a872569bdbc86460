"""The exercises: what they ask, and that what they take for right is right."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest

from rf_viz.lessons import Conv, Transposed, exercises
from rf_viz.lessons.exercises import LEVELS, Exercise
from rf_viz.lessons.worked import Sliding, runs
from tests.oracles.taps import extents, seen, ways

exercise = cache(exercises.exercise)  # the app keeps fewer of them than these tests look at

SEEDS = range(1, 51)
EVERY = [(level, seed) for level, seed in product(range(1, len(LEVELS) + 1), SEEDS)]
TURNS = {"misaligned": 0, "transposed": 1, "border": 2}
"""What the last level asks in turn, by the seed's remainder."""


def by_enumeration(task: Exercise) -> tuple[int, ...]:
    """The answer, by going along every tap."""
    if task.unit is not None:
        units = set().union(*(seen(w, task.example.length, task.unit) for w in ways(task)))
        return min(units), max(units)
    # Of an input so long that the unit in its middle meets no padding: start = -P + u S.
    long, middle = 400, 20
    boxes = []
    for unit in (middle, middle + 1):
        units = set().union(*(seen(w, long, unit) for w in ways(task)))
        boxes.append((min(units), max(units)))
    (start, stop), (after, _) = boxes
    stride = after - start
    numbers = {"r": stop - start + 1, "S": stride, "P": middle * stride - start}
    return tuple(numbers[part.symbol] for part in task.parts)


@pytest.mark.parametrize("level", range(1, len(LEVELS) + 1))
def test_every_answer_is_what_going_along_every_tap_finds(level: int) -> None:
    tasks = [exercise(level, seed) for seed in SEEDS]
    assert [task.answer for task in tasks] == [by_enumeration(task) for task in tasks]


def result(equation: str) -> int:
    """The number that an equation ends on."""
    return int(re.search(r"(-?\d+)$", equation)[1])


def test_solutions_end_on_the_answer() -> None:
    for at in EVERY:
        task = exercise(*at)
        last = task.solution[-1]
        assert last.values == task.answer, at
        assert tuple(map(result, last.equations[-len(task.parts) :])) == task.answer, at


def test_every_step_of_a_way_down_is_what_the_units_see() -> None:
    for at in EVERY:
        task = exercise(*at)
        if task.unit is None:
            continue
        steps = iter(task.solution)
        for way in ways(task):
            for depth in reversed(range(len(way))):
                units = seen(way[depth:], extents(way[:depth], task.example.length)[-1], task.unit)
                assert next(steps).values == (min(units), max(units)), at


def test_sizes_are_solved_from_the_output_down_in_the_articles_letters() -> None:
    """r, S and P of the output with respect to each layer, by going along every tap."""
    long, middle = 400, 20
    for at in EVERY:
        task = exercise(*at)
        if task.unit is not None:
            continue
        steps = iter(task.solution)
        for way, path in zip(ways(task), ("",) if len(ways(task)) == 1 else "AB", strict=True):
            mark = f"^{{{path}}}" if path else ""
            for depth in reversed(range(len(way))):
                first = [min(seen(way[depth:], long, unit)) for unit in (middle, middle + 1)]
                stride = first[1] - first[0]
                size = max(seen(way[depth:], long, middle)) - first[0] + 1
                step = next(steps)
                wanted = (size, stride, middle * stride - first[0])
                assert step.values == wanted[: len(step.values)], at
                names = [equation.split(" = ")[0] for equation in step.equations]
                assert names == [f"{s}_{{{depth}}}{mark}" for s in "rSP"][: len(names)], at
                if depth == len(way) - 1:
                    assert f"$r_{{{depth + 1}}}{mark} = 1$" in step.says, at


def test_a_solution_tells_how_many_units_are_seen_where_there_are_holes() -> None:
    holes = 0
    for at in EVERY:
        task = exercise(*at)
        if task.unit is None:
            continue
        steps = iter(task.solution)
        for way in ways(task):
            for depth in reversed(range(len(way))):
                units = seen(way[depth:], extents(way[:depth], task.example.length)[-1], task.unit)
                says = next(steps).says
                full = len(units) == max(units) - min(units) + 1
                holes += not full
                assert (f" {len(units)} of the units $u_" in says) == (not full), at
    assert holes > 10


def test_runs_are_told_in_words() -> None:
    assert runs([2]) == "2"
    assert runs([2, 3, 4]) == "2 to 4"
    assert runs([2, 3, 4, 6, 8, 9]) == "2 to 4, 6 and 8 to 9"


def test_the_closed_form_beside_a_solution_works_out() -> None:
    for at in EVERY:
        task = exercise(*at)
        if task.unit is not None or len(ways(task)) > 1:
            continue
        (terms, total) = re.search(r"\$r_0 = (.+) = (\d+)\$", task.remark).groups()
        assert eval(terms.replace(r"\cdot", "*")) == int(total) == task.answer[0], at


def test_no_wrong_answer_is_right() -> None:
    for at in EVERY:
        for part in exercise(*at).parts:
            assert part.answer not in part.slips, at
            assert part.slips, at
            assert all(why.endswith(".") for why in part.slips.values())


def test_nothing_is_asked_that_needs_no_thought() -> None:
    for at in EVERY:
        task = exercise(*at)
        sizes = [row.size for row in task.example.rows]
        assert min(sizes) >= 3, at
        assert max(sizes) <= 32, at
        if task.unit is None:
            assert task.parts[0].answer > 2, at
        else:
            first, last = task.answer
            assert 0 <= first < last < task.example.length, at
            assert (first, last) != (0, task.example.length - 1), at


def layers(task: Exercise) -> list[Sliding]:
    return [layer for way in ways(task) for layer in way]


def cut(task: Exercise) -> tuple[int, int]:
    """What the closed form says of the unit in question, cut off at the input's ends."""
    field = task.example.last.receptive_field
    (start,), (stop,) = field.start((task.unit,)), field.stop((task.unit,))
    return max(start, 0), min(stop, task.example.length) - 1


def test_the_levels_are_what_they_say() -> None:
    for seed in SEEDS:
        one, strides, padding, dilation, branches, beyond = (
            exercise(level, seed) for level in range(1, 7)
        )
        assert len(layers(one)) == 1
        assert {len(ways(e)) for e in (one, strides, padding, dilation)} == {1}

        assert all(layer.padding == (0, 0) for layer in layers(one) + layers(strides))
        assert max(layer.stride for layer in layers(strides)[:-1]) > 1

        assert any(layer.padding != (0, 0) for layer in layers(padding)[1:])
        assert all(layer.dilation == 1 for layer in layers(padding))
        assert any(layer.dilation > 1 for layer in layers(dilation))
        for task in (padding, dilation):
            assert task.unit is None or cut(task) == task.answer

        assert len(ways(branches)) == 2
        assert branches.example.last.aligned

        last = beyond.example.last
        assert beyond.remark
        if seed % 3 == TURNS["misaligned"]:
            assert last.aligned is False
        elif seed % 3 == TURNS["transposed"]:
            assert any(isinstance(layer, Transposed) for layer in layers(beyond))
            assert last.receptive_field is None
        else:
            assert cut(beyond) != beyond.answer


def test_seeds_differ() -> None:
    for level in range(1, len(LEVELS) + 1):
        drawn = (exercise(level, seed) for seed in SEEDS)
        drawn_networks = {(e.example.layers, e.example.length, e.unit) for e in drawn}
        assert len(drawn_networks) > 40


def test_an_exercise_is_the_same_everywhere() -> None:
    """Links are handed around: what they lead to must not change."""
    first = exercise(1, 1)
    assert first.example.layers == (Conv(3, 3),)
    assert (first.example.length, first.unit, first.answer) == (13, 2, (6, 8))
    third = exercise(3, 3)
    assert third.example.layers == (Conv(4, 2, (2, 2)), Conv(4, 1, (2, 2)))
    assert third.answer == (10, 2, 6)
    fourth = exercise(6, 4)
    assert fourth.example.layers == (Conv(2, 1, (1, 1)), Transposed(5, 3))
    assert (fourth.example.length, fourth.unit, fourth.answer) == (8, 5, (0, 1))


@pytest.mark.parametrize("at", [(0, 1), (7, 1), (1, 0)])
def test_what_is_not_there_is_refused(at: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no exercise"):
        exercise(*at)
