"""The effective receptive field of equal weights: counted, and by the square root law."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.lessons import bell


def test_the_measured_law_of_three_taps() -> None:
    """Units with at least 1 - 95.45 % of the middle's count, as in Luo et al. 2016."""
    depths = (5, 10, 20, 40, 80, 160)
    assert [bell.width(bell.counts(n, 3)) for n in depths] == [9, 13, 19, 25, 37, 51]


def test_the_papers_measure_is_the_square_root_of_the_area() -> None:
    """Counted pixel by pixel, with the convolution of square kernels on a picture."""
    widths = [bell.area_width(bell.counts(n, 3)) for n in (5, 10, 20, 40, 80, 160)]
    assert [round(width, 1) for width in widths] == [8.3, 11.7, 16.2, 22.7, 32.3, 45.6]
    picture = np.ones((1, 1))
    for _ in range(5):
        wide = np.pad(picture, 2)
        picture = sum(
            wide[y : y + len(picture) + 2, x : x + len(picture) + 2]
            for y in range(3)
            for x in range(3)
        )
    pixels = (picture >= (1 - 0.9545) * picture.max()).sum()
    assert bell.area_width(bell.counts(5, 3)) == pytest.approx(pixels**0.5)


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_the_area_follows_the_law_of_a_disc(kernel: int) -> None:
    for depth in (40, 80, 160):
        law = bell.gaussian_area_width(depth, kernel)
        assert bell.area_width(bell.counts(depth, kernel)) == pytest.approx(law, rel=0.02)


@pytest.mark.parametrize("kernel", [2, 3, 5, 7])
@pytest.mark.parametrize("depth", [1, 2, 7, 30])
def test_counts_are_those_of_a_power_of_ones(kernel: int, depth: int) -> None:
    """By how many paths: the coefficients of (1 + x + ... + x^(k-1)) to the power of the depth."""
    line = np.ones(1)
    for _ in range(depth):
        line = np.convolve(line, np.ones(kernel))
    assert bell.counts(depth, kernel) == pytest.approx(line / line.sum())


@pytest.mark.parametrize("kernel", [2, 3, 5, 7])
def test_deep_bells_are_as_wide_as_the_law_says(kernel: int) -> None:
    for depth in (40, 80, 160):
        width = bell.width(bell.counts(depth, kernel))
        assert abs(width - bell.gaussian_width(depth, kernel)) <= 1.5
    assert bell.gaussian_width(160, kernel) == pytest.approx(2 * bell.gaussian_width(40, kernel))


@pytest.mark.parametrize(("depth", "kernel"), [(5, 3), (20, 3), (10, 6), (80, 3)])
def test_random_networks_have_the_influence_that_is_expected(depth: int, kernel: int) -> None:
    counts = bell.counts(depth, kernel)
    expected, measured = bell.expected(counts), bell.measured(depth, kernel)
    assert measured.sum() == pytest.approx(1)
    assert measured.shape == counts.shape
    places = np.arange(len(counts)) - (len(counts) - 1) / 2
    deviations = [np.sqrt((shares * places**2).sum()) for shares in (expected, measured)]
    assert deviations[1] == pytest.approx(deviations[0], rel=0.1)
    assert bell.width(expected) > bell.width(counts)
    assert bell.width(measured) == pytest.approx(bell.width(expected), rel=0.2)


def test_the_gradient_by_hand_is_that_of_finite_differences() -> None:
    depth, kernel, step = 3, 4, 1e-6
    x = np.random.default_rng(1).normal(size=(1, depth * (kernel - 1) + 1))
    slopes = bell.random_gradient(np.random.default_rng(2), depth, kernel, x)

    def value(values: np.ndarray) -> float:
        random = np.random.default_rng(2)
        for layer in range(depth):
            values = np.maximum(values, 0) if layer else values
            deviation = np.sqrt(2 / (kernel * len(values)))
            weight = random.normal(0, deviation, (bell.CHANNELS, len(values), kernel))
            columns = range(values.shape[1] - kernel + 1)
            parts = [(weight * values[:, n : n + kernel]).sum(axis=(1, 2)) for n in columns]
            values = np.stack(parts, axis=1)
        return float((random.choice([-1.0, 1.0], (bell.CHANNELS, 1)) * values).sum())

    for unit in range(x.size):
        move = np.zeros_like(x)
        move[0, unit] = step
        slope = (value(x + move) - value(x - move)) / (2 * step)
        assert slopes[unit] == pytest.approx(slope, abs=1e-6)
