"""Constant masks of attentions in TensorFlow graphs: what they hide is not claimed.

Random attentions are held against TensorFlow, one input element changed at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz
from rf_viz.readers.reading import masks
from rf_viz.verify import verify
from tests.oracles.tensorflow_oracle import assert_agrees, graph, tf
from tests.oracles.truth import generic

import keras  # isort: skip  (after TensorFlow has been told to be quiet)

LOWEST = float(np.finfo(np.float32).min)


def some_pattern(rng: Random, n: int, lead: tuple[int, ...]) -> Callable[[], Any]:
    """A mask, as a constant or computed in the graph; True is seen. No row sees just one."""
    kind = rng.choice(["band part", "less", "cumsum", "any", "any"])
    if kind == "band part":
        below, above = rng.choice([(-1, 1), (1, 1)])
        return lambda: tf.linalg.band_part(tf.ones([n, n]), below, above) > 0
    if kind == "less":
        return lambda: tf.range(n)[:, None] + 1 >= tf.range(n)
    if kind == "cumsum":
        return lambda: tf.cumsum(tf.ones([n, n]), axis=0) + 1 >= tf.cumsum(tf.ones([n, n]), axis=1)
    seen = np.array([rng.random() < 0.6 for _ in range(int(np.prod(lead)) * n * n)])
    seen = seen.reshape(*lead, n, n)
    seen[..., :2] |= (seen.sum(axis=-1) < 2)[..., None]
    return lambda: tf.constant(seen)


def some_attention(rng: Random) -> tuple[Callable[[Any], list[Any]], tuple[int, ...]]:
    """What a random masked attention computes, and the shape of its input."""
    batch, heads, n = rng.randint(1, 2), rng.randint(1, 2), rng.randint(3, 4)
    low = rng.choice([-np.inf, -1e9, -1e4, -100.0, LOWEST])
    lead = rng.choice([(), (1, 1), (batch, 1), (1, heads), (batch, heads)])
    pattern = some_pattern(rng, n, lead)
    form = rng.choice(["add", "where", "factors", "select", "keras"])
    parts, product = (
        low < -100 and rng.random() < 0.4,
        rng.choice(["matmul", "turned", "einsum", "sum"]),
    )
    after = rng.choice(["", "", "factor", "band part"])

    def compute(x: tf.Tensor) -> list[tf.Tensor]:
        q = tf.transpose(tf.reshape(x, [batch, n, heads, 1]), [0, 2, 1, 3])
        scores = tf.matmul(0.5 * q, q, transpose_b=True)
        seen = pattern()
        number = tf.cast(seen, tf.float32)
        if form == "where":
            scores = tf.where(seen, scores, low)
        elif form == "select":
            whole = tf.broadcast_to(seen, scores.shape)
            scores = tf.raw_ops.Select(condition=whole, x=scores, y=tf.fill(scores.shape, low))
        elif form == "factors" and low > LOWEST:
            scores = scores * number + (1 - number) * low
        elif form == "keras":
            scores += (1.0 - number) * -1e9
        else:
            scores += tf.where(seen, 0.0, low)
        if parts:
            powers = tf.exp(scores - tf.reduce_max(scores, -1, keepdims=True))
            weights = powers / tf.reduce_sum(powers, -1, keepdims=True)
        else:
            weights = tf.nn.softmax(scores)
        if after == "factor":
            weights *= number
        elif after == "band part":
            weights = tf.linalg.band_part(weights, 1, 1)
        if product == "matmul":
            y = tf.matmul(weights, q)
        elif product == "turned":
            y = tf.linalg.matrix_transpose(tf.matmul(q, weights, transpose_a=True, adjoint_b=True))
        elif product == "einsum":
            y = tf.einsum("bhqk,bhkd->bhqd", weights, q)
        else:
            y = tf.reduce_sum(weights[..., None] * q[:, :, None], 3)
        return [weights, tf.transpose(y, [0, 2, 1, 3])]

    return compute, (batch, n, heads)


@pytest.mark.parametrize("seed", range(20))
def test_a_masked_attention_depends_on_what_its_mask_leaves(seed: int) -> None:
    compute, shape = some_attention(Random(seed))
    x: NDArray[np.float32] = generic(shape) / 2
    assert_agrees(compute, nudges=(0.3, -0.2), tolerance=1e-30, x=x)


def causal_attention(x: tf.Tensor) -> tf.Tensor:
    """An attention of 6 positions, each of which sees itself and all before it."""
    seen = tf.linalg.band_part(tf.ones([6, 6]), -1, 0)
    scores = tf.matmul(x, x, transpose_b=True) + (1.0 - seen) * -1e9
    return tf.matmul(tf.nn.softmax(scores), x)


@pytest.mark.parametrize("seed", [0, 4, 7, 11])
def test_verify_agrees_with_a_masked_attention(seed: int) -> None:
    compute, shape = some_attention(Random(seed))
    model = rf_viz.load(graph(compute, x=shape).SerializeToString(), "test.pb")
    net = model.trace(spatial_axes=(0, 1, 2))
    report = verify(model, net, cells=2)
    assert report.ok, report.summary()
    assert not report.undecided


def test_verify_finds_a_reader_that_forgets_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown on a reader that is wrong on purpose: it adds a mask as if it were any bias."""
    model = rf_viz.load(graph(causal_attention, x=(1, 6, 2)).SerializeToString(), "test.pb")
    net = model.trace(spatial_axes=(1,))
    assert verify(model, net, ["y"]).ok
    monkeypatch.setattr(masks, "_above_gap", lambda bias, axis: None)
    report = verify(model, model.trace(spatial_axes=(1,)), ["y"])
    wrong = {(check.kind, check.how) for check in report.disagreements}
    assert wrong == {("edge", "twin")}


