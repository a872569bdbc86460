"""All that a traced network says, against sets of dependences followed element by element."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from random import Random
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rf_viz import Network
from rf_viz.relation import IDENTITY, Slide
from rf_viz.trace.tensors import Source, Tensor
from tests.oracles import naive
from tests.oracles.naive import Matrix, Op, Shape

KINDS = (
    "window",
    "window",
    "window",
    "transposed window",
    "taps",
    "part",
    "transpose",
    "reshape",
    "elements",
    "scatter",
    "mix",
    "grouped",
    "broadcast",
)


class Expected(NamedTuple):
    """A tensor, and by how many paths each of its elements sees each element of the input."""

    shape: Shape
    paths: Matrix


class Graph:
    """Tensors as a reader would describe them, and beside them what is expected of each."""

    def __init__(self, shape: Shape) -> None:
        self.tensors = [Tensor("input", "input", "Input", shape)]
        self.expected = [Expected(shape, np.eye(prod(shape), dtype=np.int64))]

    def add(self, *edges: tuple[int, Op]) -> int:
        """A tensor that joins what the operations make of earlier tensors, by number."""
        shape = edges[0][1].after
        paths = sum(op.matrix @ self.expected[source].paths for source, op in edges)
        assert isinstance(paths, np.ndarray)
        name = f"t{len(self.tensors)}"
        sources = [Source(source, op.relation) for source, op in edges]
        self.tensors.append(Tensor(name, f"node of {name}", "Op", shape, sources))
        self.expected.append(Expected(shape, paths))
        return len(self.expected) - 1

    def concat(self, parts: Sequence[int], axis: int) -> int:
        extents = [self.expected[n].shape[axis] for n in parts]
        starts = [sum(extents[:i]) for i in range(len(parts))]
        return self.add(
            *(
                (n, naive.part(self.expected[n].shape, axis, start, sum(extents)))
                for n, start in zip(parts, starts, strict=True)
            )
        )

    def apply(self, source: int, *ops: Op) -> int:
        return self.add((source, naive.chain(*ops)))


def identity(shape: Shape) -> Op:
    return Op(IDENTITY, shape, shape, np.eye(prod(shape), dtype=np.int64))


def some_graph(rng: Random, kinds: Sequence[str] = KINDS) -> Graph:
    """Random operations, concatenations along any axis, sums and gates, up to some size."""
    graph = Graph((1, rng.randint(1, 3), rng.randint(2, 5), rng.randint(1, 5)))
    for _ in range(rng.randint(1, 8)):
        source = rng.randrange(max(0, len(graph.expected) - 3), len(graph.expected))
        shape = graph.expected[source].shape
        axis = rng.randrange(len(shape))
        choice = rng.random()
        others = [
            n
            for n, k in enumerate(graph.expected)
            if len(k.shape) == len(shape)
            and naive.replaced(k.shape, axis, 0) == naive.replaced(shape, axis, 0)
        ]
        if choice < 0.25 and prod(shape) < 40:
            graph.concat([source, *rng.choices(others, k=rng.randint(1, 2))], axis)
        elif choice < 0.4:
            same = [n for n in others if graph.expected[n].shape == shape]
            graph.add(*((n, identity(shape)) for n in [source, *rng.choices(same, k=1)]))
        elif choice < 0.5:
            gate = naive.mix(shape, [axis], (1,))
            graph.add(
                (source, identity(shape)),
                (source, naive.chain(gate, naive.broadcast(gate.after, shape))),
            )
        else:
            op = naive.some_op(rng, shape, kinds)
            if prod(op.after) <= 150:
                graph.apply(source, op)
    return graph


def box(mask: NDArray[np.bool_]) -> tuple[Shape, Shape]:
    where = np.argwhere(mask)
    if not len(where):
        return (0,) * mask.ndim, (0,) * mask.ndim
    return tuple(where.min(axis=0).tolist()), tuple((where.max(axis=0) + 1).tolist())


def over(paths: Matrix, shape: Shape, axes: Sequence[int]) -> Matrix:
    """Path counts over the flat input, summed to its ``axes``."""
    others = tuple(i for i in range(len(shape)) if i not in axes)
    return paths.reshape(shape).sum(axis=others)


def check(graph: Graph, axes: Sequence[int], rng: Random) -> None:
    """Everything that is said of a network's last tensors, and of some random parts of them."""
    net = Network(graph.tensors, axes)
    size = graph.expected[0].shape
    pixel = [rng.randrange(size[a]) for a in axes]
    field = net.seen_by(pixel)
    for layer, expected in list(zip(net.layers, graph.expected[1:], strict=True))[-4:]:
        elements = list(np.ndindex(expected.shape))
        paths = expected.paths.reshape(*expected.shape, -1)
        for index in rng.sample(elements, min(12, len(elements))):
            compare(layer, index, over(paths[index], size, axes))
        for _ in range(4):
            part = tuple(
                rng.choice([slice(None), slice(i, i + 2), slice(i, None, 2), i - n])
                for i, n in zip(rng.choice(elements), expected.shape, strict=True)
            )
            compare(layer, part, over(paths[part].reshape(-1, prod(size)).sum(axis=0), size, axes))
        grid = tuple(expected.shape[a] for a in layer.grid_axes)
        assert layer.grid == grid
        start, stop = layer.bounds()
        others = tuple(a for a in range(len(expected.shape)) if a not in layer.grid_axes)
        spread = paths.transpose(*layer.grid_axes, *others, len(expected.shape))
        cells = spread.reshape(*grid, -1, prod(size)).sum(axis=-2)
        for cell in np.ndindex(grid):
            seen = over(cells[cell], size, axes)
            assert (tuple(start[cell]), tuple(stop[cell])) == box(seen > 0), (layer.name, cell)
            assert field[layer.name][cell] == (seen[tuple(pixel)] > 0), (layer.name, cell)


