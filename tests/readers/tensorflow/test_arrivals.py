"""Graphs that no placeholder feeds: what a queue, an iterator or a decoder brings is the input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import rf_viz
from rf_viz import Model, ReceptiveField, Region
from rf_viz.verify.report import verify

v1 = tf.compat.v1
CASES = Path(__file__).resolve().parents[2] / "data/cases/inner_input"
W = np.abs(np.random.default_rng(0).normal(size=(3, 3, 3, 4))).astype(np.float32)


def conv(images: Any) -> Any:  # noqa: ANN401
    return tf.nn.conv2d(images, W[:, :, : images.shape[-1] or 3], 2, "SAME", name="conv")


def model_of(build: Callable[[], object]) -> Model:
    graph = tf.Graph()
    with graph.as_default():
        build()
    return rf_viz.load(graph)


@pytest.mark.parametrize("file", ["src_queue.pb", "src_iterator.pb"])
def test_a_queue_and_an_iterator(file: str) -> None:
    model = rf_viz.load(CASES / file)
    layer = model.trace()["MobileNet/conv_2/Conv2D"]
    assert layer.receptive_field == ReceptiveField((7, 7), (2, 2), (2, 2))
    assert model.inputs[0].origin
    report = verify(model, model.trace(), cells=3)
    assert report.ok
    assert any(check.how == "model" for check in report.agreed)


def test_a_flat_image_stays_the_input_and_the_image_in_it_is_named() -> None:
    model = rf_viz.load(CASES / "deep_mnist.pb")
    assert model.trace().input.shape == (1, 784)
    assert model.image_within == "reshape/Reshape"
    layer = model.trace(input=model.image_within)["conv2/Conv2D"]
    assert layer.region((7, 7)) == Region((8, 8), (22, 22))
    assert layer.receptive_field == ReceptiveField((14, 14), (2, 2), (6, 6))
    flat = model.trace()["conv2/Conv2D"].mask((7, 7)).reshape(28, 28)
    np.testing.assert_array_equal(flat, layer.mask((7, 7)))


def encoded() -> Any:  # noqa: ANN401
    return v1.placeholder(tf.string, (), name="bytes")


def batch(image: Any) -> Any:  # noqa: ANN401
    return tf.expand_dims(tf.cast(image, tf.float32), 0)


def records() -> Any:  # noqa: ANN401
    features = {"image": tf.io.FixedLenFeature((8, 9, 3), tf.float32),
                "text": tf.io.FixedLenFeature((), tf.string)}  # fmt: skip
    return tf.io.parse_example(v1.placeholder(tf.string, (None,), name="r"), features)["image"]


def looped() -> Any:  # noqa: ANN401
    def one(content: Any) -> Any:  # noqa: ANN401
        return tf.cast(tf.io.decode_jpeg(content, channels=3), tf.float32)

    images = v1.placeholder(tf.string, (None,), name="encoded")
    mapped = tf.map_fn(one, images, fn_output_signature=tf.TensorSpec((8, 9, 3), tf.float32))
    return tf.ensure_shape(mapped, (None, 8, 9, 3))


WAYS: dict[str, Callable[[], Any]] = {
    "DecodeJpeg": lambda: batch(tf.io.decode_jpeg(encoded(), channels=3)),
    "DecodePng": lambda: batch(tf.io.decode_png(tf.io.read_file("a.png"), channels=1)),
    "DecodeJpeg of a constant": lambda: batch(tf.io.decode_jpeg("", channels=3)),
    "DecodeRaw": lambda: tf.reshape(
        tf.cast(tf.io.decode_raw(encoded(), tf.uint8), tf.float32), (1, 8, 9, 3)
    ),
    "ParseExample": records,
    "Unstage": lambda: tf.ensure_shape(tf.raw_ops.Unstage(dtypes=[tf.float32])[0], (None, 8, 9, 3)),
}


@pytest.mark.parametrize("way", [*WAYS, "looped"])
def test_every_other_way_in(way: str) -> None:
    model = model_of(lambda: conv(WAYS.get(way, looped)()))
    source = model.inputs[0]
    assert source.origin, source
    assert source.dtype != "object"
    net = model.trace(input=model.image_within)
    assert (net.input.name == "Reshape") == (way == "DecodeRaw")
    field = net["conv"].receptive_field
    assert field is not None
    assert (field.size, field.stride) == ((3, 3), (2, 2))
    assert net["conv"].exact
    assert verify(model, net, cells=3).ok


def test_a_second_output_is_an_input_too_and_labels_are_not_needed() -> None:
    def build() -> None:
        data = tf.data.Dataset.from_tensors((np.ones((), np.int64), np.ones((8, 8, 3), np.float32)))
        label, image = v1.data.make_one_shot_iterator(data.batch(1)).get_next()
        features = conv(image)
        tf.add(tf.reduce_mean(features), tf.cast(label, tf.float32), name="loss")

    model = model_of(build)
    assert [i.name for i in model.inputs] == ["IteratorGetNext:1", "IteratorGetNext"]
    net = model.trace()
    assert net.input.shape == (1, 8, 8, 3)
    assert verify(model, net, cells=3).ok


def test_what_only_fills_a_queue_is_no_input() -> None:
    def build() -> None:
        raw = tf.reshape(tf.io.decode_raw(encoded(), tf.uint8), (8, 9, 3))
        queue = v1.FIFOQueue(4, [tf.float32], [(8, 9, 3)])  # "Many" of them are one tensor
        queue.enqueue([tf.cast(raw, tf.float32)])
        conv(queue.dequeue_many(2))

    model = model_of(build)
    (source,) = model.inputs
    assert (source.name, source.shape) == ("fifo_queue_DequeueMany", (None, 8, 9, 3))


def test_a_graph_that_nothing_feeds_says_so_and_takes_any_tensor() -> None:
    model = model_of(lambda: conv(tf.random.uniform((1, 8, 9, 3), name="noise")))
    with pytest.raises(rf_viz.ModelError, match=r"nothing is fed to it.*such as 'noise"):
        model.trace()
    assert model.trace(input="noise/RandomUniform")["conv"].grid == (4, 5)
