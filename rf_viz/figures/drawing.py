"""Drawings of pictures, lines, boxes and words, written as SVG or painted as a raster.

Coordinates are in units of the drawing, from its top left corner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from .encode import png

_SHARP = 2
"""Pictures go into an SVG with at most so many pixels to a unit of the drawing."""

FontOf = Callable[[float, bool], ImageFont.FreeTypeFont]
"""The font of a size, bold or not."""


@dataclass(frozen=True)
class Frame:
    """A rectangle of the drawing."""

    x: float
    y: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """The left, top, right and bottom edge."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def part(self, box: Frame, of: Frame) -> Frame:
        """Places a box of the window ``of`` in this frame, which shows that whole window."""
        across, down = self.width / of.width, self.height / of.height
        return Frame(
            self.x + (box.x - of.x) * across,
            self.y + (box.y - of.y) * down,
            box.width * across,
            box.height * down,
        )


class Canvas:
    """The raster that shapes are painted on, ``scale`` pixels to a unit of the drawing."""

    def __init__(self, image: Image.Image, scale: float, font: FontOf) -> None:
        self.image, self.scale, self.font = image, scale, font
        self.pen = ImageDraw.Draw(image, "RGBA")

    def pixels(self, frame: Frame) -> tuple[int, int, int, int]:
        """Rounds a frame to whole pixels: left, top, right, bottom; no frame vanishes."""
        left, top, right, bottom = (round(n * self.scale) for n in frame.corners)
        return left, top, max(right, left + 1), max(bottom, top + 1)

    def fill(self, frame: Frame, colour: str, opacity: float) -> None:
        """Paints all of a frame; ``opacity`` is from 0 to 1."""
        left, top, right, bottom = self.pixels(frame)
        self.pen.rectangle((left, top, right - 1, bottom - 1), _rgba(colour, opacity))


class Shape(Protocol):
    """A part of a drawing."""

    def svg(self) -> str:
        """The shape as an element of an SVG."""

    def paint(self, canvas: Canvas) -> None:
        """Puts the shape on top of what is there."""


@dataclass(frozen=True)
class Raster:
    """Pixels (height, width, 3) of uint8 that fill a frame; enlarged, they stay sharp."""

    frame: Frame
    pixels: NDArray[np.uint8]

    def svg(self) -> str:
        """The shape as an element of an SVG."""
        image = Image.fromarray(self.pixels)
        if not self._enlarged(_SHARP):
            size = (round(_SHARP * self.frame.width), round(_SHARP * self.frame.height))
            image = image.resize(size, Image.Resampling.LANCZOS)
        sharp = ' style="image-rendering:pixelated"' if self._enlarged(1) else ""
        return (
            f'<image {_place(self.frame)} preserveAspectRatio="none"{sharp} '
            f'href="{png(image).data_url}"/>'
        )

    def paint(self, canvas: Canvas) -> None:
        """Puts the shape on top of what is there."""
        left, top, right, bottom = canvas.pixels(self.frame)
        sharp = self._enlarged(canvas.scale)
        how = Image.Resampling.NEAREST if sharp else Image.Resampling.LANCZOS
        image = Image.fromarray(self.pixels).resize((right - left, bottom - top), how)
        canvas.image.paste(image, (left, top))

    def _enlarged(self, scale: float) -> bool:
        height, width = self.pixels.shape[:2]
        return bool(self.frame.width * scale >= width and self.frame.height * scale >= height)


@dataclass(frozen=True)
class Line:
    """A line through points (n, 2) of x and y."""

    points: NDArray[np.float64]
    colour: str
    width: float

    def svg(self) -> str:
        """The shape as an element of an SVG."""
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in self.points)
        return (
            f'<polyline points="{points}" fill="none" stroke="{self.colour}" '
            f'stroke-width="{self.width:g}" stroke-linejoin="round"/>'
        )

    def paint(self, canvas: Canvas) -> None:
        """Puts the shape on top of what is there."""
        points = [(x, y) for x, y in (self.points * canvas.scale).tolist()]
        canvas.pen.line(points, self.colour, round(self.width * canvas.scale), joint="curve")


@dataclass(frozen=True)
class Area:
    """A filled frame."""

    frame: Frame
    colour: str
    opacity: float = 1

    def svg(self) -> str:
        """The shape as an element of an SVG."""
        return f'<rect {_place(self.frame)} fill="{self.colour}" fill-opacity="{self.opacity:g}"/>'

    def paint(self, canvas: Canvas) -> None:
        """Puts the shape on top of what is there."""
        canvas.fill(self.frame, self.colour, self.opacity)


