"""A loaded model, before it is traced at some input size: the interface of every reader."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DefectError, ModelError
from .inputs.feeds import SideInput
from .relation import Shape
from .relation.base import pairs_of
from .runtimes.values import neutral
from .trace.dependences import sliding_axes
from .trace.network import Network
from .trace.tensor_names import TensorNames
from .trace.tensors import Tensor

if TYPE_CHECKING:
    from .runtimes import Twin

LARGEST = 2**28
"""The most elements that an input may have."""

_USUAL_SIZES = {1: (1024, 512, 256, 16000), 2: (224, 512, 64, 1024), 3: (32, 64, 128)}
"""The sizes that dynamic axes are first bound to, by how many there are besides the batch."""

_USUAL_CHANNELS = (3, 1)
"""How many channels an image has where a model leaves that open too."""


ANY_RANK = 4
"""The axes of a tensor that does not say how many it has: an image's."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """An input as the model declares it.

    ``shape`` is None along axes of any size, ``dtype`` is NumPy's name of the type. ``symbols`` may
    name the axes of any size, one string for each axis of ``shape``: axes with the same name have
    the same size, across inputs too. The numbers of a ``quantised`` input stand for real ones.
    ``batched`` says whether the first axis counts examples. ``origin`` says what an input is
    that does not come by a placeholder, such as a decoded image; empty for others.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    symbols: tuple[str, ...] = ()
    quantised: bool = False
    batched: bool = True
    origin: str = ""

    def bound(self, sizes: Mapping[str, int], size: int = 1) -> Shape:
        """Bind free axes to ``sizes`` by name, and those without an entry there to ``size``.

        A batch axis of any size is bound to 1.
        """
        names = self.symbols or ("",) * len(self.shape)
        return tuple(
            n if n is not None else sizes.get(name, 1 if self.batched and not axis else size)
            for axis, (n, name) in enumerate(zip(self.shape, names, strict=True))
        )


