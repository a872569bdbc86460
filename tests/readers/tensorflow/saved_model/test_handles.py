"""Handles that go into loops, and seeds of random layers, have their values when a model runs."""

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
