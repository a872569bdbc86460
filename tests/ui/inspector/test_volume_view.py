"""What the linked view of volumes sends to the browser: all cells in place, in few bytes."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, helper
from PIL import Image

import rf_viz
from rf_viz import Layer
from rf_viz.catalogue.samples import phantom
from rf_viz.figures.maps import boxed
from rf_viz.ui.inspector.volume_view.volume_view import encoded, packet, stacked
from rf_viz.ui.pictures import FeatureMap, Picture
from tests.oracles.onnx_oracle import build

SIZE = (8, 12, 16)


def layers(
    nodes: list[NodeProto], size: tuple[int, ...] = SIZE, **constants: object
) -> rf_viz.Network:
    conv = helper.make_node(
        "Conv", ["x", "w"], ["conv"], kernel_shape=[3] * 3, strides=[2] * 3, pads=[1] * 6
    )
    model = build([conv, *nodes], {"x": [1, 1, *size]}, constants)
    weights = helper.make_tensor("w", 1, [2, 1, 3, 3, 3], [1.0] * 54)
    model.graph.initializer.append(weights)
    return rf_viz.load(model.SerializeToString()).trace(cut_global=True)


def scan(size: tuple[int, int, int] = SIZE) -> Picture:
    return Picture(f"phantom {size}", "A phantom", phantom(size))


def counted(layer: Layer) -> FeatureMap:
    values = np.arange(np.prod(layer.grid), dtype=np.float32).reshape(layer.grid)
    return FeatureMap(layer, 0 if layer.channel_axis is not None else None, "Map", values)


def opened(content: bytes) -> dict[str, Any]:
    """The header and, under ``arrays``, the arrays of a packet."""
    body = 4 + int.from_bytes(content[:4], "little")
    header: dict[str, Any] = json.loads(content[4:body])
    arrays = {}
    for name, place in header["arrays"].items():
        start = body + place["offset"]
        data = np.frombuffer(content[start : start + place["length"]], place["dtype"])
        arrays[name] = data.reshape(place["shape"])
    return {**header, "arrays": arrays}


def unstacked(content: NDArray[np.uint8], shape: list[int]) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(content.tobytes()))).reshape(shape)


def test_the_volume_and_the_map_arrive_as_they_are() -> None:
    volume = scan()
    sent = opened(packet(volume, counted(layers([])["conv"]), "view"))
    seen = unstacked(encoded(volume.key, volume), sent["shown"]["input"])
    np.testing.assert_allclose(seen / 255, volume.values, atol=0.5 / 255 + 1e-6)
    cells = sent["arrays"]["map"]
    np.testing.assert_array_equal(cells.reshape(-1), np.arange(cells.size))
    assert sent["map"] == sent["grid"] == list(cells.shape) == [4, 6, 8]
    assert sent["pinned"] == [3, 5, 7]
    assert "places" not in sent["arrays"]


def test_the_bounds_of_every_cell_are_sent_along_the_axes_where_they_vary() -> None:
    layer = layers([])["conv"]
    arrays = opened(packet(scan(), counted(layer), "view"))["arrays"]
    assert [arrays[f"start{axis}"].size for axis in range(3)] == [4, 6, 8]
    for cell in np.ndindex(layer.grid):
        region = layer.region(cell)
        for axis in range(3):
            ends = [arrays[f"{end}{axis}"] for end in ("start", "stop")]
            values = [int(np.broadcast_to(a, layer.grid)[cell]) for a in ends]
            assert values == [region.start[axis], region.stop[axis]]


def test_tokens_lie_where_their_patches_are() -> None:
    nodes = [
        helper.make_node("Reshape", ["conv", "row"], ["row of tokens"]),
        helper.make_node("Transpose", ["row of tokens"], ["tokens"], perm=[0, 2, 1]),
        helper.make_node("Concat", ["class", "tokens"], ["all tokens"], axis=1),
    ]
    row, token = np.array([1, 2, -1]), np.zeros((1, 1, 2), np.float32)
    layer = layers(nodes, row=row, **{"class": token})["all tokens"]
    assert layer.grid == (193,)
    sent = opened(packet(scan(), counted(layer), "view"))
    assert sent["map"] == [4, 6, 8]
    np.testing.assert_array_equal(sent["arrays"]["places"].reshape(-1), np.arange(1, 193))
    assert (np.diff(sent["arrays"]["map"].reshape(-1)) == 1).all()


@pytest.mark.parametrize(("op", "shape"), [("GlobalAveragePool", (1, 1, 1)), ("Flatten", None)])
def test_layers_of_other_grids_have_a_box_too(op: str, shape: tuple[int, ...] | None) -> None:
    layer = layers([helper.make_node(op, ["conv"], ["out"])])["out"]
    cells = boxed(layer)
    assert cells.shape == (shape or (1, 1, int(np.prod(layer.grid))))
    assert opened(packet(scan(), counted(layer), "view"))["map"] == list(cells.shape)


def test_without_values_neighbouring_cells_differ() -> None:
    feature_map = FeatureMap(layers([])["conv"], None, "No values", None)
    sent = opened(packet(scan(), feature_map, "view"))
    assert not sent["valued"]
    cells = sent["arrays"]["map"]
    assert all((np.diff(cells, axis=axis) != 0).all() for axis in range(3))


def test_values_that_are_not_finite_do_not_spoil_the_others() -> None:
    feature_map = counted(layers([])["conv"])
    assert feature_map.values is not None
    feature_map.values[0, 0, :3] = [np.nan, np.inf, -np.inf]
    sent = opened(packet(scan(), feature_map, "view"))
    assert sent["range"] == {"low": 3, "high": 191}
    cells = sent["arrays"]["map"]
    assert np.isnan(cells[0, 0, :3]).all()
    assert cells[0, 0, 3] == 3


def test_a_large_volume_takes_few_bytes_and_its_regions_stay_exact() -> None:
    size = (128, 160, 192)
    layer = layers([], size)["conv"]
    noise = np.random.default_rng(0).random((64, 80, 96), np.float32)
    noisy = Picture("noise", "Noise", np.random.default_rng(1).random(size, np.float32))
    content = packet(noisy, FeatureMap(layer, 0, "Map", noise), "view")
    assert len(content) < 1_000_000
    assert len(packet(scan(size), counted(layer), "view")) < 300_000
    sent = opened(content)
    assert (sent["extent"], sent["map"]) == ([128, 160, 192], [64, 80, 96])
    assert sent["shown"] == {"input": [96, 96, 96], "map": [64, 80, 96]}
    assert not sent["valued"]  # the picture of the map is no longer exact
    assert sent["arrays"]["stop2"].reshape(-1)[-1] == 192


def test_thinning_keeps_bodies_in_their_places() -> None:
    values = np.zeros((2, 300, 400), np.uint8)
    values[:, 150:, 100:] = 200
    seen = unstacked(stacked(values), [2, 96, 96])
    assert (seen[:, :47, :] < 20).all()
    assert (seen[:, 49:, 25:] > 180).all()
