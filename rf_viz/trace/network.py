"""A traced model: its layers, and what each of their cells sees of the input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import EllipsisType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..relation import (
    MAX,
    MIN,
    OR,
    SUM,
    Array,
    Semiring,
    Shape,
    combine,
    spread,
)
from . import walk
from .closed_form import REGROUPED, Form, Forms, ReceptiveField, common, meet
from .dependences import Dependences, origins, per_tensor, split_dependences
from .tensors import Group, Tensor
from .values import Plain, Values

if TYPE_CHECKING:
    from .arrangement import Arrangement, Arrangements

Index = int | slice
IndexLike = Index | EllipsisType | tuple[Index | EllipsisType, ...]
Spans = tuple[tuple[NDArray[np.int32], NDArray[np.int32]], ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A box of input pixels, half-open, inside the image; one number for each spatial axis."""

    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """The box as an index: ``image[region.slices]`` is the crop."""
        return tuple(slice(b, e) for b, e in zip(self.start, self.stop, strict=True))

    @property
    def size(self) -> tuple[int, ...]:
        """The box' extent along each axis, in pixels."""
        return tuple(e - b for b, e in zip(self.start, self.stop, strict=True))

    @property
    def empty(self) -> bool:
        """Whether the cell sees no pixel at all (only padding)."""
        return 0 in self.size


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """The input that was traced. ``layout`` spells its axes: N batch, C channel, D H W or L space.

    ``guessed`` says that nothing slides over this input, so that its spatial axes are a guess.
    """

    name: str
    shape: Shape
    spatial_axes: tuple[int, ...]
    guessed: bool = False

    @property
    def size(self) -> tuple[int, ...]:
        """The extents of the spatial axes."""
        return tuple(self.shape[i] for i in self.spatial_axes)

    @property
    def layout(self) -> str:
        space = {1: "L", 2: "HW", 3: "DHW"}.get(
            len(self.spatial_axes), "XYZUVW"[: len(self.spatial_axes)]
        )
        letters = ["C"] * len(self.shape)
        for letter, axis in zip(space, self.spatial_axes, strict=False):
            letters[axis] = letter
        if letters[:1] == ["C"] and (letters.count("C") > 1 or self.shape[0] == 1):
            letters[0] = "N"
        return "".join(letters)


