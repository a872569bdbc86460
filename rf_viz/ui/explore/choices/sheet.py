"""A sheet of tiles to choose from."""

from __future__ import annotations

from ....figures.sheet import COLUMNS, Sheet
from .choices import Part, choices, columns_of

__all__ = ["choose_tile", "columns_of"]


def choose_tile(
    sheet: Sheet, *, of: str, title: str, key: str, current: int | None = None
) -> int | None:
    """Draws the sheet and returns the number of the tile that was just chosen.

    Args:
        sheet: the tiles, with as many columns as ``columns_of(key)`` says.
        of: stands for what they are of.
        title: what they are, for screen readers.
        key: of the component.
        current: which tile is the one that the page shows.
    """
    parts = [
        Part(str(number), sheet.box(number), tile.spoken, number == current)
        for number, tile in enumerate(sheet.tiles)
    ]
    chosen = choices(
        sheet.figure(),
        parts,
        of=of,
        title=title,
        key=key,
        columns=COLUMNS[sheet.shape],
        across=sheet.across,
    )
    return None if chosen is None else int(chosen)
