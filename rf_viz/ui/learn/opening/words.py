"""The words of the lesson beside a picture: a feature map as a stack of channels."""

from __future__ import annotations

from html import escape

import streamlit as st

from ....lessons.glossary import GLOSSARY

_SIDE = 5
"""Number of cells along each side of a channel."""

_MARKED = 2, 3
"""Row and column of the marked cell."""

_PICTURE = (
    "A stack of channels, each a grid of cells. One cell is marked, in the same place of every "
    "channel. Below it lies a single row of cells, the units."
)


def words() -> None:
    """Draws the picture, and the words with their sentences."""
    terms = "".join(
        f"<dt>{escape(word)}</dt><dd>{escape(meaning)}</dd>" for word, meaning in GLOSSARY.items()
    )
    st.html(f'<div class="rf-words">{_picture()}<dl>{terms}</dl></div>')


def _picture() -> str:
    """The sheets of a feature map, and a row of units, with the word for each beside it."""
    sheets = (
        "<b>Channel</b>: one sheet of the stack",
        "<b>Cell</b>: the marked place, through all sheets",
        "<b>Feature</b>: its number in one of them",
    )
    rows = "".join(f"<li>{_cells(_SIDE)}<span>{text}</span></li>" for text in sheets)
    units = f'<li class="units">{_cells(1)}<span><b>Units</b>: cells of a single row</span></li>'
    return (
        f'<div class="stack" role="img" aria-label="{_PICTURE}">'
        f'<ul aria-hidden="true"><li><span><b>Feature map</b>: the whole stack</span></li>'
        f"{rows}{units}</ul>"
        "</div>"
    )


def _cells(rows: int) -> str:
    """A grid of cells with the marked one; of a single row, that of its column."""
    marked = (_MARKED[0] if rows > 1 else 0) * _SIDE + _MARKED[1]
    cells = (f"<i{' class=marked' * (n == marked)}></i>" for n in range(rows * _SIDE))
    return f'<div class="cells">{"".join(cells)}</div>'
