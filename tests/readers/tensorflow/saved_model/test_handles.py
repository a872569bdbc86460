"""Handles that go into loops, and seeds of random layers, have their values when a model runs."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import rf_viz

CASES = Path(__file__).parents[3] / "data/cases/saved_model"


@pytest.mark.parametrize("name", ["act_lstm", "act_rot"])
def test_the_values_are_those_that_tensorflow_computes(name: str, tmp_path: Path) -> None:
    import zipfile

    import tensorflow as tf

    model = rf_viz.load(CASES / f"{name}.zip")
    net = model.trace()
    image = np.random.default_rng(0).random(net.input.shape, np.float32)
    with zipfile.ZipFile(CASES / f"{name}.zip") as archive:
        archive.extractall(tmp_path)
    folder = next(tmp_path.rglob("saved_model.pb")).parent
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    (expected,) = serve(tf.constant(image)).values()
    last = net.layers[-1].name
    np.testing.assert_allclose(model.activations(image, [last])[last], expected.numpy(), atol=1e-6)


def test_a_variable_that_a_loop_reads_stays_one_in_memory() -> None:
    import tensorflow as tf

    kernel, step = tf.Variable(2.0), tf.Variable(3.0)

    @tf.function(input_signature=[tf.TensorSpec((1, 4), tf.float32)])
    def grown(x: tf.Tensor) -> tf.Tensor:
        for _ in tf.range(5):
            x = x * kernel + step
        return x

    model = rf_viz.load(grown.get_concrete_function())
    net = model.trace(spatial_axes=(1,))
    last = net.layers[-1].name
    expected = grown(tf.ones((1, 4))).numpy()
    assert (model.activations(np.ones((1, 4)), [last])[last] == expected).all()


def test_tensors_within_a_loop_have_the_values_of_each_turn() -> None:
    import tensorflow as tf

    kernel, step = tf.Variable(2.0), tf.Variable(3.0)

    @tf.function(input_signature=[tf.TensorSpec((1, 4), tf.float32)])
    def grown(x: tf.Tensor) -> tf.Tensor:
        for _ in tf.range(5):
            x = x * kernel + step
        return x

    model = rf_viz.load(grown.get_concrete_function())
    net = model.trace(spatial_axes=(1,))
    image = np.arange(4, dtype=np.float32)[None]
    values = model.activations(image, [layer.name for layer in net.layers])
    products = [layer.name for layer in net.layers if layer.name.endswith("/mul")]
    assert len(products) == 5
    state = image
    for name in products:
        assert (values[name] == state * 2).all()
        state = state * 2 + 3
    assert (values[net.layers[-1].name] == state).all()
    together = products[3].replace("/3/", "/", 1)
    every = model.activations(image, [together])[together]
    assert (every == np.stack([values[name] for name in products])).all()
    with pytest.raises(rf_viz.ModelError, match="ends after 5 turns"):
        model.activations(image, [products[3].replace("/3/", "/9/", 1)])


def test_turns_of_unlike_shapes_and_inner_loops_have_their_values() -> None:
    import tensorflow as tf

    def grown(x: tf.Tensor) -> tf.Tensor:
        def double(i: tf.Tensor, a: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            inner = tf.while_loop(lambda j, b: j < 2, lambda j, b: (j + 1, b * 3.0), (0, a))
            return i + 1, tf.concat([a, inner[1]], 0, name="both")

        shapes = (tf.TensorShape(()), tf.TensorShape((None,)))
        return tf.while_loop(lambda i, a: i < 3, double, (0, x), shapes)[1]

    model = rf_viz.load(tf.function(grown).get_concrete_function(tf.TensorSpec((2,), name="x")))
    net = model.trace(spatial_axes=(0,))
    values = model.activations(np.float32([1, 2]), [layer.name for layer in net.layers])
    shapes = {layer.name: layer.shape for layer in net.layers}
    assert {name: value.shape for name, value in values.items()} == shapes
    turns = [values[f"while/{turn}/both"].tolist() for turn in range(2)]
    assert turns == [[1, 2, 9, 18], [1, 2, 9, 18, 9, 18, 81, 162]]
    inner = [v.tolist() for n, v in values.items() if n.startswith("while/0/while/1/")]
    assert [9, 18] in inner
    with pytest.raises(rf_viz.ModelError, match="while/while ends after 2 turns"):
        model.activations(np.float32([1, 2]), [inner_name(values).replace("/1/", "/5/", 1)])


def inner_name(names: Iterable[str]) -> str:
    """A tensor of the second turn of the inner loop, in the first turn of the outer one."""
    return next(name for name in names if name.startswith("while/0/while/1/"))


def test_a_list_that_a_loop_fills_from_behind_has_its_values() -> None:
    import tensorflow as tf

    def reversed_rows(x: tf.Tensor) -> tf.Tensor:
        rows = tf.TensorArray(tf.float32, 12)
        step = lambda i, a: (i + 1, a.write(11 - i, x[i] * 2.0))  # noqa: E731
        return tf.while_loop(lambda i, a: i < 12, step, (0, rows))[1].stack()

    model = rf_viz.load(
        tf.function(reversed_rows).get_concrete_function(tf.TensorSpec((12, 3), name="x"))
    )
    x = np.arange(36, dtype=np.float32).reshape(12, 3)
    net = model.trace(spatial_axes=(0,))
    values = model.activations(x, [layer.name for layer in net.layers])
    assert len(values) == len(net.layers)
    lists = [v for n, v in values.items() if n.startswith("while/state_")]
    assert [v.tolist() for v in lists] == [(x[::-1] * 2).tolist()]
