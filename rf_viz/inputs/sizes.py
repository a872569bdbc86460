"""Sizes worth trying for an input whose axes may have any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import TypeVar

import numpy as np

from ..errors import DefectError, ModelError

T = TypeVar("T")

Open = Sequence[int | None]
"""A shape with None along axes of any size."""

LARGEST = 2**28
"""The most elements that an input may have."""

USUAL_SIZES: Mapping[int, tuple[int, ...]] = {
    1: (1024, 512, 256, 16000, 128, 22050, 44100),
    2: (224, 256, 384, 512, 96, 32, 299, 518, 64, 1024),
    3: (32, 64, 128, 96, 16),
}
"""The sizes of square inputs that networks are made for, by how many axes are free."""

_CLIPS = ((16, 112, 112), (16, 224, 224), (8, 224, 224), (32, 224, 224))
"""Frames, height and width of clips that networks for video are made for."""

_CHANNELS = (3, 1)
"""How many channels an image has where a model leaves that open too."""

_PATCHES = (32, 16, 14, 12, 10, 8, 1)
"""The sides of the patches that images are cut into."""

_MOST_DEMANDED = 16
"""So many sizes are tried that the shapes of weights demand."""

_MOST_SIDE = 4096


class NoSizeError(Exception):
    """Raised where a model opens at no size that was tried; ``first`` is what the first met."""

    def __init__(self, first: ModelError) -> None:
        super().__init__(str(first))
        self.first = first


def open_at_likely_size(
    shape: Open, batched: bool, opened_at: Callable[[tuple[int, ...], int], T]
) -> T:
    """Open a model at the first likely size that it takes.

    Tried are the usual sizes, then those that the shapes of weights demand. ``opened_at`` gets a
    whole shape, and the size of its free axes. Raises NoSizeError where it refuses them all with
    ModelErrors that depend on the size, and that error where it does not.
    """
    refusals: dict[str, ModelError] = {}
    stops: dict[tuple[str, Open], dict[int, Sequence[Sequence[int]]]] = {}

    def likely() -> Iterator[tuple[tuple[int, ...], int]]:
        yield from usual_shapes(shape, batched)
        for stop in sorted(stops, key=lambda stop: -len(stops[stop])):
            _, rest = stop
            axes = free_axes(rest, batched)
            for size in demanded_sizes(stops[stop], len(axes)):
                yield filled(rest, dict.fromkeys(axes, size)), size

    for whole, size in likely():
        try:
            return opened_at(whole, size)
        except DefectError:  # no other size would mend it
            raise
        except ModelError as error:
            refusals.setdefault(str(error), error)
            rest = tuple(
                None if declared is None and n == size and (axis or not batched) else n
                for axis, (n, declared) in enumerate(zip(whole, shape, strict=True))
            )
            stops.setdefault((error.node, rest), {})[size] = error.extents
    first = next(iter(refusals.values()))
    raise first if len(refusals) == 1 else NoSizeError(first)


def usual_shapes(shape: Open, batched: bool) -> Iterator[tuple[tuple[int, ...], int]]:
    """Give shapes worth trying for an input with free axes, each with the size of those axes.

    A batch axis of any size is 1.
    """
    rank, first = len(shape), int(batched)
    free = free_axes(shape, batched)
    # Where even the channels are left open, they are the first axis or the last.
    if len(free) == rank - 1 > 1 and batched:
        for size in USUAL_SIZES.get(rank - 2, (32,)):
            for count in _CHANNELS:
                for channel in (1, rank - 1):
                    sizes = {axis: count if axis == channel else size for axis in free}
                    yield filled(shape, sizes), size
    for size in USUAL_SIZES.get(len(free), (32,)):
        yield filled(shape, dict.fromkeys(free, size)), size
    if len(free) == 3 and rank == first + 4:
        for clip in _CLIPS:
            yield filled(shape, dict(zip(free, clip, strict=True))), clip[-1]


def free_axes(shape: Open, batched: bool) -> tuple[int, ...]:
    """Find the axes of any size, but for a batch axis."""
    return tuple(axis for axis, n in enumerate(shape) if n is None and axis >= int(batched))


def filled(shape: Open, sizes: Mapping[int, int]) -> tuple[int, ...]:
    """Fill the free axes of a shape with sizes by axis; those without an entry become 1."""
    return tuple(sizes.get(axis, 1) if n is None else n for axis, n in enumerate(shape))


def shapes_of_size(
    shape: Open, batched: bool, size: Sequence[int], axes: Sequence[int] | None
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Give shapes of an input with free axes whose spatial axes have this size, with those axes.

    ``axes`` are the spatial axes where they are known. Otherwise they are as many axes in a row,
    among them all free ones if that is possible.
    """
    rank, first = len(shape), int(batched)
    runs = [tuple(range(a, a + len(size))) for a in range(rank - len(size), first - 1, -1)]
    free = set(free_axes(shape, batched))
    # Axes of a fixed size are no less spatial, but the free ones tell more.
    runs.sort(key=lambda run: len(free.symmetric_difference(run)))
    for run in runs if axes is None else [tuple(axes)]:
        sizes = dict(zip(run, size, strict=False))
        others = [axis for axis in free if axis not in sizes]
        for count in _CHANNELS if others else (1,):
            whole = {**dict.fromkeys(others, count), **sizes}
            yield tuple(whole.get(a, n or 1) for a, n in enumerate(shape)), run


