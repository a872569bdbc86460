"""The figures of the Compare page, by what they show of given data."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from rf_viz.analysis.growth import Growth, GrowthPoint
from rf_viz.figures.compare import COLOURS, Box, Curve, growth, seen
from rf_viz.influence.depth_tasks import MeasuredSize


def step(layer: str, depth: int, size: int | None, region: int) -> GrowthPoint:
    return GrowthPoint(layer, layer, "Conv", depth, depth / 10, size, region)


BRANCHED = Growth(
    (64, 64),
    (
        step("stem", 1, 3, 3),
        step("left", 2, 7, 7),
        step("right", 2, 3, 3),
        step("relu", 2, 7, 7),
        step("join", 3, None, 20),
    ),
    None,
    0.3,
    0,
)


def curve(figure: go.Figure) -> list[tuple[float, float, str]]:
    (trace,) = figure.data
    layers = [layer for _, layer in trace.customdata]
    return list(zip(trace.x, trace.y, layers, strict=True))


def test_a_point_stands_where_a_layer_sees_farther_than_all_before() -> None:
    curves = [Curve("net", 3, BRANCHED)]
    assert curve(growth(curves, "depth", "size")) == [(1, 3, "stem"), (2, 7, "left")]
    regions = [(1, 3, "stem"), (2, 7, "left"), (3, 20, "join")]
    assert curve(growth(curves, "depth", "region")) == regions
    assert [x for x, *_ in curve(growth(curves, "gflops", "region"))] == [0.1, 0.2, 0.3]


def test_measured_sizes_stand_beside_those_to_expect() -> None:
    expecting = {s.layer: 0.8 * s.region for s in BRANCHED.steps}
    sizes = {"stem": MeasuredSize(3, 7), "left": MeasuredSize(5, 7), "join": MeasuredSize(4, 7)}
    curves = [Curve("net", 3, BRANCHED, expecting, sizes), Curve("other", 4, BRANCHED, expecting)]
    expected, measured = growth(curves, "depth", "measured").data
    assert (measured.name, list(measured.x), list(measured.y)) == ("net", [1, 2], [3, 5])
    assert "effective size 5 px with its weights, over 7 inputs" in measured.text[1]
    assert list(expected.y) == pytest.approx([2.4, 5.6, 16])
    assert expected.line.color == measured.line.color


def test_a_network_keeps_its_colour_and_number() -> None:
    (trace,) = growth([Curve("net", 3, BRANCHED)], "depth", "size").data
    assert trace.line.color == COLOURS[3]
    assert trace.customdata[0][0] == 3


def test_the_input_is_marked_where_all_have_the_same() -> None:
    def notes(*curves: Curve) -> list[str]:
        return [a.text for a in growth(curves, "depth", "size").layout.annotations]

    other = Growth((32, 32), BRANCHED.steps, None, 0.3, 0)
    assert notes(Curve("a", 0, BRANCHED), Curve("b", 1, BRANCHED)) == ["size of the input, 64"]
    assert notes(Curve("a", 0, BRANCHED), Curve("b", 1, other)) == []


def test_a_region_lies_on_its_picture_and_the_rest_is_shaded() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    part = (0.25, 0.5, 0.75, 1.0)
    figure = seen(image, Box("a", 3, part, None))
    (line,) = figure.data
    assert (min(line.y), min(line.x), max(line.y), max(line.x)) == part
    assert (line.line.color, line.line.dash) == (COLOURS[3], None)
    (shade,) = figure.layout.shapes
    assert shade.path == "M0,0H1V1H0ZM0.5,0.25H1.0V0.75H0.5Z"
    assert shade.fillrule == "evenodd"
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


def test_a_closed_form_is_dashed_where_it_fits() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    whole, near, far = (0.0, 0.0, 1.0, 1.0), (-0.3, -0.3, 1.3, 1.3), (-4.0, -4.0, 5.0, 5.0)
    figure = seen(image, Box("near", 0, whole, near))
    assert {trace.name: trace.line.dash for trace in figure.data} == {
        "closed form": "dash",
        "region": None,
    }
    assert figure.layout.xaxis.range[0] < -0.3
    assert [trace.name for trace in seen(image, Box("far", 1, whole, far)).data] == ["region"]