BAND = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) <= 1
CAUSAL = np.tril(np.ones((6, 6), bool))


def _many_heads(x: Any) -> Any:  # noqa: ANN401
    return keras.layers.MultiHeadAttention(2, 2)(x, x, use_causal_mask=True)


def _banded(x: Any) -> Any:  # noqa: ANN401
    return keras.layers.MultiHeadAttention(2, 2)(x, x, attention_mask=BAND[None])


def _dot(x: Any) -> Any:  # noqa: ANN401
    return keras.layers.Attention()([x, x], use_causal_mask=True)


def _additive(x: Any) -> Any:  # noqa: ANN401
    return keras.layers.AdditiveAttention()([x, x], use_causal_mask=True)


def _operation(x: Any) -> Any:  # noqa: ANN401
    heads = keras.ops.reshape(x, (-1, 6, 2, 2))
    y = keras.ops.dot_product_attention(heads, heads, heads, is_causal=True)
    return keras.ops.reshape(y, (-1, 6, 4))


def _softmax(x: Any) -> Any:  # noqa: ANN401
    scores = keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1)))
    mask = keras.ops.convert_to_tensor(BAND[None])
    return keras.ops.matmul(keras.layers.Softmax()(scores, mask=mask), x)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "seen"),
    [
        (_many_heads, CAUSAL),
        (_banded, BAND),
        (_dot, CAUSAL),
        (_additive, CAUSAL),
        (_operation, CAUSAL),
        (_softmax, BAND),
    ],
)
def test_keras_attentions_see_what_their_mask_leaves(
    layer: Callable[[Any], Any], seen: NDArray[np.bool_], tmp_path: Path
) -> None:
    x = keras.Input((6, 4))
    model = keras.Model(x, layer(x))
    model.save(tmp_path / "net.keras")
    lite = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (tmp_path / "net.tflite").write_bytes(lite)
    for name in ("net.keras", "net.tflite"):
        net = rf_viz.load(tmp_path / name).trace(input_shape=(1, 6, 4), spatial_axes=(1,))
        last = net.layers[-1]
        assert last.exact
        assert last.grid == (6,)
        marks = [last.mask((i,)) for i in range(6)]
        assert np.array_equal(marks, seen), name
