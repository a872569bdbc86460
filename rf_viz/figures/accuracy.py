"""Accuracy of networks over their receptive field size, or over what rivals it as a cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from ..analysis.numbers import number, percent, scaled, whole
from ..catalogue.article import Fit
from .compare import logarithmic

Quantity = Literal["size", "share", "depth", "gflops"]
"""What lies along the horizontal axis: an attribute of ``Point``."""

TITLES: Mapping[Quantity, str] = {
    "size": "Receptive field size r, in pixels",
    "share": "Receptive field size r over the input's side",
    "depth": "Depth: convolutions and matrix products on the longest path",
    "gflops": "GFLOPs of one image",
}
"""Titles of the horizontal axis."""


@dataclass(frozen=True)
class Point:
    """A network whose accuracy is published.

    Attributes:
        name: its name.
        size: its receptive field size r, in pixels.
        top1: the share of ImageNet's images that it classifies correctly.
        gflops: its cost, if that is published too.
        family: networks of one family have one colour; empty where it has none.
        input: the side of the images that it was measured on, in pixels.
        depth: its convolutions and matrix products on the longest path.
        key: what it can be opened by; empty where it cannot.
    """

    name: str
    size: int
    top1: float
    gflops: float | None
    family: str = ""
    input: int | None = None
    depth: int | None = None
    key: str = ""

    @property
    def share(self) -> float | None:
        """Receptive field size over the side of the input."""
        return self.size / self.input if self.input else None


COLOURS: Mapping[str, str] = {
    "AlexNet": "#8a7a00",
    "VGG": "#d55e00",
    "Inception": "#0072b2",
    "Inception-ResNet": "#56b4e9",
    "ResNet": "#009e73",
    "MobileNet": "#cc79a7",
    "DenseNet": "#7b4fa3",
    "EfficientNet": "#e69f00",
    "ConvNeXt": "#c0392b",
    "RegNet": "#5b7f95",
    "SqueezeNet": "#a0522d",
    "ShuffleNet": "#6b8e23",
    "MNASNet": "#b8478e",
}
"""Colours of the families: after Okabe and Ito as far as these go."""

_NO_FAMILY = "#888888"

_SYMBOLS = ("square", "diamond", "circle", "star")
"""Symbols of the groups in turn; those of later groups lie on top."""

_DASHES = ("dash", "dot", "solid")
"""Dashes of the fits in turn."""

_SIDES_OF_LABELS = ("bottom center", "top center")
"""Labels stand below and above in turn, so that neighbours leave each other room."""

_LARGEST_CIRCLE = 60
"""The diameter of the most expensive network's circle, in pixels of the screen."""

_SMALLEST_CIRCLE = 8
"""The diameter of circles that would be smaller still."""

_LABELLED = 14
"""Groups of at most so many networks are labelled."""


