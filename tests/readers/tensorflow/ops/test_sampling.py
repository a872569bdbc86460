"""What boxes and projections read, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from tests.oracles.tensorflow_oracle import assert_agrees, tf, traced

import keras  # isort: skip  (after TensorFlow has been told to be quiet)

raw = tf.raw_ops
CASES = Path(__file__).resolve().parents[3] / "data/cases"

CLOSE = {"nudges": (50.0,), "tolerance": 1e-3}


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(3, 4), (1, 2)])
def test_crop_and_resize(method: str, size: tuple[int, int]) -> None:
    boxes = [[0, 0, 1, 1], [0.2, 0.9, 0.7, 0.1], [0.5, 0.5, 1.5, 1.5]]
    assert_agrees(
        lambda x: tf.image.crop_and_resize(x, boxes, [0, 1, 0], size, method=method),
        x=(2, 4, 5, 2),
        **CLOSE,
    )


def test_boxes_from_the_image_may_lie_anywhere() -> None:
    def crop(x: tf.Tensor) -> tf.Tensor:
        return tf.image.crop_and_resize(x, x[:, 0, :4, 0] - 1, [0, 0], (2, 2))

    assert_agrees(crop, x=(2, 4, 5, 2), exact=False)


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("op", [raw.ExtractGlimpse, raw.ExtractGlimpseV2])
def test_glimpses(op: Callable[..., tf.Tensor], centred: bool, normalised: bool) -> None:
    for size in ((3, 4), (7, 2)):
        for offsets in ([[-0.9, 0.3], [0.2, -1.2]], [[1.4, 3.0], [0.0, -0.2]]):
            assert_agrees(
                lambda x, size=size, offsets=offsets: op(
                    input=x,
                    size=size,
                    offsets=offsets,
                    centered=centred,
                    normalized=normalised,
                    uniform_noise=False,
                    noise="zero",
                ),
                x=(2, 5, 4, 1),
            )


def test_a_glimpse_around_what_the_image_says_may_lie_anywhere() -> None:
    assert_agrees(
        lambda x: raw.ExtractGlimpseV2(
            input=x, size=[2, 2], offsets=x[:, 0, :2, 0] - 2, noise="zero", uniform_noise=False
        ),
        x=(1, 4, 3, 1),
        exact=False,
    )


@pytest.mark.parametrize("fill", ["CONSTANT", "REFLECT", "WRAP", "NEAREST"])
@pytest.mark.parametrize("interpolation", ["NEAREST", "BILINEAR"])
@pytest.mark.parametrize(
    "transform",
    [
        [0.75, 0.25, -1.125, -0.25, 1.125, 0.5, 0.0, 0.0],
        [1.5, 0, 2.375, 0.25, 0.625, -3.0, 0.03125, 0.0625],
        [1, 0, -5, 0, 1, 4, 0, 0],
    ],
)
def test_projections(fill: str, interpolation: str, transform: list[float]) -> None:
    assert_agrees(
        lambda x: raw.ImageProjectiveTransformV3(
            images=x,
            transforms=[transform],
            output_shape=[4, 5],
            fill_value=0.0,
            interpolation=interpolation,
            fill_mode=fill,
        ),
        x=(1, 4, 5, 1),
        **CLOSE,
    )


@pytest.mark.slow
def test_a_perspective_with_constant_corners_reads_the_pixels_that_it_samples() -> None:
    path = CASES / "odd_structures/ops_persp.keras"
    model = keras.models.load_model(path, compile=False)
    number = next(
        i for i, y in enumerate(model.outputs) if y._keras_history.operation.name == "p_per"
    )
    image = np.random.default_rng(0).uniform(1, 2, (1, 10, 10, 3))
    batch = np.repeat(image, 101, axis=0)
    for pixel in range(100):
        batch[pixel + 1, pixel // 10, pixel % 10] += 1
    values = np.concatenate([model(one[None])[number].numpy() for one in batch])
    moves = (values[1:] != values[:1]).any(axis=-1).reshape(10, 10, 10, 10)
    layer = rf_viz.load(path).trace()["p_per/add"]
    assert layer.exact
    assert layer.mask((4, 4)).sum() == 4
    wider = 0
    for cell in np.ndindex(10, 10):
        mask, real = layer.mask(cell), moves[:, :, *cell]
        assert not (real & ~mask).any()
        wider += bool((mask & ~real).any())
    assert wider <= 4  # corners that come to lie on a whole pixel, as the runtime rounds


def test_what_a_constant_picks_is_assumed_where_it_cannot_be_computed() -> None:
    def pick(x: tf.Tensor) -> tf.Tensor:
        return tf.gather(x, tf.cast(4 * tf.math.erf(tf.constant([0.1, 0.5])), tf.int32), axis=1)

    layer = traced(pick, x=(1, 4, 5, 2))["y"]
    assert not layer.exact
    assert "could not be computed" in layer.note
