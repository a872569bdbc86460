"""The lab's charts show the numbers they are given."""

from __future__ import annotations

import pytest

from rf_viz.figures.dots import jump, learning, staircase
from rf_viz.lessons.dots_training import Progress


def test_learning_shows_every_test_of_a_training() -> None:
    history = [Progress(0, 0.7, 0.5), Progress(10, 0.6, 0.75), Progress(20, 0.1, 1.0)]
    right, loss = learning(history).data
    assert list(right.x) == list(loss.x) == [0, 10, 20]
    assert list(right.y) == [50, 75, 100]
    assert list(loss.y) == [0.7, 0.6, 0.1]
    assert len(learning([]).data[0].x) == 0


def test_the_jump_has_mean_and_range_at_each_field_size_and_a_line_at_the_width() -> None:
    figure = jump({1: [0.5, 0.5], 2: [0.6, 1.0]}, 5, {2: 0.9})
    runs, own = figure.data
    assert list(runs.x) == [3, 5]
    assert list(runs.y) == [50, 80]
    assert list(runs.error_y.array) == pytest.approx([0, 20])
    assert list(runs.error_y.arrayminus) == pytest.approx([0, 20])
    assert (list(own.x), list(own.y)) == ([5], [90])
    assert 5 in {shape.x0 for shape in figure.layout.shapes}
    assert len(jump({1: [0.5]}, 5, {}).data) == 1


def test_the_staircase_has_each_mean_at_its_width_and_field_size() -> None:
    runs = {(4, 1): [0.5], (5, 1): [0.5], (4, 2): [1.0], (5, 2): [0.8, 1.0]}
    (heat,) = staircase(runs, 5).data
    assert (list(heat.x), list(heat.y)) == ([4, 5], [3, 5])
    assert [list(row) for row in heat.z] == [[50, 50], [100, 90]]
