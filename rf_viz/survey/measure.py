"""Measures the effective field of a layer over a few images, in whatever process.

What comes back is bytes: a sum over images, which others of the same layer are added to.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..analysis.effective import central_cell
from ..errors import ModelError
from ..influence.effective import Averaging, of_image
from ..influence.gradients import gradient_of
from ..influence.occlusion import Patches
from ..influence.subject import Subject
from ..model import Model
from ..trace.network import Layer
from .sources import Ref


class Series(NamedTuple):
    """Images that the field of a layer is measured on, one after the other.

    Attributes:
        number: of the series, among those of all layers.
        layer: the layer's number in the survey.
        images: each image's number among those that fields are measured on, from 1 on, which
            settles the signs of its random sum (see ``influence.effective``); and its place.
    """

    number: int
    layer: int
    images: tuple[tuple[int, Ref], ...]


class Sum(NamedTuple):
    """What a series tells of its layer's field.

    Attributes:
        total: the sum of the images' influences, each of which sums to 1, for the pixels of the
            mask in their order; empty where nothing was measured.
        images: how many images that is; ``still`` had no influence at all, and ``failed`` could
            not be measured.
        why: why the first of these could not, in a sentence; else empty.
        method: "gradient" or "occlusion"; empty where nothing was measured.
    """

    total: NDArray[np.float64]
    images: int
    still: int
    failed: int
    why: str
    method: str

    def packed(self) -> bytes:
        """The sum as the content of a file."""
        _, *counts = self
        stream = io.BytesIO()
        note = np.frombuffer(json.dumps(counts).encode(), np.uint8)
        np.savez(stream, total=self.total, note=note)
        return stream.getvalue()

    @classmethod
    def unpacked(cls, content: bytes) -> Sum:
        """The sum of such a file."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return cls(arrays["total"], *json.loads(arrays["note"].tobytes()))


def measured(model: Model, layer: Layer, images: Iterable[tuple[int, NDArray[np.generic]]]) -> Sum:
    """Measure the field of a layer's middle cell, all channels together, over some images.

    The influence is the gradient where the runtime computes it on all ways to the layer, else by
    occlusion. ``images`` are inputs of the model, with their numbers. One that has no influence
    that can be measured does not count.
    """
    cell = central_cell(layer)
    at, averaging = layer.index(cell), Averaging(layer, cell, None)
    patches, method, failed, why = None, "", 0, ""
    for number, tensor in images:
        try:
            subject = Subject.of(model, layer, at, tensor)
            if not method:
                method = "gradient" if _has_gradient(model, subject) else "occlusion"
                patches = Patches.over(layer.region_of(at)) if method == "occlusion" else None
            averaging.add(of_image(model, subject, averaging.mask, patches, number))
        except ModelError as error:
            failed, why = failed + 1, why or str(error)
    total = averaging.total[averaging.mask]
    return Sum(total, averaging.images, averaging.still, failed, why, method)


def _has_gradient(model: Model, subject: Subject) -> bool:
    """Whether a gradient can be computed that leaves nothing out."""
    if not model.has_gradients:
        return False
    try:
        gradient_of(model, subject, [])
    except ModelError:
        return False
    return True
