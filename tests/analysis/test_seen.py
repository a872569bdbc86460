"""What a cell sees, marked: its exact pixels, and its path counts."""

from __future__ import annotations

import numpy as np
from onnx import helper

import rf_viz
from rf_viz.analysis.seen import Seen
from tests.pages.driver import onnx_file


def dilated() -> rf_viz.Layer:
    """Two convolutions of 3 with dilation 2, which leave every other pixel out."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "a", dilations=[2, 2]),
        helper.make_node("Conv", ["a", "w"], ["b"], "b", dilations=[2, 2]),
    ]
    content = onnx_file(nodes, {"x": [1, 1, 16, 16]}, "b", {"w": (1, 1, 3, 3)})
    return rf_viz.load(content).trace()["b"]


def test_exact_pixels_are_those_of_the_mask() -> None:
    layer = dilated()
    seen = Seen(layer, (1, 3))
    values = seen.marks("pixels")
    whole = np.zeros((16, 16), bool)
    whole[seen.region.slices] = values == 1
    assert (whole == layer.mask((1, 3))).all()
    assert seen.count == 25
    assert values.shape == (9, 9)


def test_path_counts_are_scaled_to_the_most_and_none_is_lost() -> None:
    layer = dilated()
    values = Seen(layer, (1, 3)).marks("paths")
    line = np.array([1, 0, 2, 0, 3, 0, 2, 0, 1])
    assert (values == np.ceil(255 * np.outer(line, line) / 9)).all()


def test_a_faint_path_still_shows() -> None:
    node = [
        helper.make_node("Conv", [s, "w"], [t], t)
        for s, t in zip("xabcdef", "abcdefg", strict=True)
    ]
    content = onnx_file(node, {"x": [1, 1, 40, 40]}, "g", {"w": (1, 1, 5, 5)})
    values = Seen(rf_viz.load(content).trace()["g"], (4, 4)).marks("paths")
    assert values.shape == (29, 29)
    assert values.min() == 1


def test_in_a_very_deep_network_every_pixel_that_counts_shows() -> None:
    """The counts of its corners are too small a share of the most for any float."""
    names = [f"t{number}" for number in range(360)]
    nodes = [
        helper.make_node("Conv", [source, "w"], [name], name, pads=[1] * 4)
        for source, name in zip(["x", *names], names, strict=False)
    ]
    content = onnx_file(nodes, {"x": [1, 1, 721, 721]}, names[-1], {"w": (1, 1, 3, 3)})
    layer = rf_viz.load(content).trace()[names[-1]]
    assert (layer.paths((360, 360)) == 0).any()
    seen = Seen(layer, (360, 360))
    assert seen.count == 721 * 721
    assert seen.marks("paths").min() == 1


def test_influence_of_one_sign_is_marked_from_nothing_to_the_largest() -> None:
    layer = dilated()
    seen, influence = Seen(layer, (1, 3)), np.zeros((16, 16))
    row, column = seen.region.start
    influence[row, column], influence[row, column + 2] = 4, 2
    marks = seen.marks("influence", influence)
    assert seen.limits(influence) == (0, 4)
    assert marks[0, :3].tolist() == [255, 0, 128]  # half way between 1 and 255
    assert ((marks > 0) == seen.mask).all()


def test_influence_of_two_signs_is_marked_around_its_zero() -> None:
    layer = dilated()
    seen, influence = Seen(layer, (1, 3)), np.zeros((16, 16))
    row, column = seen.region.start
    influence[row, column], influence[row, column + 2] = -4, 2
    marks = seen.marks("influence", influence)
    assert seen.limits(influence) == (-4, 4)
    assert marks[0, :5].tolist() == [1, 0, 192, 0, 128]