class Network:
    """What a traced model is: ``layers`` in execution order, found also by ``net[name]``."""

    def __init__(
        self,
        tensors: Sequence[Tensor],
        spatial_axes: Sequence[int],
        *,
        guessed: bool = False,
        weight_aware: bool = False,
        cut_global: bool = False,
        any_size: bool = False,
    ) -> None:
        first = tensors[0]
        self.input = NetworkInput(first.name, first.shape, tuple(spatial_axes), guessed)
        self.weight_aware, self.cut_global, self.any_size = weight_aware, cut_global, any_size
        self._strands: Dependences = split_dependences(
            tensors, self.input.spatial_axes, cut_global=cut_global, any_size=any_size
        )
        self._rings: tuple[Semiring, ...] = (MIN, MAX) * len(self.input.spatial_axes)
        # By strands, since many layers share theirs.
        self._grid_axes: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._spans: dict[tuple[int, ...], Spans] = {}
        self._reached: tuple[tuple[int, ...], list[Values]] | None = None
        assumed: list[tuple[str, ...]] = [()]
        for t in tensors[1:]:
            before = [assumed[s.tensor] for s in t.sources]
            if t.assumed or any(before):
                reasons = dict.fromkeys(r for reasons in before for r in reasons)
                if t.assumed:
                    reasons[t.assumed] = None
                assumed.append(tuple(reasons))
            else:
                assumed.append(())
        self.layers: list[Layer] = [
            Layer(self, number, tensor, assumed[number])
            for number, tensor in enumerate(tensors)
            if number
        ]

    @cached_property
    def _by_name(self) -> dict[str, Layer]:
        names: dict[str, Layer] = {}
        for layer in self.layers:
            names.setdefault(layer.node, layer)
        names.update((layer.name, layer) for layer in self.layers)
        for group, layer in self.groups:
            names.setdefault(group.name, layer)
        return names

    @cached_property
    def groups(self) -> list[tuple[Group, Layer]]:
        """The framework's layers, if the model has such, each with the layer that is its output.

        In the order of their outputs. A layer's operations are those of ``layers`` whose ``group``
        it is, and those of the groups whose names begin with its own and a slash.
        """
        found = {layer.group for layer in self.layers}
        outputs = {group.output: group for group in found if group is not None}
        return [(outputs[layer.name], layer) for layer in self.layers if layer.name in outputs]

    def __getitem__(self, name: str) -> Layer:
        """The layer of that tensor, node or group name; raises KeyError with the nearest names."""
        layer = self._by_name.get(name)
        if layer is None:
            import difflib

            near = difflib.get_close_matches(name, self._by_name, n=3, cutoff=0.4)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise KeyError(f"no layer named {name!r}{hint}")
        return layer

    def seen_by(self, pixel: Sequence[int]) -> dict[str, NDArray[np.bool_]]:
        """The projective field: for each layer which of its cells see this input pixel.

        ``pixel`` has one coordinate for each spatial axis. Returns bool arrays of the layers'
        grids, by layer name. Raises IndexError for a pixel outside the image.
        """
        return {layer.name: layer.seeing(pixel) for layer in self.layers}

    def seen_at(self, layers: Iterable[Layer]) -> NDArray[np.bool_]:
        """Which pixels reach any cell of any of these layers: bool over the spatial axes."""
        self._need_size()
        strands = self._strands
        numbers = {number for layer in layers for number in strands.of[layer._number]}
        targets = {n: np.ones((1,) * len(strands.all[n].shape), bool) for n in numbers}
        array = self._on_input(walk.backward(strands.all, targets, OR), OR)
        return np.ascontiguousarray(array).astype(bool)

    def _on_input(self, array: Array, ring: Semiring) -> Array:
        """An array over the input, combined over its other axes."""
        axes = self.input.spatial_axes
        for axis in range(array.ndim):
            if axis in axes:
                array = spread(array, axis, self.input.shape[axis])
            elif array.shape[axis] > 1:
                array = ring.plus.reduce(array, axis=axis, keepdims=True)
        return array.reshape(self.input.size)

    def _seers(self, pixel: Sequence[int]) -> list[Values]:
        """For each strand which elements see a pixel. The latest answer is kept."""
        self._need_size()
        _check_position(pixel, self.input.size, "pixel")
        key = tuple(pixel)
        if self._reached is None or self._reached[0] != key:
            start = np.ones((1,) * len(self.input.shape), bool)
            for axis, position in zip(self.input.spatial_axes, pixel, strict=True):
                line = np.zeros(self.input.shape[axis], bool)
                line[position] = True
                start = start & line.reshape([-1 if i == axis else 1 for i in range(start.ndim)])
            self._reached = key, walk.reached_from(self._strands.all, start)
        return self._reached[1]

    @cached_property
    def _bounds(self) -> list[Values]:
        self._need_size()
        return walk.bounds(self._strands.all, self.input.spatial_axes)

    @cached_property
    def _unshared(self) -> Dependences:
        return per_tensor([layer.tensor for layer in self.layers], self._strands)

    @cached_property
    def _layouts(self) -> Arrangements:
        self._need_size()
        from .arrangement import Arrangements  # not needed by most, and a cold start is short

        return Arrangements(self._strands.all, self._strands.of, self.input.spatial_axes)

    def keep_common(self, other: Network) -> None:
        """Keep of the closed forms what another trace of the same model, at another size, says too.

        It guards against whatever ties a graph to its size: a resize to fixed extents, say.
        """
        forms = {layer.name: layer._forms for layer in other.layers}
        for layer in self.layers:
            others = forms.get(layer.name, layer._forms)
            layer._forms = tuple(map(common, layer._forms, others))

    def _need_size(self) -> None:
        if self.any_size:
            raise ValueError("regions need an input size: trace with one")


