"""Where the page goes: the person's clicks, links, and walks through the layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import streamlit as st

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.cache import Fed, File
from rf_viz.ui.inspector.depth.depth import near, nearest, stops
from rf_viz.ui.inspector.pinned import apply, centre, settle
from rf_viz.ui.inspector.scene import Scene
from rf_viz.ui.navigation import Destination
from rf_viz.ui.pictures import FeatureMap, Picture, Pinned


@pytest.fixture(scope="module")
def net() -> rf_viz.Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    """Every test is another visitor."""
    st.session_state.clear()
    yield
    st.session_state.clear()


def scene(net: rf_viz.Network, name: str, extent: tuple[int, int] = (224, 224)) -> Scene:
    layer = net[name]
    values = np.zeros(layer.grid, np.float32)
    values[2, 3] = 1
    feature_map = FeatureMap(layer, None, "", values)
    picture = Picture("", "", np.zeros((*extent, 3), np.uint8))
    fed = Fed("", "image", lambda: values, lambda v: v)
    file = File("", "", b"")
    return Scene(file, net, picture, fed, feature_map, values[None], 0, [], (0, 0))


def test_a_strong_cell_is_pinned_until_somebody_pins_another(net: rf_viz.Network) -> None:
    here = scene(net, "fire5/concat")
    assert settle(here, "five", None).cell == (2, 3)
    assert settle(here, "five", Pinned("five", (7, 8))).cell == (7, 8)
    assert settle(scene(net, "fire2/concat"), "two", Pinned("five", (7, 8))).cell == (2, 3)
    assert settle(here, "five", Pinned("five", (7, 8))).cell == (7, 8)


def test_where_the_page_went_since_counts_more_than_an_old_click(net: rf_viz.Network) -> None:
    here, click = scene(net, "fire5/concat"), Pinned("five", (7, 8), turn=1)
    settle(here, "five", click)
    apply(here, "five", Destination("fire5/concat", cell=(1, 1), mode="paths"))
    pinned = settle(here, "five", click)
    assert (pinned.cell, pinned.mode) == ((1, 1), "paths")
    assert settle(here, "five", Pinned("five", (7, 8), turn=2)).cell == (7, 8)


def test_a_cell_that_is_not_there_is_not_gone_to(net: rf_viz.Network) -> None:
    here = scene(net, "fire5/concat")
    apply(here, "five", Destination("fire5/concat", cell=(99, 0), pixel=(0, 224)))
    pinned = settle(here, "five", None)
    assert (pinned.cell, pinned.pixel) == ((2, 3), None)


def test_walking_through_the_layers_keeps_the_point(net: rf_viz.Network) -> None:
    settle(scene(net, "fire5/concat"), "five", Pinned("five", (13, 20)))
    point = centre(net["fire5/concat"], (13, 20), None)
    for name in ("fire9/concat", "conv10", "conv1", "pool1", "fire3/squeeze1x1"):
        there = scene(net, name)
        apply(there, name, Destination(name, keep_point=True))
        region = net[name].region(settle(there, name, None).cell)
        step = net[name].receptive_field.stride[0]
        for start, stop, at in zip(region.start, region.stop, point, strict=True):
            off = abs((start + stop - 1) / 2 - at)
            assert off <= step, f"{name} looks {off} px away"


def test_a_pixel_of_another_picture_is_forgotten(net: rf_viz.Network) -> None:
    here = scene(net, "fire5/concat")
    assert settle(here, "five", Pinned("five", (1, 1), pixel=(200, 9))).pixel == (200, 9)
    assert settle(scene(net, "fire5/concat", (96, 96)), "small", None).pixel is None


def test_the_nearest_cell_is_the_nearest_of_all(net: rf_viz.Network) -> None:
    layer = net["fire4/concat"]
    start, stop = layer.bounds()
    middle = (start + stop - 1) / 2
    for point in ((0, 0), (100.5, 31), (223, 120)):
        away = ((middle - point) ** 2).sum(axis=-1)
        assert away[nearest(layer, point)] == away.min()


def test_the_strip_knows_what_each_layer_sees_of_the_point(net: rf_viz.Network) -> None:
    regions = near(net, (100.0, 60.0))
    for entry, region in zip(stops(net), regions, strict=True):
        there = entry.layer.region(nearest(entry.layer, (100.0, 60.0)))
        assert region.tolist() == [[a, b] for a, b in zip(there.start, there.stop, strict=True)], (
            entry.name
        )
    assert not near(net, None).any()
