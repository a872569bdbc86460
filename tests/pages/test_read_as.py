"""What of a file is read can be chosen: one of its signatures, and what only trains it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.models.keras_models import tf
from tests.pages.driver import layer_rows, upload, visit

V1 = tf.compat.v1


def names(app: AppTest) -> list[str]:
    assert not app.exception
    assert not app.error
    return [row["name"] for row in layer_rows(app)]


@pytest.mark.slow
def test_a_signature_is_chosen_in_the_sidebar(tmp_path: Path) -> None:
    module = tf.Module()
    for key, size in (("small", 3), ("large", 5)):
        spec = tf.TensorSpec((1, 16, 16, 3), tf.float32, name="image")
        kernel = tf.ones((size, size, 3, 1))
        function = tf.function(
            lambda image, kernel=kernel: tf.nn.conv2d(image, kernel, 1, "SAME", name="blur"),
            input_signature=[spec, tf.TensorSpec(kernel.shape, tf.float32, name=key)],
        )
        setattr(module, key, function)
    tf.saved_model.save(
        module, tmp_path / "saved", {k: getattr(module, k) for k in ("small", "large")}
    )
    file = Path(shutil.make_archive(str(tmp_path / "two"), "zip", tmp_path / "saved"))
    app = upload(visit(), "model", (file.name, file.read_bytes()))
    (choice,) = (s for s in app.selectbox if s.label == "Signature")
    assert (choice.options, choice.value) == (["large", "small"], "large")
    choice.set_value("small").run()
    assert names(app)
    assert app.query_params["signature"] == "small"
    assert [t.label.split()[0] for t in app.text_input] == ["small"]


def test_training_operations_come_back(tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        x = V1.placeholder(tf.float32, (1, 8, 8, 1), "x")
        kernel = V1.get_variable("kernel", (3, 3, 1, 1), use_resource=False)
        loss = tf.reduce_mean(tf.nn.conv2d(x, kernel, 1, "SAME", name="conv"), name="loss")
        V1.train.GradientDescentOptimizer(0.1).minimize(loss)
    file = ("training.pb", graph.as_graph_def().SerializeToString())
    app = upload(visit(), "model", file)
    assert names(app) == ["conv", "loss"]
    (switch,) = (t for t in app.toggle if t.label == "Show training operations")
    switch.set_value(True).run()
    assert [n for n in names(app) if n.startswith("gradients/")]
    assert app.query_params["training"] == "shown"
