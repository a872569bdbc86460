"""What boxes and projections read, against TensorFlow."""

from __future__ import annotations

import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees

raw = tf.raw_ops

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
