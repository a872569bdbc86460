"""The network of an exercise as a stack of layers."""

from __future__ import annotations

from html import escape

from ...lessons import Example, Row
from ...lessons.letters import letters
from ...lessons.worked import paths


def network_html(example: Example) -> str:
    """Network as a stack of layers in HTML, the input at the bottom; branches side by side."""
    rows = example.rows
    ways = ["".join(_row_html(stage.row) for stage in reversed(path)) for path in paths(example)]
    top = _row_html(rows[-1]) if len(ways) > 1 else ""
    inner = "".join(f"<div>{way}</div>" for way in ways)
    return (
        f'<div class="rf-stack">{top}<div class="ways">{inner}</div>{_row_html(rows[0])}'
        f"<p>{letters(example)}</p></div>"
    )


def _row_html(row: Row) -> str:
    name = row.name.capitalize() if row.layer is None or row.name.startswith("layer") else row.name
    about = row.about.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    return (
        f'<div class="row"><b>{escape(name)}</b><span>{escape(about)}</span>'
        f"<i>{row.size} units</i></div>"
    )