@dataclass(frozen=True)
class Veil:
    """A filled frame with a hole; without one where ``hole`` is None."""

    frame: Frame
    hole: Frame | None
    colour: str
    opacity: float

    def svg(self) -> str:
        """The shape as an element of an SVG."""
        outlines = [
            f"M{left:.2f} {top:.2f}H{right:.2f}V{bottom:.2f}H{left:.2f}z"
            for left, top, right, bottom in (f.corners for f in (self.frame, self.hole) if f)
        ]
        return (
            f'<path d="{"".join(outlines)}" fill="{self.colour}" '
            f'fill-opacity="{self.opacity:g}" fill-rule="evenodd"/>'
        )

    def paint(self, canvas: Canvas) -> None:
        """Puts the shape on top of what is there."""
        left, top, right, bottom = self.frame.corners
        if self.hole is None:
            canvas.fill(self.frame, self.colour, self.opacity)
            return
        start, upper, stop, lower = self.hole.corners
        for frame in (
            Frame(left, top, right - left, upper - top),
            Frame(left, lower, right - left, bottom - lower),
            Frame(left, upper, start - left, lower - upper),
            Frame(stop, upper, right - stop, lower - upper),
        ):
            if frame.width > 0 and frame.height > 0:
                canvas.fill(frame, self.colour, self.opacity)


@dataclass(frozen=True)
class Outline:
    """A frame's border, half of its width on either side."""

    frame: Frame
    colour: str
    width: float

    def svg(self) -> str:
        """The shape as an element of an SVG."""
        return (
            f'<rect {_place(self.frame)} fill="none" stroke="{self.colour}" '
            f'stroke-width="{self.width:g}"/>'
        )

    def paint(self, canvas: Canvas) -> None:
        """Puts the shape on top of what is there."""
        width = max(1, round(self.width * canvas.scale))
        left, top, right, bottom = canvas.pixels(self.frame)
        half = width // 2
        canvas.pen.rectangle(
            (left - half, top - half, right + half - 1, bottom + half - 1),
            outline=self.colour,
            width=width,
        )


@dataclass(frozen=True)
class Words:
    """A line of text that begins at x, with its baseline at y."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False

    def svg(self) -> str:
        """The shape as an element of an SVG."""
        weight = ' font-weight="600"' if self.bold else ""
        return (
            f'<text x="{self.x:g}" y="{self.y:g}" font-size="{self.size:g}" '
            f'fill="{self.colour}"{weight}>{escape(self.text)}</text>'
        )

    def paint(self, canvas: Canvas) -> None:
        """Puts the shape on top of what is there."""
        canvas.pen.text(
            (self.x * canvas.scale, self.y * canvas.scale),
            self.text,
            self.colour,
            canvas.font(self.size * canvas.scale, self.bold),
            anchor="ls",
        )


@dataclass(frozen=True)
class Drawing:
    """Shapes on a white ground, the first at the bottom; ``about`` describes them in words."""

    width: float
    height: float
    shapes: Sequence[Shape]
    about: str

    def svg(self) -> str:
        """Writes the drawing as a file of its own."""
        shapes = "\n".join(shape.svg() for shape in self.shapes)
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" '
            f'width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            "font-family=\"'Source Sans 3', 'Source Sans Pro', Helvetica, Arial, sans-serif\">\n"
            f"<title>{escape(self.about)}</title>\n"
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n{shapes}\n</svg>\n'
        )

    def raster(self, scale: float, font: FontOf) -> Image.Image:
        """Paints the drawing, ``scale`` pixels to a unit."""
        size = (round(self.width * scale), round(self.height * scale))
        canvas = Canvas(Image.new("RGB", size, "#ffffff"), scale, font)
        for shape in self.shapes:
            shape.paint(canvas)
        return canvas.image


def _place(frame: Frame) -> str:
    return (
        f'x="{frame.x:.2f}" y="{frame.y:.2f}" width="{frame.width:.2f}" height="{frame.height:.2f}"'
    )


def _rgba(colour: str, opacity: float) -> tuple[int, ...]:
    return (*ImageColor.getrgb(colour)[:3], round(255 * opacity))
