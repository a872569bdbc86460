"""What the article published, as data: it is all there, and what is said of it still holds."""

from __future__ import annotations

import math
import random

import pytest

from rf_viz.catalogue.article import (
    Figures,
    end_points,
    fit,
    summary,
    without_each,
)
from rf_viz.catalogue.keras_applications import FAMILIES, KERAS_APPLICATIONS
from tests.readers.tensorflow import test_published, test_published_others


def test_every_published_row_is_there_and_agrees() -> None:
    rows = end_points()
    assert len(rows) == 561
    assert {row.resolution for row in rows} == {None, 224, 321}
    assert all(row.agrees for row in rows)


@pytest.mark.parametrize("network", ["vgg_16", "inception_v2", "resnet_v1_50", "mobilenet_v1"])
def test_rows_say_what_the_core_computes(network: str) -> None:
    rows = [row for row in end_points() if row.net == network and row.resolution == 224]
    if network == "mobilenet_v1":
        net, names = test_published_others.built(network).trace((224, 224)), {}
    else:
        file = f"{network}_224.pb.gz"
        net = test_published.slim(file).trace((224, 224))
        published = test_published.PUBLISHED[file, "224"]
        names = {row["end_point"]: row["output_node"] for row in published}
    for row in random.Random(0).sample(rows, 4):
        field = net[names.get(row.name, row.name)].receptive_field
        assert field is not None
        sides = zip(field.size, field.stride, field.padding, strict=True)
        assert [Figures(*side) for side in sides] == [row.computed] * 2, row.name


def test_the_summary_is_of_the_last_rows_of_the_table() -> None:
    assert len(summary()) == 12
    for network in summary():
        sizes = [r.published for r in end_points() if (r.net, r.resolution) == (network.net, 224)]
        assert network.figures in sizes, network.net


def test_two_networks_of_the_summary_have_no_published_accuracy() -> None:
    without = [network.net for network in summary() if network.top1 is None]
    assert without == ["mobilenet_v1_075", "resnet_v1_200"]


def test_networks_that_keras_has_too_are_the_same_ones() -> None:
    """The same size, stride and family; what Keras has under these names and more."""
    twins = [network for network in summary() if network.keras]
    assert len(twins) == 7
    for network in twins:
        application = KERAS_APPLICATIONS[network.keras]
        assert application.size == (network.figures.size,) * 2, network.net
        assert application.stride == (network.figures.stride,) * 2
        assert application.family == network.family
        assert application.depth == network.depth


def test_every_module_of_keras_has_a_family() -> None:
    assert {a.module for a in KERAS_APPLICATIONS.values()} == set(FAMILIES)


@pytest.mark.parametrize("network", [n.net for n in summary()])
def test_depths_are_what_is_counted_on_the_longest_path(network: str) -> None:
    """By its own recursion over the traced layers, from the last one down."""
    file = f"{network}_224.pb.gz"
    model = (
        test_published.slim(file)
        if (file, "224") in test_published.PUBLISHED
        else test_published_others.built(network)
    )
    net = model.trace((224, 224))
    last = [layer for layer in net.layers if max(layer.grid, default=1) > 1][-1]
    depths = {}
    for layer in net.layers:
        multiplies = any(word in layer.op for word in ("Conv", "MatMul", "Depthwise"))
        below = [depths[source.name] for source in layer.inputs if source]
        depths[layer.name] = multiplies + max(below, default=0)
    assert depths[last.name] == next(n.depth for n in summary() if n.net == network)


def test_alexnet_alone_moves_the_slope() -> None:
    networks = [network for network in summary() if network.top1 is not None]
    sizes, accuracies = [n.figures.size for n in networks], [n.top1 for n in networks]
    whole = fit(sizes, accuracies)
    slopes = {
        n.title: curve.slope
        for n, curve in zip(networks, without_each(sizes, accuracies), strict=True)
    }
    assert round(whole.slope, 3) == 0.058
    assert round(slopes.pop("AlexNet"), 3) == 0.037
    assert all(0.057 < slope < 0.07 for slope in slopes.values())


def test_without_each_leaves_one_out_at_a_time() -> None:
    sizes = [10, 100, 350, 2000]
    accuracies = [0.05 * math.log(size) + 0.4 for size in sizes]
    odd = [*accuracies[:-1], 0.1]
    fits = without_each(sizes, odd)
    assert [curve.count for curve in fits] == [3] * 4
    assert fits[-1].slope == pytest.approx(0.05)
    assert all(curve.slope < 0 for curve in fits[:-1])
    assert without_each([10, 20], [0.5, 0.6]) == [None, None]


def test_the_fit_finds_the_curve_that_points_lie_on() -> None:
    sizes = [10, 100, 350, 2000]
    curve = fit(sizes, [0.05 * math.log(size) + 0.4 for size in sizes])
    assert curve is not None
    assert (curve.slope, curve.intercept) == pytest.approx((0.05, 0.4))
    assert curve.correlation == pytest.approx(1)
    assert curve.at(350) == pytest.approx(0.05 * math.log(350) + 0.4)


def test_no_curve_goes_through_one_size() -> None:
    assert fit([], []) is None
    assert fit([300, 300], [0.6, 0.7]) is None


def test_equal_accuracies_are_a_level_curve_without_correlation() -> None:
    curve = fit([10, 100], [0.7, 0.7])
    assert curve is not None
    assert (curve.slope, curve.correlation) == (0, 0)
