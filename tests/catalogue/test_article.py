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
)
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
