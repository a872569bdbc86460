"""Where the person is: the pinned cell of each layer, the pinned pixel, and what to show of them.

What the person pins comes from the linked view; links and answers go elsewhere by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st

from ...trace.network import Layer
from ..pictures import Cell, Pinned
from .depth.depth import nearest
from .scene import Scene, Wanted


@dataclass
class Place:
    """What a session remembers of it.

    Attributes:
        heard: what the linked view told last.
        latest: mode and pixel as they are now.
        cells: the pinned cell of each view, where one was chosen.
        point: the point of the input that stays while one walks through the layers; None for
            that which the pinned cell sees.
        order: how often the page went somewhere by itself.
        extent: that of the input that point and pixel lie in.
    """

    heard: Pinned | None = None
    latest: Pinned = field(default_factory=lambda: Pinned("", ()))
    cells: dict[str, Cell] = field(default_factory=dict)
    point: tuple[float, ...] | None = None
    order: int = 0
    extent: tuple[int, ...] = ()


def place() -> Place:
    found: Place = st.session_state.setdefault("place", Place())
    return found


def arrive(scene: Scene, view: str, wanted: Wanted | None) -> None:
    """Goes where somebody asked to go in the scene's layer, which ``view`` stands for."""
    here, layer = _at(scene.picture.extent), scene.layer
    if wanted is None:
        return
    here.order += 1
    pixel = wanted.pixel
    if pixel is not None and not _within(pixel, here.extent):
        pixel = None
    here.latest = replace(here.latest, pixel=pixel, mode=wanted.mode or here.latest.mode)
    if wanted.cell is not None and _within(wanted.cell, layer.grid):
        here.cells[view] = wanted.cell
        here.point = centre(layer, wanted.cell, scene.feature_map.channel)
    elif wanted.keep_point and here.point is not None:
        here.cells[view] = nearest(layer, here.point)


def settle(scene: Scene, view: str, told: Pinned | None) -> Pinned:
    """What is pinned now, by what the linked view told and by where the page went since."""
    here, layer = _at(scene.picture.extent), scene.layer
    if told is not None and told != here.heard:
        here.heard = here.latest = told
        here.cells[told.view] = told.cell
        here.point = None
    cell = here.cells.get(view)
    if cell is None or not _within(cell, layer.grid):
        cell = scene.feature_map.strongest
    if here.point is None:
        here.point = here.latest.pixel or centre(layer, cell, scene.feature_map.channel)
    return replace(here.latest, view=view, cell=cell)


def _at(extent: tuple[int, ...]) -> Place:
    """The place in an input of that extent; a point or pixel of another means nothing there."""
    here = place()
    if here.extent != extent:
        here.extent, here.point = extent, None
        here.latest = replace(here.latest, pixel=None)
    return here


def centre(layer: Layer, cell: Cell, channel: int | None) -> tuple[float, ...] | None:
    """The middle of what a cell sees; None where it sees nothing."""
    region = layer.region(cell, channel)
    if region.empty:
        return None
    return tuple((a + b - 1) / 2 for a, b in zip(region.start, region.stop, strict=True))


def _within(cell: Cell, grid: tuple[int, ...]) -> bool:
    return len(cell) == len(grid) and all(
        0 <= i < extent for i, extent in zip(cell, grid, strict=True)
    )
