"""The strongest cells as tiles to choose from: their crops, values and places."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ...figures.sheet import Sheet, Tile
from ...trace.network import Layer
from ..text import by, number, position
from .choices.sheet import choose_tile, columns_of
from .strongest_cells import Strongest, crops


def strongest_tiles(
    cells: Sequence[Strongest],
    images: Sequence[str],
    layer: Layer | None,
    *,
    of: str,
    key: str,
    current: int | None,
    note: str = "",
) -> int | None:
    """Draws the cells, and returns the number of the one that was just chosen.

    Args:
        cells: the cells, the strongest first.
        images: the name of each one's image; empty where it is the page's.
        layer: the layer, whose closed form shows; None where it is not there.
        of: stands for what the cells are of.
        key: of the component.
        current: which of them is the one that the page shows.
        note: what is to be said of them.
    """
    if not cells:
        return None
    drawn, aspect = crops(cells, layer)
    places = [position(one.cell) or "the only one" for one in cells]
    tiles = [
        Tile(
            picture=crop.drawn,
            title=str(rank),
            figure=number(one.value),
            notes=tuple(filter(None, [place, image])),
            spoken=f"Number {rank}: cell {place}{image and f' of {image}'}, "
            f"value {number(one.value)}, sees {by(one.region.size)}",
            frame=crop.frame,
            around=crop.around if crop.around != crop.frame else None,
        )
        for rank, one, crop, place, image in zip(
            range(1, len(cells) + 1), cells, drawn, places, images, strict=True
        )
    ]
    chosen = choose_tile(
        Sheet(tiles, "large", columns_of(key), aspect),
        of=of,
        title="The strongest cells",
        key=key,
        current=current,
    )
    notes = [note] if note else []
    if any(crop.around != crop.frame for crop in drawn):
        notes.append("Hatched: outside the image.")
    if len({one.value for one in cells}) == 1 < len(cells):
        notes.append("All of them have the same value.")
    if notes:
        st.caption(" ".join(notes))
    return chosen
