"""What becomes of the units that the closed form counts, held against a walk along every tap."""

from __future__ import annotations

from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rf_viz import ModelError
from rf_viz.lessons import Conv, stack
from rf_viz.lessons.reach import reach

SPACE = 60
"""Padding that stands for input: so wide that no unit in question meets its end."""


def seen(layers: list[Conv], length: int, unit: int) -> set[int]:
    """The input units that a unit takes, row by row, tap by tap."""
    sizes = [length]
    for layer in layers:
        taken = sizes[-1] + sum(layer.padding) - layer.dilation * (layer.kernel - 1) - 1
        sizes.append(taken // layer.stride + 1)
    units = {unit}
    for layer, size in zip(reversed(layers), sizes[-2::-1], strict=True):
        units = {
            below
            for above in units
            for tap in range(layer.kernel)
            if 0 <= (below := above * layer.stride - layer.padding[0] + tap * layer.dilation) < size
        }
    return units


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_every_unit_that_is_counted_is_seen_or_in_a_gap_or_below_padding(rng: Random) -> None:
    layers = [
        Conv(rng.randint(1, 4), rng.randint(1, 3), (p := rng.randint(0, 3), p), rng.randint(1, 2))
        for _ in range(rng.randint(1, 3))
    ]
    length = rng.randint(6, 24)
    try:
        example = stack(layers, length)
    except ModelError:  # a kernel larger than its input
        assume(False)
    unit = rng.randrange(example.rows[-1].size)
    counted = reach(example, unit)
    (field,) = example.last.receptive_field.size
    assert counted.size == field
    assert counted.first == example.forms(len(layers))[unit][0]
    assert counted.seen == sorted(seen(layers, length, unit))
    inside = set(range(max(counted.first, 0), min(counted.last, length - 1) + 1))
    assert {*counted.seen, *counted.gaps, *counted.padded} == inside
    assert len(counted.seen) + len(counted.gaps) + len(counted.padded) == len(inside)
    # The same unit, with input in place of all padding: of an input that goes on at both ends.
    step = example.last.receptive_field.stride[0]
    bare = [Conv(layer.kernel, layer.stride, (0, 0), layer.dilation) for layer in layers]
    long = {i - SPACE * step + counted.first for i in seen(bare, 3000, SPACE)}
    assert set(counted.gaps) == inside - long
    assert set(counted.padded) == (inside & long) - set(counted.seen)


def test_a_kernel_smaller_than_its_stride_leaves_units_out() -> None:
    """Region 0 to 3, and two of its four units are seen."""
    counted = reach(stack([Conv(1, 3), Conv(2)], 10), 0)
    assert (counted.size, counted.seen, counted.gaps, counted.padded) == (4, [0, 3], [1, 2], [])


def test_an_input_unit_that_only_padding_stands_on_is_not_seen() -> None:
    counted = reach(stack([Conv(3, 2), Conv(3, padding=(1, 1))], 10), 3)
    assert (counted.first, counted.last, counted.padded) == (4, 10, [9])
