"""Overlays: what a figure lays over a picture or a map, each under a name of its own.

They are Plotly shapes and traces. Restyle one by its name:
``figure.update_shapes(selector={"name": "exact region"}, line_color="red")``.

Boxes are half-open, ``(start, stop)`` for each axis, rows before columns; a signal has one axis.
Pixel ``i`` is drawn from ``i - 0.5`` to ``i + 0.5``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..analysis.numbers import number
from ..analysis.seen import Mode
from ..trace.network import Layer
from . import colours

Box = Sequence[tuple[float, float]]

OUTSIDE = "outside the region"
EDGE = "edge of the image"
CLOSED_FORM, CENTRE = "closed form", "centre"
CELL, PIXEL = "pinned cell", "pinned pixel"
BLIND_CELLS = "cells that do not see the pixel"
CROSS = "other slices"
CASING = "casing"
"""The names of overlays; the casing of an outline has this word at the end of its name."""

MARKS = {"pixels": "exact pixels", "paths": "path counts", "influence": "influence"}
"""The names of the traces that show which pixels count."""

_CENTRE_RADIUS = 3

_FAR = -1e6
"""Where an overlay waits that does not show; its entry in the legend stays."""

_NOWHERE = "M0,0Z"


@dataclass(frozen=True)
class Pane:
    """A subplot: the number of its axes, as Plotly writes it, and whether it shows a line."""

    axes: str = ""
    flat: bool = False

    @property
    def references(self) -> dict[str, str]:
        """The axes of a shape; over a line it reaches from the bottom to the top."""
        return {
            "xref": f"x{self.axes}",
            "yref": f"y{self.axes} domain" if self.flat else f"y{self.axes}",
        }

    def corners(self, box: Box | None) -> dict[str, float]:
        """The corners of a rectangle."""
        if box is None:
            return dict.fromkeys(("x0", "x1", "y0", "y1"), _FAR)
        (top, bottom), (left, right) = self._filled(box)
        return {"x0": left - 0.5, "x1": right - 0.5, "y0": top - 0.5, "y1": bottom - 0.5}

    def path(self, box: Box) -> str:
        """A box as a part of a path."""
        x0, x1, y0, y1 = self.corners(box).values()
        return f"M{x0:g},{y0:g}H{x1:g}V{y1:g}H{x0:g}Z"

    def _filled(self, box: Box) -> Box:
        return [(0.5, 1.5), box[-1]] if self.flat else box


def region_name(layer: Layer) -> str:
    """The name of the overlay that outlines a region of a layer."""
    return "exact region" if layer.exact else "assumed region"


def box_of(start: Sequence[int], stop: Sequence[int]) -> Box | None:
    """A region as a box; None where it is empty."""
    box = list(zip(start, stop, strict=True))
    return box if all(a < b for a, b in box) else None


def is_hidden(shape: Mapping[str, Any]) -> bool:
    """Whether an overlay does not show."""
    return _FAR in (shape.get("x0"), shape.get("xanchor")) or shape.get("path") == _NOWHERE


def outline(
    name: str,
    box: Box | None,
    pane: Pane,
    *,
    colour: str = colours.PINNED,
    dash: str = colours.EXACT,
    legend: bool = False,
) -> Iterator[dict[str, Any]]:
    """Draws a box with its casing; without a box both are there, but not to be seen.

    Over a line the box is tinted instead, so that the line stays visible.
    """
    shape = {
        "type": "rect",
        "layer": "above",
        **pane.corners(box),
        **pane.references,
    }
    if pane.flat:
        shape["fillcolor"] = _tinted(colour)
    else:
        casing = {"color": colours.CASING, "width": 4}
        yield {**shape, "name": f"{name} {CASING}", "line": casing}
    line = {"color": colour, "width": 2, "dash": dash}
    yield {**shape, "name": name, "line": line, "showlegend": legend}


def veil(name: str, parts: Sequence[Box], pane: Pane, colour: str) -> dict[str, Any]:
    """Covers the first box but for those after it; covers nothing without a box."""
    return {
        "type": "path",
        "name": name,
        "layer": "above",
        "path": " ".join(map(pane.path, parts)) or _NOWHERE,
        "fillrule": "evenodd",
        "fillcolor": colour,
        "line": {"width": 0},
        **pane.references,
    }


def outside(extent: Sequence[int], box: Box | None, pane: Pane) -> dict[str, Any]:
    """Darkens all of a picture but a box; a line grows pale."""
    parts = [[(0, n) for n in extent], *([box] if box else [])]
    return veil(OUTSIDE, parts, pane, colours.PALED if pane.flat else colours.DIMMED)


def blind_cells(seeing: NDArray[np.bool_] | None, pane: Pane) -> dict[str, Any]:
    """Turns the cells of a map (rows, columns) grey that do not see the pinned pixel."""
    parts: list[Box] = []
    if seeing is not None:
        parts = [[(0, n) for n in seeing.shape], *runs(seeing)]
    return veil(BLIND_CELLS, parts, pane, colours.GREYED)


def cross(point: Sequence[float], extent: Sequence[int], pane: Pane) -> dict[str, Any]:
    """Marks where the other slices cut this one: a line down and one across, through a point."""
    (y, x), (rows, columns) = point, extent
    lines: list[Box] = [[(y + 0.5, y + 0.5), (0, columns)], [(0, rows), (x + 0.5, x + 0.5)]]
    line = {"color": colours.CROSSED, "width": 1}
    return {**veil(CROSS, lines, pane, "rgba(0,0,0,0)"), "line": line}


def runs(marked: NDArray[np.bool_]) -> Iterator[Box]:
    """Boxes that together cover the marked cells of a map: runs of a row, equal rows as one."""
    first = 0
    for row in range(1, len(marked) + 1):
        if row < len(marked) and (marked[row] == marked[first]).all():
            continue
        steps = np.flatnonzero(np.diff(marked[first].astype(np.int8), prepend=0, append=0))
        for start, stop in steps.reshape(-1, 2).tolist():
            yield [(first, row), (start, stop)]
        first = row


def centre(point: Sequence[float] | None, pane: Pane, *, legend: bool = False) -> dict[str, Any]:
    """Marks a point of the picture, in pixels (row, column), by a dot."""
    y, x = (_FAR, _FAR) if point is None else (0.5, point[-1]) if pane.flat else point
    radius = _CENTRE_RADIUS
    return {
        "type": "circle",
        "name": CENTRE,
        "layer": "above",
        "showlegend": legend,
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": x,
        "yanchor": y,
        "x0": -radius,
        "x1": radius,
        "y0": -radius,
        "y1": radius,
        "fillcolor": colours.HOVERED,
        "line": {"color": colours.CASING, "width": 1.5},
        **pane.references,
    }


def marks_trace(
    start: Sequence[int],
    marked: NDArray[np.uint8],
    mode: Mode,
    limits: tuple[float, float] = (0.0, 0.0),
) -> go.Heatmap:
    """The marks of a region as a heatmap to lay over the picture.

    ``start`` is the region's first pixel; ``marked``, ``mode`` and ``limits`` are as ``Seen`` has
    them. By "pixels" what does not count is darkened; else each pixel has the colour of its mark.
    """
    (y0, x0) = (0, start[0]) if len(start) == 1 else start
    clear = "rgba(0,0,0,0)"
    scale: list[list[Any]] = [[0, colours.DIMMED], [0.5, colours.DIMMED], [0.5, clear], [1, clear]]
    bar: dict[str, Any] = {"tickvals": [1, 255], "ticktext": ["fewest", "most paths"]}
    if mode in ("paths", "influence"):
        table = shades(mode, limits)
        stops = [0, *range(1, 255, 14), 255]
        tones = [f"rgba({r:g},{g:g},{b:g},{a:.2f})" for r, g, b, a in table[stops].tolist()]
        least = 0.5 / 255
        scale = [
            [0, colours.DIMMED],
            [least, colours.DIMMED],
            [least, tones[0]],
            *([n / 255, tone] for n, tone in zip(stops[1:], tones[1:], strict=True)),
        ]
    if mode == "influence":
        low, high = limits
        ticks = {1: low, 128: 0.0, 255: high} if low < 0 else {1: low, 255: high}
        bar = {"tickvals": [*ticks], "ticktext": [number(tick) for tick in ticks.values()]}
    return go.Heatmap(
        name=MARKS.get(mode),
        z=marked.reshape(1, -1) if len(start) == 1 else marked,
        x0=x0,
        dx=1,
        y0=0.5 if len(start) == 1 else y0,
        dy=1,
        zmin=0,
        zmax=1 if mode == "pixels" else 255,
        colorscale=scale,
        showscale=mode != "pixels",
        colorbar=bar,
        hoverinfo="skip",
    )


def shades(mode: Mode, limits: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.float64]:
    """The colours of marks by "paths" or "influence": 256 rows of red, green, blue and opacity.

    What counts less shows more of the picture under it, and zero between two signs all of it.
    """
    marks = np.arange(256)
    signed = mode == "influence" and limits[0] < 0
    table = colours.colours(colours.DIVERGING if signed else colours.COUNTS)
    base, share = (0.0, np.sqrt(np.abs(marks - 128) / 127)) if signed else (0.47, marks / 255)
    return np.column_stack([table, (base + (1 - base) * share).clip(max=1)])


def _tinted(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.25)"
