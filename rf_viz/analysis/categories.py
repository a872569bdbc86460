"""The category of a layer, as a person would sort it, and the colour of each category."""

from __future__ import annotations

from collections.abc import Mapping

from ..trace.network import Layer
from ..trace.tensors import Category

CATEGORIES: Mapping[str, str] = {
    "convolution": "#0072b2",
    "pooling": "#56b4e9",
    "resize": "#009e73",
    "join": "#e69f00",
    "attention, dense": "#d55e00",
    "normalisation": "#cc79a7",
    "activation": "#999999",
    "layout": "#c9b40f",
    "other": "#666666",
}
"""The colour of each category (see ``trace.tensors.Category``), in the order of legends.

They are those of Okabe and Ito, "Color Universal Design", 2008, which colour-blind people can
tell apart.
"""


def category_of(layer: Layer) -> Category:
    """The category of the framework's layer that an operation is part of, else its own."""
    group = layer.group
    return group.category if group and group.category != "other" else layer.category
