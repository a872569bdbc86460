"""Rows with dots, and what one unit sees of them, in HTML."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....lessons.dots import Values, window_counts

_NAMES = {True: "Narrow", False: "Wide"}


def rows_html(inputs: Values, narrow: NDArray[np.bool_], size: int, offset: int) -> str:
    """Rows of both kinds, each with a window and, beside it, what the window shows.

    ``inputs`` have the shape (n, length); a window has ``size`` units and begins ``offset`` units
    from the first dot.
    """
    parts = ["<b>Input</b><b>Window</b>"]
    for line, is_narrow in zip(inputs, narrow.tolist(), strict=True):
        start = int(np.flatnonzero(line)[0]) + offset
        parts.append(f"<span>{_NAMES[is_narrow]}</span>")
        window = f'<u style="--at: {start}; --wide: {size}"></u>'
        parts.append(_row(line, "whole", window))
        parts.append(_row(line[start : start + size], "seen"))
    return f'<div class="rf-rows">{"".join(parts)}</div>'


def _row(line: Values, kind: str, window: str = "") -> str:
    """Units side by side, with dots as bright as they are."""
    dots = np.flatnonzero(line).tolist()
    where = f"at {' and '.join(map(str, dots))}" if dots else "nowhere"
    marks = "".join(f'<i style="--at: {at}; opacity: {0.2 + line[at] / 2:.2f}"></i>' for at in dots)
    return (
        f'<div class="{kind}" role="img" aria-label="{len(line)} units, dots {where}" '
        f'style="--units: {len(line)}">{marks}{window}</div>'
    )


def windows_html(inputs: Values, narrow: NDArray[np.bool_], size: int) -> str:
    """A table of how many windows of a narrow and of a wide row hold no dot, one, or both."""
    rows = []
    for is_narrow, name in _NAMES.items():
        line = inputs[narrow == is_narrow][0]
        rows.append(_table_row(name, list(window_counts(line, size).values())))
    head = "<tr><th>Windows</th><th>dark</th><th>one dot</th><th>both dots</th></tr>"
    return f'<table class="rf-windows">{head}{"".join(rows)}</table>'


def _table_row(name: str, numbers: Sequence[int]) -> str:
    cells = "".join(f"<td>{number}</td>" for number in numbers)
    return f"<tr><th>{name}</th>{cells}</tr>"
