"""The way through the layers: the cells that feed a cell in every layer from the input on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from math import log, prod
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image, ImageColor

from ..analysis.numbers import by, position, unit_of, whole
from ..analysis.trail_stops import Marks, Stop, latest, trail_stops
from ..trace.network import Layer
from ..trace.settings import in_words
from . import colours, encode
from .linked_view import picture_of
from .maps import by_channel, value_range
from .sheet import filled, least, line, placed, rectangle, shortened, spread, strokes
from .trail_lanes import Lanes, Link, trail_lanes

SHOWN = 80
"""So many stops, the last ones, are shown unless all are asked for."""

FED, NAMES, LAYERS, PLAIN = "feeding cells", "names", "layers", "without a map"
"""The names of the figure's traces; pictures are images, named like their layers."""

LINK = "link"
"""The name of the shapes that lead from stop to stop."""

_WIDTH, _GAP = 112, 26
"""The width of a column, and between columns; all lengths are screen pixels."""

_LEAST, _MOST, _CROWDED = 56, 96, 72
"""The longer side of a picture: at least, at most, and at most where there are many rows."""

_SIDE = 48
"""Thumbnails have at most so many pixels along a side, and half as many where all stops show."""

_LINE, _POINTS = 24, 96
"""The height of a picture of a signal, and the most values along it."""

_TEXT, _LETTERS = 66, 17
"""Below a picture: the height of the texts, and the letters in a line."""

_LANE = 9
"""Between links that pass above."""

_FINE = 4
"""Cells smaller than this are painted where they are scattered, not outlined."""

_SHARP = 2
"""Pictures have so many pixels to a pixel of the screen."""

_DIM = 0.4
"""The brightness of what does not feed the cell."""

_STEPS = 32
"""So many colours are enough for pictures of this size, and a third fewer bytes than all."""

_GREYS = np.linspace(140, 150, _STEPS).round().astype(np.uint8)[:, None].repeat(3, axis=1)
"""The colours of a map without values."""

Box = tuple[float, float, float, float]
"""The left, top, right and bottom edge."""

Thumbnails = Mapping[str, NDArray[np.uint8] | None]
"""Small pictures by layer name, see ``thumbnail``; None where there are no values."""


