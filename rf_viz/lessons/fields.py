"""Measured effective fields of layers of the sample networks, beside their path counts.

They take minutes to measure, so ``assets/fields/make.py`` has measured them before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.effective import THRESHOLD, EffectiveField
from ..catalogue.samples import ASSETS

TABLE = ASSETS / "fields" / "table.json"
"""What ``assets/fields/make.py`` measured."""

KINDS = ("paths", "trained", "random")
"""The fields of a layer: path counts, and the influence with trained and with random weights."""


@dataclass(frozen=True)
class PatchField:
    """How paths or influence are spread over the patches of a region.

    Attributes:
        shares: the share of the whole in each patch, an array (rows, columns) that sums to 1.
        edges: where patches begin along each axis, in pixels of the input, and the last one's end.
    """

    shares: NDArray[np.float64]
    edges: tuple[NDArray[np.int64], NDArray[np.int64]]

    @property
    def densities(self) -> NDArray[np.float64]:
        """The share of the whole in each pixel of each patch."""
        heights, widths = (np.diff(along) for along in self.edges)
        return np.asarray(self.shares / np.outer(heights, widths))

    @property
    def within(self) -> NDArray[np.bool_]:
        """The patches whose pixels have more than 4.55 % of the largest share (Luo et al.)."""
        return np.asarray(self.densities > THRESHOLD * self.densities.max())

    @property
    def size(self) -> float:
        """The square root of the number of pixels within (see ``EffectiveField.size``)."""
        heights, widths = (np.diff(along) for along in self.edges)
        influence = np.repeat(np.repeat(self.densities, heights, 0), widths, 1)
        centre = tuple((n - 1) / 2 for n in influence.shape)
        return EffectiveField(influence, np.ones(influence.shape, bool), centre, 0).size


@dataclass(frozen=True)
class LayerFields:
    """The fields of the middle cell of a layer.

    Attributes:
        layer: the layer's name.
        receptive_field: its size r along each axis; None where it has no closed form.
        region: the height and the width of the region, which lies within the image.
        patch: the height and the width of a patch.
        photographs: how many photographs were averaged.
        fields: the fields by ``KINDS``.
    """

    layer: str
    receptive_field: tuple[int, int] | None
    region: tuple[int, int]
    patch: tuple[int, int]
    photographs: int
    fields: Mapping[str, PatchField]

    @property
    def sizes(self) -> Mapping[str, float]:
        """The sizes of the fields, by ``KINDS``."""
        return {kind: field.size for kind, field in self.fields.items()}


@lru_cache(maxsize=1)
def measured_fields() -> Mapping[str, Sequence[LayerFields]]:
    """The layers that were measured, in execution order, by the sample networks' keys."""
    networks: dict[str, list[LayerFields]] = {}
    for row in json.loads(TABLE.read_text("utf-8")):
        networks.setdefault(row["network"], []).append(_layer(row))
    return networks


def _layer(row: Mapping[str, Any]) -> LayerFields:
    start, stop = row["region"]
    height, width = (b - a for a, b in zip(start, stop, strict=True))
    edges = tuple(
        np.array([*range(a, b, n), b]) for a, b, n in zip(start, stop, row["patch"], strict=True)
    )
    fields = {}
    for kind in KINDS:
        shares = np.array(row[kind], float)
        fields[kind] = PatchField(shares / shares.sum(), (edges[0], edges[1]))
    return LayerFields(
        row["layer"],
        row["size"] and tuple(row["size"]),
        (height, width),
        tuple(row["patch"]),
        row["photographs"],
        fields,
    )
