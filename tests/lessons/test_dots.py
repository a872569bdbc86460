"""The lab's task: impossible below the width, and learned from there on."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rf_viz.lessons import Conv, dots, stack
from rf_viz.lessons.dots import DEPTHS, LENGTH, MOST_WIDER, WIDTHS, couples, field_size
from rf_viz.lessons.dots_network import CHANNELS, DotsNetwork, losses
from rf_viz.lessons.dots_training import STEPS, Training, final_accuracy, sweep


def windows(line: np.ndarray, size: int) -> Counter[tuple[float, ...]]:
    """All windows of a row, with their numbers."""
    return Counter(tuple(line[at : at + size]) for at in range(LENGTH - size + 1))


@pytest.mark.parametrize("width", WIDTHS)
def test_couples_differ_in_nothing_but_their_widths(width: int) -> None:
    inputs, narrow = couples(np.random.default_rng(width), 200, width)
    assert inputs.shape == (400, LENGTH)
    assert narrow.tolist() == [True] * 200 + [False] * 200
    places = [np.flatnonzero(line) for line in inputs]
    spans = [int(b - a) + 1 for a, b in places]
    assert set(spans[:200]) == {width}
    assert set(spans[200:]) == set(range(width + 1, width + MOST_WIDER + 1))
    bright = [line[at].tolist() for line, at in zip(inputs, places, strict=True)]
    assert bright[:200] == bright[200:]
    assert len({tuple(pair) for pair in bright}) == 200


@pytest.mark.parametrize("width", WIDTHS)
def test_both_rows_of_a_couple_have_the_same_windows_just_below_the_width(width: int) -> None:
    """The proof, window by window: dots nearer to an end would have fewer."""
    inputs, _ = couples(np.random.default_rng(1), 30, width)
    for size in map(field_size, DEPTHS):
        same = [
            windows(a, size) == windows(b, size)
            for a, b in zip(inputs[:30], inputs[30:], strict=True)
        ]
        assert set(same) == {size < width}
        for line in inputs[[0, 30]]:
            counted = Counter(sum(unit > 0 for unit in window) for window in windows(line, size))
            one, both = counted[1], counted[2]
            expected = {0: LENGTH - size + 1 - one - both, 1: one, 2: both}
            assert dots.window_counts(line, size) == expected


@pytest.mark.parametrize("width", [4, 7, 10, 13])
@pytest.mark.parametrize("depth", DEPTHS)
def test_random_networks_answer_both_alike_below_the_width_and_not_above(
    width: int, depth: int
) -> None:
    random = np.random.default_rng(depth)
    inputs, _ = couples(random, 20, width)
    for _ in range(3):
        network = DotsNetwork(depth, random)
        for bias in network.biases:
            bias += random.normal(0, 0.01, bias.shape)
        answers = network.answers(inputs)
        apart = np.abs(answers[:20] - answers[20:])
        if field_size(depth) < width:
            assert apart.max() < 1e-12
        else:
            assert apart.min() > 1e-9


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_field_is_that_of_the_same_layers_traced(depth: int) -> None:
    field = stack([Conv(3)] * depth, LENGTH).last.receptive_field
    assert field is not None
    assert field.size == (field_size(depth),)


def test_the_network_computes_what_a_plain_loop_does() -> None:
    random = np.random.default_rng(0)
    network = DotsNetwork(2, random)
    for bias in network.biases:
        bias += random.normal(size=CHANNELS)
    line = random.normal(size=LENGTH)
    values = line[None]  # channels, units
    for kernel, bias in zip(network.kernels, network.biases, strict=True):
        values = np.array(
            [
                [
                    max(0.0, (kernel[:, :, o].T * values[:, u : u + 3]).sum() + bias[o])
                    for u in range(values.shape[1] - 2)
                ]
                for o in range(CHANNELS)
            ]
        )
    answer = (values.mean(axis=1) * network.read_out).sum() + network.offset[0]
    assert network.answers(line[None])[0] == pytest.approx(answer)


def test_gradients_are_those_of_finite_differences() -> None:
    random = np.random.default_rng(3)
    network = DotsNetwork(3, random)
    for bias in network.biases:
        bias += random.normal(0, 0.1, bias.shape)
    inputs, narrow = couples(random, 5, 6)

    def loss() -> float:
        probability = 1 / (1 + np.exp(-network.answers(inputs)))
        return float(-np.log(np.where(narrow, probability, 1 - probability)).mean())

    assert losses(network.answers(inputs), narrow).mean() == pytest.approx(loss())
    for values, gradient in zip(network.parameters, network.gradients(inputs, narrow), strict=True):
        for _ in range(6):
            at = tuple(random.integers(0, n) for n in values.shape)
            value, step = values[at], 1e-5
            values[at] = value + step
            above = loss()
            values[at] = value - step
            slope = (above - loss()) / (2 * step)
            values[at] = value
            assert gradient[at] == pytest.approx(slope, abs=1e-7)


def test_a_training_is_the_same_for_the_same_seed_and_tests_itself_on_its_way() -> None:
    one, again, other = Training(5, 2, 7), Training(5, 2, 7), Training(5, 2, 8)
    for training in (one, again, other):
        training.work()
    assert one.history == again.history != other.history
    while not one.finished:
        one.work()
    assert [progress.step for progress in one.history] == list(range(0, STEPS + 1, 10))
    assert one.accuracy > 0.95
    assert one.history[-1].loss < 0.1 < one.history[0].loss


def test_below_the_width_a_training_is_right_in_exactly_half_of_the_cases() -> None:
    training = Training(6, 2, 1)
    while not training.finished:
        training.work()
    assert {progress.accuracy for progress in training.history} == {0.5}
    assert min(progress.loss for progress in training.history) >= np.log(2) - 1e-9


def test_the_sweep_jumps_where_the_field_reaches_the_width() -> None:
    accuracies = sweep()
    assert set(accuracies) == {(width, depth) for width in WIDTHS for depth in DEPTHS}
    for (width, depth), run in accuracies.items():
        if field_size(depth) < width:
            assert set(run) == {0.5}
        else:
            assert float(np.mean(run)) > 0.8


@pytest.mark.parametrize(("width", "depth", "seed"), [(4, 1, 1), (4, 2, 3), (7, 3, 2)])
def test_an_entry_of_the_sweep_is_what_a_training_comes_to(
    width: int, depth: int, seed: int
) -> None:
    """Sums in another order, on another machine, may change a few answers."""
    accuracy = final_accuracy(width, depth, seed)
    assert accuracy == pytest.approx(sweep()[width, depth][seed - 1], abs=0.05)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_smallest_depth_is_the_first_whose_field_is_as_wide(width: int) -> None:
    depth = dots.smallest_depth(width)
    assert field_size(depth) >= width > field_size(depth - 1)
