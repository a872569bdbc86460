"""The accuracy figure: which mark stands where, in whose colour, and the curve through them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from rf_viz.catalogue.article import Fit
from rf_viz.figures.accuracy import COLOURS, Point, Quantity, accuracy

A = Point("a", 100, 0.6, 1.0, "VGG", 200, 16)
B = Point("b", 400, 0.7, 4.0, "ResNet", 200, 50)
C = Point("c", 900, 0.8, None, "ResNet")


def marks(figure: go.Figure) -> dict[str, go.Scatter]:
    """The traces with points, by the names of these."""
    return {"".join(trace.text): trace for trace in figure.data if trace.text is not None}


def test_marks_have_areas_like_costs_and_colours_like_families() -> None:
    figure = accuracy({"Known": [A, B, C]}, {"Ours": Fit(0.05, 0.4, 1, 3)})
    shown = marks(figure)
    assert list(shown) == ["a", "bc"]
    assert {trace.marker.sizemode for trace in shown.values()} == {"area"}
    assert list(shown["bc"].marker.size) == [4, 0]
    assert "cost not known" in shown["bc"].customdata[1][2]
    assert shown["a"].marker.line.color == COLOURS["VGG"]
    assert shown["bc"].marker.line.color == COLOURS["ResNet"]
    line = figure.data[-1]
    assert line.name == "Ours"
    assert list(line.y) == pytest.approx(0.05 * np.log(line.x) + 0.4)


def test_a_family_has_its_colour_in_every_group_and_one_entry_in_the_legend() -> None:
    figure = accuracy({"One": [A], "Other": [Point("d", 300, 0.7, 1.0, "VGG")]}, {})
    shown = marks(figure)
    assert shown["a"].marker.line.color == shown["d"].marker.line.color
    assert shown["a"].marker.symbol != shown["d"].marker.symbol
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["VGG"]


@pytest.mark.parametrize(
    ("across", "places"),
    [("size", [100, 400, 900]), ("share", [0.5, 2]), ("depth", [16, 50]), ("gflops", [1, 4])],
)
def test_a_network_stands_where_its_quantity_is_known(
    across: Quantity, places: list[float]
) -> None:
    shown = marks(accuracy({"Known": [A, B, C]}, {}, across))
    assert [x for trace in shown.values() for x in trace.x] == places


def test_the_network_that_is_left_out_is_hollow() -> None:
    shown = marks(accuracy({"Known": [A, B, C]}, {}, left_out="b"))
    assert list(shown["bc"].marker.color) == ["rgba(0, 0, 0, 0)", COLOURS["ResNet"]]


def test_circles_beside_the_marks_tell_what_their_areas_mean() -> None:
    figure = accuracy({"Known": [Point("big", 100, 0.7, 39.3, "VGG"), A]}, {})
    marker = marks(figure)["biga"].marker
    circles = [shape for shape in figure.layout.shapes if shape.type == "circle"]
    sides = [circle.x1 - circle.x0 for circle in circles]
    texts = [note.text for note in figure.layout.annotations]
    assert texts == ["10 GFLOPs", "1 GFLOPs", "100 MFLOPs", "Area: cost of one image"]
    # Plotly's radius of a mark: the root of half its size over the reference.
    assert sides[0] == pytest.approx(2 * (10 / 2 / marker.sizeref) ** 0.5)


def test_without_costs_no_circles_are_explained() -> None:
    assert not accuracy({"Known": [C]}, {}).layout.shapes


def test_a_mark_tells_what_its_network_is_opened_by() -> None:
    point = Point("d", 300, 0.7, 1.0, key="keras:ResNet50")
    (mark,) = marks(accuracy({"Known": [point]}, {})).values()
    assert mark.customdata[0][:2] == ["d", "keras:ResNet50"]
