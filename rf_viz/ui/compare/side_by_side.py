"""Networks side by side: a table, curves of their growth, and what their middle cells see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import streamlit as st

from ...figures.compare import (
    COLOURS,
    Across,
    Box,
    Curve,
    Up,
    boxes,
    growth,
)
from .. import cache, sidebar
from ..text import by, plain, position
from .networks import Contender, Traced, explore

_FRAME = 448
"""The side of the square that a picture is cut to, in pixels."""

_ACROSS: Mapping[Across, str] = {"depth": "Depth", "gflops": "GFLOPs"}
_UP: Mapping[Up, str] = {"size": "Receptive field size r", "region": "Largest region"}

_BARE = {"displayModeBar": False}


def table(
    contenders: Sequence[Contender], traced: Mapping[Contender, Traced], unknown: str
) -> None:
    """What is known of each network's last layer before its spatial axes are gone.

    Of Keras' own networks that is known without building them; of others that are not traced the
    table says that they are ``unknown``.
    """
    st.markdown("#### Where they end")
    rows = [_row(contender, traced.get(contender), unknown) for contender in contenders]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "Network": st.column_config.TextColumn(pinned=True),
            "GFLOPs": st.column_config.NumberColumn(format="%.2f"),
        },
    )
    st.caption(
        "The last layer before the spatial axes are gone, at the network's own input size. Global "
        "context, such as squeeze-and-excite gates, is left out. GFLOPs stay empty where a layer's "
        "cost cannot be told."
    )


def _row(contender: Contender, known: Traced | None, unknown: str) -> dict[str, str | float | None]:
    if known is not None:
        end, grown = known.growth.end, known.growth
        gflops: float | None = None if grown.untold else grown.gflops
        if end is None:
            note = "nothing slides over its input: no layer has cells that see parts of it"
            return _cells(contender.title, grown.input, "", (), (), (), "", gflops, note)
        field = end.field
        figures = (field.size, field.stride, field.padding) if field else ((), (), ())
        note = end.note if end.exact else f"assumed: {end.note}"
        return _cells(
            contender.title, grown.input, end.layer, *figures, by(end.largest), gflops, note
        )
    known_of = contender.application
    if known_of is None:
        return _cells(contender.title, (), "", (), (), (), "", None, unknown)
    a = known_of
    figures = (a.size or (), a.stride or (), a.padding or ())
    return _cells(contender.title, a.input, a.layer, *figures, by(a.region), a.gflops, a.note)


def _cells(
    title: str,
    extents: Sequence[int],
    layer: str,
    size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int | None],
    largest: str,
    gflops: float | None,
    note: str,
) -> dict[str, str | float | None]:
    none = "none" if layer else ""
    return {
        "Network": title,
        "Input": by(extents) if extents else "",
        "Size r": by(size) if size else none,
        "Stride S": by(stride) if stride else none,
        "Padding P": by(padding) if padding else none,
        "Largest region": largest,
        "GFLOPs": gflops,
        "Last layer with cells": layer,
        "Note": note,
    }


@st.fragment
def curves(traced: Mapping[Contender, Traced]) -> None:
    """How far each network sees on the way through it; a point leads to its layer."""
    st.markdown("#### How they grow")
    choices = st.container(horizontal=True, gap="large")
    across: Across = choices.segmented_control(
        "Over", list(_ACROSS), default="depth", format_func=_ACROSS.__getitem__, required=True,
        key="growth over", persist_state="session",
    )  # fmt: skip
    up: Up = choices.segmented_control(
        "Show", list(_UP), default="size", format_func=_UP.__getitem__, required=True,
        key="growth of", persist_state="session",
    )  # fmt: skip
    grown = [Curve(c.title, c.number, t.growth) for c, t in traced.items() if t.growth.steps]
    if not grown:
        st.info("None of these networks has layers whose cells see a part of the input.")
        return
    chosen = st.plotly_chart(
        growth(grown, across, up),
        on_select="rerun",
        selection_mode="points",
        key=f"growth {' '.join(c.file.digest for c in traced)} {across} {up}",
        config=_BARE,
        alt="How far each network's layers see, over depth or cost.",
    )
    points = chosen["selection"]["points"]
    if points:
        number, layer = points[0]["customdata"]
        contender = next(c for c in traced if c.number == number)
        if st.button(f"Open {plain(layer)} of {plain(contender.title)} in Explore", type="primary"):
            explore(contender, layer, None)
    else:
        st.caption("Each point is a layer that sees farther than all before it. Click one.")
    for note in _notes(traced, up):
        st.caption(plain(note))


def _notes(traced: Mapping[Contender, Traced], up: Up) -> list[str]:
    """What the curves leave out."""
    notes = []
    open_ended = [
        f"{c.title} ({t.growth.end.note})"
        for c, t in traced.items()
        if up == "size" and t.growth.end and t.growth.end.field is None
    ]
    if open_ended:
        notes.append(
            "These curves end with the last layer that has a closed form, and their largest "
            f"regions go on: {'; '.join(open_ended)}."
        )
    untold = [f"{c.title} ({t.growth.untold})" for c, t in traced.items() if t.growth.untold]
    if untold:
        notes.append(
            "Layers whose cost cannot be told, counted as none: " + ", ".join(untold) + "."
        )
    nothing = [c.title for c, t in traced.items() if not t.growth.steps]
    if nothing:
        notes.append("No layer has cells that see a part of the input: " + ", ".join(nothing) + ".")
    return notes


@st.fragment
def middles(traced: Mapping[Contender, Traced]) -> None:
    """What the central cell of each last layer sees, over one picture."""
    st.html(Path(__file__).with_suffix(".css"))
    shown = {c: t for c, t in traced.items() if t.picture and t.growth.end}
    st.markdown("#### What their central cells see")
    both = st.container(key="middles")
    with both.container():
        image = sidebar.choose_image(None)
        pixels = cache.pixels(image, (_FRAME, _FRAME), "crop")
        st.plotly_chart(
            boxes(pixels, [_box(c, t) for c, t in shown.items()]),
            key="boxes",
            config=_BARE,
            alt="What the central cell of each network's last layer sees.",
        )
        st.caption(
            "Solid: the pixels that can reach the central cell of the last layer; the same ones "
            "are drawn inside each other. Dotted: the closed form, padding included, where it "
            "fits. Every network's input is scaled to this square."
        )
    with both.container(gap="xsmall"):
        for contender, known in traced.items():
            _tell(contender, known)


def _box(contender: Contender, known: Traced) -> Box:
    extents, region, end = known.growth.input, known.region, known.growth.end
    (top, left), (bottom, right) = (
        [i / n for i, n in zip(side, extents, strict=True)] for side in (region.start, region.stop)
    )
    field = None
    if end and end.field and None not in end.field.padding and len(known.cell) == 2:
        (up, west), (down, east) = (
            [i / n for i, n in zip(side(known.cell), extents, strict=True)]
            for side in (end.field.start, end.field.stop)
        )
        field = (up, west, down, east)
    return Box(contender.title, contender.number, (top, left, bottom, right), field)


def _tell(contender: Contender, known: Traced) -> None:
    """A line about a network's box, and the way to it."""
    end, colour = known.growth.end, COLOURS[contender.number % len(COLOURS)]
    size = f"Input {by(known.growth.input)}"
    if end is None:
        said = f"{size}: no layer has cells that see a part of it."
    else:
        said = (
            f"{size}; cell {position(known.cell)} of {end.layer} sees {by(known.region.size)}."
            f"{'' if known.picture else ' It takes no picture, so it has no box.'}"
        )
    row = st.container(
        horizontal=True, vertical_alignment="center", key=f"contender {contender.number}"
    )
    row.html(
        f'<p class="rf-contender"><i style="background:{colour}"></i>'
        f"<b>{escape(contender.title)}</b><br>{escape(said)}</p>"
    )
    if end and row.button("Explore", key=f"explore {contender.number} {contender.file.digest}"):
        explore(contender, end.layer, known.cell)
