"""Growth of a network: the extent that its layers see, by depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from ..analysis.categories import CATEGORIES, category_of
from ..analysis.diagnosis import before_pooling
from ..analysis.effective import expected_sizes
from ..analysis.numbers import by, count, number, percent, whole
from ..influence.depth_tasks import MeasuredSize
from ..trace.network import Layer, Network
from .effective import STYLES
from .legend import LEGEND_ABOVE

_HEIGHT = 380
_LEGEND = 0.3
"""The share of the height that the legend takes at most, where there is little room beside it."""

_LINE = 1
"""The rank of lines in the legend: before the categories of layers."""


@dataclass(frozen=True)
class Point:
    """A layer and the extent that it sees along one axis of the input, in pixels.

    Attributes:
        layer: the layer, or None for the input itself.
        depth: the number of operations on the longest path to it.
        before: the points of its inputs, as indices into the list of all points.
        field: the receptive field size r of the closed form; None where there is none.
        median, largest: the exact extents over all its cells; 0 for those that see nothing.
        pooled: whether it is behind a pooling that leaves a single cell.
        effective: the size of the effective receptive field to expect of random weights; None where
            that is not asked for, or would take too much memory.
    """

    layer: Layer | None
    depth: int
    before: tuple[int, ...]
    field: int | None
    median: float
    largest: int
    pooled: bool = False
    effective: float | None = None


def points_of(net: Network, axis: int, *, effective: bool = False) -> list[Point]:
    """Measures the input and every layer, in execution order, along an axis of the input."""
    numbers = {layer.name: number for number, layer in enumerate(net.layers, 1)}
    points = [Point(None, 0, (), 1, 1.0, 1, effective=1.0 if effective else None)]
    expected = expected_sizes(net.layers) if effective else {}
    for layer, inside in zip(net.layers, before_pooling(net), strict=True):
        before = tuple(numbers[source.name] if source else 0 for source in layer.inputs)
        sizes = layer.region_sizes
        field = layer.receptive_field
        points.append(
            Point(
                layer,
                1 + max((points[number].depth for number in before), default=0),
                before,
                field.size[axis] if field else None,
                sizes.median[axis],
                sizes.largest[axis],
                not inside,
                expected.get(layer),
            )
        )
    return points


def growth_figure(
    net: Network,
    axis: int,
    *,
    effective: bool = False,
    measured: Mapping[str, MeasuredSize] | None = None,
) -> go.Figure:
    """Draws how far each layer sees over its depth, with lines along the paths.

    The lines part where branches see differently, and meet where these join.

    Each layer is a point, whose ``customdata`` is the layer's name. Those behind a global pooling
    are left out: they see all, or gate what does not. With ``effective`` one more line shows the
    size of the effective receptive field to expect of random weights; with ``measured`` another
    those of some layers with the model's own weights, by name (see ``effective_sizes``).
    """
    return growth_of(points_of(net, axis, effective=effective), net.input.size[axis], measured)


def growth_of(
    points: Sequence[Point], extent: int, measured: Mapping[str, MeasuredSize] | None = None
) -> go.Figure:
    """Draws how far layers see along an axis of that extent (see ``growth_figure``)."""
    figure = go.Figure()
    for name, colour, dash, value in _LINES:
        xs, ys = _paths(points, value)
        if xs:
            line = {"color": colour, "width": 1.5, "dash": dash}
            figure.add_scatter(
                x=xs, y=ys, mode="lines", name=name, line=line, hoverinfo="skip", legendrank=_LINE
            )
    layers = [point for point in points if point.layer and _height(point) and not point.pooled]
    for name, colour in CATEGORIES.items():
        own = [point for point in layers if point.layer and category_of(point.layer) == name]
        if own:
            figure.add_scatter(
                x=[point.depth for point in own],
                y=[_height(point) for point in own],
                mode="markers",
                name=name,
                marker={"color": colour, "size": 8 if len(layers) < 400 else 5},
                customdata=[[point.layer.name] for point in own if point.layer],
                text=[_hover(point, extent) for point in own],
                hovertemplate="%{text}<extra></extra>",
            )
    if measured:
        _add_measured(figure, points, measured)
    figure.add_hline(y=extent, line={"color": "#d55e00", "width": 1}, opacity=0.8)
    figure.add_annotation(
        x=0, y=np.log10(extent), xref="paper", text=f"the whole image, {whole(extent)} px",
        showarrow=False, xanchor="left", yanchor="bottom",
    )  # fmt: skip
    top = max([extent, *(_height(point) for point in layers)])
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "depth: operations on the longest path", "zeroline": False},
        yaxis={
            "title": "pixels", "type": "log", "zeroline": False,
            "tickvals": _ticks(top), "ticktext": [whole(tick) for tick in _ticks(top)],
        },
        legend={**LEGEND_ABOVE, "maxheight": _LEGEND},
        hovermode="closest",
        clickmode="event+select",
        dragmode=False,
    )  # fmt: skip
    return figure


_GREY = "#8a8f98"

_LINES: Sequence[tuple[str, str, str, Callable[[Point], float | None]]] = (
    ("size r, padding counted", _GREY, "solid", lambda point: point.field),
    ("exact, largest cell", _GREY, "dash", lambda point: point.largest or None),
    ("exact, median cell", _GREY, "dot", lambda point: point.median or None),
    ("effective, random weights", *STYLES["expected"][1:], lambda point: point.effective),
)


def _add_measured(
    figure: go.Figure, points: Sequence[Point], measured: Mapping[str, MeasuredSize]
) -> None:
    """Draws the measured sizes: a point for each layer, and lines between them."""
    name, line = "effective, these weights", {"color": STYLES["measured"][1], "width": 2}
    sizes = [1.0, *(_size_in(measured, point) for point in points[1:])]
    xs, ys = list[int | None](), list[float | None]()
    for begin, end in _measured_links(points, sizes):
        xs += [points[begin].depth, points[end].depth, None]
        ys += [sizes[begin], sizes[end], None]
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        name=name,
        line=line,
        hoverinfo="skip",
        legendgroup=name,
        legendrank=_LINE,
    )
    own = [(p, measured[p.layer.name]) for p in points if p.layer and p.layer.name in measured]
    figure.add_scatter(
        x=[point.depth for point, _ in own],
        y=[size.size for _, size in own],
        mode="markers",
        name=name,
        legendgroup=name,
        showlegend=False,
        marker={"color": STYLES["measured"][1], "size": 9, "symbol": "diamond"},
        customdata=[[point.layer.name] for point, _ in own if point.layer],
        text=[_measured_hover(point, size) for point, size in own],
        hovertemplate="%{text}<extra></extra>",
    )


def _size_in(measured: Mapping[str, MeasuredSize], point: Point) -> float | None:
    size = measured.get(point.layer.name) if point.layer else None
    return None if size is None else size.size


def _measured_links(
    points: Sequence[Point], sizes: Sequence[float | None]
) -> Iterator[tuple[int, int]]:
    """Pairs of points with sizes: each with the deepest of those that lead to it."""
    latest: list[int] = []
    for end, point in enumerate(points):
        begin = max((latest[source] for source in point.before), default=0)
        if sizes[end] is not None and end:
            yield begin, end
        latest.append(begin if sizes[end] is None else end)


def _measured_hover(point: Point, size: MeasuredSize) -> str:
    assert point.layer is not None
    patches = "" if size.patch is None else f", by patches of {by(size.patch)} px"
    lines = [
        f"<b>{escape(point.layer.title)}</b> {escape(point.layer.op)}",
        f"effective: {number(size.size)} px with these weights",
        f"over {count(size.images, 'input')}{patches}",
    ]
    if point.effective is not None:
        lines.append(f"{number(point.effective)} px to expect of random weights")
    return "<br>".join([*lines, "click opens it in Explore"])


def _height(point: Point) -> float:
    """The height of a layer's point: r, else the extent of its largest region."""
    return point.field or point.largest


