"""The sample network and the photographs that the lesson looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from ...trace.network import Network
from .. import cache
from ..cache import File, TraceOptions

MODEL, PICTURE = "squeezenet", "chelsea"
"""Keys of the sample network, and of the sample image that it looks at first."""

LAYERS = (
    "conv1",
    "pool1",
    *(f"fire{n}/concat" for n in (2, 3)),
    "pool3",
    *(f"fire{n}/concat" for n in (4, 5)),
    "pool5",
    *(f"fire{n}/concat" for n in (6, 7, 8, 9)),
)
"""Names of the layers where the receptive field grows."""


def network() -> Network:
    """The traced network, kept for all sessions."""
    model = SAMPLE_MODELS[MODEL]
    return cache.trace(File.at(model.path, model.title), TraceOptions())


def photograph(key: str = PICTURE) -> NDArray[np.uint8]:
    """A sample image as the network gets it: (height, width, 3)."""
    image = SAMPLE_IMAGES[key]
    height, width = network().input.size
    return cache.pixels(File.at(image.path, image.title), (height, width), "crop")
