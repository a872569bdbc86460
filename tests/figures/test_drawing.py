"""A drawing says the same as SVG and as a raster."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageFont

from rf_viz.figures.drawing import (
    Area,
    Drawing,
    Frame,
    Line,
    Outline,
    Raster,
    Shape,
    Veil,
    Words,
)

SVG = "{http://www.w3.org/2000/svg}"


def font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    default = ImageFont.load_default(size)
    assert isinstance(default, ImageFont.FreeTypeFont)
    return default


def painted(*shapes: Shape, scale: float = 1) -> Image.Image:
    return Drawing(20, 10, shapes, "a test").raster(scale, font)


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


def test_enlarged_pixels_stay_sharp() -> None:
    pixels = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    image = painted(Raster(Frame(4, 2, 8, 4), pixels), scale=2)
    assert image.size == (40, 20)
    assert colour(image, 15, 6) == (255, 0, 0)
    assert colour(image, 16, 6) == (0, 0, 255)
    assert colour(image, 24, 6) == colour(image, 16, 12) == (255, 255, 255)


def test_an_svg_carries_no_more_pixels_than_it_can_show() -> None:
    svg = Drawing(20, 10, [Raster(Frame(0, 0, 4, 4), np.zeros((500, 500, 3), np.uint8))], "").svg()
    assert len(svg) < 1000


def test_a_veil_leaves_its_hole_alone() -> None:
    veil = Veil(Frame(0, 0, 20, 10), Frame(5, 2, 6, 4), "#000000", 0.5)
    image = painted(veil)
    for x in range(20):
        for y in range(10):
            inside = 5 <= x < 11 and 2 <= y < 6
            assert (colour(image, x, y) == (255, 255, 255)) == inside
    whole = painted(Veil(Frame(0, 0, 20, 10), None, "#000000", 0.5))
    assert whole.getextrema() == ((127, 127),) * 3


def test_an_outline_lies_on_both_sides_of_its_frame() -> None:
    image = painted(Outline(Frame(5, 2, 8, 5), "#ff7f0e", 2))
    drawn = {x for x in range(20) if colour(image, x, 4) == (255, 127, 14)}
    assert drawn == {4, 5, 12, 13}


def test_a_frame_that_is_less_than_a_pixel_shows() -> None:
    image = painted(Area(Frame(3.1, 4, 0.1, 2), "#000000"))
    assert [x for x in range(20) if colour(image, x, 5) != (255, 255, 255)] == [3]


def test_a_line_goes_through_its_points() -> None:
    image = painted(Line(np.array([[2.0, 5.0], [18.0, 5.0]]), "#000000", 1))
    assert colour(image, 10, 5) == (0, 0, 0)
    assert colour(image, 10, 8) == (255, 255, 255)


def test_a_part_lies_where_the_window_puts_it() -> None:
    part = Frame(100, 50, 224, 112).part(Frame(8, 4, 4, 2), Frame(0, 0, 16, 8))
    assert part == Frame(212, 106, 56, 28)


def test_the_svg_is_a_file_of_its_own_and_takes_any_text() -> None:
    words = Words(1, 9, 'a < b & "c"', 8, "#000000", bold=True)
    root = ElementTree.fromstring(Drawing(20, 10, [words], "x < y").svg())
    assert root.find(f"{SVG}text").text == 'a < b & "c"'
    assert root.find(f"{SVG}title").text == "x < y"
    assert (root.attrib["width"], root.attrib["height"]) == ("20", "10")