class Layer:
    """One tensor of the network, and what its cells see. Made by ``Network``."""

    def __init__(self, net: Network, number: int, tensor: Tensor, assumed: tuple[str, ...]) -> None:
        self.net = net
        """The network that it is part of."""
        self._number = number
        self.tensor = tensor
        """How the operation was described, with its edges back to other tensors."""
        self._shape = tensor.shape
        self.name = tensor.name
        """The tensor's name."""
        self.node = tensor.node
        """The name of the operation that makes it."""
        self.op = tensor.op
        """The operator, by its framework's name."""
        self.assumed = assumed
        """Why the regions are only assumed: one reason for each unknown operation on the way."""
        self.group = tensor.group
        """The framework's layer that the operation is part of; None where it tells of none."""

    def __repr__(self) -> str:
        return f"<Layer {self.name} {self.op} {self.shape}>"

    @property
    def inputs(self) -> tuple[Layer | None, ...]:
        """The layers that the operation takes, each once; None stands for the network's input."""
        numbers = dict.fromkeys(source.tensor for source in self.tensor.sources)
        return tuple(self.net.layers[n - 1] if n else None for n in numbers)

    @property
    def exact(self) -> bool:
        """False when an unknown operation was assumed to see everything."""
        return not self.assumed

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The tensor's shape; None along axes that depend on an unknown input size."""
        if not self.net.any_size:
            return self._shape
        along = self._along()
        return tuple(None if bits else n for n, bits in zip(self._shape, along, strict=True))

    @property
    def grid(self) -> Shape:
        """The shape of the layer's cells: its extents along ``grid_axes``."""
        return tuple(self._shape[i] for i in self.grid_axes)

    @cached_property
    def grid_axes(self) -> tuple[int, ...]:
        """The tensor axes that carry positions of the image, in the input's axis order."""
        strands = self.net._strands.of[self._number]
        known = self.net._grid_axes.get(strands)
        if known is None:
            known = self.net._grid_axes[strands] = self._find_grid_axes()
        return known

    def _find_grid_axes(self) -> tuple[int, ...]:
        first: dict[int, int] = {}
        for number in self.net._strands.of[self._number]:
            for axis, factors in enumerate(self.net._strands.all[number].labels):
                space = other = 1
                bits = 0
                for f in factors:
                    bits |= f.origins
                    if f.origins:
                        space *= f.extent
                    else:
                        other *= f.extent
                if bits and space >= other:
                    order = (bits & -bits).bit_length()
                    first[axis] = min(first.get(axis, order), order)
        return tuple(sorted(first, key=lambda axis: (first[axis], axis)))

    @cached_property
    def layout(self) -> Arrangement | None:
        """How the cells lie on the image: a grid as it is, tokens and windows as what they are of.

        None where that is not known (a matrix of attention, say): the regions hold all the same.
        """
        return self.net._layouts.layout(self._number, self.grid_axes, self.grid)

    @property
    def channel_axis(self) -> int | None:
        """The axis that ``channel`` counts along; None where there is not exactly one."""
        axes = [i for i in range(len(self._shape)) if i not in self.grid_axes]
        if len(axes) > 1 and axes[0] == 0:
            axes = axes[1:]
        if len(axes) > 1:
            axes = [i for i in axes if self._shape[i] > 1]
        return axes[0] if len(axes) == 1 else None

    def _along(self) -> tuple[int, ...]:
        strands = self.net._strands
        sets = [origins(strands.all[n].labels) for n in strands.of[self._number]]
        return tuple(_any_bit(bits) for bits in zip(*sets, strict=True))

    @cached_property
    def _forms(self) -> Forms:
        strands = self.net._strands
        forms = [strands.all[n].forms for n in strands.of[self._number]]
        met = (meet(along, self.node) for along in zip(*forms, strict=True))
        return tuple(REGROUPED if isinstance(f, Form) and f.extent else f for f in met)

    @cached_property
    def receptive_field(self) -> ReceptiveField | None:
        """The closed form along every spatial axis, or None; ``note`` says why."""
        forms = [f for f in self._forms if isinstance(f, Form)]
        if len(forms) < len(self._forms) or not forms:
            return None
        return ReceptiveField(
            tuple(f.size for f in forms),
            tuple(f.stride for f in forms),
            tuple(None if f.start is None else -f.start for f in forms),
        )

    @property
    def aligned(self) -> bool | None:
        """Whether all paths agree on stride and centre; None where neither can be said."""
        reasons = [f for f in self._forms if not isinstance(f, Form)]
        if not reasons:
            return True
        return False if any(f.misaligned for f in reasons) else None

    @property
    def note(self) -> str:
        """In words: why there is no closed form, and what was assumed. Empty for neither."""
        reasons = [f.why for f in self._forms if not isinstance(f, Form)]
        return "; ".join(dict.fromkeys([*reasons, *self.assumed]))

    @property
    def global_context(self) -> tuple[str, ...]:
        """The names of the operations that mix over the whole image on the way to this layer."""
        return self.net._strands.mixers[self._number]

    @cached_property
    def multiply_adds(self) -> int | None:
        """How many products are summed to make it (GFLOPs = 2 * multiply-adds / 1e9).

        None where that cannot be told, as with an unknown input size; see ``cost``.
        """
        from .cost import multiply_adds

        return None if self.net.any_size else multiply_adds(self.tensor)

    def region(self, cell: Sequence[int], channel: int | None = None) -> Region:
        """The input region of a cell: the box around every pixel it depends on.

        ``cell`` has one index for each grid axis; without a channel the union over channels.
        Raises IndexError for a cell or channel that is not there.
        """
        return self.region_of(self._index(cell, channel))

    def mask(self, cell: Sequence[int], channel: int | None = None) -> NDArray[np.bool_]:
        """The dependency mask of a cell: bool over the input's spatial axes."""
        return self.mask_of(self._index(cell, channel))

    def paths(self, cell: Sequence[int], channel: int | None = None) -> NDArray[np.float64]:
        """By how many paths each pixel reaches the cell, over the input's spatial axes.

        Scaled to sum 1 (all zero for a cell that sees nothing). In very deep networks a share may
        be too small for a float, and is 0 there; ``mask`` is always exact.
        """
        return self.paths_of(self._index(cell, channel))

    def trail(
        self, cell: Sequence[int], channel: int | None = None
    ) -> dict[str, NDArray[np.bool_]]:
        """Which cells feed a cell, in every layer on the way from the input to it.

        Bool arrays of the layers' grids, by layer name in execution order, the cell's own layer
        last; a cell counts if any of its channels feeds the given one (None: any).
        """
        self.net._need_size()
        strands = self.net._unshared
        layers = {n: layer for layer in self.net.layers for n in strands.of[layer._number]}
        found: dict[str, NDArray[np.bool_]] = {}

        def passing(number: int, array: Array) -> None:
            layer = layers[number]
            for axis, extent in enumerate(layer._shape):
                if axis not in layer.grid_axes:
                    array = combine(array, axis, extent, OR)
            fed = np.broadcast_to(layer._on_grid(array), layer.grid)
            if fed.any():
                found[layer.name] = found[layer.name] | fed if layer.name in found else fed

        start = self._marked(self._index(cell, channel), bool)
        walk.backward(strands.all, dict.fromkeys(strands.of[self._number], start), OR, passing)
        return dict(reversed(found.items()))

    def region_of(self, index: IndexLike) -> Region:
        """The region of any part of the tensor: an int or slice for each of its axes.

        A slice means the union along it. Raises IndexError for an index outside the tensor.
        """
        slices = [_as_slice(i) for i in self._full(index)]
        rings = self.net._rings
        nothing = Region((0,) * len(self.net.input.size), (0,) * len(self.net.input.size))
        if not all(range(n)[s] for s, n in zip(slices, self._shape, strict=True)):
            return nothing
        total: Plain | None = None
        for number in self.net._strands.of[self._number]:
            part = self.net._bounds[number].select(slices, rings)
            for axis, extent in enumerate(self._shape):
                part = part.combine(axis, extent, rings)
            plain = part.plain(rings)
            total = plain if total is None else total.union(plain, rings)
        assert total is not None
        ends = [int(a.reshape(-1)[0]) for a in total.arrays]
        start, stop = tuple(ends[::2]), tuple(ends[1::2])
        if any(e <= b for b, e in zip(start, stop, strict=True)):
            return nothing
        return Region(start, stop)

    def mask_of(self, index: IndexLike) -> NDArray[np.bool_]:
        """The dependency mask of any part of the tensor (index as in ``region_of``)."""
        return np.ascontiguousarray(self.pull(self._marked(index, bool), OR)).astype(bool)

    def paths_of(self, index: IndexLike) -> NDArray[np.float64]:
        """The path counts of any part of the tensor (index as in ``region_of``), summing to 1."""
        array = self.pull(self._marked(index, float), SUM).astype(np.float64)
        total = array.sum()
        return array / total if total else array

    def seeing(self, pixel: Sequence[int], channel: int | None = None) -> NDArray[np.bool_]:
        """Which cells see an input pixel: a bool array over the grid (see ``Network.seen_by``)."""
        seen = self._union(self.net._seers(pixel), (OR,), channel).arrays[0]
        return np.broadcast_to(self._on_grid(seen), self.grid)

    def spans(self, channel: int | None = None) -> Spans:
        """The regions of all cells in compact form: (start, stop) for each input spatial axis.

        Each array broadcasts to ``grid`` (length 1 where nothing varies). A cell whose stop is
        not above its start sees nothing.
        """
        strands = self.net._strands.of[self._number]
        if channel is None and strands in self.net._spans:
            return self.net._spans[strands]
        plain = self._union(self.net._bounds, self.net._rings, channel)
        arrays = [self._on_grid(a) for a in plain.arrays]
        spans = tuple(zip(arrays[::2], arrays[1::2], strict=True))
        if channel is None:
            self.net._spans[strands] = spans
        return spans

    def bounds(self, channel: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Start and stop (half-open) of all cells: two arrays of shape (\\*grid, spatial axes).

        Both are 0 for a cell that sees nothing.
        """
        spans = self.spans(channel)
        shape = (*self.grid, len(spans))
        start, stop = np.empty(shape, np.int64), np.empty(shape, np.int64)
        for i, (low, high) in enumerate(spans):
            start[..., i], stop[..., i] = low, high
        nothing = (stop <= start).any(axis=-1)
        start[nothing] = stop[nothing] = 0
        return start, stop

    def _index(self, cell: Sequence[int], channel: int | None) -> tuple[Index, ...]:
        _check_position(cell, self.grid, "cell")
        index: list[Index] = [slice(None)] * len(self._shape)
        for axis, position in zip(self.grid_axes, cell, strict=True):
            index[axis] = int(position)
        if channel is not None:
            axis, position = self._channel(channel)
            index[axis] = position
        return tuple(index)

    def _channel(self, channel: int) -> tuple[int, int]:
        axis = self.channel_axis
        if axis is None:
            raise IndexError(f"{self.name} has no single channel axis: use region_of with an index")
        if not 0 <= channel < self._shape[axis]:
            raise IndexError(
                f"{self.name} has channels 0 to {self._shape[axis] - 1}, not {channel}"
            )
        return axis, channel

    def _full(self, index: IndexLike) -> tuple[Index, ...]:
        """One int (not negative) or slice for each axis of the tensor."""
        parts = index if isinstance(index, tuple) else (index,)
        if Ellipsis in parts:
            at = parts.index(Ellipsis)
            gap = len(self._shape) - len(parts) + 1
            parts = (*parts[:at], *[slice(None)] * gap, *parts[at + 1 :])
        if len(parts) != len(self._shape):
            raise IndexError(
                f"{self.name} has {len(self._shape)} axes {self._shape}, the index has {len(parts)}"
            )
        full: list[Index] = []
        for part, extent in zip(parts, self._shape, strict=True):
            if isinstance(part, slice):
                full.append(part)
            elif isinstance(part, EllipsisType):
                raise IndexError("an index can have one ellipsis only")
            elif -extent <= part < extent:
                full.append(int(part) % extent)
            else:
                raise IndexError(f"index {part} is outside an axis of length {extent}")
        return tuple(full)

    def _union(
        self, values: Sequence[Values], rings: tuple[Semiring, ...], channel: int | None
    ) -> Plain:
        """The values of all strands together, folded to the grid's axes."""
        index = [slice(None)] * len(self._shape)
        if channel is not None:
            axis, position = self._channel(channel)
            index[axis] = slice(position, position + 1)
        total: Plain | None = None
        for number in self.net._strands.of[self._number]:
            part = values[number]
            if channel is not None:
                part = part.select(index, rings)
            for axis in reversed(range(len(self._shape))):  # the channels before the batch
                if axis not in self.grid_axes:
                    part = part.combine(axis, self._shape[axis], rings)
            plain = part.plain(rings)
            total = plain if total is None else total.union(plain, rings)
        assert total is not None
        return total

    def _on_grid(self, array: Array) -> Array:
        """An array over the tensor, of length 1 off the grid, as an array over the grid."""
        axes = self.grid_axes
        extents = [array.shape[i] for i in axes]
        if list(axes) != sorted(axes):
            array = array.transpose([*axes, *(i for i in range(array.ndim) if i not in axes)])
        return array.reshape(extents)

    def pull(self, values: Array, ring: Semiring) -> Array:
        """Values of the tensor's elements, pulled back over a semiring to the input.

        ``values`` broadcasts to the tensor; the result is over the input's spatial axes. Over
        ``SUM`` it is scaled by an unknown factor.
        """
        self.net._need_size()
        strands = self.net._strands
        targets = dict.fromkeys(strands.of[self._number], values)
        return self.net._on_input(walk.backward(strands.all, targets, ring), ring)

    def _marked(self, index: IndexLike, dtype: type) -> Array:
        """One at the index, zero elsewhere; it broadcasts to the tensor."""
        marked: Array = np.ones((1,) * len(self._shape), dtype)
        for axis, part in enumerate(self._full(index)):
            if part == slice(None):
                continue
            line: Array = np.zeros(self._shape[axis], dtype)
            line[part] = 1
            marked = marked * line.reshape([-1 if i == axis else 1 for i in range(marked.ndim)])
        return marked


def _any_bit(sets: Sequence[int]) -> int:
    total = 0
    for bits in sets:
        total |= bits
    return total


def _as_slice(part: Index) -> slice:
    return part if isinstance(part, slice) else slice(part, part + 1)


def _check_position(position: Sequence[int], extents: Shape, what: str) -> None:
    if len(position) != len(extents):
        raise IndexError(f"a {what} here has {len(extents)} coordinates, not {len(position)}")
    if not all(0 <= p < n for p, n in zip(position, extents, strict=True)):
        raise IndexError(f"{what} {tuple(position)} is outside the {extents} there are")
