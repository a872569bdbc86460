"""Examples: what their rows say of units and connections is what the core says of regions."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import rf_viz
from rf_viz.lessons import Conv, Example, Fork, Layer, Transposed, Upsample, stack
from rf_viz.lessons.layers import length_for


def followed(example: Example, row: int, unit: int) -> NDArray[np.bool_]:
    """The input units that a unit depends on, found by following the connections down."""
    if row == 0:
        return np.arange(example.length) == unit
    reached = np.zeros(example.length, bool)
    for links in example.rows[row].links:
        for below in links.of[unit]:
            if 0 <= below < example.rows[links.source].size:
                reached |= followed(example, links.source, below)
    return reached


def some_layer(rng: Random) -> Layer:
    kind = rng.choice(["conv", "conv", "conv", "same", "transposed", "upsample"])
    if kind == "transposed":
        return Transposed(rng.randint(2, 4), rng.randint(1, 3), (rng.randint(0, 1), 0))
    if kind == "upsample":
        return Upsample(rng.randint(2, 3), rng.choice(["nearest", "linear"]))
    padding = "same" if kind == "same" else (rng.randint(0, 2), rng.randint(0, 2))
    return Conv(rng.randint(1, 4), rng.randint(1, 3), padding, rng.randint(1, 2))


def some_stack(rng: Random) -> list[Layer]:
    layers = [some_layer(rng) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.4:
        layers.insert(
            rng.randint(0, len(layers)),
            Fork(((Conv(3, padding=(1, 1)),), (Conv(5, padding=(2, 2)), Conv(1)), ())),
        )
    return layers


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_connections_lead_to_what_the_core_says_each_unit_sees(rng: Random) -> None:
    try:
        example = stack(some_stack(rng), rng.randint(9, 14))
    except rf_viz.ModelError:  # a kernel larger than its input
        assume(False)
    for row, of in enumerate(example.rows[1:], 1):
        assert of.layer is not None
        assert of.layer.grid == (of.size,)
        for unit, (start, stop) in enumerate(example.spans(row)):
            seen = followed(example, row, unit)
            assert (seen == of.layer.mask((unit,))).all()
            places = np.flatnonzero(seen)
            assert (start, stop) == ((places[0], places[-1] + 1) if places.size else (0, 0))


def test_padding_is_what_is_taken_outside_a_row() -> None:
    example = stack([Conv(3, 2, (1, 0)), Conv(5, 1, (2, 2))], 9)
    assert [row.size for row in example.rows] == [9, 4, 4]
    assert example.padding == [(1, 0), (2, 2), (0, 0)]
    assert example.rows[1].links[0].of[0] == (-1, 0, 1)
    assert example.forms(2) == [(-5 + 2 * u, 6 + 2 * u) for u in range(4)]


def test_same_padding_goes_where_tensorflow_puts_it() -> None:
    """An odd length is padded on both sides, an even one only after."""
    assert stack([Conv(3, 2, "same")], 5).padding[0] == (1, 1)
    assert stack([Conv(3, 2, "same")], 6).padding[0] == (0, 1)


def test_paths_are_named_and_meet_in_their_sum() -> None:
    example = stack([Conv(3), Fork(((Conv(1),), (Conv(3, padding=(1, 1)), Conv(1)), ()))], 8)
    assert [row.name for row in example.rows] == ["input", "layer 1", "A1", "B1", "B2", "A + B + C"]
    assert [row.path for row in example.rows] == [None, None, 0, 1, 1, None]
    assert [links.source for links in example.rows[-1].links] == [2, 4, 1]


def test_a_skip_from_the_input_needs_no_layer() -> None:
    example = stack([Fork(((Conv(3, padding=(1, 1)),), ()))], 5)
    assert example.spans(2) == [(0, 2), (0, 3), (1, 4), (2, 5), (3, 5)]


@pytest.mark.parametrize(
    ("layers", "length", "message"),
    [
        ([Conv(5)], 4, "kernel of 5 is larger than its input of 4"),
        ([Conv(5, 3)], 4, "kernel of 5 is larger than its input of 4"),
        ([Fork(((Conv(3),), (Conv(5),)))], 8, "the paths end with 6 and 4 units"),
        ([Transposed(2, 2, (1, 1))], 1, "nothing is left of layer 1"),
    ],
)
def test_what_does_not_fit_is_told(layers: list[Layer], length: int, message: str) -> None:
    with pytest.raises(rf_viz.ModelError, match=message):
        stack(layers, length)


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_length_for_some_outputs_is_just_enough(rng: Random) -> None:
    convs = [
        Conv(rng.randint(1, 4), rng.randint(1, 3), dilation=rng.randint(1, 2))
        for _ in range(rng.randint(1, 3))
    ]
    units = rng.randint(1, 4)
    example = stack(convs, length_for(convs, units))
    assert example.rows[-1].size == units
    assert example.forms(len(convs))[-1][1] == example.length
