"""The inputs that measurements average over: photographs, or noise where a network takes none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...catalogue.samples import SAMPLE_IMAGES
from .. import cache
from ..cache import Fed, File
from ..pictures import Picture
from ..text import count

_DRAWS = 8
"""So many inputs of noise there are."""


@dataclass(frozen=True)
class Inputs:
    """Inputs of a network.

    Attributes:
        kind: what they are, one and several of them.
        makers: what makes each of them, ready to be fed.
    """

    kind: tuple[str, str]
    makers: Sequence[Callable[[], NDArray[np.float32]]]

    @property
    def words(self) -> str:
        """What they are, with their number."""
        return self.count(len(self.makers))

    def count(self, number: int) -> str:
        """So many of them in words."""
        return count(number, *self.kind)


def inputs_of(picture: Picture, fed: Fed) -> Inputs:
    """The inputs to average over, prepared as the picture is.

    They are the sample photographs, or noise of the mean and the deviation of what is fed.
    """
    if picture.kind == "image" and not picture.within:
        files = [File.at(sample.path, sample.title) for sample in SAMPLE_IMAGES.values()]
        photographs = [partial(_photograph, picture, fed, file) for file in files]
        return Inputs(("photograph", "photographs"), photographs)
    noise = [partial(_prepared_noise, picture, fed, seed) for seed in range(_DRAWS)]
    return Inputs(("input of noise", "inputs of noise"), noise)


def noise_like(values: NDArray[Any], seed: int) -> NDArray[Any]:
    """Noise of the shape, the type, the mean and the deviation of an array."""
    random = np.random.default_rng(seed)
    if values.dtype == np.uint8:
        return random.integers(0, 256, values.shape, np.uint8)
    scale = float(values.std()) or 1.0
    return np.asarray(values.mean() + scale * random.normal(size=values.shape), values.dtype)


def _photograph(picture: Picture, fed: Fed, file: File) -> NDArray[np.float32]:
    height, width = picture.extent
    return fed.prepare(cache.pixels(file, (height, width), fed.fit))


def _prepared_noise(picture: Picture, fed: Fed, seed: int) -> NDArray[np.float32]:
    return fed.prepare(noise_like(picture.values, seed))
