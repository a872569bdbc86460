"""The projective field of a pixel: the cells of each layer that see it."""

from __future__ import annotations

from math import prod

import streamlit as st

from ..clickable_table import clickable_table
from ..inspector.scene import Scene
from ..navigation import open_now
from ..outline import Entry, outline, undivided
from ..pictures import Cell
from ..text import position


def pixel_cells(scene: Scene) -> None:
    """Draws a list of all layers with how many of their cells see the pinned pixel."""
    pixel = scene.pixel
    if pixel is None:
        if scene.region.empty:
            st.caption("Click a pixel of the input to see which cells of every layer see it.")
            return
        region = scene.region
        pixel = tuple((a + b) // 2 for a, b in zip(region.start, region.stop, strict=True))
        st.caption(
            f"Pixel {position(pixel)}, the middle of what the pinned cell sees. Click another "
            "pixel of the input to ask about that one. Click a layer to open it."
        )
    else:
        st.caption(f"Pixel {position(pixel)}. Click a layer to open it.")
    entries = list(undivided(outline(scene.net)))
    counts = counted(entries, pixel)
    row = clickable_table(
        {
            "Layer": [entry.name for entry in entries],
            "Operator": [entry.kind for entry in entries],
            "Cells that see it": [seeing for seeing, _ in counts],
            "of": [cells for _, cells in counts],
            "Share": [seeing / cells for seeing, cells in counts],
        },
        column_config={
            "Cells that see it": st.column_config.NumberColumn(format="%,d"),
            "of": st.column_config.NumberColumn(format="%,d"),
            "Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
        key=f"seers {scene.file.digest} {pixel}",
    )
    if row is not None and entries[row].layer.name != scene.layer.name:
        open_now(entries[row].layer.name)


def counted(entries: list[Entry], pixel: Cell) -> list[tuple[int, int]]:
    """Counts the cells that see a pixel, and all cells, for each entry of an outline."""
    layers = [entry.layer for entry in entries]
    return [(layer.count_seeing(pixel), prod(layer.extents)) for layer in layers]
