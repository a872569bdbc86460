"""Influence: how much a cell really moves when a pixel does, on one image with these weights.

What a cell *can* see is its mask, which holds for every image and all weights. Influence is
measured by the running model: by its gradient, or by covering parts of the input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model import Model
from ..trace.network import Index, Layer
from .gradients import by_gradient, within
from .occlusion import Filler, Patches, by_occlusion
from .subject import Report, Subject, Values

Method = Literal["gradient", "gradient x input", "occlusion"]
"""How influence is measured."""


def measure(
    model: Model,
    layer: Layer,
    at: Sequence[Index],
    tensor: NDArray[np.generic],
    *,
    method: Method = "gradient",
    feeds: Mapping[str, NDArray[np.generic]] | None = None,
    size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    filler: Filler = "mean",
    report: Report | None = None,
) -> Values:
    """Measure how much each pixel moves some elements of a traced layer.

    ``at`` is an index of the layer's tensor as in ``Layer.region_of``. Other arguments, the result
    and errors are those of ``Model.influence``.
    """
    if method not in get_args(Method):
        raise ValueError(f"there is no method {method!r}: use {', '.join(get_args(Method))}")
    mask = layer.mask_of(tuple(at))
    subject = Subject.of(model, layer, at, tensor, feeds)
    if method != "occlusion":
        whole = by_gradient(model, subject, method != "gradient", report)
        return within(mask, whole, exact=is_whole(layer), name=layer.name)
    patches = Patches.over(layer.region_of(tuple(at)), size, stride)
    return by_occlusion(model, subject, mask, patches, filler, report)


def is_whole(layer: Layer) -> bool:
    """Whether the masks of a layer are exact and leave out nothing that the model does."""
    return layer.exact and not layer.global_context and not layer.net.stop


def influence(
    model: Model,
    tensor: ArrayLike,
    layer: str | Layer,
    cell: Sequence[int],
    channel: int | None = None,
    *,
    method: Method = "gradient",
    input: str | None = None,
    feeds: Mapping[str, ArrayLike] | None = None,
    size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    filler: Filler = "mean",
    report: Report | None = None,
) -> Values:
    """Measure the influence of each pixel on a cell (see ``Model.influence``)."""
    values = np.asarray(tensor)
    if isinstance(layer, str):
        net = model.trace(input_shape=values.shape, input=input, feeds=feeds)
        layer = net[layer]
    fed = {name: np.asarray(value) for name, value in (feeds or {}).items()}
    return measure(
        model,
        layer,
        layer.index(cell, channel),
        values,
        method=method,
        feeds=fed,
        size=size,
        stride=stride,
        filler=filler,
        report=report,
    )
