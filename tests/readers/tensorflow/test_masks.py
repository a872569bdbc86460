"""Constant masks of attentions in TensorFlow graphs: what they hide is not claimed.

Random attentions are held against TensorFlow, one input element changed at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.oracles.tensorflow_oracle import assert_agrees, tf
from tests.oracles.truth import generic

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
    parts, product = rng.random() < 0.3, rng.choice(["matmul", "turned", "einsum", "sum"])
    after = rng.choice(["", "", "factor", "band part"])

    def compute(x: Any) -> list[Any]:
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
