"""A drawing of an exercise's network to print: its units, row by row, as SVG."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape

from .example import Example, Row
from .layers import INPUT, Conv, GraphNode, Transposed, graph_nodes
from .worked import front, span

_CELL = 7.0
"""The widest a unit is drawn, in millimetres."""

_LABEL, _BOX, _GAP = 4.2, 5.4, 2.6
"""The heights of a row's label and boxes, and of the gap below them, in millimetres."""

_ROW = _LABEL + _BOX + _GAP


def rows_height(example: Example) -> float:
    """Return the height of the drawing in millimetres."""
    return len(example.rows) * _ROW - _GAP


def unit_rows(example: Example, marked: Mapping[str, Collection[int]], width: float) -> str:
    """Draw the units of all rows, the input at the bottom, at most ``width`` millimetres wide.

    ``marked`` are the units to shade, by the names of their rows. Dashed units are padding.
    """
    starts = _starts(example)
    pads = example.padding
    left = min(
        start - (before + 0.5) * row.step
        for row, start, (before, _) in zip(example.rows, starts, pads, strict=True)
    )
    right = max(
        start + (row.size - 0.5 + after) * row.step
        for row, start, (_, after) in zip(example.rows, starts, pads, strict=True)
    )
    cell = min(_CELL, width / (right - left))
    wide, height = (right - left) * cell, rows_height(example)
    drawn = _bands(example, wide)
    for at, number in enumerate(reversed(range(len(example.rows)))):
        row, (before, after) = example.rows[number], pads[number]
        top = at * _ROW
        drawn.append(f'<text y="{top + 3.2:.1f}" class="label">{_label(example, row)}</text>')
        for unit in range(-before, row.size + after):
            middle = (starts[number] + unit * row.step - left) * cell
            drawn.append(
                _unit(
                    unit if 0 <= unit < row.size else None,
                    (middle, top + _LABEL),
                    min(cell, cell * row.step),
                    unit in marked.get(row.name, ()),
                )
            )
    spoken = "; ".join(f"{row.name}, {row.size} units" for row in example.rows)
    return (
        f'<svg role="img" aria-label="{escape(spoken)}" viewBox="-0.2 0 {wide + 0.4:.2f} '
        f'{height + 0.4:.2f}" style="width:{wide + 0.4:.2f}mm;height:{height + 0.4:.2f}mm">'
        f"{''.join(drawn)}</svg>"
    )


def _bands(example: Example, wide: float) -> list[str]:
    """Draw what keeps the rows of two paths apart, which run side by side: a band behind each."""
    paths = [row.path for row in reversed(example.rows)]
    bands = []
    for path in sorted({path for path in paths if path is not None}):
        top = paths.index(path) * _ROW - _GAP / 4
        high = paths.count(path) * _ROW - _GAP / 2
        bands.append(
            f'<rect x="-0.2" y="{top:.2f}" width="{wide + 0.4:.2f}" height="{high:.2f}" '
            'rx="1" class="band"/>'
        )
    return bands


def _label(example: Example, row: Row) -> str:
    """Name and settings of a row; where there are two paths, what it stands on, too."""
    below = " and ".join(example.rows[links.source].name for links in row.links)
    about = row.about
    if len(row.links) > 1:
        about = f"{below} {row.about}"
    elif row.path is not None:
        about += f", on {below.replace(INPUT, f'the {INPUT}')}"
    name = row.name[0].upper() + row.name[1:]
    return f'<tspan>{escape(name)}</tspan> <tspan class="about">{escape(about)}</tspan>'


def _unit(number: int | None, at: tuple[float, float], pitch: float, shaded: bool) -> str:
    """Draw one unit with its number; padding has none."""
    (middle, top), side = at, min(pitch - 0.5, _BOX)
    kind = "padding" if number is None else "shaded" if shaded else "unit"
    box = (
        f'<rect x="{middle - side / 2:.2f}" y="{top + (_BOX - side) / 2:.2f}" '
        f'width="{side:.2f}" height="{side:.2f}" rx="0.6" class="{kind}"/>'
    )
    if number is None:
        return box
    return (
        f'{box}<text x="{middle:.2f}" y="{top + _BOX / 2:.2f}" class="number" '
        f'style="font-size:{min(2.9, side * 0.55):.2f}px">{number}</text>'
    )


def _starts(example: Example) -> list[float]:
    """Where the middle of unit 0 of each row lies, in input units: amid the taps that it takes."""
    nodes = {node.name: node for node in graph_nodes(example.layers)}
    steps = {row.name: row.step for row in example.rows}
    starts = {example.rows[0].name: 0.0}
    for row in example.rows[1:]:
        node = nodes[row.name]
        below = [starts[name] + steps[name] * _offset(node) for name in node.sources]
        starts[row.name] = sum(below) / len(below)
    return [starts[row.name] for row in example.rows]


def _offset(node: GraphNode) -> float:
    """From unit 0 of the layer below to the middle of unit 0, in units of the layer below."""
    layer = node.layer
    if not isinstance(layer, Conv | Transposed):
        return 0.0
    middle = span(layer) / 2 - front(layer)
    return -middle / layer.stride if isinstance(layer, Transposed) else middle
