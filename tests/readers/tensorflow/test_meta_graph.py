"""Checkpoints of TensorFlow 1: opened by their .meta file, or named for what they are."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from tests.models.keras_models import tf

V1 = tf.compat.v1
IMAGE = np.random.default_rng(0).random((1, 24, 24, 3), np.float32)
FORWARD = ["conv1", "relu1", "conv2", "flat", "logits", "prob"]


class Trained:
    """A small network after a step of training, as tf.train.Saver leaves it in a folder."""

    def __init__(self, folder: Path, resource: bool) -> None:
        with tf.Graph().as_default() as graph, V1.Session() as session:
            x = V1.placeholder(tf.float32, (None, 24, 24, 3), "x")
            labels = V1.placeholder(tf.int64, (None,), "labels")

            def weight(name: str, *shape: int) -> tf.Variable:
                return V1.get_variable(name, shape, use_resource=resource)

            h = tf.nn.conv2d(x, weight("k1", 3, 3, 3, 4), 2, "SAME", name="conv1")
            h = tf.nn.relu(h, name="relu1")
            V1.summary.histogram("h", h)
            V1.summary.scalar("sparsity", tf.nn.zero_fraction(h))
            h = tf.nn.conv2d(h, weight("k2", 3, 3, 4, 4), 1, "SAME", name="conv2")
            logits = tf.matmul(
                tf.reshape(h, (-1, 576), name="flat"), weight("w", 576, 10), name="logits"
            )
            prob = tf.nn.softmax(logits, name="prob")
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits),
                name="loss",
            )
            optimiser = V1.train.AdamOptimizer(0.01)
            gradients, variables = zip(*optimiser.compute_gradients(loss), strict=True)
            clipped, _ = tf.clip_by_global_norm(gradients, 1.0)
            step = optimiser.apply_gradients(zip(clipped, variables, strict=True))
            session.run(V1.global_variables_initializer())
            saver = V1.train.Saver()
            for number in (7, 12):
                session.run(step, {x: IMAGE, labels: [1]})
                saver.save(session, str(folder / "net.ckpt"), global_step=number)
                if number == 7:
                    self.before = session.run(prob, {x: IMAGE})
            self.after = session.run(prob, {x: IMAGE})
            self.loss = session.run(loss, {x: IMAGE, labels: [3]})
            self.graph = graph.as_graph_def().SerializeToString()
        self.folder = folder


@pytest.fixture(scope="module", params=[False, True], ids=["reference", "resource"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return Trained(tmp_path_factory.mktemp("checkpoint"), request.param)


def names(net: rf_viz.Network) -> list[str]:
    return [layer.name for layer in net.layers]


def test_a_meta_file_opens_with_the_values_beside_it(trained: Trained) -> None:
    model = rf_viz.load(trained.folder / "net.ckpt-7.meta")
    net = model.trace((24, 24), input="x")
    assert names(net)[:6] == FORWARD
    assert net["conv2"].receptive_field.size == (7, 7)
    np.testing.assert_allclose(model.activations(IMAGE, ["prob"])["prob"], trained.before)


def test_an_archive_opens_at_its_latest_step(trained: Trained) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in trained.folder.iterdir():
            archive.write(file, f"train/{file.name}")
    model = rf_viz.load(packed.getvalue(), "train.zip")
    np.testing.assert_allclose(model.activations(IMAGE, ["prob"])["prob"], trained.after)


def test_a_single_number_shows_its_value(trained: Trained) -> None:
    model = rf_viz.load(trained.folder / "net.ckpt-12.meta")
    value = model.activations(IMAGE, ["loss"], feeds={"labels": 3})["loss"]
    assert value.shape == ()
    np.testing.assert_allclose(value, trained.loss, rtol=1e-6)


def test_a_meta_file_alone_has_regions_and_says_what_its_values_need(trained: Trained) -> None:
    model = rf_viz.load((trained.folder / "net.ckpt-7.meta").read_bytes(), "net.ckpt-7.meta")
    assert model.trace((24, 24))["conv1"].region((3, 3)).size == (3, 3)
    with pytest.raises(rf_viz.ModelError, match=r"\.meta, \.index and \.data-\.\.\. files"):
        model.activations(IMAGE, ["prob"])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("net.ckpt-7.index", "is the index of a TensorFlow checkpoint"),
        ("net.ckpt-7.data-00000-of-00001", "is the part of a TensorFlow checkpoint that holds"),
        ("checkpoint", "is the list of the checkpoints"),
    ],
)
def test_the_other_files_are_named_with_what_to_open(
    trained: Trained, name: str, what: str
) -> None:
    with pytest.raises(rf_viz.ModelError, match=f"{name} {what}.*open the .meta file beside it"):
        rf_viz.load(trained.folder / name)


def test_what_only_trains_is_left_out_unless_asked_for(trained: Trained) -> None:
    model = rf_viz.load(trained.graph, "graph.pb")
    assert model.hidden
    kept = names(model.trace((24, 24)))
    assert kept[:6] == FORWARD
    assert not [n for n in kept if "gradients" in n or "zero_fraction" in n or "norm" in n]
    whole = rf_viz.load(trained.graph, "graph.pb", training_ops=True)
    everything = names(whole.trace((24, 24)))
    assert set(kept) < set(everything)
    assert [n for n in everything if n.startswith("gradients/")]
    assert not whole.hidden


def test_gradients_that_are_a_result_stay() -> None:
    """A saliency map is computed by gradients, and nothing is trained."""
    with tf.Graph().as_default() as graph:
        x = V1.placeholder(tf.float32, (1, 8, 8, 1), "x")
        y = tf.nn.relu(tf.nn.conv2d(x, tf.ones((3, 3, 1, 1)), 1, "SAME"))
        V1.gradients(y, x)
    net = rf_viz.load(graph.as_graph_def().SerializeToString(), "saliency.pb").trace()
    assert [n for n in names(net) if n.startswith("gradients/")]