def other_sizes(shape: Sequence[int], axes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Give the shape at other sizes: odd and even, also after a halving, and multiples of 32."""
    for halves, more in ((2, 1), (3, 2), (2, 32), (4, 0)):
        other = tuple(n * halves // 2 + more if axis in axes else n for axis, n in enumerate(shape))
        if prod(other) <= LARGEST:
            yield other


def demanded_sizes(stops: Mapping[int, Sequence[Sequence[int]]], dimensions: int) -> Iterator[int]:
    """Work out which sizes let an operation pass that stopped a model at all sizes tried.

    ``stops`` has the shapes that the operation reads, by the size of the input's free axes, of
    which there are ``dimensions``. One that grows with the size (a number of tokens, of features)
    meets one that does not (of a weight): the size follows where both are equal. An extent is a
    polynomial of the size, as long as no window leaves a rest; multiples of 32 mostly leave none.
    Where one does, the solution is near, and a multiple of a common patch.
    """
    sizes = sorted(stops, key=lambda size: (size % 32 > 0, size))
    ranks = {tuple(map(len, shapes)) for shapes in stops.values()}
    if len(sizes) <= dimensions or len(ranks) > 1:
        return
    extents = np.array([_extents(stops[size]) for size in sizes], dtype=np.float64)
    varies = (extents != extents[0]).any(axis=0)
    demands = sorted({n for n in extents[0, ~varies] if n > 1}, reverse=True)
    solutions: dict[int, None] = {}
    for count in (dimensions + 1, len(sizes)):  # through the first, then near all
        for values in {tuple(column) for column in extents[:, varies].T}:
            curve = np.polynomial.Polynomial.fit(sizes[:count], values[:count], dimensions)
            for root in (root for demand in demands for root in (curve - demand).roots()):
                if abs(root.imag) > 1e-6 or not 0.5 < root.real < _MOST_SIDE + 0.5:
                    continue
                size = float(root.real)
                if abs(size - round(size)) < 1e-3:
                    solutions[round(size)] = None
                elif count > dimensions + 1:
                    solutions.update((p * round(size / p), None) for p in _PATCHES)
    yield from [size for size in solutions if size > 0 and size not in stops][:_MOST_DEMANDED]


def _extents(shapes: Sequence[Sequence[int]]) -> list[int]:
    """List the extents of all axes, and how many elements the shapes have."""
    return [n for shape in shapes for n in (*shape, prod(shape))]
