"""Findings about a network's receptive fields, each with the layers that show it.

Border and unproductive layers, and the range of input sizes, follow Richter, Schöning, Wiedenroth
and Krumnack, "Should You Go Deeper? Optimizing Convolutional Neural Network Architectures without
Training", ICMLA 2021 (arXiv 2106.12307), and the tool of the first author, RFA-Toolbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from ..relation import OR, Array, Relation, Shape, combine, pull
from ..trace.closed_form import Form, advance
from ..trace.network import Layer, Network, in_bounds

_NO_POOLINGS = {"convolution", "normalisation", "resize"}
"""Categories that may combine positions alone and are no pooling all the same: a depthwise
convolution, the statistics of a normalisation, an interpolation."""

Sizes = tuple[int | None, ...]
"""Pixels along the spatial axes of the input; None where no path has a closed form."""


@dataclass(frozen=True)
class PathSizes:
    """The receptive field sizes r of a layer by its shortest and by its longest path.

    Those are the paths that grow least and most, whether or not they are aligned. Padding counts;
    paths through global context do not.
    """

    shortest: Sizes
    longest: Sizes


def path_sizes(net: Network) -> list[PathSizes]:
    """The shortest and the longest path's size for each of ``net.layers``."""
    ends: list[list[list[Form]]] = [[[Form(axis, 1, 1, 0)] for axis in net.input.spatial_axes]]
    for layer in net.layers:
        along = []
        for axis in range(len(net.input.spatial_axes)):
            forms = [
                advance(form, source.relation, layer.node)
                for source in layer.tensor.sources
                for form in ends[source.tensor][axis]
            ]
            along.append(_extremes([form for form in forms if isinstance(form, Form)]))
        ends.append(along)
    return [
        PathSizes(
            tuple(min((form.size for form in forms), default=None) for forms in along),
            tuple(max((form.size for form in forms), default=None) for forms in along),
        )
        for along in ends[1:]
    ]


def _extremes(forms: list[Form]) -> list[Form]:
    """The smallest and the largest of all forms that grow alike from here on."""
    alike: dict[tuple[int, int, int, int | None], list[Form]] = {}
    for form in sorted(forms, key=lambda form: form.size):
        alike.setdefault((form.axis, form.stride, form.inner, form.extent), []).append(form)
    return [form for same in alike.values() for form in dict.fromkeys((same[0], same[-1]))]


def features(net: Network) -> list[bool]:
    """Whether each layer is before the pooling, with cells along as many axes as the image."""
    rank = len(net.input.size)
    return [
        before and len(layer.grid) == rank
        for before, layer in zip(before_pooling(net), net.layers, strict=True)
    ]


def before_pooling(net: Network) -> list[bool]:
    """Whether each layer comes, by some path, before the pooling that leaves a single cell.

    A pooling is told by its relation, however it is spelt: it combines positions of the image until
    a single cell is left, and keeps channels apart. A dense layer and a convolution over the whole
    image combine channels too. Several poolings, one directly after the other, are one.
    """
    poolings = _poolings(net)
    before: dict[str, bool] = {}
    for layer in net.layers:
        reached = any(source is None or before[source.name] for source in layer.inputs)
        before[layer.name] = reached and layer.name not in poolings
    return list(before.values())


def _poolings(net: Network) -> set[str]:
    """The names of the layers that leave a single cell, alone or with the layers after them."""
    uses: dict[str, list[Layer]] = {layer.name: [] for layer in net.layers}
    for layer in net.layers:
        for source in layer.inputs:
            if source is not None:
                uses[source.name].append(layer)
    poolings: set[str] = set()
    completing: set[str] = set()  # the poolings, and what merely lies between two of them
    for layer in reversed(net.layers):
        followed = bool(uses[layer.name]) and all(u.name in completing for u in uses[layer.name])
        if _pools(layer):
            if followed or _wide(layer.extents) == 0:
                poolings.add(layer.name)
                completing.add(layer.name)
        elif followed and not any(layer.combined):
            completing.add(layer.name)
    return poolings


