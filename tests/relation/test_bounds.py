"""Windows of any length: taps that meet padding only change nothing, and cost nothing."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.relation import OR, SUM, Semiring, Slide, TooLargeError, Window, blank
from rf_viz.relation.common.basic import same_pads
from rf_viz.relation.fit import same_front, same_total


@pytest.mark.parametrize("ring", [OR, SUM])
@pytest.mark.parametrize("pad", [0, 3, 40, 55])
@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize("stride", [1, 2, 7])
def test_a_long_kernel_sees_what_its_taps_see(
    ring: Semiring, pad: int, dilation: int, stride: int
) -> None:
    """By brute force, tap by tap."""
    size, kernel, out = 9, 20, 5
    step = Window([Slide(0, size, out, kernel, stride, dilation, pad)])
    seen = np.zeros((out, size))
    for o in range(out):
        for k in range(kernel):
            at = o * stride - pad + k * dilation
            if 0 <= at < size:
                seen[o, at] += 1
    values = np.random.default_rng(0).random(size) < 0.4
    marks = np.random.default_rng(1).random(out) < 0.4
    pushed, pulled = seen @ values, seen.T @ marks
    kind = bool if ring is OR else float
    assert np.array_equal(step.push(values.astype(kind), ring), pushed.astype(kind))
    assert np.array_equal(step.pull(marks.astype(kind), ring), pulled.astype(kind))
    assert step.blind == (not seen.any(axis=1).all())


def test_a_kernel_of_a_billion_is_one_of_its_image() -> None:
    step = Window([Slide(0, 8, 8, 10**9, 1, 1, 5 * 10**8)])
    assert step.push(np.arange(8) == 3, OR).all()
    assert step.pull(np.arange(8) == 3, OR).all()


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("clamp", [False, True])
@pytest.mark.parametrize("dilation", [1, 2, 5])
@pytest.mark.parametrize("kernel", [1, 2, 3, 8])
@pytest.mark.parametrize("stride", [1, 2, 3, 4, 9])
def test_whether_same_padding_varies_is_what_all_sizes_say(
    stride: int, kernel: int, dilation: int, clamp: bool, lower: bool
) -> None:
    fronts = {
        same_front(same_total(size, kernel, stride, dilation, clamp=clamp), lower=lower)
        for size in range(stride * 64, stride * 66)
    }
    varies = same_pads(99, kernel, stride, dilation, lower=lower, clamp=clamp)[2]
    assert varies == (len(fronts) > 1)


def test_an_array_that_would_be_too_large_is_not_made() -> None:
    with pytest.raises(TooLargeError):
        blank((2**20, 2**20), OR, np.dtype(bool))
