"""The pinned cell of each layer, the pinned pixel, and how to show them.

The person pins in the linked view; links and answers make the page go elsewhere by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st

from ...trace.network import Layer
from ..address import ignore
from ..navigation import Destination
from ..pictures import Cell, Pinned
from .depth.depth import nearest
from .scene import Scene
from .seen import seen_by


@dataclass
class PinnedState:
    """A session's memory of what is pinned.

    Attributes:
        reported: what the linked view reported last.
        latest: mode and pixel as they are now.
        cells: the pinned cell of each view, where one was chosen; and of each layer, however the
            model was traced when it was chosen last.
        point: the point of the input that stays while one walks through the layers; None for
            that which the pinned cell sees.
        order: how often the page went somewhere by itself.
        extent: that of the input that point and pixel lie in.
    """

    reported: Pinned | None = None
    latest: Pinned = field(default_factory=lambda: Pinned("", ()))
    cells: dict[str, Cell] = field(default_factory=dict)
    point: tuple[float, ...] | None = None
    order: int = 0
    extent: tuple[int, ...] = ()


def pinned_state() -> PinnedState:
    """The state of this session."""
    state: PinnedState = st.session_state.setdefault("place", PinnedState())
    return state


def apply(scene: Scene, view: str, destination: Destination | None) -> None:
    """Pins the destination in the scene's layer, which ``view`` stands for.

    A cell or a pixel outside the layer or the input is ignored.
    """
    state, layer = _state_in(scene.picture.extent), scene.layer
    if destination is None:
        return
    state.order += 1
    pixel, cell = destination.pixel, destination.cell
    if pixel is not None and not _within(pixel, state.extent):
        ignore("pixel", ",".join(map(str, pixel)))
        pixel = None
    if cell is not None and not _within(cell, layer.extents):
        ignore("cell", ",".join(map(str, cell)))
        cell = None
    state.latest = replace(state.latest, pixel=pixel, mode=destination.mode or state.latest.mode)
    if cell is not None:
        state.cells[view] = state.cells[_place(scene)] = cell
        state.point = centre(layer, cell, scene.feature_map.channel)
    elif destination.keep_point and state.point is not None:
        state.cells[view] = state.cells[_place(scene)] = nearest(layer, state.point)


def settle(scene: Scene, view: str, report: Pinned | None) -> Pinned:
    """Returns what is pinned: the linked view's latest report, or the page's own destination.

    The view repeats its report at every run of the page until the person pins something else: only
    a report that is new counts.
    """
    state, layer = _state_in(scene.picture.extent), scene.layer
    if report is not None and report != state.reported:
        state.reported = state.latest = report
        state.cells[report.view] = report.cell
        if report.view == view:
            state.cells[_place(scene)] = report.cell
        state.point = None
    cell = state.cells.get(_place(scene), state.cells.get(view))
    if cell is None or not _within(cell, layer.extents):
        cell = scene.feature_map.strongest
    if state.point is None:
        state.point = state.latest.pixel or centre(layer, cell, scene.feature_map.channel)
    return replace(state.latest, view=view, cell=cell)


def _place(scene: Scene) -> str:
    """Stands for the scene's layer, however its model is traced."""
    return f"{scene.file.digest} {scene.layer.name}"


def _state_in(extent: tuple[int, ...]) -> PinnedState:
    """The state for an input of that extent; points and pixels of another input are dropped."""
    state = pinned_state()
    if state.extent != extent:
        state.extent, state.point = extent, None
        state.latest = replace(state.latest, pixel=None)
    return state


def centre(layer: Layer, cell: Cell, channel: int | None) -> tuple[float, ...] | None:
    """The middle of a cell's region, in pixels of the input; None where it sees nothing."""
    region = seen_by(layer, cell, channel).region
    if region.empty:
        return None
    return tuple((a + b - 1) / 2 for a, b in zip(region.start, region.stop, strict=True))


def _within(cell: Cell, grid: tuple[int, ...]) -> bool:
    return len(cell) == len(grid) and all(
        0 <= i < extent for i, extent in zip(cell, grid, strict=True)
    )
