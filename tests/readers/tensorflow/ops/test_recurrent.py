"""What recurrent layers depend on, against TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced
from tests.oracles.truth import generic

raw = tf.raw_ops

STEPS, BATCH, WIDTH = 3, 2, 2
SMALL = (0.5,)
WEIGHTS = {
    "w": generic((2 * WIDTH, 4 * WIDTH)) / 4 - 0.3,
    **{name: generic((WIDTH,)) / 5 for name in ("wci", "wcf", "wco")},
    "b": -generic((4 * WIDTH,)) / 8,
}


@pytest.mark.parametrize("peephole", [False, True])
@pytest.mark.parametrize("varied", ["x", "cs_prev", "h_prev"])
def test_lstm_blocks(varied: str, peephole: bool) -> None:
    options = {**WEIGHTS, "use_peephole": peephole, "cell_clip": -1}

    def block(v: tf.Tensor) -> list[tf.Tensor]:
        inputs = {
            "x": generic((STEPS, BATCH, WIDTH)),
            "cs_prev": generic((BATCH, WIDTH)),
            "h_prev": generic((BATCH, WIDTH)),
            varied: v,
        }
        length = tf.constant(STEPS, tf.int64)
        return list(raw.BlockLSTM(seq_len_max=length, **inputs, **options))

    def cell(v: tf.Tensor) -> list[tf.Tensor]:
        inputs = {name: generic((BATCH, WIDTH)) for name in ("x", "cs_prev", "h_prev")}
        return list(raw.LSTMBlockCell(**{**inputs, varied: v}, **options))

    whole = (STEPS, BATCH, WIDTH) if varied == "x" else (BATCH, WIDTH)
    assert_agrees(block, v=whole, nudges=SMALL)
    assert_agrees(cell, v=(BATCH, WIDTH), nudges=SMALL)


@pytest.mark.parametrize("varied", ["x", "h_prev"])
def test_gru_block(varied: str) -> None:
    weights = {
        "w_ru": generic((2 * WIDTH, 2 * WIDTH)) / 5,
        "w_c": generic((2 * WIDTH, WIDTH)) / 5,
        "b_ru": generic((2 * WIDTH,)),
        "b_c": generic((WIDTH,)),
    }

    def cell(v: tf.Tensor) -> list[tf.Tensor]:
        inputs = {name: generic((BATCH, WIDTH)) for name in ("x", "h_prev")}
        return list(raw.GRUBlockCell(**{**inputs, varied: v}, **weights))

    assert_agrees(cell, v=(BATCH, WIDTH), nudges=SMALL)


@pytest.mark.parametrize(("direction", "layers"), [("unidirectional", 2), ("bidirectional", 1)])
@pytest.mark.parametrize("time_major", [False, True])
def test_cudnn_layers_see_what_came_before(direction: str, layers: int, time_major: bool) -> None:
    both = 2 if direction == "bidirectional" else 1

    def layer(x: tf.Tensor) -> list[tf.Tensor]:
        first = (layers * both, BATCH, 3) if time_major else (BATCH, layers * both, 3)
        return list(
            raw.CudnnRNNV3(
                input=x,
                input_h=tf.zeros(first),
                input_c=tf.zeros(first),
                params=tf.zeros([1000]),
                sequence_lengths=[4] * BATCH,
                direction=direction,
                time_major=time_major,
                is_training=False,
            )[:3]
        )

    shape = (4, BATCH, WIDTH) if time_major else (BATCH, 4, WIDTH)
    net = traced(layer, x=shape)
    assert net["y"].shape == (*shape[:2], 3 * both)
    at = (2, 1) if time_major else (1, 2)
    forward = net["y"].mask_of((*at, 0))
    expected = np.zeros((4, BATCH) if time_major else (BATCH, 4), bool)
    expected[(slice(0, 3), 1) if time_major else (1, slice(0, 3))] = True
    spread = expected[..., None] if forward.ndim == 3 else expected.any(axis=int(time_major))
    assert np.array_equal(forward, np.broadcast_to(spread, forward.shape))
    assert net["y"].exact