class Model(ABC):
    """A model that can be traced.

    ``inputs`` are those that a person feeds, images first. ``name`` is what messages call the
    model, ``title`` the name that the model gives itself, empty if it gives none. ``signatures``
    are the functions that the file offers to choose between, ``signature`` the one that was read;
    ``hidden`` counts the operations that only train a network and were left out.
    """

    name: str
    title: str = ""
    signatures: tuple[str, ...] = ()
    signature: str = ""
    hidden: int = 0
    inputs: tuple[ModelInput, ...]

    @property
    @abstractmethod
    def names(self) -> TensorNames:
        """The names of the tensors that the model computes, and of its nodes and layers."""

    @abstractmethod
    def describe(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> list[Tensor]:
        """Describe every tensor that depends on the source, in execution order.

        The ``source``, an input or any tensor within the model, comes first. ``shapes`` gives the
        shape of every input, by name, and may give the source's; ``feeds`` the values of side
        inputs that are known. Nothing depends on the tensors ``stop``. Raises ModelError where
        the graph does not fit these shapes, or where the source's shape cannot be told.
        """

    def activations(
        self,
        tensor: NDArray[np.generic],
        names: Sequence[str],
        *,
        input: str | None = None,
        feeds: Mapping[str, ArrayLike] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """Compute the values of the named tensors for an input, with the model's own runtime.

        ``tensor`` has the shape of the input named ``input`` (default: the first), which may be any
        tensor of the model, as in ``trace``. ``feeds`` are values for side inputs, by name: one
        number fills an input. They may replace tensors within the model, too. Side inputs that are
        not fed hold their default (see ``side_inputs``). Returns float32 arrays by tensor name.
        Raises ModelError where the runtime cannot run the model, and for feeds that do not fit.
        """
        source = self.source(input)
        shapes = self.shapes(tensor.shape, input=source.name)
        # Tensors within the model are of any size, and so are its images where none is the source.
        free = {i.name: i for i in self.inputs if self._is_within(source)}
        whole, sides = dict[str, NDArray[np.generic]](), dict[str, ArrayLike]()
        for name, value in (feeds or {}).items():
            declared = free.get(name)
            if name in self.names or (declared and np.ndim(value) == len(declared.shape) > 0):
                whole[name] = np.asarray(value)
            else:
                sides[name] = value
        fed = {**self._fitted(source, shapes, sides), **whole}
        shapes.update((name, array.shape) for name, array in fed.items())
        return self.run({source.name: tensor, **fed}, names, shapes)

    @abstractmethod
    def run(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Shape],
    ) -> dict[str, NDArray[np.float32]]:
        """Compute the values of the named tensors for these inputs, by name, as ``activations``.

        Whatever tensor is fed has that value, also one within the model. ``shapes`` gives the shape
        of every input, those among them that are not fed.
        """

    @property
    def heavy_runtime(self) -> str:
        """The package that ``activations`` imports first and that takes seconds to load.

        Empty where there is none.
        """
        return ""

    def twin(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> Twin | None:
        """Build the graph's twin, which shows how far a signal at the ``source`` reaches.

        ``shapes`` gives the shapes of all inputs, of the source and of every tensor that depends on
        it, ``feeds`` the values of side inputs. Signals go no further than the tensors ``stop``.
        Returns None where the format has no twin.
        """
        return None

    def parameters(self) -> dict[str, int]:
        """Count the weights of each operation, by the name of its layer.

        Weights that several operations share count for the first of them. The statistics of a batch
        normalisation count as weights. Operations without weights, and those whose number of
        weights is unknown, are left out.
        """
        return {}

    def trace(
        self,
        input_size: Sequence[int] | Literal["unknown"] | None = None,
        *,
        input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
        input: str | None = None,
        spatial_axes: Sequence[int] | None = None,
        weight_aware: bool = False,
        cut_global: bool = False,
        feeds: Mapping[str, ArrayLike] | None = None,
        stop: Sequence[str] = (),
    ) -> Network:
        """Work out which pixels of an input each cell of each layer depends on.

        Nothing is run: shapes and relations follow from the graph alone.

        Args:
            input_size: the extents in pixels along the spatial axes, in the input's axis order
                (default: as the model declares). "unknown" keeps only what holds at every size.
            input_shape: the whole shape, batch and channels included, of the traced input, or of
                several inputs by name.
            input: the name of the input to trace (default: the first), or of any tensor, node or
                layer of the model: regions are then made of that tensor's own cells, and layers
                that do not depend on it are left out. Its size follows from the model's inputs
                (name them in ``input_shape``), unless it is said itself.
            spatial_axes: the input's spatial axes, where they should not be worked out.
            weight_aware: whether to leave out kernel positions whose weights are all zero.
            cut_global: whether to leave out paths through a mix over the whole image wherever a
                local path remains.
            feeds: values of side inputs, as in ``activations``: they settle which branch of an
                ``If`` is followed, and geometry that is computed from them. Without them whatever
                such an input decides is taken to come either way.
            stop: tensors, nodes, layers or scopes through which no path counts, as if they were
                constants. They keep regions of their own.

        Raises:
            ModelError: the model has no such input or tensor, or does not work at this size.
        """
        source = self.source(input)
        requested = self._requested(source, input_shape)
        shapes = self._shapes(source, requested)
        sized = source.name in requested or not (input_size is None or isinstance(input_size, str))
        if feeds and not sized and None in source.shape:
            shapes = {**self._find_shapes(source, feeds), **requested}
        any_size = isinstance(input_size, str)
        if isinstance(input_size, str):
            if input_size != "unknown":
                raise ModelError(f"input_size is some pixels or 'unknown', not {input_size!r}")
        elif input_size is not None:
            size = _as_shape(input_size)
            requested[source.name] = self._resized(source, shapes[source.name], size, spatial_axes)
            shapes = self._shapes(source, requested)
        _check_size(shapes[source.name])
        fed = self._fitted(source, shapes, feeds)
        fed_shapes = {name: array.shape for name, array in fed.items()}
        stopped = self._stopped(stop, source)

        def network(shapes: Mapping[str, Shape], also: Network | None = None) -> Network:
            shapes = {**shapes, **fed_shapes}
            tensors = self.describe(shapes, source.name, weight_aware, fed, stopped)
            whole = self.describe(shapes, source.name, False, fed) if stopped else tensors
            axes, guessed = self._axes(source, whole, spatial_axes)
            return Network(
                tensors,
                axes,
                guessed=guessed,
                weight_aware=weight_aware,
                cut_global=cut_global,
                any_size=any_size,
                also=also,
                feeds=fed,
                shapes=shapes,
                stop=stopped,
                left_out=self._left_out(source, whole, tensors),
                parameters=self.parameters,
            )

        also = None
        # Traces at other sizes show what holds at the first size only.
        for others in self._at_other_sizes(source, requested, spatial_axes) if any_size else ():
            try:
                also = network(others, also)
            except DefectError:  # without that trace the forms would go unchecked
                raise
            except ModelError:
                continue  # it is no size that the model takes
        return network(shapes, also)

    def _at_other_sizes(
        self, source: ModelInput, requested: Mapping[str, Shape], spatial_axes: Sequence[int] | None
    ) -> Iterator[dict[str, Shape]]:
        """All shapes where the spatial axes of the source have other sizes.

        The size of a tensor within the model follows from that of the first input.
        """
        free = source
        if self._is_within(source) and None not in source.shape:
            if not self.inputs or self.inputs[0].name in requested:
                return
            free, spatial_axes = self.inputs[0], None
        shape = self._shapes(free, requested)[free.name]
        axes = self._own_axes(free) if spatial_axes is None else _checked_axes(spatial_axes, shape)
        for size in _other_sizes(shape, axes):
            try:
                yield self._shapes(source, {**requested, free.name: size})
            except DefectError:
                raise
            except ModelError:
                continue  # a tensor within the model has no shape at this size

    def source(self, name: str | None = None) -> ModelInput:
        """The input of that name (default: the first), or the tensor within the model as one.

        A node or a layer stands for its first output. Raises ModelError for an unknown name.
        """
        if name is None and not self.inputs:
            raise ModelError(
                f"{self.name} has no input to trace: nothing is fed to it from outside; choose one "
                f"of its tensors as the input, such as {next(iter(self.names), 'none')!r}"
            )
        if name is None:
            return self.inputs[0]
        for candidate in self.inputs:
            if candidate.name == name:
                return candidate
        tensor = self.names.tensor(name)
        if tensor is None:
            names = [i.name for i in self.inputs]
            raise ModelError(
                f"{self.name} has no input {name!r}; it has {', '.join(names) or 'none'}, and no "
                f"tensor of that name{self.names.near(name, names)}"
            )
        return self._within(tensor)

    @cached_property
    def image_within(self) -> str | None:
        """The tensor in which the first input, numbers in a row, is folded into an image.

        None where the first input is none in a row, and where it is not folded.
        """
        if not self.inputs or len(self.inputs[0].shape) > 2:
            return None
        try:
            shapes = self._shapes(self.inputs[0], {})
            tensors = self.describe(shapes, self.inputs[0].name, False)
        except ModelError:
            return None
        folded = {0}  # the tensors that hold the input's own elements, one by one
        for number, tensor in enumerate(tensors[1:], 1):
            if len(tensor.sources) != 1 or tensor.sources[0].tensor not in folded:
                continue
            pairs = pairs_of(tensor.sources[0].relation)
            if pairs is None or pairs.combines or prod(tensor.shape) != prod(tensors[0].shape):
                continue
            folded.add(number)
            if sum(n > 1 for n in tensor.shape) > 1 < len(self._slid(tensor.name, shapes)):
                return tensor.name
        return None

    def _slid(self, tensor: str, shapes: Mapping[str, Shape]) -> tuple[int, ...]:
        """The axes of a tensor within the model that some window slides over."""
        return sliding_axes(self.describe(shapes, tensor, False))

    def _is_within(self, source: ModelInput) -> bool:
        """Whether a source is a tensor within the model and none of its inputs."""
        return source not in self.inputs

    def _within(self, tensor: str) -> ModelInput:
        """A tensor within the model as an input, with its shape at the model's default size."""
        inner = self._kept.inner
        if tensor not in inner:
            shape: tuple[int | None, ...] = (None,) * ANY_RANK
            try:
                shapes = self._shapes(self.inputs[0], {}) if self.inputs else {}
                shape = self.describe(shapes, tensor, False)[0].shape
            except DefectError:
                raise
            except ModelError:
                pass  # it does not follow from what leads to the tensor
            inner[tensor] = ModelInput(tensor, shape)
        return inner[tensor]

    def _stopped(self, stop: Sequence[str], source: ModelInput) -> frozenset[str]:
        """The tensors that these names stand for. Raises ModelError for an unknown name."""
        stopped: set[str] = set()
        for name in [stop] if isinstance(stop, str) else stop:
            tensors = self.names.all_of(name)
            if not tensors and name not in {i.name for i in self.inputs}:
                raise ModelError(
                    f"{self.name} has no tensor, node, layer or scope {name!r} to stop at"
                    f"{self.names.near(name)}"
                )
            if source.name in (name, *tensors):
                raise ModelError(f"{name!r} cannot be stopped: it is traced from {source.name}")
            stopped.update(tensors)
        return frozenset(stopped)

    def shapes(
        self,
        input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
        *,
        input: str | None = None,
    ) -> dict[str, Shape]:
        """The shape with which each input is traced, by name; ``input_shape`` as in ``trace``.

        Raises ModelError where ``input_shape`` does not fit the inputs.
        """
        source = self.source(input)
        return self._shapes(source, self._requested(source, input_shape))

    def side_inputs(
        self,
        input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
        *,
        input: str | None = None,
    ) -> tuple[SideInput, ...]:
        """The inputs beside the traced one, which ``feeds`` may set; arguments as in ``shapes``."""
        source = self.source(input)
        return self._side_inputs(source, self.shapes(input_shape, input=source.name))

    def _side_inputs(
        self, source: ModelInput, shapes: Mapping[str, Shape]
    ) -> tuple[SideInput, ...]:
        """The side inputs when all inputs have these shapes."""
        return tuple(
            SideInput(
                i.name,
                i.dtype,
                i.shape,
                shapes[i.name],
                float(neutral(i.name, (), np.dtype(np.float32))),
                i.quantised,
            )
            for i in self.inputs
            if i.name != source.name and i.dtype != "object"
        )

    def _fitted(
        self,
        source: ModelInput,
        shapes: Mapping[str, Shape],
        feeds: Mapping[str, ArrayLike] | None,
    ) -> dict[str, NDArray[np.generic]]:
        """The values of side inputs in their shapes. Raises ModelError for one that is wrong."""
        if not feeds:
            return {}
        inputs = {side.name: side for side in self._side_inputs(source, shapes)}
        for name in feeds:
            if name not in inputs:
                there = ", ".join(inputs) or "none"
                raise ModelError(
                    f"{self.name} has no side input {name!r} to feed beside {source.name}; "
                    f"there {'is' if len(inputs) < 2 else 'are'} {there}"
                )
        return {name: inputs[name].fitted(value) for name, value in feeds.items()}

    def _requested(
        self, source: ModelInput, input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None
    ) -> dict[str, Shape]:
        """The requested shapes, by input name. Raises ModelError where one does not fit."""
        requested: dict[str, Shape] = {}
        if isinstance(input_shape, Mapping):
            requested = {name: _as_shape(shape) for name, shape in input_shape.items()}
        elif input_shape is not None:
            requested = {source.name: _as_shape(input_shape)}
        for name, shape in requested.items():
            declared = self.source(name)
            if self._is_within(declared) and None in declared.shape:
                continue
            if len(shape) != len(declared.shape):
                raise ModelError(f"input {name} has {len(declared.shape)} axes, not {len(shape)}")
        return requested

    def _shapes(self, source: ModelInput, requested: Mapping[str, Shape]) -> dict[str, Shape]:
        """The shape of every input: as requested, else as declared, else one that works."""
        if source.name in requested or None not in source.shape:
            shape = requested.get(source.name) or source.bound({})
            shapes = self._with_others(source, shape, requested)
            if requested and source.name not in requested and self._is_within(source):
                del shapes[source.name]
                shapes[source.name] = self.describe(shapes, source.name, False)[0].shape
            return shapes
        return {**self._default_shapes(source), **requested}

    @staticmethod
    def _symbols(source: ModelInput, shape: Shape) -> dict[str, int]:
        """The size of each named free axis when the source has this shape."""
        return {
            name: n
            for name, n, declared in zip(source.symbols, shape, source.shape, strict=False)
            if name and declared is None
        }

    def _with_others(
        self, source: ModelInput, shape: Shape, requested: Mapping[str, Shape], size: int = 1
    ) -> dict[str, Shape]:
        """Every input's shape when the source has this one."""
        if self._is_within(source):
            others = {name: n for name, n in requested.items() if name != source.name}
            shapes = {i.name: i.bound({}) for i in self.inputs}
            try:
                shapes = self._shapes(self.inputs[0], others) if self.inputs else {}
            except DefectError:
                raise
            except ModelError:
                pass  # what leads to the source takes no usual size, and need not be followed
            return {**shapes, source.name: shape}
        sizes = self._symbols(source, shape)
        shapes = {i.name: requested.get(i.name) or i.bound(sizes, size) for i in self.inputs}
        return {**shapes, source.name: shape}

    @cached_property
    def _kept(self) -> _Kept:
        return _Kept({}, {}, {}, {})

    def _default_shapes(self, source: ModelInput) -> dict[str, Shape]:
        """Shapes of all inputs at which a source with free axes can be traced."""
        shapes = self._kept.shapes
        if source.name not in shapes:
            shapes[source.name] = self._find_shapes(source)
        return shapes[source.name]

    def _find_shapes(
        self, source: ModelInput, feeds: Mapping[str, ArrayLike] | None = None
    ) -> dict[str, Shape]:
        error: ModelError | None = None
        for shape, size in _usual_shapes(source):
            for others in (1, size):
                shapes = self._with_others(source, shape, {}, others)
                fed = self._fitted(source, shapes, feeds)
                all_shapes = {**shapes, **{name: array.shape for name, array in fed.items()}}
                try:
                    self.describe(all_shapes, source.name, False, fed)
                    return shapes
                except DefectError:  # no other size would mend it
                    raise
                except ModelError as e:
                    error = error or e
                if len(self.inputs) == 1 or self._is_within(source):
                    break
        assert error is not None
        raise error

    def _resized(
        self,
        source: ModelInput,
        shape: Shape,
        size: Shape,
        spatial_axes: Sequence[int] | None,
    ) -> Shape:
        """The source's shape with another size along its spatial axes."""
        axes = (
            self._own_axes(source) if spatial_axes is None else _checked_axes(spatial_axes, shape)
        )
        if len(size) != len(axes):
            raise ModelError(
                f"input {source.name} has {len(axes)} spatial axes, input_size has {len(size)}"
            )
        sizes = dict(zip(axes, size, strict=True))
        return tuple(sizes.get(axis, n) for axis, n in enumerate(shape))

    def _own_axes(self, source: ModelInput) -> tuple[int, ...]:
        """The input's spatial axes, by a trace at the default size."""
        axes = self._kept.axes
        if source.name not in axes:
            tensors = self.describe(self._shapes(source, {}), source.name, False)
            axes[source.name] = self._axes(source, tensors, None)[0]
        return axes[source.name]

    def _axes(
        self, source: ModelInput, tensors: list[Tensor], spatial_axes: Sequence[int] | None
    ) -> tuple[tuple[int, ...], bool]:
        """The source's spatial axes, and whether they are a guess.

        Of a tensor within the model they are those of its grid, if it has one.
        """
        shape = tensors[0].shape
        if spatial_axes is not None:
            return _checked_axes(spatial_axes, shape), False
        axes = sliding_axes(tensors)
        if self._is_within(source):
            before = self._before(source)
            # Where an axis was folded into several, one of them may be the channels.
            if before.axes and not (axes and before.folded) and before.axes[-1] < len(shape):
                return before.axes, before.guessed
        return (axes, False) if axes else (_guess_axes(shape), True)

    def _before(self, source: ModelInput) -> _Before:
        """What a trace from the model's own inputs tells of a tensor within the model."""
        before = self._kept.before
        if source.name not in before:
            before[source.name] = _Before((), True, False, ())
            for model_input in self.inputs:
                shapes = self._shapes(model_input, {})
                tensors = self.describe(shapes, model_input.name, False)
                names = tuple(tensor.name for tensor in tensors[1:])
                if source.name in names:
                    axes, guessed = self._axes(model_input, tensors, None)
                    grid = Network(tensors, axes)[source.name].grid_axes
                    folded = len(grid) > len(axes)
                    before[source.name] = _Before(tuple(sorted(grid)), guessed, folded, names)
                    break
        return before[source.name]

    def _left_out(
        self, source: ModelInput, whole: Sequence[Tensor], tensors: Sequence[Tensor]
    ) -> tuple[str, ...]:
        """The layers that the trace does not have, where it is not of the whole model.

        ``whole`` are the tensors that depend on the source where no path is stopped.
        """
        if self._is_within(source):
            names = self._before(source).names
        elif whole is tensors:
            return ()
        else:
            names = tuple(tensor.name for tensor in whole)
        there = {tensor.name for tensor in tensors}
        return tuple(name for name in names if name not in there)


class _Before(NamedTuple):
    """A tensor within the model as a trace from an input shows it: its grid's axes.

    ``folded`` says that these are more than the input has. ``names`` are all layers of that trace.
    """

    axes: tuple[int, ...]
    guessed: bool
    folded: bool
    names: tuple[str, ...]


class _Kept(NamedTuple):
    """What was worked out at the model's default size, by the name of the source.

    ``shapes`` are those of all inputs, ``axes`` the spatial axes; ``inner`` are tensors within the
    model as inputs, ``before`` what a trace from the model's own inputs tells of them.
    """

    shapes: dict[str, dict[str, Shape]]
    axes: dict[str, tuple[int, ...]]
    inner: dict[str, ModelInput]
    before: dict[str, _Before]


def _checked_axes(axes: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """The axes as sorted non-negative numbers. Raises ModelError for axes that do not exist."""
    rank = len(shape)
    if not axes or not all(-rank <= a < rank for a in axes):
        raise ModelError(f"spatial axes {tuple(axes)} are not axes of an input of {tuple(shape)}")
    return tuple(sorted({int(a) % rank for a in axes}))


def _as_shape(numbers: Sequence[int]) -> Shape:
    try:
        return tuple(operator.index(n) for n in numbers)
    except TypeError:
        raise ModelError(f"a size is a few whole numbers of pixels, not {numbers!r}") from None


def _usual_shapes(source: ModelInput) -> Iterator[tuple[Shape, int]]:
    """Shapes worth trying for an input with free axes, each with the size of those axes."""
    rank, first = len(source.shape), int(source.batched)
    free = [axis for axis, n in enumerate(source.shape) if n is None and axis >= first]
    # Where even the channels are left open, they are the first axis or the last.
    if len(free) == rank - 1 > 1 and source.batched:
        for size in _USUAL_SIZES.get(rank - 2, (32,)):
            for count in _USUAL_CHANNELS:
                for channel in (1, rank - 1):
                    yield (
                        tuple(
                            n or (1 if i == 0 else count if i == channel else size)
                            for i, n in enumerate(source.shape)
                        ),
                        size,
                    )
    for size in _USUAL_SIZES.get(len(free), (32,)):
        yield source.bound({}, size), size


def _other_sizes(shape: Shape, axes: Sequence[int]) -> Iterator[Shape]:
    """The shape at other sizes: odd and even ones, also after a halving, and multiples of 32."""
    for halves, more in ((2, 1), (3, 2), (2, 32), (4, 0)):
        other = tuple(n * halves // 2 + more if axis in axes else n for axis, n in enumerate(shape))
        if prod(other) <= LARGEST:
            yield other


def _guess_axes(shape: Shape) -> tuple[int, ...]:
    """The likely spatial axes of an input that no window slides over.

    The channel axis of an image tells: it is short, and the others are mostly alike. Otherwise all
    axes but the batch are spatial.
    """
    if len(shape) in (4, 5):
        _, first, *middle, last = shape
        ends_in_channels = last in (1, 3, 4) or last < min(first, *middle)
        first_is_space = ends_in_channels and first not in (1, 3, 4)
        return tuple(range(1, len(shape) - 1) if first_is_space else range(2, len(shape)))
    if len(shape) == 3:
        return (1, 2) if shape[0] in (3, 4) else (1,)
    return (len(shape) - 1,) if shape else ()


def _check_size(shape: Shape) -> None:
    if any(n < 1 for n in shape):
        raise ModelError(f"an input of {shape} holds nothing: every axis must be at least 1")
    if prod(shape) > LARGEST:
        raise ModelError(
            f"an input of {' x '.join(map(str, shape))} is too large: "
            f"the limit is {LARGEST:,} elements"
        )
