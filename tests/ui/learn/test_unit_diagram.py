"""Unit diagram: where it draws its units, and the data that it sends."""

from __future__ import annotations

import json

import pytest

from rf_viz.lessons import Conv, Fork, Transposed, Upsample, stack
from rf_viz.ui.learn.diagram.unit_diagram import (
    Pin,
    content,
    levels,
    positions,
    regions,
)


def test_every_unit_lies_above_the_middle_of_what_it_sees() -> None:
    """Above the centre of the closed form, which counts padding."""
    example = stack([Conv(4, 2, (2, 1)), Conv(3, 1, (1, 1)), Conv(2, 3)], 16)
    for at, row in zip(positions(example.rows)[1:], example.rows[1:], strict=True):
        for unit in range(row.size):
            assert at + row.step * unit == pytest.approx(
                row.layer.receptive_field.centre((unit,))[0]
            )


@pytest.mark.parametrize(
    ("layer", "first"),
    [(Upsample(2), -0.25), (Upsample(2, "linear"), -0.25), (Transposed(2), -0.25)],
    ids=str,
)
def test_upsampled_units_lie_evenly_over_their_input(layer: Transposed, first: float) -> None:
    example = stack([layer], 6)
    assert example.rows[1].step == 0.5
    assert positions(example.rows)[1] == pytest.approx(first)


def test_brackets_are_the_closed_form_and_the_regions_where_they_differ() -> None:
    assert list(regions(stack([Conv(3)], 6))) == ["closed form"]
    assert list(regions(stack([Conv(3, padding=(1, 1))], 6))) == ["closed form", "exact region"]
    assert list(regions(stack([Upsample(2)], 6))) == ["exact region"]


def test_paths_stand_beside_each_other_and_their_sum_on_both() -> None:
    fork = Fork(((Conv(1, 4),), (Conv(3, 2, (1, 1)), Conv(1, 2))))
    example = stack([Conv(3), fork, Conv(1)], 17)
    names = [row.name for row in example.rows]
    assert dict(zip(names, levels(example.rows), strict=True)) == {
        "input": 0, "layer 1": 1, "A1": 2, "B1": 2, "B2": 3, "A + B": 4, "layer 2": 5,
    }  # fmt: skip


def test_all_that_is_drawn_travels_as_json() -> None:
    example = stack([Fork(((Conv(3, 2, (1, 1)),), (Conv(1, 2),)))], 8)
    data = json.loads(json.dumps(content(example, regions(example), False, Pin(3, 2))))
    assert [row["size"] for row in data["rows"]] == [8, 4, 4, 4]
    assert data["rows"][1]["links"] == [
        {"source": 0, "of": [[-1, 0, 1], [1, 2, 3], [3, 4, 5], [5, 6, 7]]}
    ]
    assert data["rows"][0]["padding"] == [1, 0]
    assert data["start"] == {"row": 3, "unit": 2}
