"""Replacements for pixels: other values of the same extent, as people see them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ...catalogue.samples import tone
from ..pictures import Picture

PHOTOGRAPH = "Another photograph"
"""The filler that takes a picture of its own."""

PICTURES = {
    "Noise": "noise",
    "Blur": "a blur of itself",
    "Black": "black",
    PHOTOGRAPH: "another photograph",
}
"""Fillers for pictures, and how a sentence calls them."""

VOLUMES = {"Noise": "noise", "Black": "black"}
"""Fillers for volumes, and how a sentence calls them."""

SIGNALS = {"Noise": "noise", "Silence": "silence", "Another tone": "another tone"}
"""Fillers for signals, and how a sentence calls them."""

_TONES = (330.0, 587.0)
"""Pitches of the other tone: the second where the first is what the model was fed."""


def replacement(filler: str, picture: Picture, seed: int) -> NDArray[Any]:
    """Makes values like ``picture.values`` to replace them by; ``seed`` is that of the noise."""
    values, random = picture.values, np.random.default_rng(seed)
    if values.ndim == 1:
        if filler == "Silence":
            return np.zeros_like(values)
        if filler == "Noise":
            return random.normal(0, values.std() or 1, values.shape).astype(np.float32)
        tones = (tone(len(values), hz=hz) for hz in _TONES)
        return next(other for other in tones if not np.array_equal(other, values))
    if filler == "Black":
        return np.zeros_like(values)
    if filler == "Noise" and picture.kind == "volume":
        return random.random(values.shape, np.float32)
    if filler == "Noise":
        return random.integers(0, 256, values.shape, np.uint8)
    radius = max(picture.extent) / 16
    return np.asarray(Image.fromarray(values).filter(ImageFilter.GaussianBlur(radius)))
