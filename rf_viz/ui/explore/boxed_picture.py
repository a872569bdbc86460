"""A picture or a signal in HTML, with the box around some of its pixels."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import encode
from ...verify.experiment import Pixels

_SENT = 320
"""Pictures are sent with at most so many pixels along a side; they are shown smaller."""

_POINTS = 500
"""About so many values of a signal are drawn: there are no more pixels across."""

_LINE = "#868b95"
"""A grey that shows on light and on dark."""


def boxed_picture(values: NDArray[Any], mask: Pixels, title: str) -> str:
    """Draws a picture (height, width, 3) or a signal (length,) in HTML, boxed around the mask."""
    if values.ndim == 1:
        kind = "line"
        encoded = encode.signal(values, size=(600, 112), colour=_LINE, stroke=1.5, points=_POINTS)
    else:
        kind = "image"
        encoded = encode.picture(values, side=_SENT, quality=encode.QUALITY_OF_MANY)
    image = f'<img alt="{escape(title)}" src="{encoded.data_url}">'
    return f'<div class="picture {kind}">{image}{_box(mask)}</div>'


def _box(mask: Pixels) -> str:
    if not mask.any():
        return ""
    sides = []
    for axis, extent in enumerate(mask.shape):
        along = np.flatnonzero(mask.any(axis=tuple(i for i in range(mask.ndim) if i != axis)))
        start, size = int(along[0]), int(along[-1] - along[0]) + 1
        sides.append((f"{100 * start / extent:.3f}%", f"{100 * size / extent:.3f}%"))
    (top, height), (left, width) = sides if len(sides) == 2 else (("0", "100%"), sides[0])
    place = f"left:{left};top:{top};width:{width};height:{height}"
    return f'<div class="region" style="{place}"></div>'
