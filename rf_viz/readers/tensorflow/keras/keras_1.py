"""Layers as Keras 1 named them and their settings, as Keras 2 does."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

Settings = dict[str, Any]

_NAMES = {
    "nb_filter": "filters",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "border_mode": "padding",
    "bias": "use_bias",
    "inner_activation": "recurrent_activation",
    "p": "rate",
    "sigma": "stddev",
    "pool_length": "pool_size",
    "length": "size",
    "atrous_rate": "dilation_rate",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "forget_bias_init": "bias_initializer",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
}
"""Settings that Keras 2 renamed, whatever the class."""

_KERNELS = (("nb_row", "nb_col"), ("filter_length",), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
"""Settings that together are the kernel's size."""

_FORMATS = {"tf": "channels_last", "th": "channels_first", "default": None}

_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum"}


def of_keras_1(kind: str, settings: Settings, takes: Container[str]) -> tuple[str, Settings]:
    """Rename what Keras 2 renamed, but for what the class ``takes`` under its old name.

    Raises ValueError, with a reason in the third person, for a function in the place of a setting.
    """
    if kind == "Merge":
        return _merge(settings)
    renamed = {
        name if name in takes else _NAMES.get(name, name): value for name, value in settings.items()
    }
    for names in _KERNELS:
        if all(name in renamed for name in names):
            renamed["kernel_size"] = [renamed.pop(name) for name in names]
    if "dim_ordering" in renamed:
        ordering = renamed.pop("dim_ordering")
        renamed["data_format"] = _FORMATS.get(str(ordering), ordering)
    if "output_dim" in renamed and "output_dim" not in takes:
        renamed["units"] = renamed.pop("output_dim")
    if renamed.get("padding") == "full":
        raise ValueError("pads to every position that the kernel reaches (full), as Keras 3 cannot")
    padding = renamed.get("padding")
    if kind == "ZeroPadding2D" and isinstance(padding, list) and len(padding) == 4:
        renamed["padding"] = [padding[:2], padding[2:]]
    if kind == "ZeroPadding2D" and isinstance(padding, dict):
        renamed["padding"] = [
            [padding.get(f"{side}_pad", 0) for side in pair]
            for pair in (("top", "bottom"), ("left", "right"))
        ]
    if kind == "BatchNormalization" and renamed.get("mode") == 0:
        del renamed["mode"]
    return kind, renamed


def _merge(settings: Settings) -> tuple[str, Settings]:
    """The layer that joined others in any way, as the layer of that way."""
    mode = settings.get("mode", "sum")
    if settings.get("mode_type", "raw") != "raw" or not isinstance(mode, str):
        raise ValueError("merges by a function of its maker's own")
    kept = {k: v for k, v in settings.items() if k in ("name", "trainable")}
    if mode in _MERGES:
        return _MERGES[mode], kept
    if mode == "concat":
        return "Concatenate", {**kept, "axis": settings.get("concat_axis", -1)}
    if mode in ("dot", "cos"):
        kind = "Dot" if mode == "dot" else "CosineMerge"
        return kind, {**kept, "axes": settings.get("dot_axes", -1)}
    raise ValueError(f"merges in a way of its own ({mode})")
