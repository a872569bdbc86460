"""What pixels are replaced by."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.catalogue.samples import tone
from rf_viz.ui.inspector.replacements import (
    PHOTOGRAPH,
    PICTURES,
    SIGNALS,
    replacement,
)
from rf_viz.ui.pictures import Picture

RNG = np.random.default_rng(0)
PHOTO = Picture("p", "A picture", RNG.integers(50, 200, (24, 32, 3), np.uint8))
TONES = [Picture(f"{hz}", "A tone", tone(256, hz=hz)) for hz in (330.0, 440.0, 587.0)]


@pytest.mark.parametrize("name", [name for name in PICTURES if name != PHOTOGRAPH])
def test_a_filler_of_a_picture_is_another_picture_of_its_size(name: str) -> None:
    values = replacement(name, PHOTO, 1)
    assert values.shape == PHOTO.values.shape
    assert values.dtype == np.uint8
    assert (values != PHOTO.values).any(axis=-1).mean() > 0.9


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("signal", TONES, ids=lambda signal: signal.key)
def test_a_filler_of_a_signal_is_another_signal_of_its_length(name: str, signal: Picture) -> None:
    values = replacement(name, signal, 1)
    assert values.shape == signal.values.shape
    assert values.dtype == np.float32
    assert (values != signal.values).mean() > 0.9


def test_noise_is_drawn_anew_with_another_seed_only() -> None:
    assert np.array_equal(replacement("Noise", PHOTO, 1), replacement("Noise", PHOTO, 1))
    assert not np.array_equal(replacement("Noise", PHOTO, 1), replacement("Noise", PHOTO, 2))
