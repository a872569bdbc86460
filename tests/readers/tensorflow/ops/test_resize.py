"""What resized images depend on, against TensorFlow."""

from __future__ import annotations

import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced

raw = tf.raw_ops

NUDGES = (500.0,)
SIZES = [(4, 7), (8, 3), (2, 9), (1, 5), (10, 12), (5, 6)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("aligned", "half"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("kind", ["Bilinear", "NearestNeighbor", "Bicubic"])
def test_resize(kind: str, aligned: bool, half: bool, size: tuple[int, int]) -> None:
    op = getattr(raw, f"Resize{kind}")
    assert_agrees(
        lambda x: op(images=x, size=size, align_corners=aligned, half_pixel_centers=half),
        x=(1, 5, 6, 1),
        nudges=NUDGES,
        tolerance=1e-3,
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aligned", [False, True])
def test_resize_by_area(aligned: bool, size: tuple[int, int]) -> None:
    assert_agrees(
        lambda x: raw.ResizeArea(images=x, size=size, align_corners=aligned),
        x=(1, 5, 6, 1),
        nudges=NUDGES,
        tolerance=1e-3,
    )


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(
    "kind",
    ["lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic",
     "mitchellcubic"],
)  # fmt: skip
def test_scale_and_translate(kind: str, antialias: bool) -> None:
    for scale, move, size in (((2.0, 0.5), (0.0, 0.0), (10, 3)), ((1.3, 0.7), (0.4, -1.0), (6, 4))):
        assert_agrees(
            lambda x, scale=scale, move=move, size=size: raw.ScaleAndTranslate(
                images=x,
                size=size,
                scale=scale,
                translation=move,
                kernel_type=kind,
                antialias=antialias,
            ),
            x=(1, 5, 6, 1),
            nudges=NUDGES,
            tolerance=1e-4,
        )


def test_halving_has_a_closed_form() -> None:
    net = traced(lambda x: tf.image.resize(x, (8, 8), antialias=False), x=(1, 16, 16, 1))
    field = net["y"].receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((2, 2), (2, 2), (0, 0))


def test_doubling_says_why_it_has_none() -> None:
    layer = traced(lambda x: tf.image.resize(x, (8, 8), "nearest"), x=(1, 4, 4, 1))["y"]
    assert layer.note == "no affine form: upsampled by 2"


@pytest.mark.parametrize("sizes", [(6, 2), (11, 7), (4, 12)])
@pytest.mark.parametrize("kind", ["lanczos3", "lanczos5"])
def test_zeros_of_a_kernel_are_where_single_precision_has_them(
    kind: str, sizes: tuple[int, int]
) -> None:
    """Sines of multiples of pi leave weights of about 1e-8, which large changes show."""
    before, after = sizes
    assert_agrees(
        lambda x: tf.image.resize(x, (after, 1), kind),
        x=(1, before, 1, 1),
    )
