"""Random networks of a trained one's architecture."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.lessons.redrawn import redrawn


def parameters(model: onnx.ModelProto) -> list[tuple[np.ndarray, np.ndarray]]:
    """The weights and the biases of the convolutions, which are plain constants."""
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    return [(values[node.input[1]], values[node.input[2]]) for node in convolutions]


def test_weights_are_drawn_by_hes_rule() -> None:
    file = onnx.load(SAMPLE_MODELS["squeezenet"].path)
    before = file.SerializeToString()
    new = redrawn(file, 3)
    assert file.SerializeToString() == before
    for (old, _), (weights, biases) in zip(parameters(file), parameters(new), strict=True):
        assert weights.shape == old.shape
        assert weights.dtype == old.dtype
        assert not biases.any()
        outputs, *inputs = weights.shape
        deviation = (2 / np.prod(inputs)) ** 0.5
        room = 5 / weights.size**0.5  # five standard errors
        assert abs(weights.mean()) < room * deviation
        assert abs(weights.std() / deviation - 1) < room
        assert len(biases) == outputs
    again, other = parameters(redrawn(file, 3)), parameters(redrawn(file, 4))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(parameters(new), again, strict=True))
    assert not any(np.array_equal(a[0], b[0]) for a, b in zip(again, other, strict=True))


@pytest.mark.parametrize(
    ("key", "side", "name"),
    [("efficientnet-lite0", 224, "stage7.0/depthwise"), ("blazeface", 128, "depthwise_conv2d_15")],
)
def test_the_architecture_stays(key: str, side: int, name: str) -> None:
    """The first one stores its weights in 8 bits, and both have depthwise convolutions."""
    file = onnx.load(SAMPLE_MODELS[key].path)
    new = redrawn(file, 1)
    assert [(node.op_type, node.output) for node in new.graph.node] == [
        (node.op_type, node.output) for node in file.graph.node
    ]
    tensor = np.random.default_rng(0).normal(size=(1, 3, side, side)).astype(np.float32)
    values = [rf_viz.load(m).activations(tensor, [name])[name] for m in (file, new)]
    assert values[0].shape == values[1].shape
    assert np.isfinite(values[1]).all()
    assert values[1].std() > 0
    assert not np.allclose(*values)
