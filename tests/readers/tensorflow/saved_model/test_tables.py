"""Tables that a SavedModel looks keys up in: each key by itself, with the values that it has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

import rf_viz


class Recoloured(tf.Module):
    """An image through a table of colours, then the largest of each window."""

    def __init__(self) -> None:
        keys, values = tf.constant([1, 2, 3], tf.int64), tf.constant([5.0, 7.0, 6.0])
        initializer = tf.lookup.KeyValueTensorInitializer(keys, values)
        self.table = tf.lookup.StaticHashTable(initializer, -1.0)

    @tf.function(input_signature=[tf.TensorSpec((1, 8, 6, 1), tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        colours = self.table.lookup(tf.cast(x, tf.int64))
        return tf.nn.max_pool2d(colours, 3, 2, "SAME")


def test_a_table_is_filled_before_it_is_read(tmp_path: Path) -> None:
    module = Recoloured()
    tf.saved_model.save(module, str(tmp_path))
    model = rf_viz.load(tmp_path)
    net = model.trace()
    pooled = net.layers[-1]
    assert pooled.exact
    region = pooled.region((1, 1))
    assert (region.start, region.stop) == ((2, 2), (5, 5))
    x = np.random.default_rng(0).integers(0, 5, (1, 8, 6, 1)).astype(np.float32)
    values = model.activations(x, [layer.name for layer in net.layers])
    np.testing.assert_array_equal(values[pooled.name], module(tf.constant(x)).numpy())
