"""Settings of a Keras layer in a few words: ``64 filters 3x3, stride 2, same``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def settings(layer: Any) -> str:  # noqa: ANN401
    """Say in words the settings of a layer that shape what its cells see and compute."""
    words = [*_amount(layer), *_window(layer), *_other(layer)]
    activation = getattr(getattr(layer, "activation", None), "__name__", "")
    if activation and activation != "linear":
        words.append(activation)
    return ", ".join(words)


def _amount(layer: Any) -> list[str]:  # noqa: ANN401
    """Count a layer's filters or units, and say how large its kernel is."""
    kernel = _full(getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None))
    filters, units = _number(layer, "filters"), _number(layer, "units")
    if filters:
        return [f"{filters} filters {kernel}".strip()]
    if units:
        return [f"{units} units"]
    return [kernel] if kernel else []


def _window(layer: Any) -> list[str]:  # noqa: ANN401
    """Say how a layer's kernel is slid."""
    words = []
    stride = _by(getattr(layer, "strides", None))
    if stride and stride != "1":
        words.append(f"stride {stride}")
    dilation = _by(getattr(layer, "dilation_rate", None))
    if dilation and dilation != "1":
        words.append(f"dilation {dilation}")
    groups = _number(layer, "groups")
    if groups and groups > 1:
        words.append(f"{groups} groups")
    multiplier = _number(layer, "depth_multiplier")
    if multiplier and multiplier > 1:
        words.append(f"depth multiplier {multiplier}")
    padding = getattr(layer, "padding", None)
    if isinstance(padding, str):
        words.append(padding)
    elif isinstance(padding, tuple | list):
        words.append(f"padding {_pairs(padding)}")
    return words


def _other(layer: Any) -> list[str]:  # noqa: ANN401
    """Settings of the layers that resize, crop, reshape, attend and drop."""
    words = []
    for name, phrase in (("size", "times {}"), ("cropping", "cropping {}")):
        value = getattr(layer, name, None)
        if isinstance(value, tuple | list):
            words.append(phrase.format(_by(value) if name == "size" else _pairs(value)))
    interpolation = getattr(layer, "interpolation", None)
    if isinstance(interpolation, str):
        words.append(interpolation)
    height, width = _number(layer, "height"), _number(layer, "width")
    if height and width:
        words.append(f"to {height}x{width}")
    if isinstance(getattr(layer, "target_shape", None), tuple):
        words.append(f"to {'x'.join(map(str, layer.target_shape))}")
    heads = _number(layer, "num_heads")
    if heads:
        words.append(f"{heads} heads")
    rate = getattr(layer, "rate", None)
    if isinstance(rate, int | float) and rate:
        words.append(f"rate {rate:g}")
    return words


def _number(layer: Any, name: str) -> int | None:  # noqa: ANN401
    """A setting that is a whole number; None where it is another thing, or not there."""
    value = getattr(layer, name, None)
    return value if type(value) is int else None


def _full(extents: Any) -> str:  # noqa: ANN401
    """Extents as ``3x3``; empty for anything else."""
    if type(extents) is int:
        return str(extents)
    return "x".join(map(str, extents)) if isinstance(extents, tuple | list) else ""


def _by(extents: Any) -> str:  # noqa: ANN401
    """Extents as ``2``, or ``2x1`` where they differ."""
    if isinstance(extents, tuple | list) and len(set(extents)) == 1:
        return str(extents[0])
    return _full(extents)


def _pairs(pairs: Sequence[Any]) -> str:
    """Paddings as ``(1, 2) (0, 0)``."""
    return " ".join(f"({_full(pair)})".replace("x", ", ") for pair in pairs)
