"""Small pictures with texts, in rows and columns."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.figures.encode import png
from rf_viz.figures.sheet import Sheet, Tile, line, spread

BLACK = png(np.zeros((2, 2), np.uint8))


def tile(**options: object) -> Tile:
    return Tile(**{"picture": BLACK, "title": "1", "figure": "2", "spoken": "one", **options})


def test_tiles_fill_rows_of_as_many_as_there_are_columns() -> None:
    sheet = Sheet([tile()] * 10, "small", 4)
    boxes = np.array([sheet.box(number) for number in range(10)])
    assert len(np.unique(boxes[:, 0])) == 4
    assert len(np.unique(boxes[:, 1])) == 3
    assert (boxes[:, 2] <= sheet.size[0]).all()
    assert (boxes[:, 3] <= sheet.size[1]).all()
    for i, one in enumerate(boxes):  # none over another
        for other in boxes[:i]:
            assert (np.minimum(one[2:], other[2:]) <= np.maximum(one[:2], other[:2])).any()


def test_what_lies_outside_the_picture_is_hatched_and_the_picture_is_not() -> None:
    figure = Sheet([tile(frame=(0.2, 0, 0.5, 0.75), around=(0, 0, 1, 1))], "large").figure()
    (hatched,) = (trace for trace in figure.data if trace.name == "outside the image")
    (image,) = figure.layout.images
    area = (hatched.x * hatched.width).sum()
    whole = image.sizex * image.sizey / (0.5 * 0.75)
    assert area == pytest.approx(whole - image.sizex * image.sizey)
    assert hatched.marker.pattern.shape == "/"


def test_a_line_reaches_from_the_lowest_to_the_highest_value_however_many_there_are() -> None:
    for count in (2, 100, 50_000):
        values = np.zeros(count, np.float32)
        values[count // 2] = 7
        places, heights = spread(line(values, 0, 7))
        assert len(places) <= 300
        assert (min(heights), max(heights)) == pytest.approx((0.05, 0.95))
        assert abs(places[heights.argmax()] - (count // 2 + 0.5) / count) < 0.01
