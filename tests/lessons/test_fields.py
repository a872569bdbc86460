"""The measured fields: made by their script, and sums, sizes and scales that hold."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rf_viz
from assets.fields import make
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.lessons.fields import KINDS, TABLE, PatchField, measured_fields

ROWS = {(row["network"], row["layer"]): row for row in json.loads(TABLE.read_text("utf-8"))}


def test_every_network_has_its_layers_in_order() -> None:
    fields = measured_fields()
    assert tuple(fields) == make.NETWORKS
    for layers in fields.values():
        assert len(layers) == make.LAYERS
        sizes = [np.prod(layer.region) for layer in layers]
        assert sizes == sorted(sizes)
        for layer in layers:
            assert tuple(layer.fields) == KINDS
            for field in layer.fields.values():
                assert field.shares.sum() == pytest.approx(1)
                assert (field.shares >= 0).all()


def test_a_row_is_what_its_script_measures() -> None:
    """Of a layer whose unit sees 5 by 5 pixels, so that few patches are covered."""
    row = make.row("blazeface", "conv2d")
    before = ROWS["blazeface", "conv2d"]
    assert {k: v for k, v in row.items() if k not in KINDS} == {
        k: v for k, v in before.items() if k not in KINDS
    }
    assert row["paths"] == [[40_000] * 5] * 5
    for kind in KINDS:
        assert np.array(row[kind]) == pytest.approx(np.array(before[kind]), abs=200)


@pytest.mark.parametrize(
    ("key", "name"), [("squeezenet", "fire3/expand3x3"), ("blazeface", "depthwise_conv2d_5")]
)
def test_path_counts_are_those_of_the_traced_network(key: str, name: str) -> None:
    net = rf_viz.load(SAMPLE_MODELS[key].path).trace()
    layer = net[name]
    paths = layer.paths([n // 2 for n in layer.extents])
    row = ROWS[key, name]
    (top, left), (bottom, right) = row["region"]
    assert paths[top:bottom, left:right].sum() == pytest.approx(1)
    height, width = row["patch"]
    for y, line in enumerate(row["paths"]):
        for x, share in enumerate(line):
            part = paths[top + y * height :, left + x * width :][:height, :width]
            assert share == pytest.approx(1e6 * part.sum(), abs=1)


def test_a_size_counts_the_pixels_of_the_patches_within() -> None:
    edges = np.array([3, 5, 7, 8]), np.array([0, 4, 6])
    shares = np.array([[0.0, 0.004], [0.5, 0.3], [0.0, 0.196]])
    field = PatchField(shares / shares.sum(), edges)
    assert field.densities == pytest.approx(
        shares / shares.sum() / np.array([[8, 4], [8, 4], [4, 2]])
    )
    # The densest has 0.098 in a pixel; of these 4.55 % are 0.0045.
    assert field.within.tolist() == [[False, False], [True, True], [False, True]]
    assert field.size == pytest.approx((8 + 4 + 2) ** 0.5)
