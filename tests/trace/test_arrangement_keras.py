"""The tokens of a vision transformer in Keras lie where their patches are."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

import rf_viz
from rf_viz import Network, Region


class ClassToken(layers.Layer):
    """One more token before the others, the same for every image."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[-1]))

    def call(self, tokens: keras.KerasTensor) -> keras.KerasTensor:
        first = keras.ops.repeat(self.token, keras.ops.shape(tokens)[0], axis=0)
        return keras.ops.concatenate([first, tokens], axis=1)


@pytest.fixture(scope="module")
def net() -> Network:
    image = keras.Input((24, 32, 3))
    x = layers.Conv2D(8, 8, 8, name="patches")(image)
    x = layers.Reshape((12, 8), name="tokens")(x)
    x = ClassToken(name="class_token")(x)
    x = x + layers.Embedding(13, 8)(np.arange(13)[None])
    mixed = layers.LayerNormalization()(x)
    mixed = layers.MultiHeadAttention(2, 4, name="attention")(mixed, mixed)
    x = layers.Add(name="block")([x, mixed])
    x = layers.Dense(5, name="classes")(x[:, 0])
    return rf_viz.load(keras.Model(image, x)).trace(cut_global=True)


@pytest.mark.parametrize("name", ["class_token", "attention", "block"])
def test_tokens_make_up_the_picture_of_their_patches(net: Network, name: str) -> None:
    layout = net[name].layout
    assert layout is not None
    np.testing.assert_array_equal(layout.cells, np.arange(1, 13).reshape(3, 4))
    assert layout.apart == (0,)


def test_a_token_sees_its_patch_and_the_class_the_image(net: Network) -> None:
    assert net["class_token"].region((0,)).empty
    for name in ("attention", "block"):
        assert net[name].region((7,)) == Region((8, 16), (16, 24))
        assert net[name].region((0,)) == Region((0, 0), (24, 32))
    assert net["classes"].region(()) == Region((0, 0), (24, 32))
    assert all(layer.exact for layer in net.layers)
