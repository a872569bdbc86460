"""Keras' own preprocessing and the presets that stand for it."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.inputs.images import KERAS_MODES, PRESETS, to_tensor
from tests.oracles.tensorflow_oracle import tf

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_each_mode_has_its_preset(mode: str) -> None:
    preprocess = tf.keras.applications.imagenet_utils.preprocess_input
    expected = preprocess(PIXELS.astype(np.float32), data_format="channels_last", mode=mode)
    tensor = to_tensor(PIXELS, (1, 5, 7, 3), (1, 2), PRESETS[KERAS_MODES[mode]])
    np.testing.assert_allclose(tensor[0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["convnext", "efficientnet", "efficientnet_v2", "mobilenet_v3"])
def test_models_that_preprocess_inside_take_pixels_as_they_are(name: str) -> None:
    expected = getattr(tf.keras.applications, name).preprocess_input(PIXELS.astype(np.float32))
    tensor = to_tensor(PIXELS, (1, 5, 7, 3), (1, 2), PRESETS[KERAS_MODES["none"]])
    np.testing.assert_array_equal(tensor[0], expected)