def _ticks(top: float) -> list[int]:
    ticks = [n * 10**power for power in range(8) for n in (1, 2, 5)]
    return [tick for tick in ticks if tick <= 1.2 * top]


def _paths(
    points: Sequence[Point], value: Callable[[Point], float | None]
) -> tuple[list[int | None], list[float | None]]:
    """A line from each layer to those that take it; None lifts the pen."""
    xs: list[int | None] = []
    ys: list[float | None] = []
    for begin, end in _links(points):
        one, two = value(begin), value(end)
        if one is not None and two is not None:
            xs += [begin.depth, end.depth, None]
            ys += [one, two, None]
    return xs, ys


def _links(points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    for point in points:
        for source in point.before:
            if not point.pooled and not points[source].pooled:
                yield points[source], point


def _hover(point: Point, extent: int) -> str:
    assert point.layer is not None
    field = f"{whole(point.field)} px" if point.field else "none"
    share = min(1, point.largest / extent)
    lines = [
        f"<b>{escape(point.layer.title)}</b> {escape(point.layer.op)}",
        f"size r: {field}",
        f"exact: {number(point.median)} px median, {whole(point.largest)} px at most",
        f"{percent(share)} of the image",
        "click opens it in Explore",
    ]
    if point.effective is not None:
        lines.insert(3, f"effective: {number(point.effective)} px to expect of random weights")
    if not point.layer.exact:
        lines.insert(1, "assumed, not exact")
    return "<br>".join(lines)
