"""Layers with far more cells than memory: what one cell sees is told all the same."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.relation import OR
from rf_viz.trace.network import Network
from tests.oracles.onnx_oracle import build


def resized(scale: float, *behind: str) -> Network:
    """An image of 32 by 32, made larger by a factor, and what comes behind."""
    nodes = [helper.make_node("Resize", ["x", "", "s"], ["large"], mode="linear")]
    for op in behind:
        nodes.append(helper.make_node(op, [nodes[-1].output[0]], [op]))
    scales = np.array([1, 1, scale, scale], np.float32)
    proto = build(nodes, {"x": (1, 3, 32, 32)}, {"s": scales})
    return rf_viz.load(proto.SerializeToString(), "m.onnx").trace()


@pytest.mark.parametrize("behind", [(), ("Relu",), ("Transpose",)])
def test_a_cell_of_nine_billion_has_its_mask(behind: tuple[str, ...]) -> None:
    """Its share of the image is that of the cell at the same place of a smaller layer."""
    large, small = (resized(scale, *behind).layers[-1] for scale in (3000, 4))
    assert large.mask((47_999, 30_100)).any()
    assert large.mask((750 + 16 * 3000, 750)).tolist() == small.mask((65, 1)).tolist()
    assert large.region((750 + 16 * 3000, 750)) == small.region((65, 1))


def test_what_has_to_be_written_out_is_refused_in_a_sentence() -> None:
    layer = resized(3000).layers[-1]
    for ask in (lambda: layer.paths((0, 0)), lambda: layer.bounds(), lambda: layer.trail((0, 0))):
        with pytest.raises(rf_viz.ModelError, match=r"96000.*choose a smaller input size"):
            ask()


@pytest.mark.parametrize("key", ["squeezenet", "efficientnet"])
def test_marks_along_single_axes_lead_to_what_the_marked_cell_leads_to(key: str) -> None:
    """Whatever is on the way: branches, concatenations, strides, padding."""
    sample = next(s for name, s in SAMPLE_MODELS.items() if key in name)
    net = rf_viz.load(sample.path).trace()
    for layer in net.layers[:: max(1, len(net.layers) // 12)]:
        cell = tuple(n // 3 for n in layer.extents)
        marked = np.zeros(layer.tensor.shape, bool)
        index: list[int | slice] = [slice(None)] * marked.ndim
        for axis, position in zip(layer.grid_axes, cell, strict=True):
            index[axis] = position
        marked[tuple(index)] = True
        assert (layer.mask(cell) == layer.pull(marked, OR).astype(bool)).all()