def compare(layer, index, expected: Matrix) -> None:  # noqa: ANN001
    mask = layer.mask_of(index)
    assert np.array_equal(mask, expected > 0), (layer.name, index)
    region = layer.region_of(index)
    assert (region.start, region.stop) == box(mask), (layer.name, index)
    assert region.empty == (not mask.any())
    total = int(expected.sum())
    share = expected / total if total else expected
    paths = layer.paths_of(index)
    assert paths.shape == share.shape
    assert np.allclose(paths, share, rtol=1e-12, atol=0), (layer.name, index)


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=120)
def test_random_graphs(rng: Random) -> None:
    graph = some_graph(rng)
    check(graph, rng.choice([(2, 3), (2, 3), (3,), (1, 2, 3)]), rng)


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_random_convolutional_graphs(rng: Random) -> None:
    """Windows only, many of them hollow, with branches: cells that see padding alone."""
    graph = some_graph(rng, ("window", "window", "window", "grouped", "taps", "part"))
    check(graph, (2, 3), rng)


def test_a_nested_concatenation_keeps_its_channels_apart() -> None:
    """A DenseNet's block: every layer adds channels that see a little more than those before."""
    graph = Graph((1, 1, 1, 11))
    features = 0
    for _ in range(4):
        shape = graph.expected[features].shape
        window = naive.window((1, 1, 1, 11), [Slide(3, 11, 11, 3, pad=1)])
        new = graph.apply(features, naive.mix(shape, (1,), (1,)), window)
        features = graph.concat([features, new], axis=1)
    layer = Network(graph.tensors, (2, 3)).layers[-1]
    widths = [layer.region((0, 5), channel=c).size[1] for c in range(5)]
    assert widths == [1, 3, 5, 7, 9]
    assert layer.region((0, 5)).size == (1, 9)
    check(graph, (2, 3), Random(0))


def test_concatenated_halves_of_an_image_see_their_own_half() -> None:
    graph = Graph((1, 2, 4, 3))
    left = graph.apply(0, naive.taps((1, 2, 4, 3), 2, np.array([[0], [1]])))
    right = graph.apply(0, naive.taps((1, 2, 4, 3), 2, np.array([[2], [3]])))
    swapped = graph.concat([right, left], axis=2)
    inner = graph.concat([swapped, swapped], axis=1)
    graph.concat([inner, inner], axis=2)
    check(graph, (2, 3), Random(0))


