"""How far layers see over their depth: the numbers behind the figure, and what it shows."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

import rf_viz
from rf_viz import Network
from rf_viz.analysis.coverage import coverage
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.figures.coverage import coverage_figure
from rf_viz.figures.growth import growth_figure, points_of
from rf_viz.influence.depth_tasks import MeasuredSize
from tests.models.small_nets import Net


def sample(key: str) -> Network:
    return rf_viz.load(SAMPLE_MODELS[key].path).trace(cut_global=True)


@pytest.fixture(scope="module")
def fork() -> Network:
    """A branch of one convolution beside one of two, joined, then pooled."""
    net = Net()
    a = net.conv("x", 3, name="a")
    short = net.conv(a, 1, name="short")
    long = net.conv(net.conv(a, 3, name="long1"), 3, name="long2")
    net.op("Concat", short, long, name="joined", axis=1)
    net.op("GlobalAveragePool", "joined", name="pool")
    return net.trace(16)


def drawn(figure: go.Figure) -> dict[str, tuple[int, float]]:
    """Where each layer's point is."""
    return {
        name: (x, y)
        for trace in figure.data
        if trace.mode == "markers"
        for (name,), x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }


def segments(figure: go.Figure, name: str) -> set[tuple[tuple[int, float], ...]]:
    (trace,) = [trace for trace in figure.data if trace.name == name]
    points = list(zip(trace.x, trace.y, strict=True))
    return {(points[i], points[i + 1]) for i in range(0, len(points), 3)}


def test_branches_part_and_meet(fork: Network) -> None:
    lines = segments(growth_figure(fork, 0), "size r, padding counted")
    assert lines == {
        ((0, 1), (1, 3)),
        ((1, 3), (2, 3)),
        ((1, 3), (2, 5)),
        ((2, 5), (3, 7)),
        ((2, 3), (4, 7)),
        ((3, 7), (4, 7)),
    }


def test_points_name_their_layers_and_what_is_pooled_is_left_out(fork: Network) -> None:
    points = drawn(growth_figure(fork, 0))
    assert points == {
        "a": (1, 3),
        "short": (2, 3),
        "long1": (2, 5),
        "long2": (3, 7),
        "joined": (4, 7),
    }


def test_median_and_largest_are_exact(fork: Network) -> None:
    by_name = {point.layer.name: point for point in points_of(fork, 0) if point.layer}
    # Cells 0 and 15 see 4 rows, 1 and 14 see 5, 2 and 13 see 6, all others 7.
    assert (by_name["joined"].median, by_name["joined"].largest) == (7, 7)
    start, stop = sample("blazeface")["classificators"].bounds()
    last = points_of(sample("blazeface"), 0)[-1]
    assert last.median == np.median(stop[..., 0] - start[..., 0])


def test_without_closed_form_the_exact_sizes_are_shown_and_said() -> None:
    net = sample("selfie")
    figure = growth_figure(net, 0)
    points = drawn(figure)
    assert net["segment"].receptive_field is None
    assert points["segment"][1] == 256
    texts = [text for trace in figure.data if trace.mode == "markers" for text in trace.text]
    (text,) = [text for text in texts if text.startswith("<b>segment</b>")]
    assert "size r: none" in text
    assert "100% of the image" in text


def test_the_axis_is_that_which_was_asked_for() -> None:
    net = Net()
    net.weights["wide"] = np.ones((1, 1, 1, 5), "float32")
    net.op("Conv", "x", "wide", name="wide_conv", pads=[0, 2, 0, 2])
    traced = net.trace(16)
    assert [points_of(traced, axis)[-1].field for axis in (0, 1)] == [1, 5]


def test_a_map_of_pixels_shows_the_counts() -> None:
    net = sample("efficientnet-lite0")
    counts = coverage(net["stage4.0/project"]).counts
    (heatmap,) = coverage_figure(coverage(net["stage4.0/project"])).data
    assert (heatmap.z == counts).all()
    (line,) = coverage_figure(coverage(sample("crepe")["conv1"])).data
    assert len(line.y) == 1024


def test_a_measured_size_is_joined_to_the_deepest_one_that_leads_to_it(fork: Network) -> None:
    measured = {"a": 2.5, "long2": 3.5, "joined": 4.0}
    sizes = {name: MeasuredSize(size, 2, (1, 1)) for name, size in measured.items()}
    figure = growth_figure(fork, 0, measured=sizes)
    marks, lines = figure.data[-1], go.Figure(figure.data[:-1])
    assert segments(lines, "effective, these weights") == {
        ((0, 1), (1, 2.5)),
        ((1, 2.5), (3, 3.5)),
        ((3, 3.5), (4, 4)),
    }
    assert [name for (name,) in marks.customdata] == list(measured)
    assert "2.5 px with these weights" in marks.text[0]
    assert "over 2 inputs" in marks.text[0]
