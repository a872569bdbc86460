"""Pictures and signals as bytes: what is exact, what is small, and what a page gets."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from rf_viz.figures import encode

RNG = np.random.default_rng(0)


def opened(encoded: encode.Encoded) -> np.ndarray:
    image = Image.open(BytesIO(encoded.content))
    assert image.format == encoded.kind.upper()
    return np.asarray(image)


def noise(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("height", "width", "kind"), [(128, 128, "png"), (256, 64, "png"), (128, 129, "jpeg")]
)
def test_a_small_picture_is_exact_and_a_larger_one_keeps_its_shape(
    height: int, width: int, kind: str
) -> None:
    values = noise(height, width)
    encoded = encode.picture(values)
    assert encoded.kind == kind
    assert opened(encoded).shape == values.shape
    assert np.array_equal(opened(encoded), values) == (kind == "png")


def test_fast_or_not_a_png_holds_the_same_pixels() -> None:
    values = noise(40, 30)
    assert np.array_equal(opened(encode.png(values, fast=True)), opened(encode.png(values)))
    grey = values[..., 0]
    assert np.array_equal(opened(encode.png(grey)), grey)


def test_a_side_limits_what_is_sent_and_leaves_the_image_that_was_handed_over() -> None:
    image = Image.fromarray(noise(200, 400))
    assert opened(encode.picture(image, side=100)).shape == (50, 100, 3)
    assert image.size == (400, 200)
    assert opened(encode.jpeg(noise(20, 40), side=100)).shape == (20, 40, 3)


def test_colours_of_neighbours_run_into_each_other_unless_they_are_to_be_exact() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2, 0] = stripes[:, 1::2, 2] = 255

    def error(exact: bool) -> float:
        shown = opened(encode.jpeg(stripes, exact_colours=exact))
        return float(np.abs(shown.astype(int) - stripes).mean())

    assert error(True) < error(False) / 4


def test_a_data_url_and_an_array_hold_the_content() -> None:
    encoded = encode.png(noise(3, 5))
    kind, data = re.fullmatch("data:image/(.*);base64,(.*)", encoded.data_url).groups()
    assert kind == "png"
    assert base64.b64decode(data) == encoded.content == encoded.array.tobytes()


@pytest.mark.parametrize(("length", "points"), [(1, 1), (10, 10), (799, 799), (801, 401)])
def test_a_signal_is_a_line_from_its_lowest_value_to_its_highest(length: int, points: int) -> None:
    values = np.linspace(-3, 5, length, dtype=np.float32)
    encoded = encode.signal(values, size=(50, 20), colour="#123456", stroke=1.5, points=400)
    assert encoded.kind == "svg+xml"
    line = re.search('points="(.*?)"', encoded.content.decode())[1].split(" ")
    assert len(line) == points
    assert line[0] == "0,1.000"
    if length > 1:
        assert line[-1] == f"{points - 1},0.000"


def test_a_silent_signal_is_a_line_too() -> None:
    encoded = encode.signal(np.zeros(3), size=(50, 20), colour="#123456", stroke=1, points=400)
    assert b'points="0,1.000 1,1.000 2,1.000"' in encoded.content


def test_it_loads_neither_plotly_nor_streamlit() -> None:
    code = "import sys, rf_viz.figures.encode; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"plotly", "streamlit"}.isdisjoint(done.stdout.split())