def test_a_hollow_border_stays_hollow_until_a_window_reaches_in() -> None:
    """Cells that see only padding are empty, and add nothing to what comes after."""
    graph = Graph((1, 1, 1, 4))
    padded = graph.apply(0, naive.window((1, 1, 1, 4), [Slide(3, 4, 10, 1, pad=3)]))
    graph.apply(padded, naive.window((1, 1, 1, 10), [Slide(3, 10, 8, 3)]))
    net = Network(graph.tensors, (2, 3))
    hollow, reached = net.layers
    assert [hollow.region((0, u)).size[1] for u in range(10)] == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert [reached.region((0, u)).size[1] for u in range(8)] == [0, 1, 2, 3, 3, 2, 1, 0]
    start, stop = hollow.bounds()
    assert start[0, 0].tolist() == stop[0, 0].tolist() == [0, 0]
    check(graph, (2, 3), Random(0))


def squeeze_and_excite(graph: Graph, source: int) -> int:
    """A gate for every channel, out of the mean over the whole image."""
    shape = graph.expected[source].shape
    gate = graph.apply(source, naive.mix(shape, (2, 3), (1, 1)))
    small = graph.expected[gate].shape
    gate = graph.apply(gate, naive.mix(small, (1,), (2,)))
    gate = graph.apply(gate, naive.mix(graph.expected[gate].shape, (1,), (shape[1],)))
    return graph.add((source, identity(shape)), (gate, naive.broadcast(small, shape)))


def instance_norm(graph: Graph, source: int) -> int:
    """Every value by statistics over its channel's whole image."""
    shape = graph.expected[source].shape
    return graph.add((source, naive.mix(shape, (2, 3))), (source, identity(shape)))


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_cutting_global_context_leaves_what_the_network_sees_without_it(rng: Random) -> None:
    shape = (1, 2, rng.randint(2, 6), rng.randint(2, 6))
    whole, local = Graph(shape), Graph(shape)
    here = there = 0
    flat = False
    for _ in range(rng.randint(1, 3)):
        before = whole.expected[here].shape
        op = naive.window(before, [naive.some_slide(rng, a, before[a]) for a in (2, 3)])
        if not op.matrix.any(axis=1).all() or not 1 < prod(op.after[2:]) <= 40:
            continue
        flat = flat or 1 in op.after[2:]
        here, there = whole.apply(here, op), local.apply(there, op)
        if rng.random() < 0.7:
            here = rng.choice([squeeze_and_excite, instance_norm])(whole, here)
    if here:
        layer = Network(whole.tensors, (2, 3), cut_global=True).layers[here - 1]
        expected = local.expected[there]
        for row, index in enumerate(np.ndindex(expected.shape)):
            compare(layer, index, over(expected.paths[row], shape, (2, 3)))
        alone = Network(local.tensors, (2, 3)).layers[-1].receptive_field
        # Cells that share a row or column make a gate as local as themselves: then there may be no
        # closed form, but never another one.
        assert layer.receptive_field == alone or (flat and layer.receptive_field is None)
        check(whole, (2, 3), rng)


def test_where_nothing_local_remains_global_context_is_not_cut() -> None:
    graph = Graph((1, 2, 3, 4))
    pooled = graph.apply(0, naive.mix((1, 2, 3, 4), (2, 3), (1, 1)))
    graph.apply(pooled, naive.reshape((1, 2, 1, 1), (1, 2)))
    for layer in Network(graph.tensors, (2, 3), cut_global=True).layers:
        assert layer.region_of(...).size == (3, 4)
        assert layer.global_context == ("node of t1",)
        assert "global: mixed over the whole image by node of t1" in layer.note


def test_a_mix_along_rows_is_cut_beside_what_is_local_in_them() -> None:
    """Axial attention: a cell's row as a whole, and itself."""
    graph = Graph((1, 2, 3, 4))
    graph.add((0, naive.mix((1, 2, 3, 4), (3,))), (0, identity((1, 2, 3, 4))))
    whole, cut = (Network(graph.tensors, (2, 3), cut_global=c).layers[0] for c in (False, True))
    assert whole.region((1, 1)).size == (1, 4)
    assert cut.region((1, 1)).size == (1, 1)
