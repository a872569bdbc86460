"""The strongest cells of a map, and what each of them sees."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from onnx import helper
from PIL import Image

import rf_viz
from rf_viz import Layer
from rf_viz.figures.encode import Encoded
from rf_viz.ui.explore.strongest_cells import (
    MOST,
    crops,
    find,
    strongest_cells,
)
from tests.pages.driver import onnx_file


def layer(size: int, **attributes: object) -> Layer:
    node = helper.make_node("Conv", ["x", "w"], ["y"], "y", **attributes)
    model = rf_viz.load(onnx_file([node], {"x": [1, 1, size, size]}, "y", {"w": (1, 1, 3, 3)}))
    return model.trace()["y"]


def test_the_strongest_cells_in_order() -> None:
    conv = layer(6)
    values = np.arange(16, dtype=np.float32).reshape(4, 4)
    values[0, 0] = 50
    cells = strongest_cells(values, *conv.bounds(), apart=False)
    assert cells == [(0, 0), *((3, x) for x in (3, 2, 1, 0)), *((2, x) for x in (3, 2, 1, 0))]


def test_cells_that_see_mostly_what_a_stronger_one_sees_are_left_out() -> None:
    conv = layer(14)  # a 3x3 region each: the neighbour shares 6 of 9 pixels, the next one 3
    values = np.zeros((12, 12), np.float32)
    values[5, 5:8] = [9, 8, 7]
    values[6, 6] = 6  # shares 4 of 9
    cells = strongest_cells(values, *conv.bounds(), apart=True)
    assert cells[:3] == [(5, 5), (5, 7), (6, 6)]
    assert len(cells) == MOST


@pytest.mark.parametrize("apart", [False, True])
def test_cells_without_a_number_or_a_pixel_are_no_answers(apart: bool) -> None:
    conv = layer(3, pads=[3, 3, 3, 3])  # the outermost cells see padding alone
    values = np.full(conv.grid, np.nan, np.float32)
    values[0, 0] = 9
    values[3, 3] = 1
    assert strongest_cells(values, *conv.bounds(), apart=apart) == [(3, 3)]


def test_a_crop_holds_the_pixels_of_its_region_at_their_place_in_the_box() -> None:
    conv = layer(8, pads=[1, 1, 1, 1])
    picture = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    values = np.zeros(conv.grid, np.float32)
    values[0, 4], values[5, 5] = 2, 1
    finds = find(values, conv, None, picture, apart=True)
    drawn, aspect = crops(finds, conv)
    assert aspect == 1
    assert finds[0].cell == (0, 4)
    assert isinstance(drawn[0].drawn, Encoded)
    enlarged = np.asarray(Image.open(BytesIO(drawn[0].drawn.content)))
    assert (enlarged[32::64, 32::64] == picture[0:2, 3:6]).all()
    assert drawn[0].frame == pytest.approx((0, 1 / 3, 1, 2 / 3))
    assert drawn[0].around == pytest.approx((0, 0, 1, 1))
    assert drawn[1].frame == drawn[1].around == pytest.approx((0, 0, 1, 1))
