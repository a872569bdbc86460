"""Biases of Keras 2's files whose channels come first, where the image is as wide as they are many.

Keras 3 adds such a bias along the width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rf_viz
from tests.models.keras_2_files import sequential

BIAS = np.array([1, 2, 3, 4], "float32")


def values(kind: str, settings: dict[str, Any], shape: tuple[int, ...], weights: list[Any]) -> Any:  # noqa: ANN401
    settings = {**settings, "data_format": "channels_first", "padding": "same"}
    model = rf_viz.load(sequential(shape, [(kind, settings, weights)]), "biased.h5")
    x = np.random.default_rng(0).random((1, *shape)).astype("float32")
    layer = model.trace(input_shape=x.shape, spatial_axes=tuple(range(2, x.ndim)))["layer0"]
    assert layer.exact
    return model.activations(x, [layer.name])[layer.name][0]


@pytest.mark.parametrize(
    ("kind", "spatial", "kernels"),
    [
        ("Conv1D", 1, [(3, 2, 4)]),
        ("Conv2D", 2, [(3, 3, 2, 4)]),
        ("Conv3D", 3, [(3, 3, 3, 2, 4)]),
        ("Conv2DTranspose", 2, [(3, 3, 4, 2)]),
        ("Conv3DTranspose", 3, [(3, 3, 3, 4, 2)]),
        ("DepthwiseConv2D", 2, [(3, 3, 2, 2)]),
        ("SeparableConv1D", 1, [(3, 2, 2), (1, 4, 4)]),
        ("SeparableConv2D", 2, [(3, 3, 2, 2), (1, 1, 4, 4)]),
    ],
)
def test_a_bias_belongs_to_its_channel(
    kind: str, spatial: int, kernels: list[tuple[int, ...]]
) -> None:
    settings = {"filters": 4, "kernel_size": [3] * spatial, "depth_multiplier": 2}
    if not kind.startswith(("Depthwise", "Separable")):
        del settings["depth_multiplier"]
    elif kind.startswith("Depthwise"):
        del settings["filters"]
    shape = (2, *[5] * (spatial - 1), 4)
    weights = [np.random.default_rng(1).random(kernel).astype("float32") for kernel in kernels]
    biased = values(kind, settings, shape, [*weights, BIAS])
    unbiased = values(kind, settings, shape, [*weights, 0 * BIAS])
    expected = np.broadcast_to(BIAS.reshape(4, *[1] * spatial), biased.shape)
    np.testing.assert_allclose(biased - unbiased, expected, rtol=1e-4)
