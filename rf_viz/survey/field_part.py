"""The part of a layer's page that shows its effective field: a small picture, and its sizes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np
from PIL import Image

from ..analysis.effective import THRESHOLD, EffectiveField
from ..analysis.numbers import count, extent, number
from ..figures import colours
from ..figures.encode import Encoded, png
from ..trace.network import Region
from .records import SurveyedField

_SIDE = 192
"""The picture has at most so many pixels along a side: it is shown no larger."""

_SHARES = (0.2, 0.3, 0.5, 0.99)
"""The shares of the influence whose squares are told, as published tables have them."""

FIELD_STYLE = """\
.field { border-top: 1px solid var(--line); margin: 0; padding: .75rem 0; display: grid;
  grid-template-columns: 13rem 1fr; gap: .5rem 1rem; }
.field svg { width: 12rem; height: auto; max-height: 12rem; margin: 0; }
.field image { image-rendering: pixelated; }
.field rect { fill: none; stroke: #fff; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.field table { width: auto; margin: .25rem 0; }
.field th { font-weight: 400; }
@media (max-width: 40rem) { .field { grid-template-columns: 1fr; } }
"""


def field_part(about: SurveyedField, field: EffectiveField | None) -> Iterator[str]:
    """The part, as HTML; ``field`` is None where the layer has none, and ``about`` says why."""
    if field is None:
        yield f'<p class="faint">No effective field: {escape(about.why)}.</p>\n'
        return
    yield '<section class="field"><div>\n'
    yield from _picture(field)
    yield "</div><div><h2>Effective receptive field</h2>\n"
    yield (
        "<p>Not all that a cell sees matters to it alike. This is the influence of each pixel on "
        f"the cell in the middle, all channels together, by {about.method}, on average over "
        f"{count(about.images, 'image')}. The square holds half of it.</p>\n"
    )
    yield from _table(about, field)
    yield (
        f'<p class="faint">Size: the side of a square of as many pixels as have more than '
        f"{THRESHOLD:.2%} of the largest influence. A square of so much lies around the "
        "centre, and holds that share of the influence.</p>\n"
    )
    if about.still:
        yield f'<p class="faint">Without any influence: {count(about.still, "image")}.</p>\n'
    if about.failed:
        yield (
            f'<p class="faint">Not measured: {count(about.failed, "image")} '
            f"({escape(about.why)}).</p>\n"
        )
    yield "</div></section>\n"


def _table(about: SurveyedField, field: EffectiveField) -> Iterator[str]:
    """The sizes, in pixels of the model's input."""
    expected = "" if about.expected is None else f"{number(about.expected)} px"
    rows = {
        "Region": extent(_box(field).size),
        "Size": f"{number(field.size)} px",
        "Size to expect of random weights": expected,
        **{f"Square of {share:.0%}": f"{field.side(share)} px" for share in _SHARES},
    }
    yield "<table>\n"
    for name, value in rows.items():
        if value:
            yield f'<tr><th scope="row">{name}</th><td class="n">{value}</td></tr>\n'
    yield "</table>\n"


def _picture(field: EffectiveField) -> Iterator[str]:
    """The influence over the region, with the square that holds half of it."""
    box = _box(field)
    (top, left), (height, width) = box.start, box.size
    side = field.side(0.5)
    y, x = (middle + 0.5 - side / 2 for middle in field.centre)
    yield (
        f'<svg role="img" aria-label="Influence of each pixel on the middle cell" '
        f'viewBox="{left} {top} {width} {height}">'
        f'<image href="{_coloured(field, box).data_url}" x="{left}" y="{top}" width="{width}" '
        f'height="{height}" preserveAspectRatio="none"/>'
    )
    if side:
        yield f'<rect x="{x:g}" y="{y:g}" width="{side}" height="{side}"/>'
    yield "</svg>\n"


def _coloured(field: EffectiveField, box: Region) -> Encoded:
    """The influence in the colours that counts have, scaled down where there is much of it."""
    part = Image.fromarray(field.influence[box.slices].astype(np.float32))
    scale = _SIDE / max(part.size)
    if scale < 1:
        width, height = (max(1, round(n * scale)) for n in part.size)
        part = part.resize((width, height), Image.Resampling.BOX)
    values = np.asarray(part)
    steps = (255 * values / (values.max() or 1)).round().astype(np.uint8)
    picture = Image.fromarray(steps)
    picture.putpalette(colours.colours(colours.COUNTS).tobytes())
    return png(picture)


def _box(field: EffectiveField) -> Region:
    """The smallest box around the mask."""
    ends = [np.flatnonzero(field.mask.any(axis=axis)) for axis in (1, 0)]
    return Region(tuple(int(at[0]) for at in ends), tuple(int(at[-1]) + 1 for at in ends))
