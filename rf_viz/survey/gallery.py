"""A survey as pages for the web: one a layer, with all of its channels and their crops.

They lie in the survey's own folder and refer to its sheets. They need no server and no script, and
show whatever the files are named: all texts are escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..analysis.numbers import by, count, number, percent, position
from .field_part import FIELD_STYLE, field_part
from .folder import Survey
from .parts import write
from .records import Statistics, Strong, SurveyedLayer

_SHOWN = 88
"""The pixels of the longer side of the largest crop of a layer, as it is shown."""

_STYLE = """\
:root { color-scheme: light dark; --ink: #1d2733; --faint: #5b6775; --paper: #fff;
  --line: #d9dfe6; --bar: #3b76c4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ef; --faint: #9aa7b5; --paper: #12181f; --line: #2c3743; --bar: #6aa5ee; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1rem; margin: 0; }
p, dl { margin: .25rem 0; }
a { color: inherit; }
nav { display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin: .5rem 0; }
.faint { color: var(--faint); font-size: .875rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
section { border-top: 1px solid var(--line); padding: .75rem 0; display: grid;
  grid-template-columns: 13rem 1fr; gap: .5rem 1rem; content-visibility: auto;
  contain-intrinsic-size: auto 9rem; }
svg { display: block; width: 12rem; height: 2.25rem; margin-top: .4rem; }
svg .bar { fill: var(--bar); }
svg .zero { fill: var(--faint); }
ol { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
li { font-size: .75rem; color: var(--faint); font-variant-numeric: tabular-nums; }
.crop { background-repeat: no-repeat; border-radius: 2px; }
@media (max-width: 40rem) { section { grid-template-columns: 1fr; } }
"""


def write_gallery(survey: Survey) -> Path:
    """Write the pages of a survey into its folder; returns the path of the first.

    Raises ModelError where a table of the survey is damaged.
    """
    for index, layer in enumerate(survey.layers):
        page = "".join(_layer_page(survey, index, layer))
        write(survey.folder / _name(index), page.encode())
    first = survey.folder / "index.html"
    write(first, "".join(_first_page(survey)).encode())
    return first


def _name(index: int) -> str:
    """The name of a layer's page."""
    return f"layer-{index:03}.html"


def _head(title: str, style: str = "") -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}{style}</style>\n</head>\n<body>\n"
    )


def _first_page(survey: Survey) -> Iterator[str]:
    """What was surveyed, and the layers."""
    prepared = survey.preparation
    yield _head(f"{survey.model}: what its channels respond to")
    yield f"<h1>{escape(survey.model)}: what its channels respond to</h1>\n"
    yield (
        f"<p>For every channel the cells with the largest values over "
        f"{count(survey.images - survey.skipped, 'image')}, at most one of each image. A crop "
        "shows all that its cell can see of the image.</p>\n"
    )
    yield (
        f'<p class="faint">Input {escape(survey.input_name)}, {by(survey.size)} pixels. Images '
        f"prepared: {escape(str(prepared.get('preset')))}, {escape(str(prepared.get('fit')))}."
    )
    yield f" Left out: {survey.skipped}.</p>\n" if survey.skipped else "</p>\n"
    yield '<table>\n<tr><th scope="col">Layer</th><th scope="col">Operation</th>'
    yield '<th scope="col" class="n">Cells</th><th scope="col" class="n">Channels</th></tr>\n'
    for index, layer in enumerate(survey.layers):
        yield (
            f'<tr><td><a href="{_name(index)}">{escape(layer.title)}</a></td>'
            f'<td>{escape(layer.op)}</td><td class="n">{by(layer.grid)}</td>'
            f'<td class="n">{layer.channels:,}</td></tr>\n'
        )
    yield "</table>\n</body>\n</html>\n"


def _layer_page(survey: Survey, index: int, layer: SurveyedLayer) -> Iterator[str]:
    """All channels of a layer."""
    statistics = survey.statistics(layer.name)
    channels = [survey.strongest(layer.name, channel) for channel in range(layer.channels)]
    scale = _scale(channels)
    style = FIELD_STYLE if layer.field else ""
    yield _head(f"{layer.title}, {survey.model}", style + "".join(_sheet_styles(layer, scale)))
    yield f"<h1>{escape(layer.title)}</h1>\n<nav>"
    yield f'<a href="index.html">{escape(survey.model)}</a>'
    for step, words in ((-1, "Layer before"), (1, "Next layer")):
        if 0 <= index + step < len(survey.layers):
            title = escape(survey.layers[index + step].title)
            yield f'<a href="{_name(index + step)}">{words}: {title}</a>'
    yield "</nav>\n"
    exact = "" if layer.exact else " Regions are assumed: an unknown operation is on the way."
    yield (
        f'<p class="faint">{escape(layer.op)}, {by(layer.grid)} cells, '
        f"{count(layer.channels, 'channel')}.{exact}</p>\n"
    )
    if layer.field:
        yield from field_part(layer.field, survey.field(layer.name))
    for channel, cells in enumerate(channels):
        yield f'<section id="c{channel}"><div><h2>Channel {channel}</h2>\n'
        yield from _values(statistics, channel)
        yield "</div><ol>\n"
        for rank, cell in enumerate(cells, 1):
            yield _crop(survey, layer, rank, cell, scale)
        yield "</ol></section>\n"
    yield "</body>\n</html>\n"


def _scale(channels: Sequence[Sequence[Strong]]) -> float:
    """How much larger crops of a layer are shown than they are on its sheets."""
    longest = [max(cell.box.size) for cells in channels for cell in cells]
    return _SHOWN / max(longest, default=1)


def _sheet_styles(layer: SurveyedLayer, scale: float) -> Iterator[str]:
    """The classes of crops by their sheets."""
    for sheet in layer.sheets:
        sharp = "; image-rendering: pixelated" if scale > 2 else ""
        yield (
            f".s{_sheet_number(sheet.name)} {{ background-image: url(atlas/{sheet.name}); "
            f"background-size: {sheet.width * scale:.2f}px {sheet.height * scale:.2f}px{sharp} }}\n"
        )


def _sheet_number(name: str) -> int:
    """The number of a sheet among those of its layer, by the name of its file."""
    return int(Path(name).stem.partition("-")[2])


def _values(statistics: Statistics, channel: int) -> Iterator[str]:
    """How the values of a channel lie."""
    if not statistics.count[channel]:
        yield '<p class="faint">No value is a finite number.</p>'
        return
    low, high, mean, std = (
        number(float(values[channel]))
        for values in (statistics.min, statistics.max, statistics.mean, statistics.std)
    )
    yield (
        f'<p class="faint">{low} to {high}, mean {mean}, std {std}<br>above 0 in '
        f"{percent(float(statistics.fires_in_cells[channel]))} of cells, in "
        f"{percent(float(statistics.fires_in_images[channel]))} of images</p>\n"
    )
    yield _bars(statistics.histogram[channel], f"Values from {low} to {high}")


def _bars(counts: NDArray[np.int64], label: str) -> str:
    """A histogram as bars, between the first and the last bin with values; roots are drawn.

    Most values of many layers are zero: their bar is cut off, or no other would show.
    """
    (filled,) = counts.nonzero()
    first, last = int(filled[0]), int(filled[-1])
    others = np.delete(counts, len(counts) // 2)
    heights = np.sqrt(counts[first : last + 1] / (others.max() or counts.max())).clip(max=1)
    bars = "".join(
        f'<rect class="{"zero" if first + i == len(counts) // 2 else "bar"}" x="{i}.05" '
        f'y="{1 - height:.3f}" width=".9" height="{height:.3f}"/>'
        for i, height in enumerate(heights)
        if height
    )
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {last - first + 1} 1" '
        f'preserveAspectRatio="none">{bars}</svg>\n'
    )


def _crop(survey: Survey, layer: SurveyedLayer, rank: int, cell: Strong, scale: float) -> str:
    """A crop with its value; where it is from shows while the pointer is over it."""
    (top, left), (height, width) = cell.box.start, cell.box.size
    where = position(cell.cell)
    at = f", cell {where}" if where else ""
    said = f"{survey.image(cell.image).name}{at}, sees {by(cell.region.size)} pixels"
    name = escape(said, quote=True)
    return (
        f'<li><div class="crop s{_sheet_number(cell.sheet)}" role="img" title="{name}" '
        f'aria-label="Number {rank}, value {number(cell.value)}: {name}" style="width:'
        f"{width * scale:.2f}px;height:{height * scale:.2f}px;background-position:"
        f'{-left * scale:.2f}px {-top * scale:.2f}px"></div>{number(cell.value)}</li>\n'
    )
