"""Kinds of layers that a network can be built of, and the settings that each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Value = int | str
"""A setting of a row."""

SETTINGS = ("channels", "kernel", "stride", "padding", "dilation", "groups")
"""All settings that a row can have, in the order of the table's columns."""


@dataclass(frozen=True)
class Kind:
    """Kind of layer.

    Attributes:
        short: how the names of such layers begin; an identifier in any language.
        family: its category of operators, which gives its colour.
        about: its purpose, in a few words.
        settings: the settings that it has, each with the value in a new row.
        does: its sort of operation, which settles how its code is made.
        joins: whether it takes several rows.
        called: other names for its settings, where the usual ones would mislead.
    """

    short: str
    family: str
    about: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    does: Literal["window", "pool", "map", "join", "other"] = "other"
    joins: bool = False
    called: Mapping[str, str] = field(default_factory=dict)


_WINDOW: Mapping[str, Value] = {"kernel": 3, "stride": 1, "padding": "same", "dilation": 1}
_CONVOLUTION: Mapping[str, Value] = {"channels": 16, **_WINDOW, "groups": 1}
_POOL: Mapping[str, Value] = {"kernel": 2, "stride": 2, "padding": "valid"}
_ATTENTION: Mapping[str, Value] = {"kernel": 7, "groups": 4}
_ATTENDED = {"kernel": "window", "groups": "heads"}

LAYER_KINDS: Mapping[str, Kind] = {
    "convolution": Kind(
        "conv", "convolution", "slides a kernel over the map", _CONVOLUTION, "window"
    ),
    "depthwise convolution": Kind(
        "depthwise", "convolution", "a kernel for each channel by itself", _WINDOW, "window"
    ),
    "masked convolution A": Kind(
        "masked_a",
        "convolution",
        "sees what comes before a pixel, in reading order (PixelCNN)",
        {"channels": 16, "kernel": 7},
        "window",
    ),
    "masked convolution B": Kind(
        "masked_b",
        "convolution",
        "sees a pixel and what comes before it (PixelCNN)",
        {"channels": 16, "kernel": 3},
        "window",
    ),
    "transposed convolution": Kind(
        "up",
        "convolution",
        "lays a kernel down for each cell, so that the map grows",
        {"channels": 16, "kernel": 2, "stride": 2, "padding": "valid"},
    ),
    "max pooling": Kind("pool", "pooling", "the largest value of a window", _POOL, "pool"),
    "average pooling": Kind("average", "pooling", "the mean of a window", _POOL, "pool"),
    "global pooling": Kind("global", "pooling", "the mean of the whole map"),
    "nearest upsampling": Kind(
        "nearest", "resize", "repeats every cell", {"stride": 2}, called={"stride": "factor"}
    ),
    "bilinear upsampling": Kind(
        "bilinear", "resize", "blends between cells", {"stride": 2}, called={"stride": "factor"}
    ),
    "batch normalisation": Kind("norm", "normalisation", "scales every channel", {}, "map"),
    "layer normalisation": Kind(
        "layer_norm", "normalisation", "scales all channels of a cell together", {}, "map"
    ),
    "ReLU": Kind("relu", "activation", "max(x, 0)", {}, "map"),
    "SiLU": Kind("silu", "activation", "x times sigmoid(x)", {}, "map"),
    "GELU": Kind("gelu", "activation", "x times the normal distribution's Φ(x)", {}, "map"),
    "sigmoid": Kind("sigmoid", "activation", "between 0 and 1", {}, "map"),
    "tanh": Kind("tanh", "activation", "between -1 and 1", {}, "map"),
    "add": Kind("add", "join", "a residual: the sum with another row", {}, "join", joins=True),
    "multiply": Kind("gate", "join", "the product with another row", {}, "join", joins=True),
    "concatenate": Kind("concat", "join", "the channels of several rows", {}, "join", joins=True),
    "squeeze-and-excite": Kind(
        "excite",
        "attention, dense",
        "scales every channel by what the whole map holds",
        {"channels": 4},
        called={"channels": "squeezed to"},
    ),
    "window attention": Kind(
        "attention",
        "attention, dense",
        "every cell attends to those of its window",
        _ATTENTION,
        called=_ATTENDED,
    ),
    "shifted window attention": Kind(
        "shifted",
        "attention, dense",
        "the same, with windows moved by half of one",
        _ATTENTION,
        called=_ATTENDED,
    ),
    "dense": Kind("dense", "attention, dense", "every unit sees everything", {"channels": 10}),
}
"""The kinds of layers by the names that people see."""

VARIANTS: Mapping[str, tuple[str, Mapping[str, Value]]] = {
    "dilated convolution": ("convolution", {"dilation": 2}),
    "grouped convolution": ("convolution", {"groups": 4}),
    "pointwise convolution": ("convolution", {"kernel": 1}),
    "strided convolution": ("convolution", {"stride": 2}),
    "causal convolution": ("convolution", {"kernel": 2, "padding": "causal"}),
}
"""Other names under which a kind is on offer, with the settings that make it that."""
