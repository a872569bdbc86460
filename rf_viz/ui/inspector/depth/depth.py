"""The depth strip: every layer as a bar, to walk through while a point of the picture stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ....analysis.categories import CATEGORIES
from ....analysis.growth import largest_region
from ....relation import check_room
from ....trace.network import Layer, Network, in_bounds
from ...browser.component import component, pack
from ...outline import Entry, outline, undivided
from ...pictures import Cell
from ...sharing import kept_with_it
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


@kept_with_it()
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


@kept_with_it()
def stops(net: Network) -> list[Entry]:
    """The entries of the outline that have a bar in the strip.

    They are the framework's layers that hold no other, and operations beside them.
    """
    return list(undivided(outline(net)))


@kept_with_it()
def near(net: Network, point: tuple[float, ...] | None) -> NDArray[np.int32]:
    """The region of each stop's cell nearest to a point: (stops, spatial axes, start and stop).

    Without a point all of them are empty.
    """
    if point is None:
        return np.zeros((len(stops(net)), len(net.input.size), 2), np.int32)
    regions, nearby = [], {}
    for layer in (entry.layer for entry in stops(net)):
        spans = layer.spans()
        if id(spans) not in nearby:  # many layers share them
            nearby[id(spans)] = _region(layer, nearest(layer, point))
        regions.append(nearby[id(spans)])
    return np.array(regions, np.int32).reshape(len(regions), -1, 2)


def _region(layer: Layer, cell: Cell) -> list[tuple[int, int]]:
    return [tuple(int(_at(bound, cell)) for bound in span) for span in layer.spans()]  # type: ignore[misc]


def _at(bound: NDArray[np.int32], cell: Cell) -> np.int32:
    index = tuple(i if n > 1 else 0 for i, n in zip(cell, bound.shape, strict=True))
    value: np.int32 = bound[index]
    return value


@in_bounds
def nearest(layer: Layer, point: Sequence[float]) -> Cell:
    """The cell whose region's centre lies nearest to a point of the input.

    It lies in the middle along grid axes that make no difference. If no cell of the layer sees
    anything, any cell is returned. Raises ModelError where that takes too much memory.
    """
    distances = []
    for (start, stop), position in zip(layer.spans(), point, strict=True):
        away = (0.5 * (start + stop - 1.0) - position) ** 2
        distances.append(np.where(stop > start, away, np.inf))
    best = [0] * len(layer.grid)
    for distance in _apart(distances):  # what varies along axes of its own is least by itself
        place = np.unravel_index(int(distance.argmin()), distance.shape)
        best = [int(i) if n > 1 else b for i, n, b in zip(place, distance.shape, best, strict=True)]
    varying = np.broadcast_shapes(*(distance.shape for distance in distances))
    return tuple(
        i if n > 1 else extent // 2
        for i, n, extent in zip(best, varying or best, layer.extents, strict=True)
    )


def _apart(distances: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Sums of those distances that vary along the same axes; no two vary along one."""
    apart: list[NDArray[np.float64]] = []
    for distance in distances:
        shared = [other for other in apart if _overlap(distance, other)]
        apart = [other for other in apart if not _overlap(distance, other)]
        shapes = [other.shape for other in shared]
        check_room(np.broadcast_shapes(distance.shape, *shapes), distance.dtype)
        apart.append(sum(shared, distance))
    return apart


def _overlap(one: NDArray[np.float64], two: NDArray[np.float64]) -> bool:
    return any(n > 1 and m > 1 for n, m in zip(one.shape, two.shape, strict=True))
