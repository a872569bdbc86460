"""Networks beside each other: their growth, and the regions of their middle cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..analysis.growth import Growth, GrowthPoint
from ..analysis.numbers import by, count, number, scaled, unit_of, whole
from ..influence.depth_tasks import MeasuredSize
from .encode import jpeg
from .legend import LEGEND_ABOVE

COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a7a00", "#888888",
)  # fmt: skip
"""The networks' colours in turn: after Okabe and Ito, dark enough for a white ground."""

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down")

Across = Literal["depth", "gflops"]
"""What lies along the horizontal axis: an attribute of ``GrowthPoint``."""

Up = Literal["size", "region", "effective", "measured"]
"""What lies along the vertical axis: an attribute of ``GrowthPoint``, or effective sizes."""

_ACROSS = {
    "depth": "Depth: convolutions and matrix products on the longest path",
    "gflops": "GFLOPs so far",
}
_UP = {
    "size": "Receptive field size r, in pixels",
    "region": "Largest region inside the input, in pixels",
    "effective": "Effective size to expect of random weights, in pixels",
    "measured": "Effective size, in pixels",
}

_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}

_SIDE, _NONE = 250, {"l": 0, "r": 0, "t": 0, "b": 0}
"""Height and margins of a picture."""


@dataclass(frozen=True)
class Curve:
    """The growth of a network.

    Attributes:
        name, number: the network's; its number gives its colour.
        growth: how it grows.
        expected: the effective sizes of its layers to expect of random weights, by name, where
            these are asked for.
        measured: those of some layers with the network's own weights, by name.
    """

    name: str
    number: int
    growth: Growth
    expected: Mapping[str, float | None] = field(default_factory=dict)
    measured: Mapping[str, MeasuredSize] = field(default_factory=dict)

    def value(self, step: GrowthPoint, of: Across | Up) -> float | None:
        """What a layer has along an axis of the figure."""
        if of == "effective":
            return self.expected.get(step.layer)
        if of == "measured":
            size = self.measured.get(step.layer)
            return None if size is None else size.size
        value: float | None = getattr(step, of)
        return value


def growth(curves: Sequence[Curve], across: Across, up: Up) -> go.Figure:
    """Draws the farthest that any layer so far sees, over depth or cost.

    A point stands where a layer sees farther than all before it; its ``customdata`` is the number
    of the network and the layer's name. Where only ``size`` is asked for, a curve ends with the
    last layer that has a closed form. Beside measured sizes a dotted line shows those to expect of
    random weights.
    """
    figure = go.Figure()
    for curve in curves:
        if up == "measured":
            if not curve.measured:
                continue
            expected = rises(curve, across, "effective")
            figure.add_scatter(
                name=f"{curve.name}, random weights",
                x=[curve.value(step, across) for step in expected],
                y=[curve.value(step, "effective") for step in expected],
                mode="lines",
                line={"shape": "hv", "width": 1.5, "dash": "dot", "color": _colour(curve)},
                hoverinfo="skip",
                showlegend=False,
            )
        farther, number = rises(curve, across, up), curve.number
        figure.add_scatter(
            name=curve.name,
            x=[curve.value(step, across) for step in farther],
            y=[curve.value(step, up) for step in farther],
            customdata=[[number, step.layer] for step in farther],
            text=[_about(curve, step) for step in farther],
            hovertemplate="%{text}<extra>" + curve.name + "</extra>",
            mode="lines+markers",
            line={"shape": "hv", "width": 2, "color": _colour(curve)},
            marker={"size": 6, "symbol": _SYMBOLS[number % len(_SYMBOLS)]},
            selected={"marker": {"opacity": 1, "size": 11}},
            unselected={"marker": {"opacity": 1}},
        )
    inputs = {max(curve.growth.input) for curve in curves}
    if len(inputs) == 1 and up == "size":
        (extent,) = inputs
        figure.add_hline(extent, line={"dash": "dot", "width": 1, "color": "#888888"})
        figure.add_annotation(
            text=f"size of the input, {whole(extent)}", font={"size": 12}, showarrow=False,
            xref="paper", x=0, xanchor="left", y=log10(extent), yanchor="bottom",
        )  # fmt: skip
    figure.update_xaxes(title=_ACROSS[across], **(logarithmic(-2) if across == "gflops" else {}))
    figure.update_yaxes(title=_UP[up], **logarithmic(0))
    return figure.update_layout(
        height=440,
        margin=_MARGIN,
        hovermode="closest",
        clickmode="event+select",
        dragmode=False,
        showlegend=True,
        legend=LEGEND_ABOVE,
    )


