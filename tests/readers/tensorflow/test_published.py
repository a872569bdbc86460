"""Every figure that the article and its library published of a network whose graph is at hand.

A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill
2019 (doi 10.23915/distill.00021); its table and its library's own small networks are in
github.com/google-research/receptive_field. See tests/data/README.md.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import defaultdict
from functools import cache
from itertools import product
from pathlib import Path
from subprocess import run

import numpy as np
import pytest

import rf_viz
from rf_viz import Network, ReceptiveField
from rf_viz.readers.tensorflow import TensorFlowModel
from tests.models.tensorflow_graphs import Graph

DATA = Path(__file__).resolve().parents[2] / "data"


def published() -> dict[tuple[str, str], list[dict[str, str]]]:
    """The rows of each graph."""
    rows = defaultdict(list)
    with (DATA / "published_receptive_fields.csv").open() as file:
        for row in csv.DictReader(file):
            rows[row["graph_file"], row["resolution"]].append(row)
    return rows


PUBLISHED = published()


@cache
def slim(file: str) -> TensorFlowModel:
    model = rf_viz.load(gzip.decompress((DATA / "slim" / file).read_bytes()), file)
    assert isinstance(model, TensorFlowModel)
    return model


def test_all_published_rows_with_a_graph_are_here() -> None:
    assert sum(map(len, PUBLISHED.values())) == 339


@pytest.mark.parametrize(("file", "resolution"), PUBLISHED)
def test_published_end_points(file: str, resolution: str) -> None:
    """Size, stride and padding; the padding is None exactly where it depends on the size."""
    model = slim(file)
    assert model.inputs[0].name == "input_image"
    net = model.trace((int(resolution),) * 2) if resolution else model.trace("unknown")
    for row in PUBLISHED[file, resolution]:
        field = net[row["output_node"]].receptive_field
        padding = int(row["padding"]) if row["padding"] else None
        expected = ReceptiveField(
            (int(row["size"]),) * 2, (int(row["stride"]),) * 2, (padding,) * 2
        )
        assert field == expected, row["end_point"]


def test_a_graph_without_weights_says_so_and_shows_its_regions() -> None:
    model = slim("vgg_16_224.pb.gz")
    assert not model.runnable
    net = model.trace()
    assert net["vgg_16/conv1/conv1_1/Relu"].region((0, 0)) == rf_viz.Region((0, 0), (2, 2))
    with pytest.raises(rf_viz.ModelError, match=r"holds no weights.*variables"):
        model.activations(np.zeros((1, 224, 224, 3)), ["vgg_16/pool5/MaxPool"])


def test_the_published_formula_clipped_to_the_image_is_wrong_at_a_border() -> None:
    """AlexNet's first pool is VALID and drops rows, its second convolution SAME: its last cell
    sees none of the rows that were dropped, and the padding instead."""
    layer = slim("alexnet_v2_224.pb.gz").trace()["alexnet_v2/conv2/Relu"]
    assert layer.grid == (26, 26)
    assert layer.region((25, 25)) == rf_viz.Region((184, 184), (219, 219))
    field = layer.receptive_field
    assert field is not None
    assert (field.start((25, 25)), field.stop((25, 25))) == ((184, 184), (235, 235))


def ends(net: Network, name: str, cell: int, size: int) -> tuple[int, int]:
    """A cell's first and last sample along the first axis; every region lies in the image."""
    region = net[name].region((cell, cell))
    assert 0 <= region.start[0] <= region.stop[0] <= size
    return region.start[0], region.stop[0] - 1


def test_the_articles_region_of_two_layers() -> None:
    """u0 = -1 and v0 = 4: the first and last sample of the first cell, of a layer of kernel 2 on
    one of kernel 3, stride 3 and padding 1. By its equations u0 = -1 + 0 and v0 = 1 * 3 - 1 + 2."""
    g = Graph()
    g.conv("L2", g.conv("L1", g.pad("pad", g.image("x", 32), 1, 1), 3, 3), 2, 1)
    net = g.model().trace()
    field = net["L2"].receptive_field
    assert field == ReceptiveField((6, 6), (3, 3), (1, 1))
    assert (field.start((0, 0)), field.stop((0, 0))) == ((-1, -1), (5, 5))
    assert ends(net, "L2", 0, 32) == (0, 4)
    assert ends(net, "L2", 1, 32) == (2, 7)


def misaligned(size: int | None) -> Graph:
    """Kernel 5 with stride 2 and padding 2 in front beside two of kernel 3."""
    g = Graph()
    x = g.image("x", size)
    left = g.conv("L1", g.pad("pad", x, 2, 1), 5, 2)
    right = g.conv("L3", g.conv("L2", x, 3, 1), 3, 1)
    g.join("output", left, right)
    return g


