"""Pictures and signals as they travel to the page."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from rf_viz.ui.explore.boxed_picture import boxed_picture

RNG = np.random.default_rng(0)


def picture_in(html: str) -> np.ndarray:
    data = re.search('base64,([^"]*)', html)[1]
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))))


def box_in(html: str) -> dict[str, float]:
    style = re.search('style="(.*?)"', html)[1]
    return {k: float(v) for k, v in re.findall(r"(\w+):([\d.]+)", style)}


def mask(*shape: int, at: tuple[slice, ...]) -> np.ndarray:
    seen = np.zeros(shape, bool)
    seen[at] = True
    return seen


def test_a_small_picture_arrives_as_it_is_with_the_box_around_the_mask() -> None:
    values = RNG.integers(0, 256, (20, 40, 3), np.uint8)
    html = boxed_picture(values, mask(20, 40, at=np.s_[5:10:2, 10:30]), "<b>")
    assert np.array_equal(picture_in(html), values)
    assert box_in(html) == {"left": 25, "top": 25, "width": 50, "height": 25}
    assert 'alt="&lt;b&gt;"' in html


def test_a_signal_is_boxed_along_its_length_and_nothing_is_not_boxed() -> None:
    html = boxed_picture(np.zeros(1000, np.float32), mask(1000, at=np.s_[100:300]), "A tone")
    assert box_in(html) == {"left": 10, "top": 0, "width": 20, "height": 100}
    assert "style=" not in boxed_picture(np.zeros(10, np.float32), np.zeros(10, bool), "A tone")


@pytest.mark.parametrize("shape", [(224, 224, 3), (2048, 1024, 3), (1_000_000,)])
def test_two_of_any_size_and_of_noise_stay_under_300_kb(shape: tuple[int, ...]) -> None:
    values = RNG.integers(0, 256, shape, np.uint8)
    if len(shape) == 1:
        values = values.astype(np.float32)
    assert len(boxed_picture(values, np.ones(shape[:2], bool), "Noise")) < 150_000
