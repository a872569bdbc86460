"""Lookups: everything that is worked out once about a network's tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..relation import (
    MAX,
    MIN,
    OR,
    Array,
    Effort,
    Semiring,
    Shape,
    TooLargeError,
    combine,
    spread,
)
from . import walk
from .closed_form import REGROUPED, Form, Forms, common, meet
from .dependences import Combined, Dependences, combined, origins, per_tensor, split_dependences
from .marks import Marks
from .region_sizes import RegionSizes, Spans, region_sizes
from .tensors import Settings, Tensor
from .values import Plain, Values

if TYPE_CHECKING:
    from .arrangement import Arrangement, Arrangements


class Lookup:
    """A network's tensors by number, with their dependences, bounds and grids; 0 is the input.

    Results are kept by dependences, which many tensors share. ``also`` is the same model at another
    input size: closed forms then hold at both sizes.
    """

    def __init__(
        self,
        tensors: Sequence[Tensor],
        spatial: Sequence[int],
        *,
        cut_global: bool = False,
        any_size: bool = False,
        also: Lookup | None = None,
    ) -> None:
        self.tensors = tensors
        self.spatial = tuple(spatial)
        self.any_size = any_size
        self.rings: tuple[Semiring, ...] = (MIN, MAX) * len(self.spatial)
        self.dependences: Dependences = split_dependences(
            tensors, self.spatial, cut_global=cut_global, any_size=any_size
        )
        self._also = also
        self._grid_axes: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._spans: dict[tuple[int, ...], Spans] = {}
        self._region_sizes: dict[tuple[int, ...], RegionSizes] = {}
        self._mixed: dict[str, tuple[tuple[int, int], ...]] = {}
        self._latest: tuple[tuple[int, ...], list[Values] | TooLargeError] | None = None

    def need_size(self) -> None:
        """Raise ValueError where the network was traced at an unknown input size."""
        if self.any_size:
            raise ValueError("regions need an input size: trace with one")

    def of(self, number: int) -> tuple[int, ...]:
        """The numbers of the dependences that make up a tensor."""
        return self.dependences.of[number]

    def origins(self, number: int) -> tuple[int, ...]:
        """The bit set of input axes that each axis of a tensor runs along."""
        sets = [origins(self.dependences.all[n].labels) for n in self.of(number)]
        return tuple(reduce(or_, bits) for bits in zip(*sets, strict=True))

    def grid_axes(self, number: int) -> tuple[int, ...]:
        """The axes of a tensor that carry positions of the image, in the input's axis order."""
        numbers = self.of(number)
        axes = self._grid_axes.get(numbers)
        if axes is None:
            axes = self._grid_axes[numbers] = self._find_grid_axes(numbers)
        return axes

    def _find_grid_axes(self, numbers: Sequence[int]) -> tuple[int, ...]:
        first: dict[int, int] = {}
        for number in numbers:
            for axis, factors in enumerate(self.dependences.all[number].labels):
                space = other = 1
                bits = 0
                for f in factors:
                    bits |= f.origins
                    if f.origins:
                        space *= f.extent
                    else:
                        other *= f.extent
                # Channels may be merged with positions: then the larger share decides.
                if bits and space >= other:
                    order = (bits & -bits).bit_length()
                    first[axis] = min(first.get(axis, order), order)
        return tuple(sorted(first, key=lambda axis: (first[axis], axis)))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each tensor, by its name."""
        return {tensor.name: number for number, tensor in enumerate(self.tensors)}

    def forms(self, number: int) -> Forms:
        """The closed form of a tensor along each spatial axis of the input."""
        forms = self.own_forms(number)
        other = self._counterpart(number)
        return forms if other is None else tuple(map(common, forms, other[0].forms(other[1])))

    def _counterpart(self, number: int) -> tuple[Lookup, int] | None:
        """The same tensor of the network at another size, if it has one of this name."""
        also = self._also
        counterpart = None if also is None else also.numbers.get(self.tensors[number].name)
        return None if also is None or counterpart is None else (also, counterpart)

    def own_forms(self, number: int) -> Forms:
        """The closed form of a tensor at this input size alone."""
        node = self.tensors[number].node
        forms = [self.dependences.all[n].forms for n in self.of(number)]
        met = (meet(along, node) for along in zip(*forms, strict=True))
        return tuple(REGROUPED if isinstance(f, Form) and f.extent else f for f in met)

    def open_shape(self, number: int) -> tuple[int | None, ...]:
        """The shape of a tensor, None along axes whose extent depends on the input's size."""
        shape = self.tensors[number].shape
        fixed = tuple(
            None if bits else n for n, bits in zip(shape, self.origins(number), strict=True)
        )
        also = self._counterpart(number)
        if also is None:
            return fixed
        other = also[0].open_shape(also[1])
        if len(other) != len(fixed):
            return (None,) * len(fixed)
        return tuple(n if n == m else None for n, m in zip(fixed, other, strict=True))

    def settings(self, number: int) -> Settings:
        """The settings of the operation that makes a tensor; with any size those of every size."""
        from .settings import settings_of  # not needed by most, and a cold start is short

        tensor = self.tensors[number]
        sources = [self.tensors[source.tensor] for source in tensor.sources]
        settings = settings_of(tensor, sources, self.grid_axes(number))
        also = self._counterpart(number)
        if also is None:
            return settings
        others = also[0].settings(also[1])
        return {name: value for name, value in settings.items() if others.get(name) == value}

    def combined(self, number: int) -> Combined:
        """Whether the operation that makes a tensor combines positions, and whether channels."""
        return combined(self.tensors[number], self.dependences)

    def arrangement(self, number: int) -> Arrangement | None:
        """The arrangement of a tensor's cells on the image; None where it is not known."""
        axes = self.grid_axes(number)
        grid = tuple(self.tensors[number].shape[axis] for axis in axes)
        return self._arrangements.arrangement(number, axes, grid)

    @cached_property
    def _arrangements(self) -> Arrangements:
        self.need_size()
        from .arrangement import Arrangements  # not needed by most, and a cold start is short

        return Arrangements(self.dependences.all, self.dependences.of, self.spatial)

    @property
    def bounds(self) -> list[Values]:
        """The region bounds of all elements, by dependence.

        Raises as ``need_size`` does, and TooLargeError, which is kept too.
        """
        self.need_size()
        if isinstance(self._bounds, TooLargeError):
            raise self._bounds
        return self._bounds

    @cached_property
    def _bounds(self) -> list[Values] | TooLargeError:
        try:
            return walk.bounds(self.dependences.all, self.spatial)
        except TooLargeError as error:
            return TooLargeError(str(error))

    def spans(self, number: int) -> Spans:
        """The regions of all cells of a tensor, all channels together (see ``Layer.spans``)."""
        numbers = self.of(number)
        spans = self._spans.get(numbers)
        if spans is None:
            spans = self._spans[numbers] = self.spans_at(number, None)
        return spans

    def region_sizes(self, number: int) -> RegionSizes:
        """The sizes of the regions of all cells of a tensor (see ``Layer.region_sizes``)."""
        numbers = self.of(number)
        sizes = self._region_sizes.get(numbers)
        if sizes is None:
            size = [self.tensors[0].shape[axis] for axis in self.spatial]
            sizes = self._region_sizes[numbers] = region_sizes(self.spans(number), size)
        return sizes

    def spans_at(self, number: int, index: Sequence[slice] | None) -> Spans:
        """The regions of all cells in a part of a tensor; ``index`` has a slice for each axis."""
        bounds = self.union(number, self.bounds, self.rings, index)
        axes = self.grid_axes(number)
        arrays = [_on_grid(a, axes) for a in bounds.arrays]
        return tuple(zip(arrays[::2], arrays[1::2], strict=True))

    def seeing(
        self, number: int, pixel: Sequence[int], index: Sequence[slice] | None
    ) -> NDArray[np.bool_]:
        """The cells of a tensor, or of its part at ``index``, that see a pixel: bool over its grid.

        The array has length 1 along axes of the grid where nothing varies.
        """
        seen = self.union(number, self._seers(pixel), (OR,), index)
        return _on_grid(seen.arrays[0], self.grid_axes(number))

    def _seers(self, pixel: Sequence[int]) -> list[Values]:
        """The elements that see a pixel, bool arrays by dependence.

        Raises TooLargeError. The latest answer is kept, and so is the latest error.
        """
        shape = self.tensors[0].shape
        key = tuple(pixel)
        # One walk answers for all layers, which are asked about the same pixel in turn. Another
        # thread may ask about another pixel meanwhile, so the answer is not read back.
        latest = self._latest
        if latest is None or latest[0] != key:
            start = np.ones((1,) * len(shape), bool)
            for axis, position in zip(self.spatial, pixel, strict=True):
                line = np.zeros(shape[axis], bool)
                line[position] = True
                start = start & line.reshape([-1 if i == axis else 1 for i in range(start.ndim)])
            try:
                latest = key, walk.reached_from(self.dependences.all, start)
            except TooLargeError as error:
                latest = key, TooLargeError(str(error))
            self._latest = latest
        if isinstance(latest[1], TooLargeError):
            raise TooLargeError(str(latest[1]))
        return latest[1]

    def union(
        self,
        number: int,
        values: Sequence[Values],
        rings: tuple[Semiring, ...],
        index: Sequence[slice] | None = None,
        *,
        whole: bool = False,
    ) -> Plain:
        """Combine values over a tensor, by dependence, to the axes of its grid.

        ``index`` takes a part of the tensor first; ``whole`` combines along the grid too.
        """
        shape = self.tensors[number].shape
        axes = () if whole else self.grid_axes(number)
        total: Plain | None = None
        for n in self.of(number):
            part = values[n]
            if index is not None:
                part = part.select(index, rings)
            for axis in reversed(range(len(shape))):  # the channels before the batch
                if axis not in axes:
                    part = part.combine(axis, shape[axis], rings)
            plain = part.plain(rings)
            total = plain if total is None else total.union(plain, rings)
        assert total is not None
        return total

    def pull(
        self,
        targets: Mapping[int, Array | Marks],
        ring: Semiring,
        effort: Effort | None = None,
        *,
        shared: bool = False,
    ) -> Array:
        """Pull values at some dependences back to the input, over its spatial axes.

        For ``shared`` see ``walk.backward``.
        """
        self.need_size()
        pulled = walk.backward(self.dependences.all, targets, ring, effort=effort, shared=shared)
        return self._on_image(pulled, ring)

    def _on_image(self, array: Array, ring: Semiring) -> Array:
        """An array over the input, combined along all but its spatial axes."""
        shape = self.tensors[0].shape
        for axis in range(array.ndim):
            if axis in self.spatial:
                array = spread(array, axis, shape[axis])
            elif array.shape[axis] > 1:
                array = ring.plus.reduce(array, axis=axis, keepdims=True)
        return array.reshape([shape[axis] for axis in self.spatial])

    def reached(self, numbers: Iterable[int], effort: Effort | None = None) -> NDArray[np.bool_]:
        """The pixels that reach any element of these tensors: bool over the spatial axes."""
        of = {n for number in numbers for n in self.of(number)}
        all_dependences = self.dependences.all
        targets: dict[int, Array | Marks] = {
            n: Marks([np.ones((1,) * len(all_dependences[n].shape), bool)]) for n in of
        }
        return np.ascontiguousarray(self.pull(targets, OR, effort)).astype(bool)

    @cached_property
    def _made_by(self) -> dict[str, list[int]]:
        """The numbers of the tensors that each operation makes, by its name."""
        made_by: dict[str, list[int]] = {}
        for number, tensor in enumerate(self.tensors):
            made_by.setdefault(tensor.node, []).append(number)
        return made_by

    def mixed(self, node: str) -> tuple[tuple[int, int], ...]:
        """Start and stop, along each spatial axis, of the pixels that reach an operation's inputs.

        The answers are kept: many layers have the same operations on their way.
        """
        if node not in self._mixed:
            sources = (s for n in self._made_by[node] for s in self.tensors[n].sources)
            seen = self.reached({source.tensor for source in sources})
            spans = []
            for axis in range(seen.ndim):
                others = tuple(i for i in range(seen.ndim) if i != axis)
                line = np.flatnonzero(seen.any(axis=others))
                spans.append((int(line[0]), int(line[-1]) + 1) if len(line) else (0, 0))
            self._mixed[node] = tuple(spans)
        return self._mixed[node]

    def trail(
        self, number: int, start: Array | Marks, passing: Callable[[int, NDArray[np.bool_]], None]
    ) -> None:
        """Pull marked elements of a tensor back to the input, and report each tensor on the way.

        ``passing`` is called with a tensor's number and a bool array over its grid that marks the
        cells that feed the marked elements. That may happen several times for a tensor.
        """
        self.need_size()
        apart = self._per_tensor
        tensor_of = {n: number for number, numbers in enumerate(apart.of) for n in numbers}

        def pass_on(dependence: int, array: Array) -> None:
            tensor = tensor_of[dependence]
            axes, shape = self.grid_axes(tensor), self.tensors[tensor].shape
            for axis, extent in enumerate(shape):
                if axis not in axes:
                    array = combine(array, axis, extent, OR)
            grid: Shape = tuple(shape[axis] for axis in axes)
            passing(tensor, np.broadcast_to(_on_grid(array, axes), grid))

        walk.backward(apart.all, dict.fromkeys(apart.of[number], start), OR, pass_on)

    @cached_property
    def _per_tensor(self) -> Dependences:
        return per_tensor(self.tensors[1:], self.dependences)


def _on_grid(array: Array, axes: Sequence[int]) -> Array:
    """An array over a tensor, of length 1 off the grid's axes, as an array over the grid."""
    extents = [array.shape[i] for i in axes]
    if list(axes) != sorted(axes):
        array = array.transpose([*axes, *(i for i in range(array.ndim) if i not in axes)])
    return array.reshape(extents)
