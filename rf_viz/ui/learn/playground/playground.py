"""The playground: what a convolution, a pooling and their kin do to the pixels of a picture.

All is worked out in the browser. Python sends the pixels and keeps the settings for the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from ....catalogue.samples import SAMPLE_IMAGES
from ...address import ignore_echo, numbers, refresh
from ...address_choice import BETWEEN, Form, between, one_of, restored
from ...browser.component import component, pack

_KEY = "playground"

_component = component(__file__)

SIDE = 16
"""Pixels along a side of a crop."""

_LARGEST = 999
"""The largest weight."""


@dataclass(frozen=True)
class Operation:
    """Operation on offer: its title, and what it does in a sentence or two."""

    title: str
    says: str


@dataclass(frozen=True)
class Crop:
    """Part of a sample image: ``side`` pixels from ``left`` and ``top``, reduced to ``SIDE``."""

    title: str
    image: str
    left: int
    top: int
    side: int

    def pixels(self) -> NDArray[np.uint8]:
        """The pixels, (SIDE, SIDE, 3): each is the mean of a square of the image."""
        box = (self.left, self.top, self.left + self.side, self.top + self.side)
        with Image.open(SAMPLE_IMAGES[self.image].path) as image:
            part = image.convert("RGB").crop(box)
        return np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BOX))


OPERATIONS = {
    "conv": Operation(
        "Convolution",
        "The kernel lies on the input. Each pixel under it is multiplied by the weight on it, and "
        "the products are added: that is one output. Then the kernel moves on.",
    ),
    "strided": Operation(
        "Strided convolution",
        "The kernel moves by the stride s from one output to the next, so the output is smaller.",
    ),
    "dilated": Operation(
        "Dilated convolution",
        "The weights stand d pixels apart. The same number of weights reaches farther, and the "
        "pixels between them do not count.",
    ),
    "channels": Operation(
        "Convolution over channels",
        "A colour picture has three channels: red, green and blue. The kernel has weights for "
        "each, and one output adds the products of all three.",
    ),
    "depthwise": Operation(
        "Depthwise convolution",
        "Each channel has a kernel and an output of its own. Nothing is added over the channels.",
    ),
    "max": Operation(
        "Max pooling",
        "Each output is the largest pixel of its window. There are no weights, and padding does "
        "not count.",
    ),
    "average": Operation(
        "Average pooling",
        "Each output is the mean of the pixels of its window. There are no weights, and padding "
        "does not count.",
    ),
    "transposed": Operation(
        "Transposed convolution",
        "The other way round: each input pixel stamps the whole kernel, times its value, onto the "
        "output. The next pixel stamps s cells further on, so the output is larger. Here padding "
        "takes p cells off each edge of the output.",
    ),
}
"""Operations by the names that the address gives them."""

CROPS = {
    "eye": Crop("The cat's eye", "chelsea", 131, 77, 80),
    "face": Crop("An astronaut's face", "astronaut", 159, 36, 128),
    "cup": Crop("A cup of coffee", "coffee", 144, 8, 208),
    "rocket": Crop("The tip of a rocket", "rocket", 209, 96, 96),
}
"""Crops by the names that the address gives them."""

KERNELS = {
    "across": "Edges, left to right (Sobel)",
    "down": "Edges, top to bottom (Sobel)",
    "outline": "Edges, all around (Laplace)",
    "blur": "Blur (mean)",
    "soft": "Soft blur (binomial)",
    "sharpen": "Sharpen",
    "emboss": "Emboss",
    "identity": "Identity",
    "ones": "All ones",
    "random": "Random",
    "own": "Your own",
}
"""Titles of kernels by the names that the address gives them."""


def _weights() -> Form:
    """The form of a person's weights: those of a square kernel, or of three."""
    counts = {n * k * k for k in range(1, 6) for n in (1, 3)}

    def read(text: str) -> list[float]:
        weights = [float(part) for part in text.split(BETWEEN)] if text else [1.0]
        if len(weights) not in counts or not all(abs(weight) <= _LARGEST for weight in weights):
            raise ValueError(text)
        return weights

    return Form([1.0], read, lambda weights: BETWEEN.join(f"{weight:.7g}" for weight in weights))


def _place(default: list[int] | None) -> Form:
    """The form of a row and a column."""

    def read(text: str) -> list[int] | None:
        place = numbers(text) if text else ()
        if place is None or len(place) not in (0, 2) or not all(0 <= at < 99 for at in place):
            raise ValueError(text)
        return list(place) or default

    return Form(default, read, lambda place: ",".join(map(str, place or ())))


SETTINGS: Mapping[str, Form] = {
    "op": one_of(OPERATIONS.keys()),
    "crop": one_of(CROPS.keys()),
    "kernel": one_of(KERNELS.keys()),
    "seed": between(0, 9999, 1),
    "w": _weights(),
    "k": between(1, 5, 3),
    "s": between(1, 3, 1),
    "d": between(1, 3, 1),
    "p": between(0, 2, 1),
    "cell": _place([8, 8]),
    "pixel": _place(None),
}
"""Forms of the settings by their names, in the address after ``playground.``."""


@st.fragment
def playground() -> None:
    """Draws the playground; only this runs again when a person has changed something."""
    state = st.session_state
    before = {name: state.get(_key(name)) for name in SETTINGS}
    settings = {
        name: state[restored(f"playground.{name}", _key(name), form)]
        for name, form in SETTINGS.items()
    }
    if settings != before:
        state["playground arrival"] = state.get("playground arrival", 0) + 1
    _component(
        key=_KEY,
        data=packet(settings, state.get("playground arrival", 0)),
        on_settings_change=_changed,
    )
    refresh()


def packet(settings: Mapping[str, Any], arrival: int) -> bytes:
    """Packs the data of the component; ``arrival`` counts how often an address set the settings."""
    header = {
        "settings": dict(settings),
        "arrival": arrival,
        "titles": {
            "op": {name: operation.title for name, operation in OPERATIONS.items()},
            "crop": {name: crop.title for name, crop in CROPS.items()},
            "kernel": KERNELS,
        },
        "says": {name: operation.says for name, operation in OPERATIONS.items()},
    }
    return pack(header, pictures())


@cache
def pictures() -> dict[str, NDArray[np.uint8]]:
    """The crops' pixels: ``grey`` is (crops, SIDE, SIDE), ``colours`` is (crops, 3, SIDE, SIDE)."""
    colours = np.stack([crop.pixels() for crop in CROPS.values()])
    grey = np.rint(colours @ (0.299, 0.587, 0.114)).astype(np.uint8)
    return {"grey": grey, "colours": np.moveaxis(colours, -1, 1)}


def _changed() -> None:
    """Keeps what a person has chosen in the browser."""
    ignore_echo()
    for name, text in st.session_state[_KEY].settings.items():
        if name in SETTINGS:
            with suppress(ValueError):
                st.session_state[_key(name)] = SETTINGS[name].read(text)


def _key(name: str) -> str:
    """The key of a setting in the session."""
    return f"playground {name}"
