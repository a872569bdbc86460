"""How receptive fields grow on the way through a network, and where they end."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import NodeProto, helper

import rf_viz
from rf_viz.analysis.growth import Growth, growth
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.pages.driver import onnx_file


def grown(
    nodes: list[NodeProto], size: list[int | None], weights: dict[str, tuple[int, ...]]
) -> Growth:
    content = onnx_file(nodes, {"x": size}, nodes[-1].output[0], weights)
    return growth(rf_viz.load(content).trace())


def conv(x: str, weights: str, y: str, **options: object) -> NodeProto:
    return helper.make_node("Conv", [x, weights], [y], y, **options)


def test_sizes_depths_and_costs_add_up() -> None:
    nodes = [
        conv("x", "w", "a", strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"], "b"),
        conv("b", "v", "c"),
        helper.make_node("GlobalAveragePool", ["c"], ["y"], "y"),
    ]
    result = grown(nodes, [1, 3, 33, 33], {"w": (4, 3, 3, 3), "v": (2, 4, 5, 5)})
    first, relu, last = result.steps
    assert (first.depth, relu.depth, last.depth) == (1, 1, 2)
    assert (first.size, relu.size, last.size) == (3, 3, 11)
    assert (first.region, last.region) == (3, 11)
    costs = [16 * 16 * 4 * 27, 12 * 12 * 2 * 100]
    assert first.gflops == relu.gflops == pytest.approx(2e-9 * costs[0])
    assert last.gflops == result.gflops == pytest.approx(2e-9 * sum(costs))
    assert result.end is not None
    assert (result.end.layer, result.end.grid, result.end.largest) == ("c", (12, 12), (11, 11))


def test_depth_is_that_of_the_longest_path() -> None:
    nodes = [
        conv("x", "w", "a", pads=[1, 1, 1, 1]),
        conv("a", "v", "b", pads=[1, 1, 1, 1]),
        conv("x", "v", "c", pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["b", "c"], ["y"], "y"),
    ]
    result = grown(nodes, [1, 3, 16, 16], {"w": (3, 3, 3, 3), "v": (3, 3, 3, 3)})
    assert [(step.layer, step.depth) for step in result.steps] == [
        ("a", 1), ("b", 2), ("c", 1), ("y", 2),
    ]  # fmt: skip


def test_a_layer_without_closed_form_has_a_region_all_the_same() -> None:
    net = rf_viz.load(SAMPLE_MODELS["selfie"].path).trace(cut_global=True)
    result = growth(net)
    assert result.end is not None
    assert result.end.field is None
    assert "upsampled" in result.end.note
    start, stop = net[result.end.layer].bounds()
    assert result.end.largest == tuple(np.max(stop - start, axis=(0, 1)))


def test_what_cannot_be_told_of_the_cost_is_counted() -> None:
    result = grown(
        [helper.make_node("Mystery", ["x"], ["m"], "m", domain="own"), conv("m", "w", "y")],
        [1, 3, 8, 8],
        {"w": (2, 3, 3, 3)},
    )
    assert result.untold == 1
    assert result.gflops > 0


def test_a_network_without_cells_has_no_end() -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "y")]
    result = grown(nodes, [1, 8], {"w": (8, 3)})
    assert (result.steps, result.end) == ((), None)
