"""Layers that hold data of their own beside their variables, and how they compute with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FACTORS = ("mean", "variance")


@contextmanager
def computed_in_graph(model: Any) -> Iterator[None]:  # noqa: ANN401
    """Let a model's layers compute all that they need in the graph meanwhile.

    ``Normalization`` layers derive their factors from their variables: Keras derives them once,
    when a layer is made or loaded, and so before a file's values are read. Lookups compare with
    their vocabulary, as a table is no part of a graph.
    """
    import keras

    changed: list[tuple[Any, str, Any]] = []

    def change(layer: Any, name: str, value: Any) -> None:  # noqa: ANN401
        # Past Keras, which would track what is set, and has to find its layers unchanged.
        changed.append((layer, name, getattr(layer, name)))
        object.__setattr__(layer, name, value)

    try:
        for layer in {id(x): x for x in model._flatten_layers()}.values():
            if isinstance(layer, keras.layers.Normalization) and hasattr(layer, "adapt_mean"):
                changed += [(layer, name, getattr(layer, name)) for name in _FACTORS]
                layer.finalize_state()
            elif isinstance(getattr(layer, "lookup_table", None), _tables()):
                change(layer, "lookup_table", _Comparison(layer.lookup_table))
        yield
    finally:
        for layer, name, value in reversed(changed):
            object.__setattr__(layer, name, value)


def _tables() -> Any:  # noqa: ANN401
    """The classes of TensorFlow's tables."""
    import tensorflow as tf

    return (tf.lookup.StaticHashTable, tf.lookup.experimental.MutableHashTable)


class _Comparison:
    """A table as a comparison of what is looked up with all keys."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401
        import tensorflow as tf

        with tf.init_scope():
            keys, values = table.export()
            self._keys, self._values = keys.numpy(), values.numpy()
            default = table._default_value  # what a table gives for other keys is not public
            self._default = default.numpy() if hasattr(default, "numpy") else default

    def lookup(self, keys: Any) -> Any:  # noqa: ANN401
        """Return the values of these keys."""
        import tensorflow as tf

        same = tf.equal(tf.expand_dims(keys, -1), self._keys)
        if self._values.dtype == object:
            values = tf.gather(self._values, tf.argmax(tf.cast(same, tf.int32), -1))
        else:
            zeros = tf.zeros_like(self._values)
            values = tf.reduce_sum(tf.where(same, self._values, zeros), -1)
        return tf.where(tf.reduce_any(same, -1), values, self._default)
