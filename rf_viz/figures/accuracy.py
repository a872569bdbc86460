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
    """

    name: str
    size: int
    top1: float
    gflops: float | None
    family: str = ""
    input: int | None = None
    depth: int | None = None

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

_LARGEST_CIRCLE = 46
"""The diameter of the most expensive network's circle, in pixels of the screen."""

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
    hollow. Points for which the quantity is not known are not drawn.
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
                customdata=[_about(point) for point in own],
                hovertemplate="<b>%{text}</b><br>%{customdata}<extra></extra>",
                mode="markers+text" if labelled else "markers",
                textposition=[_SIDES_OF_LABELS[shown.index(point) % 2] for point in own],
                textfont={"size": 12},
                marker={
                    "size": [point.gflops or 0 for point in own],
                    "sizemode": "area",
                    "sizeref": most / _LARGEST_CIRCLE**2,
                    "sizemin": 5,
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
    figure.update_xaxes(title=TITLES[across], **logarithmic(-2 if across != "size" else 0))
    figure.update_yaxes(title="Top-1 accuracy on ImageNet", tickformat=".0%")
    return figure.update_layout(
        height=520,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
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