def accuracy(
    groups: Mapping[str, Sequence[Point]],
    fits: Mapping[str, Fit],
    across: Quantity = "size",
    left_out: str = "",
) -> go.Figure:
    """Draws accuracy over a quantity: marks whose area is the cost, and fitted curves.

    The groups have symbols in turn, families have colours. The network named ``left_out`` is drawn
    hollow. Points for which the quantity is not known are not drawn. A point's ``customdata`` is
    its network's name, its key, and all else that is known of it.
    """
    figure = go.Figure()
    points = [point for _, point in _titled(groups, across)]
    most = max((point.gflops or 0 for point in points), default=0) or 1
    for family in dict.fromkeys(point.family or title for title, point in _titled(groups, across)):
        # The legend shows colours only: a family may lie in several groups.
        figure.add_scatter(
            name=family,
            legendgroup=family,
            x=[None],
            y=[None],
            mode="markers",
            marker={"color": COLOURS.get(family, _NO_FAMILY), "symbol": "square", "size": 10},
        )
    for turn, (title, group) in enumerate(groups.items()):
        shown = sorted((p for p in group if getattr(p, across)), key=lambda p: getattr(p, across))
        labelled = len(group) <= _LABELLED
        for family in dict.fromkeys(point.family for point in shown):
            own = [point for point in shown if point.family == family]
            colour = COLOURS.get(family, _NO_FAMILY)
            figure.add_scatter(
                name=family or title,
                legendgroup=family or title,
                showlegend=False,
                x=[getattr(point, across) for point in own],
                y=[point.top1 for point in own],
                text=[point.name for point in own],
                customdata=[[point.name, point.key, _about(point)] for point in own],
                hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[2]}<extra></extra>",
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 0.3}},
                mode="markers+text" if labelled else "markers",
                textposition=[_SIDES_OF_LABELS[shown.index(point) % 2] for point in own],
                textfont={"size": 12},
                marker={
                    "size": [point.gflops or 0 for point in own],
                    "sizemode": "area",
                    "sizeref": 2 * most / _LARGEST_CIRCLE**2,
                    "sizemin": _SMALLEST_CIRCLE / 2,
                    "opacity": 0.65 if labelled else 0.45,
                    "color": [_fill(colour, point.name == left_out) for point in own],
                    "symbol": _SYMBOLS[turn % len(_SYMBOLS)],
                    "line": {"width": 1.5, "color": colour},
                },
            )
    places = [getattr(point, across) for point in points]
    if places:
        line = np.geomspace(0.9 * min(places), 1.1 * max(places), 60)
        for turn, (title, curve) in enumerate(fits.items()):
            figure.add_scatter(
                name=title,
                x=line,
                y=[curve.at(place) for place in line],
                mode="lines",
                line={"dash": _DASHES[turn % len(_DASHES)], "width": 2, "color": _NO_FAMILY},
                hoverinfo="skip",
            )
    if any(point.gflops for point in points):
        _explain_areas(figure, most)
    figure.update_xaxes(title=TITLES[across], **logarithmic(-2 if across != "size" else 0))
    figure.update_yaxes(
        title="Top-1 accuracy on ImageNet",
        tickvals=[share / 100 for share in range(0, 101, 5)],
        ticktext=[f"{share}%" for share in range(0, 101, 5)],
    )
    return figure.update_layout(
        height=520,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        clickmode="event+select",
        dragmode=False,
        showlegend=True,
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "itemsizing": "constant",
        },
    )


def _explain_areas(figure: go.Figure, most: float) -> None:
    """Draws circles of a few costs in the lower right corner, each with its cost beside it."""
    rounded = 10.0 ** np.floor(np.log10(most))
    costs = [share * rounded for share in (1, 0.1, 0.01)]
    place = 12.0
    for cost in costs:
        side = max(_LARGEST_CIRCLE * (cost / most) ** 0.5, _SMALLEST_CIRCLE)
        figure.add_shape(
            name="area", type="circle", xref="paper", yref="paper",
            xsizemode="pixel", ysizemode="pixel", xanchor=1, yanchor=0,
            x0=-90 - side / 2, x1=-90 + side / 2, y0=place, y1=place + side,
            line={"color": _NO_FAMILY, "width": 1.5},
        )  # fmt: skip
        figure.add_annotation(
            text=scaled(1e9 * cost, "FLOPs"), font={"size": 12}, showarrow=False,
            xref="paper", yref="paper", x=1, y=0, xanchor="left", yanchor="middle",
            xshift=-60, yshift=place + side / 2,
        )  # fmt: skip
        place += max(side, 14) + 8
    figure.add_annotation(
        text="Area: cost of one image", font={"size": 12}, showarrow=False,
        xref="paper", yref="paper", x=1, y=0, xanchor="right", yanchor="bottom", yshift=place,
    )  # fmt: skip


def _titled(groups: Mapping[str, Sequence[Point]], across: Quantity) -> Iterator[tuple[str, Point]]:
    """The points for which a quantity is known, each with the title of its group."""
    for title, group in groups.items():
        for point in group:
            if getattr(point, across):
                yield title, point


def _fill(colour: str, hollow: bool) -> str:
    """The colour of a mark's inside."""
    return "rgba(0, 0, 0, 0)" if hollow else colour


def _about(point: Point) -> str:
    """All that is known of a network but its accuracy, for its hover label."""
    parts = [f"top-1 {percent(point.top1)}", f"r {whole(point.size)} px"]
    if point.input:
        parts.append(f"input {whole(point.input)} px, r over input {number(point.share or 0, 3)}")
    if point.depth:
        parts.append(f"depth {point.depth}")
    parts.append("cost not known" if point.gflops is None else scaled(1e9 * point.gflops, "FLOPs"))
    return "<br>".join(parts)
