"""Networks that Keras has by name."""

from __future__ import annotations

import keras
import numpy as np

from rf_viz.readers.tensorflow.keras.applications import load


def test_a_network_has_the_same_names_and_random_weights_at_each_load() -> None:
    """A link names layers, and other networks are built before it is opened again."""
    first, before = load("EfficientNetB0"), keras.Input((8, 8, 3))
    again = load("EfficientNetB0")
    nets = first.trace(), again.trace()
    assert nets[0].input.name == nets[1].input.name
    assert [layer.name for layer in nets[0].layers] == [layer.name for layer in nets[1].layers]
    image = np.random.default_rng(0).random(nets[0].input.shape, np.float32)
    name = nets[0]["stem_conv"].name
    one, other = (model.activations(image, [name])[name] for model in (first, again))
    assert np.ptp(one) > 0
    assert np.array_equal(one, other)
    # Models that others build in this process go on being told apart.
    assert keras.Input((8, 8, 3)).name != before.name
