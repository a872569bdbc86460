"""The depth strip: every layer as a bar, to walk through while a point of the picture stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ....analysis.categories import CATEGORIES
from ....analysis.growth import largest_region
from ....trace.network import Layer, Network
from ...browser.component import component, pack
from ...cache import BY_IDENTITY
from ...outline import Entry, outline, undivided
from ...pictures import Cell
from ...text import by

_component = component(__file__)


def depth(net: Network, traced: str, go: Callable[[str], None]) -> None:
    """Draws the strip of layers.

    ``traced`` stands for the network; ``go`` takes the name of the layer that somebody walks to.
    """
    key = f"depth {traced}"

    def changed() -> None:
        name = st.session_state[key].layer
        if name:
            go(name)

    _component(key=key, data=_packet(net), on_layer_change=changed)


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=BY_IDENTITY)
def _packet(net: Network) -> bytes:
    extent = net.input.size
    rows = []
    for entry in stops(net):
        size = largest_region(entry.layer)
        field = entry.layer.receptive_field
        rows.append(
            {
                "name": entry.name,
                "layer": entry.layer.name,
                "inside": [layer.name for layer in entry.layers()],
                "op": entry.kind,
                "kind": entry.category,
                "share": max(n / whole for n, whole in zip(size, extent, strict=True)),
                "size": by(size),
                "stride": by(field.stride) if field else "",
            }
        )
    return pack({"layers": rows, "colours": dict(CATEGORIES), "extent": extent}, {})


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=BY_IDENTITY)
def stops(net: Network) -> list[Entry]:
    """The entries of the outline that have a bar in the strip.

    They are the framework's layers that hold no other, and operations beside them.
    """
    return list(undivided(outline(net)))


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_IDENTITY)
def near(net: Network, point: Sequence[float] | None) -> NDArray[np.int32]:
    """The region of each stop's cell nearest to a point: (stops, spatial axes, start and stop).

    Without a point all of them are empty.
    """
    if point is None:
        return np.zeros((len(stops(net)), len(net.input.size), 2), np.int32)
    regions = [_region(entry.layer, nearest(entry.layer, point)) for entry in stops(net)]
    return np.array(regions, np.int32).reshape(len(regions), -1, 2)


def _region(layer: Layer, cell: Cell) -> list[tuple[int, int]]:
    return [tuple(int(_at(bound, cell)) for bound in span) for span in layer.spans()]  # type: ignore[misc]


def _at(bound: NDArray[np.int32], cell: Cell) -> np.int32:
    index = tuple(i if n > 1 else 0 for i, n in zip(cell, bound.shape, strict=True))
    value: np.int32 = bound[index]
    return value


def nearest(layer: Layer, point: Sequence[float]) -> Cell:
    """The cell whose region's centre lies nearest to a point of the input.

    It lies in the middle along grid axes that make no difference. If no cell of the layer sees
    anything, any cell is returned.
    """
    distance: NDArray[np.float64] = np.zeros((1,) * len(layer.grid))
    for (start, stop), position in zip(layer.spans(), point, strict=True):
        away = (0.5 * (start + stop - 1.0) - position) ** 2
        distance = distance + np.where(stop > start, away, np.inf)
    best = np.unravel_index(int(distance.argmin()), distance.shape)
    return tuple(
        int(i) if n > 1 else extent // 2
        for i, n, extent in zip(best, distance.shape, layer.extents, strict=True)
    )