@dataclass(frozen=True)
class Trail:
    """The stops on the way to a cell, and what each shows.

    Attributes:
        layer, cell: the cell.
        marks: the cells that feed it, as ``Layer.trail`` tells.
        stops: the stops to show, the input first.
        picture: what the network sees, (height, width, 3) uint8 or a signal (length,).
        channel: the channel of the cell; None for all.
        thumbnails: small pictures of the layers.
        title: the name of the input.
    """

    layer: Layer
    cell: tuple[int, ...]
    marks: Marks
    stops: Sequence[Stop]
    picture: NDArray[Any]
    channel: int | None = None
    thumbnails: Thumbnails | None = None
    title: str = "Input"

    @cached_property
    def lanes(self) -> Lanes:
        """The column and the row of each stop, and the links."""
        return trail_lanes([stop.sources for stop in self.stops])

    @cached_property
    def fed(self) -> list[NDArray[np.bool_] | None]:
        """What each stop marks, in rows and columns; None for stops without a map."""
        mask = np.atleast_2d(self.layer.mask(self.cell, self.channel))
        if mask.ndim > 2:
            mask = np.logical_or.reduce(mask, axis=0)
        shown: list[NDArray[np.bool_] | None] = [mask]
        for stop in self.stops[1:]:
            with_map = not stop.left_out and drawable(stop.layer)
            shown.append(_laid_out(stop.layer, self.marks[stop.layer.name]) if with_map else None)
        return shown

    @cached_property
    def sizes(self) -> list[tuple[int, int]]:
        """The width and the height of each stop's picture: larger grids are larger."""
        most = _CROWDED if max(self.lanes.rows) > 1 else _MOST
        extents = [1 if fed is None else max(fed.shape) for fed in self.fed]
        largest = max(2, *extents[1:], 2)
        sizes = []
        for stop, fed, extent in zip(self.stops, self.fed, extents, strict=True):
            if fed is None:
                sizes.append((_LEAST if stop.left_out else round(0.7 * _WIDTH), _LINE))
            elif fed.shape[0] == 1 < fed.shape[1]:
                sizes.append((_MOST, _LINE))
            else:
                side = _LEAST + (most - _LEAST) * min(1.0, log(extent) / log(largest))
                high, wide = (round(max(n * side / extent, 14)) for n in fed.shape)
                sizes.append((wide, high))
        return sizes

    @cached_property
    def rows(self) -> list[tuple[float, float]]:
        """The middle and the height of the pictures of each row."""
        top = 4 + (self.above * self.lane + 4 if self.above else 0)
        rows = []
        for row in range(1 + max(self.lanes.rows)):
            pairs = zip(self.lanes.rows, self.sizes, strict=True)
            height = max(high for own, (_, high) in pairs if own == row)
            rows.append((top + height / 2, float(height)))
            top += height + _TEXT
        return rows

    @property
    def above(self) -> int:
        """How many lanes of links there are above the rows."""
        return -min(0, *(link.lane for link in self.lanes.links), 0)

    @property
    def lane(self) -> float:
        """The distance between these lanes."""
        return min(_LANE, 120 / max(self.above, 1))

    @property
    def size(self) -> tuple[float, float]:
        """The width and the height of all."""
        middle, height = self.rows[-1]
        columns = 1 + max(self.lanes.columns)
        return columns * (_WIDTH + _GAP) - _GAP, middle + height / 2 + _TEXT

    def middle(self, number: int) -> tuple[float, float]:
        """The middle of a stop's picture."""
        column, row = self.lanes.columns[number], self.lanes.rows[number]
        return column * (_WIDTH + _GAP) + _WIDTH / 2, self.rows[row][0]

    def area(self, number: int) -> Box:
        """The place of a stop's picture."""
        (x, y), (wide, high) = self.middle(number), self.sizes[number]
        return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2

    def box(self, number: int) -> Box:
        """The place of a stop with its texts."""
        x, y = self.middle(number)
        half = self.rows[self.lanes.rows[number]][1] / 2
        return x - _WIDTH / 2, y - half, x + _WIDTH / 2, y + half + _TEXT - 6

    def links(self, number: int) -> list[int]:
        """The numbers of the links of a stop, as of the figure's shapes."""
        links = enumerate(self.lanes.links)
        return [i for i, link in links if number in (link.source, link.target)]

    def texts(self, number: int) -> tuple[str, str, str]:
        """The name of a stop, what it is, and how many of its cells feed the cell."""
        stop = self.stops[number]
        if number == 0:
            mask = self.layer.mask(self.cell, self.channel)
            unit = unit_of(self.layer.net.input.size)
            counted_pixels = f"{counted(mask)} {unit}" if mask.any() else "sees no pixel"
            return self.title, "the input", counted_pixels
        if stop.left_out:
            return f"{whole(stop.left_out)} more", "show all", ""
        return stop.layer.title, ", ".join(stop.kinds), counted(self.marks[stop.layer.name])

    def spoken(self, number: int) -> str:
        """All about a stop in words, in lines."""
        stop, (name, what, count) = self.stops[number], self.texts(number)
        if stop.left_out:
            return f"{name}\nShow all: {whole(stop.left_out)} stops lie between the input and these"
        if number == 0:
            return f"{name}\n{count}"
        return "\n".join([name, what, f"{count} feed the cell", *_about(stop)])

    def figure(self, *, titled: bool = True) -> go.Figure:
        """Draws the trail as a Plotly figure, in screen pixels from its top left corner."""
        width, height = self.size
        plain = [self.area(n) for n, fed in enumerate(self.fed) if fed is None]
        edge = {"color": "rgba(128,128,128,0.7)", "width": 1}
        outlines = [part for n in range(len(self.stops)) for part in self._outlines(n)]
        hidden = {"visible": False}
        margin = {"l": 8, "r": 8, "t": 56 if titled else 34, "b": 4}
        title = {"text": self._title(), "x": 0, "xref": "paper", "font": {"size": 13}}
        traces = [
            filled(PLAIN, plain, {"color": "rgba(128,128,128,0.15)", "line": edge}),
            *self._signal(),
            strokes(f"{FED} casing", outlines, {"color": colours.CASING, "width": 4}),
            strokes(FED, outlines, {"color": colours.PINNED, "width": 2}),
            *self._texts(),
        ]
        # The layout is given at once: Plotly takes thrice the time to update one.
        return go.Figure(
            traces,
            {
                "images": [placed(*image) for image in self._images()],
                "shapes": [self._way(link) for link in self.lanes.links],
                "xaxis": {**hidden, "range": [-4, width + 4]},
                "yaxis": {**hidden, "range": [height, 0]},
                "margin": margin,
                "width": width + 8 + margin["l"] + margin["r"],
                "height": height + margin["t"] + margin["b"],
                "plot_bgcolor": "rgba(0,0,0,0)",
                "showlegend": False,
                "barmode": "overlay",
                "font": {"size": 11},
                "title": title if titled else None,
            },
        )

    def _title(self) -> str:
        cell = f"cell {position(self.cell)}" if self.cell else "the only cell"
        where = "" if self.channel is None else f", channel {self.channel}"
        shown = "<br>Pictures: mean |value| over the channels" if self.thumbnails else ""
        of = escape(self.layer.title, quote=False)
        return f"Outlined: what feeds {cell} of {of}{where}{shown}"

    def _texts(self) -> Iterator[go.Scatter]:
        x, y, texts = [], [], []
        for number in range(len(self.stops)):
            middle, row = self.middle(number)[0], self.rows[self.lanes.rows[number]]
            name, what, count = self.texts(number)
            x.append(middle)
            y.append(row[0] + row[1] / 2 + 3)
            bold = "<br>".join(f"<b>{part}</b>" for part in broken(name))
            texts.append("<br>".join(filter(None, [bold, shortened(what, _LETTERS + 2), count])))
        yield go.Scatter(
            x=x, y=y, text=texts, mode="text", textposition="bottom center", name=NAMES,
            cliponaxis=False, hoverinfo="skip",
        )  # fmt: skip
        about = [
            escape(self.spoken(n), quote=False).replace("\n", "<br>")
            for n in range(len(self.stops))
        ]
        middles = np.array([self.middle(n) for n in range(len(self.stops))])
        yield go.Scatter(
            x=middles[:, 0], y=middles[:, 1], mode="markers", name=LAYERS, hovertext=about,
            hoverinfo="text", marker={"size": 30, "opacity": 0},
        )  # fmt: skip

    def _images(self) -> Iterator[tuple[encode.Encoded, Box, str]]:
        few = len(self.stops) <= SHOWN + 2
        for number, (stop, fed) in enumerate(zip(self.stops, self.fed, strict=True)):
            wide, high = self.sizes[number]
            size = (_SHARP * wide, _SHARP * high) if few else (wide, high)
            if number == 0 and self.picture.ndim == 3 and fed is not None:
                photograph = Image.fromarray(self.picture).resize(size, Image.Resampling.LANCZOS)
                lit = np.asarray(photograph) * _lit(fed, size)[..., None]
                shown = self._painted(number, lit.round().astype(np.uint8), size)
                yield encode.jpeg(shown), self.area(number), self.title
            elif number and fed is not None:
                values = (self.thumbnails or {}).get(stop.layer.name)
                pixels = self._painted(number, _coloured(values, fed, size), size)
                yield encode.png(_few_colours(pixels)), self.area(number), stop.layer.title

    def _painted(
        self, number: int, pixels: NDArray[np.uint8], size: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """The picture, its feeding cells in colour where they are too fine for outlines."""
        fed = self.fed[number]
        assert fed is not None
        if self._fine(number):
            pixels = pixels.copy()
            pixels[_resized(fed, size)] = ImageColor.getrgb(colours.PINNED)
        return pixels

    def _fine(self, number: int) -> bool:
        fed, (wide, high) = self.fed[number], self.sizes[number]
        if fed is None or not fed.any() or _is_box(fed):
            return False
        return bool(min(high / fed.shape[0], wide / fed.shape[1]) < _FINE)

    def _outlines(self, number: int) -> Iterator[NDArray[np.float64]]:
        """The lines around what feeds the cell in a stop's picture."""
        fed = self.fed[number]
        if fed is None or not fed.any() or self._fine(number):
            return
        left, top, right, bottom = self.area(number)
        across, down = (right - left) / fed.shape[1], (bottom - top) / fed.shape[0]
        if _is_box(fed):
            rows, columns = (np.flatnonzero(fed.any(axis=axis)) for axis in (1, 0))
            x0, x1 = left + columns[0] * across, left + (columns[-1] + 1) * across
            y0, y1 = top + rows[0] * down, top + (rows[-1] + 1) * down
            x0, y0, x1, y1 = least(x0, y0, x1, y1)
            # Within the picture, so that no side of the line is cut off.
            yield rectangle(
                max(x0, left + 1), max(y0, top + 1), min(x1, right - 1), min(y1, bottom - 1)
            )
            return
        for row, column in np.argwhere(np.diff(fed, axis=0, prepend=False, append=False)):
            x, y = left + column * across, top + row * down
            yield np.array([(x, y), (x + across, y)])
        for row, column in np.argwhere(np.diff(fed, axis=1, prepend=False, append=False)):
            x, y = left + column * across, top + row * down
            yield np.array([(x, y), (x, y + down)])

    def _signal(self) -> Iterator[go.Scatter]:
        if self.picture.ndim == 1:
            left, top, right, bottom = self.area(0)
            places, heights = spread(line(self.picture, *value_range(self.picture)))
            x, y = left + places * (right - left), bottom - heights * (bottom - top)
            yield strokes("signal", [np.stack([x, y], axis=1)], {"color": "#8a8f98", "width": 1})

    def _way(self, link: Link) -> dict[str, Any]:
        """A link as a shape, from the right of one picture to the left of another."""
        (_, _, start, _), (end, _, _, _) = self.area(link.source), self.area(link.target)
        (x0, y0), (x1, y1) = self.middle(link.source), self.middle(link.target)
        out, back = x0 + _WIDTH / 2, x1 - _WIDTH / 2
        level = 4 + (self.above + link.lane) * self.lane
        if link.lane >= 0:
            level = self.rows[link.lane][0]
        parts = [f"M{start:g},{y0:g}H{out:g}"]
        if level != y0:
            parts.append(_bend(out, y0, out + _GAP, level))
        if level != y1:
            parts += [f"H{back - _GAP:g}", _bend(back - _GAP, level, back, y1)]
        return {
            "type": "path",
            "name": LINK,
            "layer": "below",
            "path": f"{''.join(parts)}H{end:g}",
            "line": {"color": "#8a8f98", "width": 1.5},
        }


def trail_figure(
    layer: Layer,
    cell: Sequence[int] | None = None,
    image: Any = None,  # noqa: ANN401
    *,
    values: Mapping[str, NDArray[np.floating[Any]]] | None = None,
    channel: int | None = None,
    most: int = SHOWN,
) -> go.Figure:
    """Draw the way to a cell: in every layer from the input on, the cells that feed it.

    Layers that look alike are one stop; branches run side by side.

    Args:
        layer: a layer of a network that was traced at a size.
        cell: the cell, one index for each axis of ``layer.grid``. Default: the one in the middle.
        image: what the network sees, as for ``linked_figure``. Without it, a plain ground.
        values: values of layers by name, as ``Model.activations`` returns them: pictures of the
            layers show their strength. Those without are plain.
        channel: a channel of the layer: only what feeds it counts. Default: all channels.
        most: how many stops show, the last ones; one stands for those left out.

    Returns:
        A figure of fixed size, wider for longer ways. Pictures are images with the names of their
        layers; traces are named "feeding cells", "names" and the like, shapes "link".

    Raises:
        IndexError: the cell or the channel does not exist.
        ValueError: the network was traced at an unknown size, or image or values have a shape that
            does not fit.
    """
    net = layer.net
    if net.any_size:
        raise ValueError("The way through the layers needs a network that was traced at a size")
    cell = tuple(n // 2 for n in layer.extents) if cell is None else tuple(int(i) for i in cell)
    marks = layer.trail(cell, channel)
    extent = net.input.size
    flat = extent[-2:] if len(extent) > 2 else extent
    thumbnails: dict[str, NDArray[np.uint8] | None] = {}
    for name, array in (values or {}).items():
        own = net[name]
        if array.shape != own.shape:
            raise ValueError(
                f"The values have the shape {array.shape}, but {name} has the shape {own.shape}"
            )
        if drawable(own):
            thumbnails[own.name] = thumbnail(np.asarray(array, np.float32), own)
    stops = latest(trail_stops(net, marks), most)
    picture = picture_of(image, flat)
    return Trail(layer, cell, marks, stops, picture, channel, thumbnails).figure()


def drawable(layer: Layer) -> bool:
    """Whether a layer's cells form a picture or a line."""
    return layer.layout is not None and 1 <= len(layer.layout.shape) <= 2


def thumbnail(values: NDArray[np.float32], layer: Layer) -> NDArray[np.uint8]:
    """Shrinks a layer's values to a small picture, from 0, the weakest cell, to 255, the strongest.

    Strength is the mean absolute value over the channels.
    """
    strength = np.nan_to_num(np.abs(by_channel(values, layer)).mean(axis=0, dtype=np.float32))
    rows = _laid_out(layer, strength)
    size = min(rows.shape[1], _POINTS if len(rows) == 1 else _SIDE), min(len(rows), _SIDE)
    image = Image.fromarray(rows.astype(np.float32)).resize(size, Image.Resampling.BOX)
    shrunk = np.asarray(image)
    low, high = shrunk.min(), shrunk.max()
    if low == high:
        return np.full(shrunk.shape, 127, np.uint8)
    scaled: NDArray[np.uint8] = (255 * ((shrunk - low) / (high - low))).round().astype(np.uint8)
    scaled.flags.writeable = False
    return scaled


def counted(fed: NDArray[np.bool_]) -> str:
    """Counts the marked cells of a grid, in words: by the sides of a box, or one by one."""
    if fed.ndim == 0:
        return "the only cell"
    if fed.all():
        return f"all {by(fed.shape)}"
    cells = np.argwhere(fed)
    sides = [int(n) for n in np.ptp(cells, axis=0) + 1]
    amount = by(sides) if prod(sides) == len(cells) else whole(len(cells))
    return f"{amount} of {by(fed.shape)}"


def broken(name: str) -> list[str]:
    """A name in at most two lines, broken after a slash, a dot or an underscore if there is one."""
    if len(name) <= _LETTERS:
        return [shortened(name, _LETTERS)]
    places = [i + 1 for i, letter in enumerate(name[:_LETTERS]) if letter in "/._"]
    end = places[-1] if places else _LETTERS
    return [shortened(part, _LETTERS) for part in (name[:end], name[end:])]


def _about(stop: Stop) -> Iterator[str]:
    """Lines with more on a stop than is written under it."""
    words = in_words(stop.layer.own_settings)
    yield " \N{MIDDLE DOT} ".join(filter(None, [words, by(stop.layer.shape)]))
    names = list(dict.fromkeys(layer.title for layer in stop.layers))
    if len(names) > 1:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        yield f"Here: {', '.join(names[:8])}{more}"
    before = {
        reason
        for layer in stop.layers
        for source in layer.inputs
        if source
        for reason in source.assumed
    }
    reasons = [reason for reason in stop.layer.assumed if reason not in before]
    if reasons:
        yield f"Assumed: {', '.join(reasons[:3])}"


def _laid_out(layer: Layer, cells: NDArray[Any]) -> NDArray[Any]:
    """An array over the grid as rows and columns of a picture; a single row for a line."""
    assert layer.layout is not None
    picture: NDArray[Any] = cells.reshape(-1)[layer.layout.cells]
    return np.atleast_2d(picture)


def _is_box(fed: NDArray[np.bool_]) -> bool:
    sides = np.ptp(np.argwhere(fed), axis=0) + 1
    return bool(prod(sides) == np.count_nonzero(fed))


def _resized(fed: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Marks enlarged or reduced to a width and a height; none of them vanishes."""
    for axis, extent in ((0, size[1]), (1, size[0])):
        if fed.shape[axis] > extent:
            edges = np.linspace(0, fed.shape[axis], extent, endpoint=False).astype(np.intp)
            fed = np.logical_or.reduceat(fed, edges, axis=axis)
        else:
            fed = fed.take(np.arange(extent) * fed.shape[axis] // extent, axis=axis)
    return fed


def _lit(fed: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.float64]:
    """The brightness of each pixel: what does not feed the cell is dark."""
    return np.where(_resized(fed, size), 1.0, _DIM)


def _coloured(
    values: NDArray[np.uint8] | None, fed: NDArray[np.bool_], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The picture of a layer (height, width, 3), grey and chequered where there are no values."""
    table = _GREYS
    if values is not None:
        table = colours.colours(colours.SEQUENTIAL)[np.linspace(0, 255, _STEPS).astype(np.intp)]
    if values is None:
        rows, columns = (min(n, _SIDE) for n in fed.shape)
        values = (255 * (np.indices((rows, columns)).sum(axis=0) % 2)).astype(np.uint8)
    for axis, extent in ((0, size[1]), (1, size[0])):
        values = values.take(np.arange(extent) * values.shape[axis] // extent, axis=axis)
    shades = table[values.astype(np.intp) * _STEPS // 256]
    lit: NDArray[np.uint8] = (shades * _lit(fed, size)[..., None]).round().astype(np.uint8)
    return lit


def _few_colours(pixels: NDArray[np.uint8]) -> Image.Image:
    """A picture of at most 256 colours as an image with a palette, which is a third of the size."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    palette, steps = np.unique(packed, return_inverse=True)
    image = Image.fromarray(steps.reshape(packed.shape).astype(np.uint8))
    shades = np.stack([palette >> 16, palette >> 8 & 255, palette & 255], axis=-1)
    image.putpalette(shades.astype(np.uint8).tobytes())
    return image


def _bend(x: float, y: float, right: float, level: float) -> str:
    """A curve that leaves and arrives level, as a part of a path."""
    middle = (x + right) / 2
    return f"C{middle:g},{y:g} {middle:g},{level:g} {right:g},{level:g}"
