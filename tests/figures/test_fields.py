"""The figure of measured fields shows the numbers it is given, on one scale."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.figures.fields import field_map, sizes_by_layer
from rf_viz.lessons.fields import measured_fields


def test_maps_of_a_layer_have_one_scale_and_their_shares() -> None:
    layer = measured_fields()["squeezenet"][3]
    highest = max(field.densities.max() for field in layer.fields.values())
    maps = [field_map(field, highest) for field in layer.fields.values()]
    assert len({figure.data[0].zmax for figure in maps}) == 1
    assert max(figure.data[0].z.max() for figure in maps) == pytest.approx(maps[0].data[0].zmax)
    for figure, field in zip(maps, layer.fields.values(), strict=True):
        inner = np.s_[:-1, :-1]  # the last patches may be smaller
        assert figure.data[0].z[inner] == pytest.approx(100 * field.shares[inner])
        assert (len(figure.data[0].x), len(figure.data[0].y)) == tuple(
            n + 1 for n in field.shares.shape[::-1]
        )


def test_lines_surround_just_the_patches_within() -> None:
    field = measured_fields()["squeezenet"][4].fields["trained"]
    heat, lines = field_map(field, field.densities.max()).data
    rows, columns = np.array(heat.y), np.array(heat.x)
    edges = set(zip(lines.x[0::3], lines.y[0::3], lines.x[1::3], lines.y[1::3], strict=True))
    for y, x in np.ndindex(field.within.shape):
        below = y + 1 < len(field.within) and field.within[y + 1, x]
        edge = (columns[x], rows[y + 1], columns[x + 1], rows[y + 1])
        assert (edge in edges) == (field.within[y, x] != below)


def test_sizes_are_drawn_for_every_layer() -> None:
    layers = measured_fields()["blazeface"]
    region, *fields = sizes_by_layer(layers, 2).data
    assert list(region.y) == [pytest.approx(np.prod(layer.region) ** 0.5) for layer in layers]
    for line, kind in zip(fields, ("paths", "trained", "random"), strict=True):
        assert list(line.y) == [layer.sizes[kind] for layer in layers]
