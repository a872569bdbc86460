"""Networks side by side: a table, curves of their growth, and what their middle cells see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import streamlit as st

from ...analysis.records import Record
from ...figures.compare import COLOURS, Box, seen
from .. import cache, sidebar
from ..address import refresh
from ..chart.chart import chart
from ..clickable_table import clickable_table
from ..sidebar import libraries
from ..tables import save_as_csv, with_extents
from ..text import MISSING, by, extent, position
from .curves import curves_section
from .networks import Contender, ContenderTrace, end_name, open_in_explore, trace_all

_FRAME = 320
"""Side of the square that a picture is cut to, in pixels."""

_CARD = 280
"""Width of what is drawn of one network, in pixels."""


def side_by_side(contenders: Sequence[Contender]) -> None:
    """Draws the curves, the table and the central cells of the networks.

    The table shows at once what needs no tracing, and is drawn again when all are traced.
    """
    curves, rows, middles = st.container(), st.container(), st.container()
    slot = rows.empty()
    with slot.container():
        _table(contenders, {}, "being read ...")
    with curves:
        traces = trace_all(contenders)
        curves_section(traces)
    with slot.container():
        table = _table(contenders, traces, "could not be read")
        save_as_csv(table, "networks.csv", key="save networks")
    with middles:
        _middles(traces)


def _table(
    contenders: Sequence[Contender], traces: Mapping[Contender, ContenderTrace], missing: str
) -> list[Record]:
    """Draws a row for each network, and returns the rows: the last layer before pooling.

    Rows of Keras' and torchvision's networks are known without building them. ``missing`` is the
    note on others that are not traced. Once they are traced, a clicked row opens in Explore.
    """
    st.markdown("## Where they end")
    rows = [_row(contender, traces.get(contender), missing) for contender in contenders]
    columns = {
        "Network": st.column_config.TextColumn(pinned=True),
        "GFLOPs": st.column_config.NumberColumn(format="%,.2f"),
    }
    shown = [with_extents(row) for row in rows]
    if traces:
        key = f"ends {' '.join(contender.file.digest for contender in contenders)}"
        row = clickable_table(shown, key=key, placeholder=MISSING, column_config=columns)
        trace = None if row is None else traces.get(contenders[row])
        if row is not None and trace and trace.growth.end:
            open_in_explore(contenders[row], trace.growth.end.layer, trace.cell)
    else:
        st.dataframe(shown, hide_index=True, placeholder=MISSING, column_config=columns)
    st.caption(
        "Click a row to open its layer in Explore: the last one before the spatial axes are gone. "
        "All is at the network's own input size. Global context, such as squeeze-and-excite gates, "
        f"is left out. {MISSING} means: no closed form, or a cost that is unknown."
    )
    return rows


def _row(contender: Contender, trace: ContenderTrace | None, missing: str) -> Record:
    if trace is not None:
        end, curve = trace.growth.end, trace.growth
        gflops = None if curve.untold else curve.gflops
        if end is None:
            note = "no layer has cells that see only a part of its input"
            return _cells(contender.title, curve.input, None, None, None, gflops, note)
        note = end.note if end.exact else f"assumed: {end.note}"
        form = (end.field.size, end.field.stride, end.field.padding) if end.field else None
        return _cells(contender.title, curve.input, end_name(end), form, end.largest, gflops, note)
    entry = libraries.entry_of(contender.key)
    if entry is None:
        return _cells(contender.title, None, None, None, None, None, missing)
    listed = (entry.size, entry.stride, entry.padding) if entry.size else None
    return _cells(
        contender.title, entry.input, entry.layer, listed, entry.region, entry.gflops, entry.note
    )


_Extents = Sequence[int | None] | None


def _cells(
    title: str,
    extents: _Extents,
    layer: str | None,
    form: tuple[_Extents, _Extents, _Extents] | None,
    largest: _Extents,
    gflops: float | None,
    note: str,
) -> Record:
    """The cells of a row; None where there is nothing to tell, as of a closed ``form``."""
    size, stride, padding = form or (None, None, None)
    return {
        "Network": title,
        "Input": extents,
        "Size r": size,
        "Stride S": stride,
        "Padding P": padding,
        "Largest region": largest,
        "GFLOPs": gflops,
        "Last layer with cells": layer,
        "Note": note,
    }


@st.fragment
def _middles(traces: Mapping[Contender, ContenderTrace]) -> None:
    """Draws what the central cell of each last layer sees, each on a picture of its own."""
    st.html(Path(__file__).with_suffix(".css"))
    st.markdown("## What their central cells see")
    image = sidebar.choose_image(None)
    refresh()
    pixels = cache.pixels(image, (_FRAME, _FRAME), "crop")
    with st.container(horizontal=True, key="middles"):
        for contender, trace in traces.items():
            with st.container(key=f"contender {contender.number}", gap="xsmall", width=_CARD):
                if trace.picture and trace.growth.end:
                    chart(
                        seen(pixels, _box(contender, trace)),
                        f"What the central cell of {contender.title} sees",
                        key=f"seen {contender.number} {contender.file.digest}",
                    )
                _describe(contender, trace)
    st.caption(
        "Solid: the region of the central cell of the last layer, the smallest box around all "
        "pixels that can reach it. Dashed: the closed form, padding included, where there is room "
        "for it. Every network's input is scaled to this square."
    )


def _box(contender: Contender, trace: ContenderTrace) -> Box:
    """Region and closed form of the central cell, as shares of the input's height and width."""
    extents, region, end = trace.growth.input, trace.region, trace.growth.end
    (top, left), (bottom, right) = (
        [i / n for i, n in zip(side, extents, strict=True)] for side in (region.start, region.stop)
    )
    field = None
    if end and end.field and None not in end.field.padding and len(trace.cell) == 2:
        (up, west), (down, east) = (
            [i / n for i, n in zip(side(trace.cell), extents, strict=True)]
            for side in (end.field.start, end.field.stop)
        )
        field = (up, west, down, east)
    return Box(contender.title, contender.number, (top, left, bottom, right), field)


def _describe(contender: Contender, trace: ContenderTrace) -> None:
    """Draws a line about a network's box, and the button that opens its layer in Explore."""
    end, colour = trace.growth.end, COLOURS[contender.number % len(COLOURS)]
    size = f"Input {by(trace.growth.input)}"
    if end is None:
        text = f"{size}: no layer has cells that see a part of it."
    else:
        text = (
            f"{size}; cell {position(trace.cell)} of "
            f"{'the ' * (end_name(end) != end.title)}{end_name(end)} sees "
            f"{extent(trace.region.size)}."
            f"{'' if trace.picture else ' It takes no image, so it has no box.'}"
        )
    st.html(
        f'<p class="rf-contender"><i style="background:{colour}"></i>'
        f"<b>{escape(contender.title)}</b><br>{escape(text)}</p>"
    )
    if end and st.button(
        "Open in Explore", key=f"explore {contender.number} {contender.file.digest}"
    ):
        open_in_explore(contender, end.layer, trace.cell)
