"""From: the choice of a shallower layer to look from, instead of the model's input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ... import Layer, ModelError, Network
from ...figures.colours import colours
from ...figures.maps import by_channel, quantised, value_range
from .. import cache
from ..address_choice import kept, one_of
from ..cache import Fed, File, TraceOptions
from ..outline import title_of
from ..pictures import Picture
from ..text import plain, sentence

_INPUT = ""
"""The choice that stands for the model's input."""

_EVEN, _ODD = 140, 150
"""The greys of a grid of cells without values."""


@dataclass(frozen=True)
class Start:
    """The network as it is looked at: from an input or a layer, and what shows of that.

    Attributes:
        net: the network traced from there, and the options it was traced by.
        options: these options.
        picture: the input, or the layer's map, as people see it.
        fed: the same as the model takes it.
    """

    net: Network
    options: TraceOptions
    picture: Picture
    fed: Fed


def choose_start(file: File, start: Start, name: str) -> Start:
    """Draws the choice between the model's input and the layers before the one of that name.

    Returns ``start``, which looks from the input, or what to look at from a layer.
    """
    net, key = start.net, f"from {file.digest}"
    layers = {layer.name: layer for layer in _before(net, name)}
    options = [_INPUT, *layers]
    arguments = kept("from", key, one_of(options))
    if st.session_state[key] not in options:
        st.session_state[key] = _INPUT

    def title(choice: str) -> str:
        return title_of(layers[choice])[0] if choice else net.input.name

    choice = st.selectbox(
        "From",
        options,
        format_func=title,
        help="What a cell sees is shown on the model's input, or in the cells of a layer before "
        "it.",
        **arguments,
    )
    if not choice:
        return start
    traced_by = replace(start.options, start=choice)
    try:
        inner = cache.trace(file, traced_by)
    except ModelError as error:
        st.caption(plain(sentence(error)))
        return start
    picture, fed = _map(file, start.fed, layers[choice], inner)
    return Start(inner, traced_by, picture, fed)


def _before(net: Network, name: str) -> list[Layer]:
    """The layers on the way to a layer that have cells, each framework's layer as one."""
    layer = net[name]
    way: dict[str, Layer] = {}
    pending = [layer]
    while pending:
        for before in pending.pop().inputs:
            if before is not None and before.name not in way:
                way[before.name] = before
                pending.append(before)
    outputs = {output.name for _, output in net.groups}
    return [
        before
        for before in net.layers
        if before.name in way
        and (not outputs or before.name in outputs)
        and 0 < len(before.grid) < 4
        and max(before.extents) > 1
    ]


def _map(file: File, fed: Fed, layer: Layer, net: Network) -> tuple[Picture, Fed]:
    """A layer's map as a picture, and its values to feed; a plain grid where there are none."""
    name = title_of(layer)[0]
    try:
        tensor = cache.activations(file, fed, layer.name)
        maps = by_channel(tensor, layer)
        shown = np.asarray(maps.mean(axis=0), np.float32)
        title, coloured = f"{name}, mean over its channels", True
    except ModelError:
        tensor = np.zeros(net.input.shape, np.float32)
        shown = (np.indices(layer.extents).sum(axis=0) % 2).astype(np.float32)
        title, coloured = f"{name}, without values", False
    low, high = value_range(tensor)
    axes = net.input.spatial_axes

    def prepare(values: NDArray[Any]) -> NDArray[np.float32]:
        """Spread what a picture shows over the layer's own range and all its channels."""
        grey = values.mean(axis=-1) / 255 if values.dtype == np.uint8 else values
        if values.dtype == np.uint8:
            grey = low + (high - low) * grey
        extents = [n if axis in axes else 1 for axis, n in enumerate(net.input.shape)]
        spread = np.broadcast_to(grey.reshape(extents), net.input.shape)
        return np.ascontiguousarray(spread, np.float32)

    if len(layer.grid) == 2:
        drawn = quantised(shown, *value_range(shown))
        values: NDArray[Any] = colours("Viridis")[drawn] if coloured else _greys(shown)
    else:
        values = shown
    key = f"{fed.key} from {layer.name}"
    feeds = {**fed.feeds, fed.input: fed.tensor}
    inner = Fed(
        f"{key} {net.input.shape}",
        net.input.name,
        lambda: tensor,
        prepare,
        feeds=feeds,
        within=True,
    )
    return Picture(f"{file.digest} {key}", title, values, within=True), inner


def _greys(chequers: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A plain grid, its cells to be told from one another."""
    grey = np.where(chequers > 0, _ODD, _EVEN).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)
