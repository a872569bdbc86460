"""How an image becomes what the model takes: fitted to its input, then preprocessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..inputs.images import PRESETS, Fit, fit, open_image, to_tensor
from ..trace.network import NetworkInput


@dataclass(frozen=True)
class Preparation:
    """The way in which images are prepared, the same for all of a survey.

    Attributes:
        preset: the preprocessing, a key of ``images.PRESETS``.
        fit: how an image of another shape fills the input.
    """

    preset: str
    fit: Fit

    def __post_init__(self) -> None:
        """Raise ModelError for a way that there is not."""
        if self.preset not in PRESETS:
            raise ModelError(
                f"there is no preprocessing {self.preset!r}: choose {', '.join(PRESETS)}"
            )
        if self.fit not in get_args(Fit):
            raise ModelError(f"there is no fit {self.fit!r}: choose crop, stretch or pad")

    def pixels(
        self, content: bytes, size: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], tuple[int, int]]:
        """An image fitted to a height and width, RGB; and its own height and width.

        Raises ImageError where it is no image that can be used.
        """
        image = open_image(content)
        return fit(image, size, self.fit), (image.height, image.width)

    def tensor(self, pixels: NDArray[np.uint8], source: NetworkInput) -> NDArray[np.float32]:
        """The pixels as the input takes them."""
        y, x = source.spatial_axes
        return to_tensor(pixels, source.shape, (y, x), PRESETS[self.preset])

    def record(self) -> dict[str, Any]:
        """What was done to images, as JSON has it."""
        preset = PRESETS[self.preset]
        return {
            "preset": self.preset,
            "fit": self.fit,
            "order": preset.order,
            "scale": preset.scale,
            "mean": list(preset.mean),
            "std": list(preset.std),
        }


def check_input(source: NetworkInput) -> None:
    """Raise ModelError for an input that no image fills."""
    if len(source.size) != 2:
        raise ModelError(
            f"a survey looks through images, and the input {source.name} of shape "
            f"{list(source.shape)} is none: choose a model of images, or a tensor with --input"
        )
    others = [n for axis, n in enumerate(source.shape) if axis not in source.spatial_axes]
    channels = others[-1] if others else 1
    if channels not in (1, 3, 4):
        raise ModelError(
            f"the input {source.name} has {channels} channels, and an image can fill 1, 3 or 4"
        )