def test_the_articles_misaligned_network() -> None:
    """Its paths have strides 2 and 1: the second cell sees 6 samples, the third 5. The two paths
    make as many cells as each other for a signal of 7 or 8 samples only."""
    net = misaligned(7).model().trace()
    layer = net["output"]
    assert layer.receptive_field is None
    assert layer.aligned is False
    assert "misaligned" in layer.note
    assert [ends(net, "output", cell, 7) for cell in range(3)] == [(0, 4), (0, 5), (2, 6)]


def aligned(size: int | None, *, same: bool = False, pool: bool = False) -> Graph:
    """A layer of kernel 1 and stride 4 beside kernel 3 with stride 2 and then 1 with stride 2."""
    g = Graph()
    x = g.image("x", size)
    left = g.conv("L1", x, 1, 4)
    mid = x if same else g.pad("pad", x, 1, 0)
    layer = g.pool if pool else g.conv
    mid = layer("L2", mid, 3, 2, "SAME" if same else "VALID")
    g.join("output", left, layer("L3", mid, 1, 2))
    return g


@pytest.mark.parametrize("pool", [False, True], ids=["convolution", "pooling"])
@pytest.mark.parametrize("size", [None, 32])
def test_the_articles_aligned_network(size: int | None, pool: bool) -> None:
    net = aligned(size, pool=pool).model().trace("unknown" if size is None else None)
    layer = net["output"]
    assert layer.aligned is True
    assert layer.receptive_field == ReceptiveField((3, 3), (4, 4), (1, 1))


def test_same_padding_leaves_the_padding_open_and_at_some_sizes_misaligns() -> None:
    model = aligned(None, same=True).model()
    layer = model.trace("unknown")["output"]
    assert layer.receptive_field is None
    assert layer.aligned is None
    assert "depends on the input's size" in layer.note
    assert model.trace((9, 9))["output"].receptive_field == ReceptiveField((3, 3), (4, 4), (1, 1))
    assert model.trace((8, 8))["output"].aligned is False


def test_kernels_that_are_not_square() -> None:
    g = Graph()
    g.conv("L2", g.conv("L1", g.image("x", None), (3, 5), 2), (3, 1), 2)
    field = g.model().trace("unknown")["L2"].receptive_field
    assert field == ReceptiveField((7, 5), (4, 4), (0, 0))


def test_an_assertion_on_the_way_is_no_layer() -> None:
    g = aligned(8)
    shape = g.add("shape", "Shape", "L1")
    g.add("assert", "Assert", g.add("equal", "Equal", shape, shape), shape)
    g.graph.node[[n.name for n in g.graph.node].index("output")].input.append("^assert")
    net = g.model().trace()
    assert net["output"].receptive_field == ReceptiveField((3, 3), (4, 4), (1, 1))
    assert "assert" not in {layer.name for layer in net.layers}


@pytest.mark.parametrize(("same", "padding"), [(False, 5), (True, None)])
def test_joins_that_follow_each_other(same: bool, padding: int | None) -> None:
    """The library's eighth and ninth network: r = 11, S = 8, if they are aligned.

    With SAME padding that depends on the size, of which the library takes no account where it does
    not know it.
    """
    g = aligned(None, same=same)
    left = g.conv("L5", "output", 1, 2, "SAME" if same else "VALID")
    mid = "output" if same else g.pad("pad2", "output", 1, 0)
    g.join("end", left, g.conv("L6", mid, 3, 2, "SAME" if same else "VALID"))
    model = g.model()
    expected = padding and ReceptiveField((11, 11), (8, 8), (padding, padding))
    assert model.trace("unknown")["end"].receptive_field == expected
    if same:
        field = model.trace((33, 33))["end"].receptive_field
        assert field == ReceptiveField((11, 11), (8, 8), (5, 5))
        assert model.trace((32, 32))["end"].aligned is False


def test_opening_and_tracing_a_graph_needs_no_tensorflow() -> None:
    code = (
        "import gzip, sys, rf_viz\n"
        f"data = gzip.open({str(DATA / 'slim' / 'alexnet_v2_224.pb.gz')!r}).read()\n"
        "assert rf_viz.load(data).trace().layers\n"
        "assert not {'tensorflow', 'keras'} & sys.modules.keys()"
    )
    run([sys.executable, "-c", code], check=True)


def test_every_region_of_the_joined_paths_is_the_union_of_theirs() -> None:
    net = aligned(32).model().trace()
    for cell in product(range(8), repeat=2):
        one, other = net["L1"].region(cell), net["L3"].region(cell)
        both = net["output"].region(cell)
        assert both.start == tuple(map(min, one.start, other.start))
        assert both.stop == tuple(map(max, one.stop, other.stop))