def logarithmic(power: int) -> dict[str, object]:
    """Describe a logarithmic axis, with ticks at 1, 2 and 5 from that power of ten on."""
    ticks = [first * 10.0**exponent for exponent in range(power, power + 6) for first in (1, 2, 5)]
    texts = [number(tick) for tick in ticks]
    return {"type": "log", "tickvals": ticks, "ticktext": texts}


def _colour(curve: Curve) -> str:
    return COLOURS[curve.number % len(COLOURS)]


def rises(curve: Curve, across: Across, up: Up) -> list[GrowthPoint]:
    """Selects the layers that see farther than all before them, in the order of depth or cost."""
    steps = curve.growth.steps
    counted = [step for step in steps if curve.value(step, up) and curve.value(step, across)]
    counted.sort(key=lambda step: curve.value(step, across) or 0.0)
    farther: list[GrowthPoint] = []
    farthest = 0.0
    for step in counted:
        extent = curve.value(step, up) or 0.0
        if extent > farthest:
            farthest = extent
            farther.append(step)
    return farther


def _about(curve: Curve, step: GrowthPoint) -> str:
    unit, measured = unit_of(curve.growth.input), curve.measured.get(step.layer)
    size = "no closed form" if step.size is None else f"r {whole(step.size)} {unit}"
    effective = ""
    expected = curve.expected.get(step.layer)
    if expected is not None:
        effective = f"effective size {number(expected)} {unit}, to expect of random weights<br>"
    if measured is not None:
        patches = "" if measured.patch is None else f", by patches of {by(measured.patch)}"
        effective = (
            f"effective size {number(measured.size)} {unit} with its weights, over "
            f"{count(measured.images, 'input')}{patches}<br>{effective}"
        )
    return (
        f"<b>{step.title}</b><br>{step.op} · {size} · sees up to {whole(step.region)} {unit}<br>"
        f"{effective}"
        f"depth {step.depth} · {scaled(1e9 * step.gflops, 'FLOPs')} so far"
    )


Sides = tuple[float, float, float, float]
"""Top, left, bottom, right."""


@dataclass(frozen=True)
class Box:
    """The region of a cell, in shares of its network's input.

    Attributes:
        name, number: the network's; its number gives its colour.
        region: the region, which lies inside the input.
        field: the box of the closed form, which may reach outside; None where there is none.
    """

    name: str
    number: int
    region: Sides
    field: Sides | None


_OUTSIDE = 0.6
"""How much of the surroundings a picture may get on each side, in shares of its own extent."""

_SHADE = "rgba(0, 0, 0, 0.45)"
"""What lies over the part of the picture that is not seen."""


def seen(image: NDArray[np.uint8], box: Box) -> go.Figure:
    """Draws a region over a picture (height, width, 3): a solid line, and dashed the closed form.

    The rest of the picture is shaded. A dashed line that would leave the surroundings is not drawn.
    """
    figure = go.Figure()
    figure.add_layout_image(
        source=jpeg(image).data_url, xref="x", yref="y", x=0, y=0, sizex=1, sizey=1,
        sizing="stretch", layer="below",
    )  # fmt: skip
    top, left, bottom, right = box.region
    figure.add_shape(
        name="outside", type="path", fillrule="evenodd", fillcolor=_SHADE, line={"width": 0},
        path=f"M0,0H1V1H0ZM{left},{top}H{right}V{bottom}H{left}Z",
    )  # fmt: skip
    colour, field, outside = COLOURS[box.number % len(COLOURS)], box.field, 0.02
    if field is not None and field != box.region:
        reach = max(-min(field), max(field) - 1)
        if reach <= _OUTSIDE:
            outside = max(outside, reach + 0.02)
            _outline(figure, "closed form", field, {"color": colour, "width": 2, "dash": "dash"})
    _outline(figure, "region", box.region, {"color": colour, "width": 3})
    span = [-outside, 1 + outside]
    figure.update_xaxes(visible=False, range=span, constrain="domain")
    figure.update_yaxes(visible=False, range=span[::-1], scaleanchor="x", constrain="domain")
    return figure.update_layout(height=_SIDE, margin=_NONE, dragmode=False, showlegend=False)


def _outline(figure: go.Figure, name: str, box: Sides, line: Mapping[str, object]) -> None:
    top, left, bottom, right = box
    figure.add_scatter(
        name=name,
        x=[left, right, right, left, left],
        y=[top, top, bottom, bottom, top],
        mode="lines",
        line=dict(line),
        hovertemplate="%{fullData.name}<extra></extra>",
    )
