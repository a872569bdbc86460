"""Sheets: small pictures with texts below them, in rows and columns, as one Plotly figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from . import colours
from .encode import Encoded

Frame = tuple[float, float, float, float]
"""Left, top, width and height, as shares of a tile's picture area."""

WHOLE: Frame = (0, 0, 1, 1)
"""All of a tile's picture area."""

MARK, TITLES, FIGURES, NOTES, TILES = "pinned cell", "titles", "figures", "notes", "tiles"
"""The names of a sheet's traces, besides those of its lines, bars and hatched boxes."""

LINES, BARS, GROUND, OUTSIDE = "lines", "bars", "ground", "outside the image"

_WIDTH = 1000
_GAP, _LINE, _SPACE = 8, 17, 8
"""Between tiles, for a line of text, and below a row; all lengths are screen pixels, about."""

_LETTER = 6.6
"""The width of a letter, about."""

_LEAST = 6
"""The smallest mark that can be seen."""

_POINTS = 300
"""A line is drawn by at most so many points."""

Shape = Literal["small", "wide", "large"]

COLUMNS: dict[Shape, tuple[tuple[int, int], ...]] = {
    "small": ((0, 4), (460, 6), (620, 8), (880, 12)),
    "wide": ((0, 2), (460, 3), (620, 4), (880, 6)),
    "large": ((0, 3), (460, 5), (880, 9)),
}
"""How many tiles stand side by side from which width on, by their shape."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A picture and its texts.

    Attributes:
        picture: an encoded image, the heights of a line from 0 to 1, or the two ends of a bar from
            0 to 1.
        title, figure, notes: short texts below the picture: left, right, and a line each.
        spoken: all of it in words.
        frame: where in the picture area the picture lies.
        around: a hatched box behind it, where there is nothing to see.
        mark: the part of the picture area that is marked as pinned.
    """

    picture: Encoded | NDArray[np.float64] | tuple[float, float]
    title: str
    figure: str
    notes: tuple[str, ...] = ()
    spoken: str
    frame: Frame = WHOLE
    around: Frame | None = None
    mark: Frame | None = None