def _wide(grid: Shape) -> int:
    """The number of axes along which there is more than one cell."""
    return sum(n > 1 for n in grid)


def _pools(layer: Layer) -> bool:
    """Whether a layer combines the positions along some axis to one, as a pooling does."""
    if layer.tensor.assumed or layer.category in _NO_POOLINGS:
        return False
    net = layer.net
    sources = [
        (net.input.shape, net.input.size) if s is None else (s.tensor.shape, s.extents)
        for s in layer.inputs
    ]
    if _wide(layer.extents) >= max((_wide(grid) for _, grid in sources), default=0):
        return False
    # Values that are new for each cell come from weights, or are positions in another order.
    most = max(prod(shape) // prod(grid) for shape, grid in sources)
    if prod(layer.tensor.shape) // prod(layer.extents) > most:
        return False
    positions, channels = layer.combined
    # A mean over channels too is still a pooling; a product with weights over both is not.
    return positions and (not channels or layer.category == "pooling")


@dataclass(frozen=True)
class Range:
    """The input sizes that a network can make use of, in pixels, one for each spatial axis.

    At ``least`` or more, every layer still sees something new by its shortest path; beyond
    ``most``, no cell sees the whole image any more. ``layers`` are those that set the limits, one
    for each number; ``left_out`` counts the layers without a closed form.
    """

    least: tuple[int, ...]
    most: tuple[int, ...]
    layers: tuple[tuple[Layer, ...], tuple[Layer, ...]]
    left_out: int


def input_range(net: Network) -> Range | None:
    """The range by the layers before the pooling; None where none of them has a closed form.

    It is None, too, for an input without spatial axes.

    ``least`` is the largest of all shortest paths, ``most`` the longest of all paths.
    """
    sized: list[tuple[Layer, PathSizes]] = []
    left_out = 0
    for layer, sizes, inside in zip(net.layers, path_sizes(net), features(net), strict=True):
        if None not in sizes.longest:
            if inside:
                sized.append((layer, sizes))
        elif inside:
            left_out += 1
    if not sized or not net.input.size:
        return None
    axes = range(len(net.input.size))
    by_least = [max(sized, key=lambda pair: pair[1].shortest[axis] or 0) for axis in axes]
    by_most = [max(sized, key=lambda pair: pair[1].longest[axis] or 0) for axis in axes]
    return Range(
        tuple(pair[1].shortest[axis] or 0 for axis, pair in enumerate(by_least)),
        tuple(pair[1].longest[axis] or 0 for axis, pair in enumerate(by_most)),
        (tuple(layer for layer, _ in by_least), tuple(layer for layer, _ in by_most)),
        left_out,
    )


@dataclass(frozen=True)
class Border:
    """The first convolution from which on every further one is fed more than the image.

    ``before`` is the size r of its inputs by the shortest path; ``unproductive`` are the
    convolutions after it.
    """

    layer: Layer
    before: tuple[int, ...]
    unproductive: tuple[Layer, ...]


def border(net: Network) -> Border | None:
    """The border layer, if there is one: layers after it cannot see anything new.

    By the definition of Richter et al.: the first of all convolutions up to the pooling from which
    on each is fed more than the image by its shortest path.
    """
    sizes = dict(zip((layer.name for layer in net.layers), path_sizes(net), strict=True))
    beyond: list[tuple[Layer, tuple[int, ...]]] = []
    for layer, inside in zip(net.layers, features(net), strict=True):
        if not inside or layer.category != "convolution":
            continue
        before = _input_sizes(layer, sizes)
        if before and all(n > whole for n, whole in zip(before, net.input.size, strict=True)):
            beyond.append((layer, before))
        else:
            beyond = []
    if not beyond:
        return None
    (first, before), *others = beyond
    return Border(first, before, tuple(layer for layer, _ in others))


def _input_sizes(layer: Layer, sizes: dict[str, PathSizes]) -> tuple[int, ...]:
    """The sizes r of a layer's inputs by the shortest path; empty where none is known."""
    shortest_sizes: list[tuple[int, ...]] = []
    for source in layer.inputs:
        ones: Sizes = (1,) * len(layer.net.input.size)
        shortest = ones if source is None else sizes[source.name].shortest
        if None not in shortest:
            shortest_sizes.append(tuple(n or 0 for n in shortest))
    return tuple(map(min, zip(*shortest_sizes, strict=True)))


def misaligned(net: Network) -> list[Layer]:
    """The layers that join branches of different stride or centre, each aligned by itself."""
    return [
        layer
        for layer in net.layers
        if layer.aligned is False
        and all(source is None or source.aligned is not False for source in layer.inputs)
    ]


@dataclass(frozen=True)
class Whole:
    """The first layer where some cell sees the whole image, and the first where all cells do.

    Each is None if that does not happen before the global pooling. ``layers`` counts all layers
    before the pooling, ``seeing`` those in which every cell sees the whole image.
    """

    some: Layer | None
    every: Layer | None
    layers: int
    seeing: int


def whole_image(net: Network) -> Whole:
    """The layers that see the whole image, by the exact regions of their cells."""
    inside = [layer for layer, own in zip(net.layers, features(net), strict=True) if own]
    some = [layer for layer in inside if layer.region_sizes.some_whole]
    every = [layer for layer in inside if layer.region_sizes.every_whole]
    first = some[0] if some else None
    return Whole(first, every[0] if every else None, len(inside), len(every))


@dataclass(frozen=True)
class Skip:
    """A layer whose windows leave out positions of its input, and what that hides.

    ``between`` tells whether these lie between the windows, or only at the border. ``unseen`` is
    the share of the image's pixels that none of the layer's cells sees.
    """

    layer: Layer
    between: bool
    unseen: float


def skips(net: Network, most: int = 100) -> list[Skip]:
    """The layers that skip positions, in execution order, at most the first ``most`` of them."""
    skipping: dict[Layer, bool] = {}
    for layer in net.layers:
        lines = [
            line
            for source in layer.tensor.sources
            if any(step.slides for step in source.relation)
            for line in _read_lines(layer, source.tensor, source.relation)
        ]
        if lines and not all(line.all() for line in lines):
            skipping[layer] = any(not _solid(line) for line in lines)
            if len(skipping) == most:
                break
    return [
        Skip(layer, between, float(1 - seen.mean()))
        for (layer, between), seen in zip(skipping.items(), net.seen_by_each(skipping), strict=True)
    ]


@in_bounds
def _read_lines(layer: Layer, number: int, relation: Relation) -> list[Array]:
    """The positions along each spatial axis of a layer's input that it reads at all.

    ``number`` is the input's among the network's tensors, ``relation`` leads from it.
    """
    net = layer.net
    source = net.layers[number - 1] if number else None
    shape = source.tensor.shape if source else net.input.shape
    axes = source.grid_axes if source else net.input.spatial_axes
    array = pull(relation, np.ones((1,) * len(layer.shape), bool), OR)
    lines = []
    for axis in axes:
        line = array
        for other in range(len(shape)):
            if other != axis:
                line = combine(line, other, shape[other], OR)
        lines.append(line.reshape(-1))
    return lines


def _solid(line: Array) -> bool:
    """Whether the marked positions lie together, without gaps."""
    marked = np.flatnonzero(line)
    return len(line) == 1 or not len(marked) or bool(np.ptp(marked) == len(marked) - 1)


def unseen_by_all(net: Network) -> float:
    """The share of the image's pixels that reach none of the network's ends.

    Ends are the layers that no other layer reads.
    """
    read = {source.name for layer in net.layers for source in layer.inputs if source}
    seen = net.seen_at([layer for layer in net.layers if layer.name not in read])
    return float(1 - seen.mean())


def assumed(net: Network) -> list[Layer]:
    """The layers whose own operation is unknown and was taken to depend on everything."""
    return [layer for layer in net.layers if layer.tensor.assumed]
