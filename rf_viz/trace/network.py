"""A traced network: its layers, and what each of their cells sees of the input."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from importlib import import_module
from math import prod
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..relation import OR, SUM, Array, Effort, Semiring, Shape, blank, check_room
from .closed_form import EVERY, WHOLE, Form, Forms, ReceptiveField
from .dependences import Combined
from .lookup import Lookup
from .marks import Marks
from .region_sizes import RegionSizes, Spans
from .tensors import Category, Group, Settings, Tensor

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from .arrangement import Arrangement
    from .recurrence import AxisStep

_SLID = ("kernel", "stride", "dilation")

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Network | Layer")


def in_bounds(answer: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let a question about a network or a layer end in a ModelError where it takes too much."""

    @wraps(answer)
    def answered(subject: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return answer(subject, *args, **kwargs)
        except MemoryError as error:
            tensor = subject.input if isinstance(subject, Network) else subject
            raise ModelError(
                f"{tensor.name} is of {list(tensor.shape)}, and to work out what cells see would "
                "take too much memory or time: choose a smaller input size"
            ) from error

    return answered


Index = int | slice
IndexLike = Index | EllipsisType | tuple[Index | EllipsisType, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A box of input pixels, which lies inside the image.

    ``start`` is the first pixel along each spatial axis, ``stop`` the one after the last
    (half-open), both in the input's axis order. Both are 0 along every axis where a cell sees
    nothing.
    """

    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """The box as an index: ``image[region.slices]`` is the crop."""
        return tuple(slice(b, e) for b, e in zip(self.start, self.stop, strict=True))

    @property
    def size(self) -> tuple[int, ...]:
        """The box's extent along each axis, in pixels."""
        return tuple(e - b for b, e in zip(self.start, self.stop, strict=True))

    @property
    def empty(self) -> bool:
        """Whether the box holds no pixel: the cell sees padding or constants only."""
        return 0 in self.size


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """The input that was traced.

    ``shape`` is its whole shape; ``spatial_axes`` are the axes that carry positions, ascending.
    ``guessed`` says that no window slides over this input, so that its spatial axes are a guess.
    """

    name: str
    shape: Shape
    spatial_axes: tuple[int, ...]
    guessed: bool = False

    @property
    def size(self) -> tuple[int, ...]:
        """The extents of the spatial axes, in pixels."""
        return tuple(self.shape[i] for i in self.spatial_axes)

    @property
    def layout(self) -> str:
        """The axes as letters, such as NCHW: N batch, C channels, D H W or L space."""
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
    """A traced model: the layers, and what they see of one input.

    ``net[name]`` finds a layer by its name, and iterating over the network yields its layers. Made
    by ``Model.trace``.

    Attributes:
        input: the input that was traced.
        layers: one for each tensor that depends on the input, in execution order.
        weight_aware, cut_global, any_size: how it was traced (see ``Model.trace``); with
            ``any_size`` there are no regions, and closed forms hold at every input size.
        feeds: the values of side inputs that were taken for granted, by name.
        shapes: the shapes of the model's inputs at which it was traced, by name.
        stop: the tensors through which no path counts.
        left_out: the layers of the model that are not here, since they do not depend on the input
            that was traced, or only by way of what was stopped.
    """

    def __init__(
        self,
        tensors: Sequence[Tensor],
        spatial_axes: Sequence[int],
        *,
        guessed: bool = False,
        weight_aware: bool = False,
        cut_global: bool = False,
        any_size: bool = False,
        also: Network | None = None,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        shapes: Mapping[str, Shape] | None = None,
        stop: Collection[str] = (),
        left_out: Sequence[str] = (),
        parameters: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """Trace described tensors, of which number 0 is the input with these spatial axes.

        ``also`` is the same model traced at another input size: only closed forms on which both
        agree are kept. That guards against anything that ties a graph to its size, such as a resize
        to fixed extents. ``parameters`` counts the weights of each operation, by the name of its
        layer; it is called when somebody asks for them.
        """
        first = tensors[0]
        self.input = NetworkInput(first.name, first.shape, tuple(spatial_axes), guessed)
        self.weight_aware, self.cut_global, self.any_size = weight_aware, cut_global, any_size
        self.feeds: Mapping[str, NDArray[np.generic]] = feeds or {}
        self.shapes: Mapping[str, Shape] = shapes or {}
        self.stop = frozenset(stop)
        self.left_out = tuple(left_out)
        self._count_parameters = parameters
        self._lookup: Lookup = Lookup(
            tensors,
            self.input.spatial_axes,
            cut_global=cut_global,
            any_size=any_size,
            also=None if also is None else also._lookup,
        )
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
            Layer(self, self._lookup, number, assumed[number]) for number in range(1, len(tensors))
        ]

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: all but the model, of which the numbers of weights go along."""
        state = {**vars(self), "parameters": dict(self.parameters)}
        state.pop("_count_parameters", None)  # one that comes out of a pickle has none
        return state

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
        """The framework's layers, each with the layer that is its output, in that order.

        Empty where the model has none. The operations of a group are the ``layers`` whose ``group``
        lies within it. Where one layer is the output of several, the inner come before the outer.
        """
        depths: dict[Group, int] = {}
        for layer in self.layers:
            for group in (layer.group, *layer.tensor.fused):
                around = [] if group is None or group in depths else list(group.around)
                for depth, outer in enumerate(reversed(around)):
                    depths.setdefault(outer, depth)
        ends: dict[str, list[Group]] = {}
        for group in sorted(depths, key=lambda group: -depths[group]):
            ends.setdefault(group.output, []).append(group)
        return [(group, layer) for layer in self.layers for group in ends.get(layer.name, ())]

    @cached_property
    def parameters(self) -> Mapping[str, int]:
        """The number of weights of each operation that has some, by the name of its layer."""
        return self._count_parameters()

    def settings(self, group: Group) -> Settings:
        """The settings of a framework's layer, as data (see ``Layer.settings``).

        They are those that the framework tells, and what its operations add to them: the padding in
        numbers, and the sum of their parameters.
        """
        parts = [layer for layer in self.layers if layer.group and layer.group.within(group)]
        slid = [own for own in (layer.own_settings for layer in parts) if "kernel" in own]
        facts = group.facts
        settings: Settings = {}
        if len(slid) == 1 and all(facts.get(k, slid[0].get(k)) == slid[0].get(k) for k in _SLID):
            settings.update((k, slid[0][k]) for k in (*_SLID, "padding") if k in slid[0])
        settings.update(facts)
        count = sum(self.parameters.get(layer.name, 0) for layer in parts)
        return {**settings, "parameters": count} if count else settings

    def __iter__(self) -> Iterator[Layer]:
        """Yield the layers in execution order, as ``layers`` has them."""
        return iter(self.layers)

    def __contains__(self, name: object) -> bool:
        """Whether ``net[name]`` finds a layer, or the network has this very layer."""
        if isinstance(name, Layer):
            return name.net is self
        return isinstance(name, str) and name in self._by_name

    def __getitem__(self, name: str) -> Layer:
        """Look up a layer by the name of its tensor, of its node or of its group.

        Raises KeyError for an unknown name; the message names the nearest ones. Raises TypeError
        for what is no name, such as a number.
        """
        if not isinstance(name, str):
            raise TypeError(f"a layer is looked up by its name, not by {name!r}; see net.layers")
        layer = self._by_name.get(name)
        if layer is None and name in self.left_out:
            by_way = " other than by what was stopped" if self.stop else ""
            raise KeyError(f"{name} does not depend on {self.input.name}{by_way}")
        if layer is None:
            import difflib

            near = difflib.get_close_matches(name, self._by_name, n=3, cutoff=0.4)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise KeyError(f"no layer named {name!r}{hint}")
        return layer

    def show(self, axis: int = 0) -> Figure:
        """Draw how far the layers see, by depth, as a Plotly figure.

        ``axis`` counts the input's spatial axes. For options see ``rf_viz.figures.growth_figure``.
        """
        figure: Figure = _figures().growth_figure(self, axis)
        return figure

    @in_bounds
    def seen_by(self, pixel: Sequence[int]) -> dict[str, NDArray[np.bool_]]:
        """The projective field of an input pixel: the cells of each layer that see it.

        ``pixel`` has one coordinate for each spatial axis of the input. Returns bool arrays over
        the layers' grids, by layer name. Raises IndexError for a pixel outside the image,
        ValueError for a network traced at an unknown size, ModelError where the answer would take
        too much memory or time.
        """
        seen, effort = {}, Effort()
        for layer in self.layers:
            seen[layer.name] = layer.seeing(pixel)
            effort.keeps(seen[layer.name])
        return seen

    @in_bounds
    def seen_at(self, layers: Iterable[Layer]) -> NDArray[np.bool_]:
        """The pixels that reach any cell of these layers: bool over the input's spatial axes.

        Raises ValueError for a network traced at an unknown size, ModelError where the answer would
        take too much memory or time.
        """
        return self._lookup.reached(layer.number for layer in layers)

    @in_bounds
    def seen_by_each(self, layers: Iterable[Layer]) -> list[NDArray[np.bool_]]:
        """The pixels that reach any cell of each of these layers; arrays and errors as ``seen_at``.

        The limits on memory and time hold for all layers together.
        """
        effort, seen = Effort(), []
        for layer in layers:
            seen.append(self._lookup.reached([layer.number], effort))
            effort.keeps(seen[-1])
        return seen


class Layer:
    """One tensor of the network, and what its cells see.

    A cell is a position in ``grid``, one index for each of ``grid_axes``; ``channel`` counts along
    ``channel_axis``, and None means the union over all channels. Pixels are counted along the
    input's spatial axes, in the input's order. Methods that ask about pixels raise ValueError for a
    network traced at an unknown size, and ModelError where the answer would take too much memory or
    time.
    Made by ``Network``.
    """

    def __init__(self, net: Network, lookup: Lookup, number: int, assumed: tuple[str, ...]) -> None:
        tensor = lookup.tensors[number]
        self.net = net
        """The network that it is part of."""
        self.number = number
        """Its number among the network's tensors, in execution order; the input is 0."""
        self.tensor = tensor
        """How the operation was described, with its edges back to other tensors."""
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
        self._lookup = lookup
        self._shape = tensor.shape

    def __repr__(self) -> str:
        return f"<Layer {self.name} {self.op} {self.shape}>"

    @property
    def inputs(self) -> tuple[Layer | None, ...]:
        """The layers that the operation reads, each once; None stands for the network's input."""
        numbers = dict.fromkeys(source.tensor for source in self.tensor.sources)
        return tuple(self.net.layers[n - 1] if n else None for n in numbers)

    @property
    def category(self) -> Category:
        """The operation's category, such as "convolution"; set by the operator's entry."""
        return self.tensor.category

    @property
    def combined(self) -> Combined:
        """Whether the operation combines positions of the image, and whether channels."""
        return self._lookup.combined(self.number)

    @property
    def exact(self) -> bool:
        """Whether every operation on the way is known, so that regions and masks are exact."""
        return not self.assumed

    @property
    def title(self) -> str:
        """The name that people know: of the framework's layer that ends here, else its own."""
        group = self.group
        if group is None or group.output != self.name or self.net[group.name] is not self:
            return self.name
        return group.name

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The tensor's shape; None along axes that depend on an unknown input size."""
        return self._lookup.open_shape(self.number) if self.net.any_size else self._shape

    @property
    def settings(self) -> Settings:
        """What the layer was told: kernel, stride, padding, dilation, groups, and what else it has.

        The keys are those that apply: "kernel", "stride" and "dilation" with a number, "padding"
        with a pair (in front, behind) for each axis that the window slides over; "groups",
        "filters", "units", "heads", "scale" (of a resize), "mode", "parameters" and the like. The
        output of a framework's layer has that layer's settings, with all of its parameters. With an
        unknown input size, what depends on it is left out.
        """
        group = self.group
        if group is not None and group.output == self.name:
            return self.net.settings(group)
        return self.own_settings

    @cached_property
    def own_settings(self) -> Settings:
        """The settings of the operation alone, whatever framework's layer it is part of."""
        settings = self._lookup.settings(self.number)
        count = self.net.parameters.get(self.name)
        return {**settings, "parameters": count} if count else settings

    @property
    def grid(self) -> tuple[int | None, ...]:
        """The shape of the layer's cells: its extents along ``grid_axes``.

        None along axes that depend on an unknown input size.
        """
        shape = self.shape
        return tuple(shape[i] for i in self.grid_axes)

    @property
    def extents(self) -> Shape:
        """The grid of a network traced at a known size.

        Raises ValueError for a network traced at an unknown size.
        """
        self._lookup.need_size()
        return tuple(self._shape[i] for i in self.grid_axes)

    @cached_property
    def grid_axes(self) -> tuple[int, ...]:
        """The tensor axes that carry positions of the image, in the input's axis order."""
        return self._lookup.grid_axes(self.number)

    @property
    def layout(self) -> Arrangement | None:
        """The arrangement of the cells on the image, also where they stand in a row, as tokens do.

        None where it is not known, as for a matrix of attention weights. Regions hold all the same.
        Raises ValueError for a network traced at an unknown size.
        """
        return self._lookup.arrangement(self.number)

    @property
    def channel_axis(self) -> int | None:
        """The axis that ``channel`` counts along; None where there is not exactly one."""
        axes = [i for i in range(len(self._shape)) if i not in self.grid_axes]
        if len(axes) > 1 and axes[0] == 0:
            axes = axes[1:]
        if len(axes) > 1:
            axes = [i for i in axes if self._shape[i] > 1]
        return axes[0] if len(axes) == 1 else None

    @cached_property
    def _forms(self) -> Forms:
        return self._lookup.forms(self.number)

    @cached_property
    def receptive_field(self) -> ReceptiveField | None:
        """The closed form along every spatial axis; None where an axis has none (see ``reasons``).

        By the recurrences of Araujo, Norris and Sim, Distill 2019 (doi 10.23915/distill.00021). It
        counts padding, so that its boxes can reach outside the image.
        """
        forms = [f for f in self._forms if isinstance(f, Form)]
        if len(forms) < len(self._forms) or not forms:
            return None
        return ReceptiveField(
            tuple(f.size for f in forms),
            tuple(f.stride for f in forms),
            tuple(None if f.start is None else -f.start for f in forms),
        )

    @cached_property
    def recurrence(self) -> tuple[AxisStep, ...] | None:
        """How the closed form follows from those of the layer's inputs, along every spatial axis.

        None where the layer has no closed form.
        """
        from .recurrence import axis_step  # not needed by most, and a cold start is short

        lookup, steps = self._lookup, []
        for axis, form in enumerate(self._forms):
            if not isinstance(form, Form):
                return None
            paths = []
            for source in self.tensor.sources:
                before = lookup.forms(source.tensor)[axis]
                if isinstance(before, Form):
                    name = self.net.layers[source.tensor - 1].name if source.tensor else ""
                    paths.append((name, before, source))
            step = axis_step(form, paths, self.node)
            if step is None:
                return None
            steps.append(step)
        return tuple(steps)

    @property
    def recurrence_texts(self) -> tuple[str, ...]:
        """The step of the recurrence in equations, such as ``r = 47 + (3 - 1) x 8 = 63``.

        Where axes differ, each equation names its own. Empty where the layer changes nothing, or
        has no closed form. The output of a framework's layer has the steps of all its operations.
        """
        group = self.group
        if group is None or group.output != self.name:
            return self._own_recurrence
        parts = [layer for layer in self.net.layers if layer.group == group]
        return tuple(text for layer in parts for text in layer._own_recurrence)

    @property
    def _own_recurrence(self) -> tuple[str, ...]:
        steps = self.recurrence or ()
        dilations = self.own_settings.get("dilation", ())
        if not isinstance(dilations, tuple) or len(dilations) != len(steps):
            dilations = (1,) * len(steps)
        axes = [step.texts(int(str(d))) for step, d in zip(steps, dilations, strict=True)]
        if len(set(axes)) <= 1:
            return axes[0] if axes else ()
        return tuple(
            f"axis {number}: {text}"
            for number, texts in zip(self.net.input.spatial_axes, axes, strict=True)
            for text in texts
        )

    @property
    def aligned(self) -> bool | None:
        """Whether all paths agree on stride and centre; None where that cannot be told."""
        if all(isinstance(f, Form) for f in self._forms):
            return True
        return False if self.disagreements else None

    @property
    def disagreements(self) -> tuple[str, ...]:
        """The properties in which paths to this layer disagree, in words.

        Empty unless a disagreement is why there is no closed form.
        """
        no_form = [f for f in self._forms if not isinstance(f, Form)]
        return tuple(dict.fromkeys(f.disagreement for f in no_form if f.disagreement))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons why there is no closed form and why regions are assumed, each in words."""
        no_form = [f.why for f in self._forms if not isinstance(f, Form)]
        if any(WHOLE in why for why in no_form) and not self._context_is_whole:
            no_form = [why.replace(WHOLE, EVERY) for why in no_form]
        return tuple(dict.fromkeys([*no_form, *self.assumed]))

    @property
    def _context_is_whole(self) -> bool:
        """Whether the image's border reaches the layer as global context too."""
        if self.net.any_size:
            return False
        return self.context_region.size == self.net.input.size

    @property
    def note(self) -> str:
        """The reasons in one line, joined by semicolons; empty where there are none."""
        return "; ".join(self.reasons)

    @property
    def global_context(self) -> tuple[str, ...]:
        """The names of the operations that mix over all positions on the way to this layer."""
        return self._lookup.dependences.mixers[self.number]

    @property
    @in_bounds
    def context_region(self) -> Region:
        """The smallest box around the pixels that reach the layer as global context.

        Empty where none do. It need not be the whole image: positions that a stride leaves over
        reach nothing. Raises ValueError for a network traced at an unknown size.
        """
        self._lookup.need_size()
        size = self.net.input.size
        box = Region((0,) * len(size), (0,) * len(size))
        for node in self.global_context:
            start, stop = zip(*self._lookup.mixed(node), strict=True)
            if box.empty:
                box = Region(start, stop)
            else:
                box = Region(tuple(map(min, start, box.start)), tuple(map(max, stop, box.stop)))
            if box.size == size:
                break
        return box

    @cached_property
    def multiply_adds(self) -> int | None:
        """The number of multiply-adds that compute this tensor (GFLOPs = 2 * multiply-adds / 1e9).

        None where it cannot be told, as with an unknown input size; see ``trace/cost.py``.
        """
        from .cost import multiply_adds

        return None if self.net.any_size else multiply_adds(self.tensor)

    def region(self, cell: Sequence[int], channel: int | None = None) -> Region:
        """The input region of a cell: the smallest box around all pixels it depends on.

        ``cell`` has one index for each of ``grid_axes``; without a channel, the union over all
        channels. Raises IndexError for a cell or a channel that does not exist, ValueError for a
        network traced at an unknown size.
        """
        return self.region_of(self.index(cell, channel))

    def mask(self, cell: Sequence[int], channel: int | None = None) -> NDArray[np.bool_]:
        """The dependency mask of a cell: the exact pixels it depends on, possibly with holes.

        Arguments and errors as for ``region``. Returns a bool array over the input's spatial axes.
        """
        return self.mask_of(self.index(cell, channel))

    def paths(self, cell: Sequence[int], channel: int | None = None) -> NDArray[np.float64]:
        """The share of all paths to a cell that begin at each pixel.

        Arguments and errors as for ``region``. Returns an array over the input's spatial axes that
        sums to 1, or is all zero for a cell that sees nothing. In very deep networks a share may
        underflow to 0; ``mask`` is always exact.
        """
        return self.paths_of(self.index(cell, channel))

    @in_bounds
    def trail(
        self, cell: Sequence[int], channel: int | None = None
    ) -> dict[str, NDArray[np.bool_]]:
        """The cells that feed a cell, in every layer on the way from the input.

        Arguments and errors as for ``region``. Returns bool arrays over the layers' grids, by layer
        name in execution order; the cell's own layer comes last. A cell counts if any of its
        channels feeds this one.
        """
        feeding: dict[str, NDArray[np.bool_]] = {}
        effort = Effort()

        def passing(number: int, cells: NDArray[np.bool_]) -> None:
            if cells.any():
                name = self.net.layers[number - 1].name
                feeding[name] = feeding[name] | cells if name in feeding else cells
                effort.keeps(feeding[name])

        self._lookup.trail(self.number, Marks(self._marked(self.index(cell, channel))), passing)
        return dict(reversed(feeding.items()))

    @in_bounds
    def expected_influence(
        self, cell: Sequence[int], channel: int | None = None
    ) -> NDArray[np.float64]:
        """The influence of each pixel on a cell that is to be expected of random weights.

        Arguments and errors as for ``region``. Returns an array over the input's spatial axes that
        sums to 1, or is all zero for a cell that sees nothing.

        It is the root of the mean square of the gradient over all draws of independent weights of
        mean zero that keep the size of values from layer to layer: each output of an operation
        hands its inputs equal shares of the square (Luo et al., NIPS 2016, for networks without
        branches). Where paths join, their squares add up. An operation of which it is not known how
        many inputs make an output hands on the whole.
        """
        marked = Marks(self._marked(self.index(cell, channel))).whole()
        check_room(marked.shape, np.dtype(np.float64))
        values = dict.fromkeys(self._lookup.of(self.number), marked.astype(np.float64))
        squares = np.asarray(self._lookup.pull(values, SUM, shared=True), np.float64)
        root = np.sqrt(squares)
        total = root.sum()
        return root / total if total else root

    def index(self, cell: Sequence[int], channel: int | None = None) -> tuple[Index, ...]:
        """The index of a cell in the layer's tensor, one int or slice for each axis.

        Arguments and errors as for ``region``. Without a channel it is that of all channels.
        """
        _check_position(cell, self.extents, "cell")
        index: list[Index] = [slice(None)] * len(self._shape)
        for axis, position in zip(self.grid_axes, cell, strict=True):
            index[axis] = int(position)
        if channel is not None:
            axis, position = self._channel(channel)
            index[axis] = position
        return tuple(index)

    @in_bounds
    def region_of(self, index: IndexLike) -> Region:
        """The region of any part of the tensor, as a union over its elements.

        ``index`` has an int or a slice for each axis of the tensor; an ellipsis stands for the axes
        left out. Raises IndexError for an index outside the tensor, ValueError for a network traced
        at an unknown size.
        """
        slices = [_as_slice(i) for i in self._full(index)]
        nothing = Region((0,) * len(self.net.input.size), (0,) * len(self.net.input.size))
        if not all(range(n)[s] for s, n in zip(slices, self._shape, strict=True)):
            return nothing
        lookup = self._lookup
        bounds = lookup.union(self.number, lookup.bounds, lookup.rings, slices, whole=True)
        ends = [int(a.reshape(-1)[0]) for a in bounds.arrays]
        start, stop = tuple(ends[::2]), tuple(ends[1::2])
        if any(e <= b for b, e in zip(start, stop, strict=True)):
            return nothing
        return Region(start, stop)

    @in_bounds
    def mask_of(self, index: IndexLike) -> NDArray[np.bool_]:
        """The dependency mask of any part of the tensor; ``index`` as in ``region_of``."""
        marks: Array | Marks = Marks(self._marked(index))
        seen = self._lookup.pull(dict.fromkeys(self._lookup.of(self.number), marks), OR)
        return np.ascontiguousarray(seen).astype(bool)

    @in_bounds
    def paths_of(self, index: IndexLike) -> NDArray[np.float64]:
        """The share of all paths from each pixel to a part of the tensor (see ``region_of``)."""
        marked = Marks(self._marked(index)).whole()
        check_room(marked.shape, np.dtype(np.float64))
        array = self.pull(marked.astype(np.float64), SUM).astype(np.float64)
        total = array.sum()
        return array / total if total else array

    def show(
        self,
        image: Any = None,  # noqa: ANN401
        cell: Sequence[int] | None = None,
        *,
        mode: Literal["box", "pixels", "paths", "influence"] = "box",
        channel: int | None = None,
        values: NDArray[np.floating[Any]] | None = None,
        pixel: Sequence[int] | None = None,
        influence: NDArray[np.floating[Any]] | None = None,
    ) -> Figure:
        """Draw what a cell sees, as a Plotly figure: the image beside the map of this layer.

        Arguments and errors as for ``rf_viz.figures.linked_figure``, and for ``volume_figure`` of a
        network with three spatial axes: ``image`` is an array, a PIL image or a path; ``values``
        are the layer's values, as ``Model.activations`` returns them, ``influence`` is what
        ``Model.influence`` returns.
        """
        figures, volume = _figures(), len(self.net.input.size) == 3
        draw = figures.volume_figure if volume else figures.linked_figure
        figure: Figure = draw(
            self,
            image,
            cell,
            mode=mode,
            channel=channel,
            values=values,
            pixel=pixel,
            influence=influence,
        )
        return figure

    @in_bounds
    def seeing(self, pixel: Sequence[int], channel: int | None = None) -> NDArray[np.bool_]:
        """The cells that see an input pixel, as a bool array over the grid.

        ``pixel`` has one coordinate for each spatial axis of the input. Raises IndexError for a
        pixel or a channel that does not exist, ValueError for a network traced at an unknown size.
        """
        self._lookup.need_size()
        _check_position(pixel, self.net.input.size, "pixel")
        cells = self._lookup.seeing(self.number, pixel, self._slices(channel))
        return np.broadcast_to(cells, self.extents)

    @in_bounds
    def count_seeing(self, pixel: Sequence[int]) -> int:
        """The number of cells that see an input pixel; errors as for ``seeing``."""
        self._lookup.need_size()
        _check_position(pixel, self.net.input.size, "pixel")
        cells = self._lookup.seeing(self.number, pixel, None)
        return int(np.count_nonzero(cells)) * (prod(self.extents) // cells.size)

    @in_bounds
    def spans(self, channel: int | None = None) -> Spans:
        """The regions of all cells in compact form: (start, stop) for each input spatial axis.

        The arrays broadcast to ``grid``: they have length 1 along axes where nothing varies. A cell
        whose stop is not above its start sees nothing.
        """
        if channel is None:
            return self._lookup.spans(self.number)
        return self._lookup.spans_at(self.number, self._slices(channel))

    @property
    @in_bounds
    def region_sizes(self) -> RegionSizes:
        """The sizes of the regions of all cells, all channels together, in pixels.

        They are worked out once for all layers whose cells see the same.
        """
        return self._lookup.region_sizes(self.number)

    @in_bounds
    def bounds(self, channel: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The regions of all cells: start and stop (half-open), arrays (*grid, spatial axes).

        Both are 0 for a cell that sees nothing. Raises IndexError for a channel that does not
        exist, ValueError for a network traced at an unknown size.
        """
        spans = self.spans(channel)
        shape = (*self.extents, len(spans))
        check_room(shape, np.dtype(np.int64))
        start, stop = np.empty(shape, np.int64), np.empty(shape, np.int64)
        for i, (low, high) in enumerate(spans):
            start[..., i], stop[..., i] = low, high
        nothing = (stop <= start).any(axis=-1)
        start[nothing] = stop[nothing] = 0
        return start, stop

    def _channel(self, channel: int) -> tuple[int, int]:
        axis = self.channel_axis
        if axis is None:
            raise IndexError(f"{self.name} has no single channel axis: use region_of with an index")
        if not 0 <= channel < self._shape[axis]:
            raise IndexError(
                f"{self.name} has channels 0 to {self._shape[axis] - 1}, not {channel}"
            )
        return axis, channel

    def _slices(self, channel: int | None) -> list[slice] | None:
        """The index of one channel as a slice for each axis; None for all channels."""
        if channel is None:
            return None
        slices = [slice(None)] * len(self._shape)
        axis, position = self._channel(channel)
        slices[axis] = slice(position, position + 1)
        return slices

    def _full(self, index: IndexLike) -> tuple[Index, ...]:
        """The index as one non-negative int or slice for each axis of the tensor."""
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

    @in_bounds
    def pull(self, values: Array, ring: Semiring) -> Array:
        """Pull values of the tensor's elements back to the input over a semiring.

        ``values`` broadcasts to the tensor's shape. Returns an array over the input's spatial axes;
        over ``SUM`` it is scaled by an unknown factor.
        """
        return self._lookup.pull(dict.fromkeys(self._lookup.of(self.number), values), ring)

    def _marked(self, index: IndexLike) -> list[Array]:
        """Bool arrays that together mark the elements at the index, one for each axis that it cuts.

        They broadcast to the tensor.
        """
        rank = len(self._shape)
        marked: list[Array] = [np.ones((1,) * rank, bool)]
        for axis, part in enumerate(self._full(index)):
            if part != slice(None):
                line: Array = blank(self._shape[axis : axis + 1], OR, np.dtype(bool))
                line[part] = True
                marked.append(line.reshape([-1 if i == axis else 1 for i in range(rank)]))
        return marked


def _figures() -> Any:  # noqa: ANN401
    """The figures, by name: they stand above the trace, and import Plotly."""
    return import_module("rf_viz.figures")


def _as_slice(part: Index) -> slice:
    return part if isinstance(part, slice) else slice(part, part + 1)


def _check_position(position: Sequence[int], extents: Shape, what: str) -> None:
    if len(position) != len(extents):
        raise IndexError(f"a {what} here has {len(extents)} coordinates, not {len(position)}")
    if not all(0 <= p < n for p, n in zip(position, extents, strict=True)):
        raise IndexError(f"{what} {tuple(position)} is outside the {extents} there are")
