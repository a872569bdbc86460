"""Every step of a relation does just what its matrix says, both ways, over every semiring."""

from __future__ import annotations

from math import prod
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rf_viz.relation import (
    FAR,
    MAX,
    MIN,
    OR,
    SUM,
    Mix,
    Reshape,
    Semiring,
    Slide,
    Window,
    pull,
    push,
)
from tests.oracles import naive
from tests.oracles.naive import Op

SEMIRINGS = {"min": MIN, "max": MAX, "or": OR, "sum": SUM}
KINDS = (
    "window",
    "transposed window",
    "taps",
    "part",
    "transpose",
    "reshape",
    "elements",
    "only",
    "scatter",
    "mix",
    "masked",
    "grouped",
    "broadcast",
    "opaque",
)


def expected(matrix: NDArray[np.int64], a: NDArray, ring: Semiring) -> NDArray:
    """What the matrix makes of a flat array, by the semiring's definition."""
    if ring is SUM:
        return matrix @ a
    seen = np.where(matrix > 0, a, ring.zero)
    return ring.plus.reduce(seen, axis=1, initial=ring.zero)


def values(rng: Random, shape: tuple[int, ...], ring: Semiring) -> NDArray:
    count = prod(shape)
    if ring is OR:
        return np.array([rng.random() < 0.3 for _ in range(count)], bool).reshape(shape)
    numbers = np.array([rng.randint(1, 99) for _ in range(count)]).reshape(shape)
    return numbers.astype(float if ring is SUM else np.int32)


def some_ones(rng: Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with some of its axes of length 1: nothing varies along those."""
    return tuple(1 if rng.random() < 0.5 else n for n in shape)


def check(op: Op, rng: Random, ring: Semiring) -> None:
    for forward in (True, False):
        one, other = (op.before, op.after) if forward else (op.after, op.before)
        matrix = op.matrix if forward else op.matrix.T
        a = values(rng, some_ones(rng, one), ring)
        result = (push if forward else pull)(op.relation, a, ring)
        flat = np.broadcast_to(a, one).reshape(-1)
        assert result.ndim == len(other)
        assert result.dtype == a.dtype
        np.testing.assert_array_equal(
            np.broadcast_to(result, other).reshape(-1),
            expected(matrix, flat, ring),
            err_msg=f"{'push' if forward else 'pull'} of {a.shape} in {one} -> {other}",
        )


@pytest.mark.parametrize("ring", SEMIRINGS.values(), ids=SEMIRINGS)
@pytest.mark.parametrize("kind", KINDS)
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_push_and_pull_are_the_matrix_and_its_transpose(
    kind: str, ring: Semiring, rng: Random
) -> None:
    shape = tuple(rng.randint(1, 5) for _ in range(rng.randint(1, 3)))
    check(naive.some_op(rng, shape, [kind]), rng, ring)


@pytest.mark.parametrize("ring", SEMIRINGS.values(), ids=SEMIRINGS)
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_large_kernels_are_combined_by_doubling(ring: Semiring, rng: Random) -> None:
    size = rng.randint(1, 30)
    kernel = rng.randint(13, 40)
    stride, dilation = rng.randint(1, 4), rng.randint(1, 3)
    reach = (kernel - 1) * dilation + 1
    pad = rng.choice([0, kernel // 2, reach - 1, reach + 2, -1])
    out = max(1, (size + 2 * pad - reach) // stride + 1)
    check(naive.window((2, size), [Slide(1, size, out, kernel, stride, dilation, pad)]), rng, ring)


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_a_chain_of_steps_is_the_product_of_their_matrices(rng: Random) -> None:
    op = naive.some_op(rng, (2, 3, 4), KINDS)
    for _ in range(rng.randint(1, 3)):
        if prod(op.after) > 100:
            break
        op = naive.chain(op, naive.some_op(rng, op.after, KINDS))
    for ring in SEMIRINGS.values():
        check(op, rng, ring)


@given(rng=st.randoms(use_true_random=False))
def test_blind_says_whether_an_output_may_see_nothing(rng: Random) -> None:
    op = naive.some_op(rng, (2, 4), KINDS)
    if not any(step.blind for step in op.relation):
        assert op.matrix.any(axis=1).all()


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_an_affine_map_spans_just_what_inner_outputs_see(rng: Random) -> None:
    """Away from the borders a window sees ``reach`` positions from ``offset + u * stride`` on."""
    slide = naive.some_slide(rng, 0, 40, largest=5)
    op = naive.window((40,), [slide])
    (step,) = op.relation
    axis, stride, offset, reach, *_ = step.affine(0)
    assert axis == 0
    for u, row in enumerate(op.matrix):
        first = offset + u * stride
        if first >= 0 and first + reach <= 40:
            seen = np.flatnonzero(row)
            assert (seen[0], seen[-1] + 1) == (first, first + reach)


def test_a_window_that_never_leaves_the_padding_sees_nothing() -> None:
    op = naive.window((4,), [Slide(0, 4, 3, 1, pad=9)])
    line = np.arange(4, dtype=np.int32)
    assert push(op.relation, line, MIN).tolist() == [FAR] * 3
    assert push(op.relation, line + 1, MAX).tolist() == [0] * 3


def test_broadcasting_keeps_a_layer_cheap() -> None:
    """A 2-D convolution over bounds that vary along one axis stays along that axis."""
    window = Window([Slide(2, 100, 100, 3, pad=1), Slide(3, 100, 100, 3, pad=1)])
    rows = np.arange(100, dtype=np.int32).reshape(1, 1, 100, 1)
    assert push((window, Mix((1,), (64,), (64,))), rows, MIN).shape == (1, 1, 100, 1)


def test_reshape_refuses_another_number_of_elements() -> None:
    with pytest.raises(ValueError, match=r"cannot reshape \(2, 3\) to \(5,\)"):
        Reshape((2, 3), (5,))
    with pytest.raises(ValueError, match=r"cannot reshape \(1, -2\) to \(-2,\)"):
        Reshape((1, -2), (-2,))
