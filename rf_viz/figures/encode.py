"""Pictures and signals as the bytes that travel to the browser or into a file.

Small pictures are PNG, exact to the pixel; larger ones are JPEG, a fraction of the bytes.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PictureLike = NDArray[np.uint8] | Image.Image
"""A picture: (height, width) grey or (height, width, 3) coloured, or as Pillow has it."""

LOSSLESS = 128 * 128
"""The most pixels of a crop that stays exact: so few are shown enlarged, each to be seen."""

LOSSLESS_VIEW = 300 * 300
"""The most pixels of a picture in a view that stays exact: there people zoom in and point at single
pixels, up to the size at which the view shows them."""

QUALITY = 90
"""The JPEG quality of a picture that stands alone: no blocks show, at any size it is shown in."""

QUALITY_OF_MANY = 85
"""The JPEG quality where several pictures come at once and are shown small: a fifth fewer bytes."""


@dataclass(frozen=True)
class Encoded:
    """A picture as the content of a file; ``kind`` is the file's media type without "image/"."""

    kind: Literal["png", "jpeg", "svg+xml"]
    content: bytes

    @property
    def data_url(self) -> str:
        """The picture as a URL that holds it, for HTML and SVG."""
        return f"data:image/{self.kind};base64,{base64.b64encode(self.content).decode()}"

    @property
    def array(self) -> NDArray[np.uint8]:
        """The content as an array, for a packet."""
        return np.frombuffer(self.content, np.uint8)


def png(pixels: PictureLike, *, fast: bool = False) -> Encoded:
    """A picture as PNG, without loss.

    ``fast`` takes a quarter of the time and a few more bytes, for pictures drawn at each click.
    """
    stream = BytesIO()
    _image(pixels).save(stream, "PNG", compress_level=1 if fast else 6)
    return Encoded("png", stream.getvalue())


def jpeg(
    pixels: PictureLike,
    *,
    side: int | None = None,
    quality: int = QUALITY,
    exact_colours: bool = False,
) -> Encoded:
    """A picture as JPEG, with at most ``side`` pixels along a side.

    JPEG keeps colours at half the resolution of brightness; ``exact_colours`` keeps them at the
    full one, so that those of neighbouring pixels do not run into each other.
    """
    image = _image(pixels)
    if side is not None and max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side))
    options = {"subsampling": 0} if exact_colours else {}
    stream = BytesIO()
    image.save(stream, "JPEG", quality=quality, **options)
    return Encoded("jpeg", stream.getvalue())


def picture(
    pixels: PictureLike,
    *,
    lossless: int = LOSSLESS,
    side: int | None = None,
    quality: int = QUALITY,
    exact_colours: bool = False,
    fast: bool = False,
) -> Encoded:
    """A picture as PNG if it has at most ``lossless`` pixels, else as JPEG.

    ``side``, ``quality`` and ``exact_colours`` apply to JPEG, ``fast`` to PNG.
    """
    image = _image(pixels)
    if image.width * image.height <= lossless:
        return png(image, fast=fast)
    return jpeg(image, side=side, quality=quality, exact_colours=exact_colours)


def signal(
    values: NDArray[Any], *, size: tuple[int, int], colour: str, stroke: float, points: int
) -> Encoded:
    """A signal (length,) as an SVG with one line, from its lowest value to its highest.

    Args:
        values: finite values.
        size: width and height of the SVG; it may be stretched.
        colour, stroke: of the line.
        points: the line goes through so many values, or up to twice as many.
    """
    shown = values[:: max(1, len(values) // points)].astype(float)
    low, span = shown.min(), np.ptp(shown) or 1
    line = " ".join(f"{x},{1 - (y - low) / span:.3f}" for x, y in enumerate(shown))
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 -0.05 {max(1, len(shown) - 1)} 1.1" preserveAspectRatio="none">'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="{stroke:g}" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
    return Encoded("svg+xml", drawing.encode())


def _image(pixels: PictureLike) -> Image.Image:
    return pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