@dataclass(frozen=True)
class Sheet:
    """Tiles in rows and columns.

    Attributes:
        tiles: the tiles, row by row.
        shape: how large they are: the small ones are many, the large ones few.
        columns: how many stand side by side; 0 for as many as fit on a wide page.
        aspect: width by height of the picture areas.
        limits: the values of the first and the last colour, where all tiles have the same.
    """

    tiles: Sequence[Tile]
    shape: Shape = "small"
    columns: int = 0
    aspect: float = 1.0
    limits: tuple[float, float] | None = None

    @property
    def across(self) -> int:
        """How many tiles stand side by side."""
        return self.columns or COLUMNS[self.shape][-1][1]

    @property
    def pitch(self) -> tuple[float, float]:
        """From one column, and from one row, to the next."""
        notes = max((len(tile.notes) for tile in self.tiles), default=0)
        across = _WIDTH / COLUMNS[self.shape][-1][1]
        return across, (across - _GAP) / self.aspect + _LINE * (1 + notes) + _SPACE

    @property
    def size(self) -> tuple[float, float]:
        """The width and the height of all tiles."""
        rows = -(-len(self.tiles) // self.across)
        across, down = self.pitch
        return across * self.across - _GAP, max(down * rows - _SPACE, 1)

    def box(self, number: int) -> tuple[float, float, float, float]:
        """The left, top, right and bottom edge of a tile."""
        row, column = divmod(number, self.across)
        across, down = self.pitch
        left, top = column * across, row * down
        return left, top, left + across - _GAP, top + down - _SPACE

    def area(self, number: int, frame: Frame = WHOLE) -> tuple[float, float, float, float]:
        """The left, top, right and bottom edge of a part of a tile's picture area."""
        left, top, right, _ = self.box(number)
        wide, high = right - left, (right - left) / self.aspect
        x, y, width, height = frame
        left, top = left + x * wide, top + y * high
        return left, top, left + width * wide, top + height * high

    def figure(self) -> go.Figure:
        """Draws the sheet as a Plotly figure, in screen pixels from its top left corner."""
        width, height = self.size
        hidden = {"visible": False, "constrain": "domain"}
        margin = {"l": 4, "r": 4, "t": 52 if self.limits else 34, "b": 4}
        # The layout is given at once: Plotly takes thrice the time to update one.
        return go.Figure(
            [
                *self._boxes(),
                *self._lines(),
                *self._marks(),
                *self._texts(),
                *([_scale(*self.limits)] if self.limits else []),
            ],
            {
                "images": list(self._images()),
                "xaxis": {**hidden, "range": [-2, width + 2]},
                "yaxis": {**hidden, "range": [height, 0], "scaleanchor": "x"},
                "margin": margin,
                "height": height + margin["t"] + margin["b"],
                "plot_bgcolor": "rgba(0,0,0,0)",
                "showlegend": False,
                "barmode": "overlay",
                "font": {"size": 11},
            },
        )

    def _images(self) -> Iterator[dict[str, Any]]:
        for i, tile in enumerate(self.tiles):
            if isinstance(tile.picture, Encoded):
                yield placed(tile.picture, self.area(i, tile.frame), tile.title)

    def _boxes(self) -> Iterator[go.Bar]:
        """What lies under the pictures, and the bars."""
        drawn = [
            (i, tile) for i, tile in enumerate(self.tiles) if not isinstance(tile.picture, Encoded)
        ]
        ground = [self.area(i) for i, _ in drawn]
        yield filled(GROUND, ground, {"color": "rgba(128,128,128,0.13)"})
        around = [
            self.area(i, part)
            for i, tile in enumerate(self.tiles)
            if tile.around
            for part in _beside(tile.around, tile.frame)
        ]
        pattern = {"shape": "/", "size": 6, "fgcolor": "rgba(128,128,128,0.6)"}
        yield filled(OUTSIDE, around, {"color": "rgba(0,0,0,0)", "pattern": pattern})
        ends = [
            self.area(i, (tile.picture[0], 0, tile.picture[1] - tile.picture[0], 1))
            for i, tile in drawn
            if isinstance(tile.picture, tuple)
        ]
        yield filled(BARS, ends, {"color": colours.CLOSED})

    def _lines(self) -> Iterator[go.Scatter]:
        lines = []
        for i, tile in enumerate(self.tiles):
            if isinstance(tile.picture, np.ndarray):
                left, top, right, bottom = self.area(i, tile.frame)
                places, heights = spread(tile.picture)
                x, y = left + places * (right - left), bottom - heights * (bottom - top)
                lines.append(np.stack([x, y], axis=1))
        yield strokes(LINES, lines, {"color": "#8a8f98", "width": 1.25})

    def _marks(self) -> Iterator[go.Scatter]:
        marks = []
        for i, tile in enumerate(self.tiles):
            if tile.mark:
                marks.append(rectangle(*least(*self.area(i, tile.mark))))
        yield strokes(f"{MARK} casing", marks, {"color": colours.CASING, "width": 3})
        yield strokes(MARK, marks, {"color": colours.PINNED, "width": 1.5})

    def _texts(self) -> Iterator[go.Scatter]:
        edges = np.array([self.area(i) for i in range(len(self.tiles))]).reshape(-1, 4)
        left, top, right, bottom = edges.T
        room = (self.pitch[0] - _GAP) / _LETTER
        tiles = self.tiles
        titles = [
            f"<b>{shortened(tile.title, int(room - len(tile.figure) - 1))}</b>" for tile in tiles
        ]
        yield _text(TITLES, left - 1, bottom + 3, titles, "bottom right")
        yield _text(FIGURES, right + 1, bottom + 3, [tile.figure for tile in tiles], "bottom left")
        notes = [
            "<br>".join(shortened(note, int(room) - 1) for note in tile.notes) for tile in tiles
        ]
        if any(notes):
            yield _text(NOTES, left - 1, bottom + _LINE + 2, notes, "bottom right")
        yield go.Scatter(
            x=(left + right) / 2, y=(top + bottom) / 2, mode="markers", name=TILES,
            marker={"size": 24, "opacity": 0}, hoverinfo="text",
            hovertext=[escape(tile.spoken, quote=False) for tile in tiles],
        )  # fmt: skip


def placed(picture: Encoded, box: tuple[float, float, float, float], name: str) -> dict[str, Any]:
    """A picture in a box (left, top, right, bottom) of a figure, as an entry of its images."""
    left, top, right, bottom = box
    return {
        "source": picture.data_url,
        "name": name,
        "xref": "x",
        "yref": "y",
        "x": left,
        "y": top,
        "sizex": right - left,
        "sizey": bottom - top,
        "xanchor": "left",
        "yanchor": "top",
        "sizing": "stretch",
        "layer": "below",
    }


def filled(
    name: str, boxes: Sequence[tuple[float, float, float, float]], marker: dict[str, Any]
) -> go.Bar:
    """Boxes (left, top, right, bottom) as one trace."""
    left, top, right, bottom = np.array(boxes, float).reshape(-1, 4).T
    return go.Bar(
        base=left, x=right - left, y=(top + bottom) / 2, width=bottom - top, orientation="h",
        marker={"line": {"width": 0}, **marker}, name=name, hoverinfo="skip",
    )  # fmt: skip


def strokes(name: str, lines: Sequence[NDArray[Any]], line: dict[str, Any]) -> go.Scatter:
    """Several lines, each of points (n, 2) of x and y, as one trace."""
    gap = np.full((1, 2), np.nan)
    parts = [part for one in lines for part in (one, gap)]
    points = np.concatenate([np.zeros((0, 2)), *parts])
    return go.Scatter(
        x=points[:, 0], y=points[:, 1], mode="lines", name=name, line=line, hoverinfo="skip"
    )


def rectangle(left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    """The points of a rectangle's outline."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])


def least(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
    """A box about the same middle that is large enough to be seen."""
    x, y = (left + right) / 2, (top + bottom) / 2
    wide, high = (max(extent, _LEAST) / 2 for extent in (right - left, bottom - top))
    return x - wide, y - high, x + wide, y + high


def _beside(around: Frame, frame: Frame) -> Iterator[Frame]:
    """The parts of a frame that are beside another one inside it."""
    left, top, width, height = around
    x, y, inner, high = frame
    parts = (
        (left, top, width, y - top),
        (left, y + high, width, top + height - y - high),
        (left, y, x - left, high),
        (x + inner, y, left + width - x - inner, high),
    )
    return (part for part in parts if min(part[2:]) > 1e-9)


def shortened(text: str, most: int) -> str:
    """A text in one line of at most so many letters, as Plotly takes it."""
    text = " ".join(text.split())
    text = text if len(text) <= most else f"{text[: max(most - 1, 1)].rstrip()}…"
    return escape(text, quote=False)


def spread(heights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions from 0 to 1 and heights of a line; of very many points the extremes."""
    count = len(heights)
    if count <= _POINTS:
        return (np.arange(count) + 0.5) / count, heights
    edges = np.linspace(0, count, _POINTS // 2, endpoint=False).astype(np.intp)
    ends = [extreme.reduceat(heights, edges) for extreme in (np.minimum, np.maximum)]
    return np.repeat(edges / count, 2), np.stack(ends, axis=1).reshape(-1)


def line(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    """The heights of a line of values, from 0.05 at ``low`` to 0.95 at ``high``.

    What is not finite lies at ``low``; where the two are the same, all lie in the middle.
    """
    if high == low:
        return np.full(len(values), 0.5)
    finite = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    heights: NDArray[np.float64] = 0.05 + 0.9 * (finite - low) / (high - low)
    return heights


def _text(
    name: str, x: NDArray[Any], y: NDArray[Any], texts: Sequence[str], position: str
) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, text=texts, textposition=position, mode="text", name=name,
        cliponaxis=False, hoverinfo="skip",
    )  # fmt: skip


def _scale(low: float, high: float) -> go.Scatter:
    """No points, but a colour bar."""
    scale = colours.heatmap_scale(low, high)
    bar = {
        "orientation": "h",
        "thickness": 8,
        "outlinewidth": 0,
        "lenmode": "pixels",
        "len": 190,
        "x": 0.03,
        "xanchor": "left",
        "y": 1,
        "yanchor": "bottom",
        "ypad": 4,
        **scale["colorbar"],
        "ticklabeloverflow": "allow",
    }
    return go.Scatter(
        x=[None], y=[None], mode="markers", name="scale",
        marker={
            "color": [low], "colorscale": scale["colorscale"], "colorbar": bar,
            "cmin": scale["zmin"], "cmax": scale["zmax"], "showscale": low < high,
        },
    )  # fmt: skip
