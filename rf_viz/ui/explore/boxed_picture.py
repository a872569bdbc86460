"""A picture or a signal in HTML, with the box around some of its pixels."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...verify.experiment import Pixels

_SENT = 320
"""Pictures are sent with at most so many pixels along a side; they are shown smaller."""

_LOSSLESS = 128
"""Pictures with no more pixels along a side are sent as they are."""

_POINTS = 500
"""Lines are drawn through so many points at most."""

_LINE = "#868b95"
"""A grey that shows on light and on dark."""


def drawn(values: NDArray[Any], mask: Pixels, title: str) -> str:
    """HTML of a picture (height, width, 3) or a signal (length,), boxed around the mask."""
    kind, source = ("line", _line(values)) if values.ndim == 1 else ("image", _image(values))
    image = f'<img alt="{escape(title)}" src="{source}">'
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


def _image(values: NDArray[np.uint8]) -> str:
    image, stream = Image.fromarray(values), BytesIO()
    if max(image.size) <= _LOSSLESS:
        image.save(stream, "PNG")
        return _source("png", stream.getvalue())
    image.thumbnail((_SENT, _SENT))
    image.save(stream, "JPEG", quality=85)
    return _source("jpeg", stream.getvalue())


def _line(values: NDArray[np.float32]) -> str:
    shown = values[:: -(-len(values) // _POINTS)].astype(float)
    low, span = shown.min(), np.ptp(shown) or 1
    points = " ".join(f"{x},{1 - (y - low) / span:.3f}" for x, y in enumerate(shown))
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="112" '
        f'viewBox="0 -0.05 {max(1, len(shown) - 1)} 1.1" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="1.5" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
    return _source("svg+xml", drawing.encode())


def _source(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
