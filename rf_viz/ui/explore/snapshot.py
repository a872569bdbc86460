"""The view of a cell with a caption, as a figure of its own."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from textwrap import wrap
from typing import Any

from ...figures.linked_view import LinkedView
from ...figures.volume_view import VolumeView
from ...trace.network import Region
from ..inspector.certainty import certainty
from ..outline import title_of
from ..pictures import FeatureMap, Picture
from ..text import by, extent, position, ranges

CAPTION = "caption"
"""The name of the annotation with the caption."""

_LETTERS = 96
"""So many letters of the caption stand in a line."""

_LINE, _HEAD, _LEGEND = 17, 40, 86
"""The height of a line, of the title, and of the legend with what is around it, in pixels."""

_INK = "#31333f"


def snapshot(view: LinkedView | VolumeView, title: str, caption: str) -> Any:  # noqa: ANN401
    """Draws a view of a cell with a title and a caption: a Plotly figure, black on white."""
    lines = wrap(" ".join(caption.split()), _LETTERS)
    figure = view.figure()
    margin, height = figure.layout.margin, figure.layout.height
    top, bottom = margin.t + _HEAD, _LEGEND + _LINE * len(lines)
    figure.update_layout(
        title={
            "text": f"<b>{escape(' '.join(title.split()), quote=False)}</b>",
            "x": 0,
            "xref": "paper",
            "font": {"color": _INK, "size": 18},
        },
        margin={"t": top, "b": bottom},
        height=height - margin.t - margin.b + top + bottom,
        paper_bgcolor="white",
        plot_bgcolor="white",
        template="none",
        font={"color": _INK, "family": "Source Sans, Helvetica, Arial, sans-serif"},
    )
    figure.add_annotation(
        name=CAPTION,
        text="<br>".join(escape(line, quote=False) for line in lines),
        align="left",
        showarrow=False,
        xref="paper",
        x=0,
        xanchor="left",
        yref="paper",
        y=0,
        yanchor="top",
        yshift=8 - _LEGEND,
    )
    return figure


def caption_of(
    picture: Picture, feature_map: FeatureMap, cell: tuple[int, ...], credit: str
) -> str:
    """Describes a pinned cell and its region; ``credit`` says whom to thank for the input."""
    region = feature_map.layer.region(cell, feature_map.channel)
    return " ".join(_sentences(picture, feature_map, cell, region, credit))


def _sentences(
    picture: Picture, feature_map: FeatureMap, cell: tuple[int, ...], region: Region, credit: str
) -> Iterator[str]:
    layer = feature_map.layer
    name, what = title_of(layer)
    who = f"Cell {position(cell)}" if cell else "The only cell"
    where = f" in channel {feature_map.channel}" if feature_map.channel is not None else ""
    sees = "no pixel" if region.empty else " and ".join(ranges(region.start, region.stop))
    yield f"{who} of {name} ({what}, {by(layer.shape)}){where} sees {sees}"
    yield f"of the input ({extent(picture.extent)})."
    field = layer.receptive_field
    if field is not None:
        yield f"Size r {by(field.size)}, stride S {by(field.stride)},"
        yield f"padding P {by(field.padding)}."
    yield from (text for _, text in certainty(layer, region=region))
    if credit:
        yield credit
    yield "Made with RF-Viz."
