"""A relation that does not fit its tensor is found before it is walked."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.relation import (
    Broadcast,
    Elements,
    Mix,
    Opaque,
    Part,
    Relation,
    Reshape,
    Scatter,
    Shape,
    Slide,
    Taps,
    Transpose,
    TransposedWindow,
    Window,
    shape_after,
)
from rf_viz.relation.common.basic import normalise, reduce

SLIDE = Slide(1, 8, 3, kernel=3, stride=2)

STEPS: list[tuple[Relation, Shape, Shape]] = [
    ((), (2, 3), (2, 3)),
    ((Window((SLIDE,)),), (2, 8), (2, 3)),
    ((TransposedWindow((SLIDE,)),), (2, 3), (2, 8)),
    ((Taps(0, 4, np.array([[0], [3], [-1]])),), (4, 2), (3, 2)),
    ((Part(1, 2, 3, 7),), (2, 3), (2, 7)),
    ((Transpose((2, 0, 1)),), (2, 3, 4), (4, 2, 3)),
    ((Reshape((2, 6), (3, 4)),), (2, 6), (3, 4)),
    ((Elements((2, 2), np.array([0, 3, -1])),), (2, 2), (3,)),
    ((Scatter((5,), np.array([4, 0])),), (2,), (5,)),
    ((Mix((1,), (3,), (5,)),), (2, 3), (2, 5)),
    ((Broadcast((3, 1), (2, 3, 4)),), (3, 1), (2, 3, 4)),
    ((Opaque((2, 3), (7,)),), (2, 3), (7,)),
    ((Window((SLIDE,)), Transpose((1, 0))), (2, 8), (3, 2)),
]


@pytest.mark.parametrize(("relation", "before", "after"), STEPS)
def test_the_shape_that_comes_out(relation: Relation, before: Shape, after: Shape) -> None:
    assert shape_after(relation, before) == after


@pytest.mark.parametrize(("relation", "before", "after"), STEPS[1:])
def test_another_tensor_does_not_fit(relation: Relation, before: Shape, after: Shape) -> None:
    with pytest.raises(ValueError, match=r"should be|are not those"):
        shape_after(relation, (*(n + 50 for n in before), 1))


@pytest.mark.parametrize(
    "relation",
    [
        (Window((Slide(0, 4, 1, kernel=0),)),),
        (Window((Slide(0, 4, 2**40, kernel=1),)),),
        (Broadcast((4,), (3,)),),
        (Mix((0,), (4,), (-1,)),),
    ],
)
def test_what_no_tensor_fits(relation: Relation) -> None:
    with pytest.raises(ValueError, match=r"does not work|cannot be|broadcast"):
        shape_after(relation, (4,))


def test_positions_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="position 4 is beyond an axis of 4"):
        Taps(0, 4, np.array([[4]]))
    with pytest.raises(ValueError, match="element 4 is beyond"):
        Elements((2, 2), np.array([4]))
    with pytest.raises(ValueError, match="element 4 is beyond"):
        Scatter((2, 2), np.array([4]))


@pytest.mark.parametrize("axis", [-1, 2])
def test_an_axis_that_a_tensor_does_not_have(axis: int) -> None:
    for mixed in (lambda: reduce((2, 3), (axis,), True), lambda: normalise(0, (2, 3), (axis,))):
        with pytest.raises(ValueError, match="does not have all of the axes"):
            mixed()
