"""Settings of a Keras layer as data, by the names that all formats share."""

from __future__ import annotations

from typing import Any

from ....trace.tensors import Setting, Settings

_EXTENTS = {
    "kernel_size": "kernel",
    "pool_size": "kernel",
    "strides": "stride",
    "dilation_rate": "dilation",
    "size": "scale",
    "target_shape": "target",
}
"""What may be one number or several, by Keras' name; Keras writes one of a single axis plain."""

_NUMBERS = {
    "filters": "filters",
    "units": "units",
    "groups": "groups",
    "depth_multiplier": "depth_multiplier",
    "num_heads": "heads",
}
"""Whole numbers, by Keras' name."""


def settings(layer: Any) -> Settings:  # noqa: ANN401
    """The settings of a layer that shape what its cells see and compute."""
    own: dict[str, Setting | None] = {}
    for name, ours in _EXTENTS.items():
        own.setdefault(ours, None)
        own[ours] = own[ours] or _extents(getattr(layer, name, None))
    for name, ours in _NUMBERS.items():
        value = getattr(layer, name, None)
        own[ours] = value if type(value) is int else None
    padding = getattr(layer, "padding", None)
    if isinstance(padding, str):
        own["padding_rule"] = padding
    else:
        own["padding"] = _pairs(padding)
    own["cropping"] = _pairs(getattr(layer, "cropping", None))
    interpolation = getattr(layer, "interpolation", None)
    own["interpolation"] = interpolation if isinstance(interpolation, str) else None
    height, width = getattr(layer, "height", None), getattr(layer, "width", None)
    if type(height) is type(width) is int:
        own["target"] = (height, width)
    rate = getattr(layer, "rate", None)
    own["rate"] = rate if isinstance(rate, int | float) and rate else None
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    own["activation"] = activation if activation != "linear" else None
    return {name: value for name, value in own.items() if value is not None}


def _extents(extents: Any) -> Setting | None:  # noqa: ANN401
    """One number for each axis; None for anything else."""
    if type(extents) is int:
        return (extents,)
    if isinstance(extents, tuple | list) and all(type(n) is int for n in extents):
        return tuple(extents) or None
    return None


def _pairs(pairs: Any) -> Setting | None:  # noqa: ANN401
    """A pair for each axis; None for anything else."""
    if not isinstance(pairs, tuple | list):
        return None
    if all(type(n) is int for n in pairs):
        return (tuple(pairs),)
    return tuple(tuple(pair) for pair in pairs)
