"""Arithmetic on constants and shapes comes out as TensorFlow's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from rf_viz.readers.tensorflow import TensorFlowModel
from tests.models.keras_models import tf

V1 = tf.compat.v1
A = np.array([-2.5, -1.5, 0.5, 1.5, 7.0], np.float32)
B = np.array([2.0, -3.0, 2.0, 4.0, 3.0], np.float32)


@pytest.mark.parametrize(
    "compute",
    [
        lambda: tf.raw_ops.Round(x=A),
        lambda: tf.raw_ops.Rint(x=A),
        lambda: tf.raw_ops.Sign(x=A),
        lambda: tf.raw_ops.Exp(x=A),
        lambda: tf.raw_ops.Log(x=np.abs(A)),
        lambda: tf.raw_ops.Reciprocal(x=A),
        lambda: tf.raw_ops.Mod(x=A, y=B),
        lambda: tf.raw_ops.FloorMod(x=A, y=B),
        lambda: tf.raw_ops.TruncateMod(x=A, y=B),
        lambda: tf.raw_ops.SquaredDifference(x=A, y=B),
        lambda: tf.raw_ops.ArgMax(input=A, dimension=0),
        lambda: tf.raw_ops.ArgMin(input=A, dimension=0, output_type=tf.int32),
        lambda: tf.raw_ops.BroadcastArgs(s0=[3, 1], s1=[2, 1, 4]),
        lambda: tf.raw_ops.InvertPermutation(x=[2, 0, 1]),
        lambda: tf.raw_ops.LinSpace(start=1.0, stop=2.0, num=5),
        lambda: tf.raw_ops.BitwiseOr(x=[6, 1], y=[3, -8]),
        lambda: tf.raw_ops.Invert(x=[6, -1]),
        lambda: tf.raw_ops.RightShift(x=[-9, 9], y=[1, 2]),
        lambda: tf.raw_ops.DivNoNan(x=A, y=[0.0, 1.0, 0.0, 2.0, 4.0]),
        lambda: tf.raw_ops.MulNoNan(x=A, y=[0.0, 1.0, 0.0, 2.0, 4.0]),
        lambda: tf.raw_ops.Sigmoid(x=A),
        lambda: tf.raw_ops.Atanh(x=A / 8),
        lambda: tf.raw_ops.Relu6(features=A),
        lambda: tf.raw_ops.IsFinite(x=A),
        lambda: tf.raw_ops.ClipByValue(t=A, clip_value_min=-1.0, clip_value_max=2.0),
        lambda: tf.one_hot([[2, 0], [1, 5]], 3, 2.0, -1.0),
        lambda: tf.one_hot([[2, 0], [1, 5]], 3, axis=0),
        lambda: tf.one_hot([[2, 0], [1, 5]], 3, axis=1),
    ],
)
def test_constants_are_what_tensorflow_computes(compute: Callable[[], tf.Tensor]) -> None:
    with tf.Graph().as_default() as graph, V1.Session() as session:
        value = tf.identity(compute(), "value")
        x = V1.placeholder(tf.float32, (1,), "x")
        tf.identity(tf.cast(value, tf.float32) + tf.reduce_sum(x), "out")
        expected = session.run(value)
    model = rf_viz.load(graph.as_graph_def().SerializeToString(), "g.pb")
    assert isinstance(model, TensorFlowModel)
    computed = model._program.constants["value"].value()
    assert computed.dtype == expected.dtype
    np.testing.assert_allclose(computed, expected, rtol=1e-6)


def graphs() -> dict[str, Callable[[tf.Tensor], None]]:
    """Heads of any size: what they do with shapes, and with data that gives a shape."""

    def boxes(x: tf.Tensor) -> None:
        box = tf.reshape(tf.nn.conv2d(x, tf.ones((1, 1, 3, 4)), 1, "SAME"), (-1, 4))
        score = tf.reshape(tf.nn.conv2d(x, tf.ones((1, 1, 3, 1)), 1, "SAME"), (-1,))
        keep = tf.where(score > 0.5)[:, 0]
        box, score = tf.gather(box, keep), tf.gather(score, keep)
        tf.gather(box, tf.image.non_max_suppression(box, score, 10))

    def aspect(x: tf.Tensor) -> None:
        small = V1.image.resize_images(x, (100, 100), preserve_aspect_ratio=True)
        tf.nn.conv2d(small, tf.ones((3, 3, 3, 4)), 1, "SAME")

    return {"boxes": boxes, "aspect": aspect}


@pytest.mark.parametrize("name", ["boxes", "aspect"])
def test_a_graph_of_any_size_does_not_wait_for_tensorflow(name: str, tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        graphs()[name](V1.placeholder(tf.float32, (None, None, None, 3), "x"))
    (tmp_path / "open.pb").write_bytes(graph.as_graph_def().SerializeToString())
    code = (
        "import sys, rf_viz; net = rf_viz.load(sys.argv[1]).trace(); "
        "print(len(net.layers) > 1 and 'tensorflow' not in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "open.pb")]
    assert subprocess.check_output(command, cwd=Path(__file__).parents[3]) == b"True\n"
