"""Which value of a layer is proved."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper

import rf_viz
from rf_viz.figures.maps import by_channel
from rf_viz.ui.cache import Fed, File
from rf_viz.ui.inspector.scene import Scene
from rf_viz.ui.pictures import FeatureMap, Picture
from tests.pages.driver import onnx_file


@pytest.mark.parametrize(
    "shape",
    [(1, 4, 6, 6), (1, 2, 2, 6, 6), (4, 6, 6)],
    ids=["channels", "two axes of channels", "no batch"],
)
def test_the_value_is_the_one_that_the_map_shows(shape: tuple[int, ...]) -> None:
    constant = numpy_helper.from_array(np.array(shape, np.int64))
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "a"),
        helper.make_node("Constant", [], ["s"], "s", value=constant),
        helper.make_node("Reshape", ["a", "s"], ["y"], "y"),
    ]
    content = onnx_file(nodes, {"x": [1, 3, 8, 8]}, "y", {"w": (4, 3, 3, 3)})
    layer = (net := rf_viz.load(content).trace())["y"]
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    maps = by_channel(values, layer)
    picture = Picture("", "", np.zeros((8, 8, 3), np.uint8))
    tensor = np.zeros((1, 3, 8, 8), np.float32)
    fed = Fed("", "x", lambda: tensor, lambda _: tensor)
    for shown in range(4):
        scene = Scene(
            file=File.uploaded({"y.onnx": content}),
            net=net,
            picture=picture,
            fed=fed,
            feature_map=FeatureMap(layer, None, "", maps[shown]),
            maps=maps,
            shown=shown,
            names=[],
            cell=(2, 3),
        )
        assert values[scene.element] == maps[shown][2, 3]
