"""A loaded model, before it is traced at some input size: the interface of every reader."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DefectError, ModelError, SizeUnknownError
from .inputs.feeds import SideInput
from .inputs.sizes import (
    LARGEST,
    NoSizeError,
    filled,
    open_at_likely_size,
    other_sizes,
    shapes_of_size,
)
from .relation import MOST_AXES, Shape
from .relation.base import pairs_of
from .runtimes.values import neutral
from .trace.dependences import sliding_axes
from .trace.network import Layer, Network
from .trace.tensor_names import TensorNames
from .trace.tensors import Tensor

if TYPE_CHECKING:
    from .runtimes import Twin

ANY_RANK = 4
"""The axes of a tensor that does not say how many it has: an image's."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """An input as the model declares it.

    ``shape`` is None along axes of any size, ``dtype`` is NumPy's name of the type. ``symbols`` may
    name the axes of any size, one string for each axis of ``shape``: axes with the same name have
    the same size, across inputs too. The numbers of a ``quantised`` input stand for real ones.
    ``batched`` says whether the first axis counts examples. ``origin`` says what an input is
    that does not come by a placeholder, such as a decoded image; empty for others. ``usual`` is
    the shape to take where none is asked for; empty where the model tells none.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    symbols: tuple[str, ...] = ()
    quantised: bool = False
    batched: bool = True
    origin: str = ""
    usual: Shape = ()

    def bound(self, sizes: Mapping[str, int], size: int = 1) -> Shape:
        """Bind free axes to ``sizes`` by name, and those without an entry there to ``size``.

        A batch axis of any size is bound to 1; an input with a usual shape takes that instead.
        """
        names = self.symbols or ("",) * len(self.shape)
        usual = self.usual or tuple(
            1 if self.batched and not axis else size for axis in range(len(self.shape))
        )
        return tuple(
            sizes.get(name, other) if n is None else n
            for n, name, other in zip(self.shape, names, usual, strict=True)
        )


class Remark(NamedTuple):
    """What is worth knowing of a model's file: in short, in a sentence that starts with its name.

    ``line`` is a line of Python that mends it; empty where there is none.
    """

    title: str
    text: str
    line: str = ""


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
        not fed hold their default (see ``side_inputs``). Nodes and layers stand for the tensors
        that they return, as in ``trace``. Returns float32 arrays by these names. Raises ModelError
        where the runtime cannot run the model, and for feeds that do not fit.
        """
        fed, shapes = self._ready(tensor, self.source(input), feeds)
        wanted = {name: self._tensor(name) for name in names}
        values = self.run(fed, list(dict.fromkeys(wanted.values())), shapes)
        return {name: values[own] for name, own in wanted.items()}

    def backpropagate(
        self,
        tensor: NDArray[np.generic],
        name: str,
        seeds: Sequence[NDArray[np.floating[Any]]],
        *,
        input: str | None = None,
        feeds: Mapping[str, ArrayLike] | None = None,
    ) -> list[NDArray[np.floating[Any]]]:
        """Compute gradients of sums over a tensor, with the model's own runtime.

        Each seed has the shape of the tensor ``name`` and weighs its elements; the gradient of that
        sum with respect to the input has the input's shape. Other arguments are those of
        ``activations``. Raises ModelError where the runtime computes no gradients, and where an
        operator on the way passes none, so that they would leave out what goes through it.
        """
        source = self.source(input)
        fed, shapes = self._ready(tensor, source, feeds)
        own = self._tensor(name)
        gaps = self.gradient_gaps(fed, own, source.name, shapes)
        if gaps:
            more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
            raise ModelError(
                f"the gradient of {name} would leave out what goes through {gaps[0]}{more}, which "
                'passes no gradient: ask for method="occlusion"'
            )
        return self.gradients(fed, own, source.name, seeds, shapes)

    def influence(
        self,
        tensor: ArrayLike,
        layer: str | Layer,
        cell: Sequence[int],
        channel: int | None = None,
        *,
        method: Literal["gradient", "gradient x input", "occlusion"] = "gradient",
        input: str | None = None,
        feeds: Mapping[str, ArrayLike] | None = None,
        size: int | Sequence[int] | None = None,
        stride: int | Sequence[int] | None = None,
        filler: Literal["mean", "zero"] | ArrayLike = "mean",
        report: Callable[[int, int], object] | None = None,
    ) -> NDArray[np.float64]:
        """Measure how much a cell of a layer moves when a pixel does, on one input.

        It depends on the input and on the weights. It is zero outside the cell's mask.

        Args:
            tensor: the input, in the shape of the input named ``input``, for one example.
            layer: a layer's name, or a layer that was traced before at the input's shape.
            cell: the cell, one index for each axis of ``Layer.grid``.
            channel: its channel; None for all channels together.
            method: "gradient" is the Euclidean norm of the gradient, over the channels of the pixel
                and over those of the cell. "gradient x input" is the sum over the pixel's channels
                of the gradient times the input. Both take a runtime that computes gradients:
                TensorFlow or PyTorch. "occlusion" covers patches of the input, one at a time, and
                takes any runtime; a patch's move is shared out evenly among its pixels. The last
                two have a sign where ``channel`` is one: positive where the pixel raises the
                cell's value. For all channels they are distances between vectors.
            input, feeds: as in ``activations``.
            size, stride: extents of the patches of "occlusion" in pixels, and the steps from one to
                the next: one number, or one for each spatial axis. By default 16 patches lie side
                by side along each axis of the region. Where patches overlap, a pixel has the mean
                of its shares.
            filler: what covered pixels hold: the mean of the input over its spatial axes, zero, or
                values that broadcast to the input.
            report: called with the steps done and the steps there are; it may raise to end the
                work.

        Returns:
            An array over the input's spatial axes, in the cell's unit: per unit of the input for
            "gradient", per pixel for the others.

        Raises:
            ModelError: the model cannot be run, its runtime computes no gradients, or values are
                not finite.
            IndexError: the layer has no such cell or channel.
            ValueError: for a method, sizes or a filler that do not fit.
        """
        measured: NDArray[np.float64] = import_module("rf_viz.influence").influence(
            self,
            tensor,
            layer,
            cell,
            channel,
            method=method,
            input=input,
            feeds=feeds,
            size=size,
            stride=stride,
            filler=filler,
            report=report,
        )
        return measured

    def _ready(
        self,
        tensor: NDArray[np.generic],
        source: ModelInput,
        feeds: Mapping[str, ArrayLike] | None,
    ) -> tuple[dict[str, NDArray[np.generic]], dict[str, Shape]]:
        """What the model is fed for a run, by name, and the shapes of its inputs."""
        shapes = self.shapes(tensor.shape, input=source.name)
        # Tensors within the model are of any size, and so are its images where none is the source.
        free = {i.name: i for i in self.inputs if self._is_within(source)}
        whole, sides = dict[str, NDArray[np.generic]](), dict[str, ArrayLike]()
        for name, value in (feeds or {}).items():
            declared = free.get(name)
            if name in self.names or (declared and np.ndim(value) == len(declared.shape) > 0):
                whole[self._tensor(name)] = np.asarray(value)
            else:
                sides[name] = value
        fed = {**self._fitted(source, shapes, sides), **whole}
        shapes.update((name, array.shape) for name, array in fed.items())
        return {source.name: tensor, **fed}, shapes

    def _tensor(self, name: str) -> str:
        """The tensor that a name stands for; the name itself where it is none of the graph's."""
        is_input = any(declared.name == name for declared in self.inputs)
        return name if is_input else self.names.tensor(name) or name

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

    def tune(self) -> None:  # noqa: B027  (most runtimes have nothing to prepare)
        """Prepare for many runs for the same tensors, each in one thread where that can be chosen.

        The first run takes longer then, and each run less. Values may differ in their last digits.
        """

    @property
    def has_gradients(self) -> bool:
        """Whether the model's runtime computes gradients."""
        return False

    def gradients(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        seeds: Sequence[NDArray[np.floating[Any]]],
        shapes: Mapping[str, Shape],
    ) -> list[NDArray[np.floating[Any]]]:
        """Compute the gradients of a tensor with respect to one of those that are fed.

        For each seed, which has the shape of the tensor ``name``, that is the gradient of the sum
        of seed times value: an array of the shape of the tensor ``source`` in the precision of the
        model, zero where the one does not depend on the other. ``feeds`` and ``shapes`` are as in
        ``run``. What passes through one of the ``gradient_gaps`` does not count. Numbers that are
        not finite are left as they are.

        Raises ModelError where the runtime computes no gradients, where one of the tensors holds no
        real numbers, and where an operator on every path has no gradient.
        """
        raise self._no_gradients()

    def gradient_gaps(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Shape],
    ) -> tuple[str, ...]:
        """List the operators between two tensors that pass no gradient, as "Round (its name)".

        Their values move in steps, or their framework knows of no slope. The arguments are as in
        ``gradients``, which is quick afterwards. An operator that picks among values, such as a
        maximum, is no gap: what it picks counts. Raises ModelError where there is no gradient.
        """
        raise self._no_gradients()

    def _no_gradients(self) -> ModelError:
        return ModelError(
            f"the runtime of {self.name} computes values but no gradients: ask for "
            'method="occlusion"'
        )

    @property
    def heavy_runtime(self) -> str:
        """The package that ``activations`` imports first and that takes seconds to load.

        Empty where there is none.
        """
        return ""

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth knowing of the file itself, such as that it is in training mode."""
        return ()

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
        any_size = isinstance(input_size, str)
        if isinstance(input_size, str) and input_size != "unknown":
            raise ModelError(f"input_size is some pixels or 'unknown', not {input_size!r}")
        if input_size is not None and not isinstance(input_size, str):
            shapes = self._sized(source, requested, _as_shape(input_size), spatial_axes, feeds)
        elif feeds and source.name not in requested and None in source.shape:
            shapes = {**self._find_shapes(source, feeds, requested), **requested}
        else:
            shapes = self._shapes(source, requested)
        _check_size(shapes[source.name])
        fed = self._fitted(source, shapes, feeds)
        fed_shapes = {name: array.shape for name, array in fed.items()}
        stopped = self._stopped(stop, source)
        plain = not (weight_aware or fed or stopped)

        def network(shapes: Mapping[str, Shape], also: Network | None = None) -> Network:
            shapes = {**shapes, **fed_shapes}
            tensors = self._described_before(shapes, source) if plain else None
            if tensors is None:
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
        shapes = self._shapes(free, requested)
        shape = shapes[free.name]
        if spatial_axes is None:
            axes = self._own_axes(free, shapes)
        else:
            axes = _checked_axes(spatial_axes, shape)
        for size in other_sizes(shape, axes):
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
        if self._is_within(source) and self.inputs and self.inputs[0].name in requested:
            shapes = self._shapes(self.inputs[0], requested)
            return {**shapes, source.name: self.describe(shapes, source.name, False)[0].shape}
        if requested:
            return {**self._find_shapes(source, None, requested), **requested}
        return self._default_shapes(source)

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
        """Every input's shape when the source has this one.

        With a ``size`` above 1 free axes of other inputs are as long as the source's, or, where
        these have another number of axes, as the size.
        """
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
        bound = self._like(shape, size) if size > 1 else ModelInput.bound
        shapes = {i.name: requested.get(i.name) or bound(i, sizes) for i in self.inputs}
        return {**shapes, source.name: shape}

    @staticmethod
    def _like(shape: Shape, size: int) -> Callable[[ModelInput, Mapping[str, int]], Shape]:
        """What binds free axes of inputs like those of this shape, or to the size."""

        def bound(other: ModelInput, sizes: Mapping[str, int]) -> Shape:
            if len(other.shape) != len(shape):
                return other.bound(sizes, size)
            like = {axis: n for axis, n in enumerate(shape) if axis or not other.batched}
            names = other.symbols or ("",) * len(shape)
            return filled(other.shape, {a: sizes.get(names[a], n) for a, n in like.items()})

        return bound

    @cached_property
    def _kept(self) -> _Kept:
        return _Kept({}, {}, {}, {}, [])

    def _default_shapes(self, source: ModelInput) -> dict[str, Shape]:
        """Shapes of all inputs at which a source with free axes can be traced."""
        shapes = self._kept.shapes
        if source.name not in shapes:
            shapes[source.name] = self._find_shapes(source)
        return shapes[source.name]

    def _find_shapes(
        self,
        source: ModelInput,
        feeds: Mapping[str, ArrayLike] | None = None,
        requested: Mapping[str, Shape] | None = None,
    ) -> dict[str, Shape]:
        """Shapes as ``_default_shapes``: the usual ones are tried, then what weights demand.

        Raises SizeUnknownError where none works, and the errors depend on the size.
        """

        if source.usual:
            return self._opened_at(source, source.bound({}), 1, requested or {}, feeds)

        def opened_at(shape: Shape, size: int) -> dict[str, Shape]:
            return self._opened_at(source, shape, size, requested or {}, feeds)

        try:
            return open_at_likely_size(source.shape, source.batched, opened_at)
        except NoSizeError as error:
            if self._is_within(source):
                raise error.first from None
            why = str(error.first).removesuffix(": the model does not work at this input size")
            raise SizeUnknownError(
                f"{self.name} leaves the size of {source.name} open, and works at none of the "
                f"usual sizes ({why})",
                source.name,
                source.shape,
                source.symbols,
            ) from error.first

    def _opened_at(
        self,
        source: ModelInput,
        shape: Shape,
        size: int,
        requested: Mapping[str, Shape],
        feeds: Mapping[str, ArrayLike] | None,
    ) -> dict[str, Shape]:
        """All shapes when the source has this one, with those of other inputs that go with it.

        Free axes of others are 1, or like the source's (see ``_with_others``). Raises ModelError
        where the graph fits neither. The tensors are kept for ``_described_before``.
        """
        refusal: ModelError | None = None
        for others in (1, size):
            shapes = self._with_others(source, shape, requested, others)
            fed = self._fitted(source, shapes, feeds)
            all_shapes = {**shapes, **{name: array.shape for name, array in fed.items()}}
            try:
                tensors = self.describe(all_shapes, source.name, False, fed)
            except DefectError:
                raise
            except ModelError as error:
                refusal = refusal or error
                if len(self.inputs) == 1 or self._is_within(source):
                    break
            else:
                if not fed:
                    self._kept.described[:] = [(source.name, shapes, tensors)]
                return shapes
        assert refusal is not None
        raise refusal

    def _described_before(
        self, shapes: Mapping[str, Shape], source: ModelInput
    ) -> list[Tensor] | None:
        """The tensors of the last trial, if it was at these shapes; handed out only once."""
        kept = self._kept.described
        if not kept or kept[-1][:2] != (source.name, shapes):
            return None
        try:
            name, its_shapes, tensors = kept.pop()
        except IndexError:  # another thread was faster
            return None
        return tensors if (name, its_shapes) == (source.name, shapes) else None

    def _sized(
        self,
        source: ModelInput,
        requested: Mapping[str, Shape],
        size: Shape,
        spatial_axes: Sequence[int] | None,
        feeds: Mapping[str, ArrayLike] | None,
    ) -> dict[str, Shape]:
        """All shapes when the source's spatial axes have this size.

        A source with free axes is tried at that very size, whatever others it would take.
        """
        refusal: ModelError | None = None
        if None in source.shape and source.name not in requested and not self._is_within(source):
            axes = None
            if spatial_axes is not None:
                axes = _checked_axes(spatial_axes, source.bound({}))
            candidates = shapes_of_size(source.shape, source.batched, size, axes)
            for shape, run in candidates if axes is None or len(axes) == len(size) else ():
                _check_size(shape)
                try:
                    shapes = self._opened_at(source, shape, size[-1], requested, feeds)
                except DefectError:
                    raise
                except ModelError as error:
                    refusal = refusal or error
                    continue
                if axes is not None or self._own_axes(source, shapes) == run:
                    return shapes
        try:
            shapes = self._shapes(source, requested)
        except SizeUnknownError as error:
            raise refusal or error from error
        resized = self._resized(source, shapes, size, spatial_axes)
        return self._shapes(source, {**requested, source.name: resized})

    def _resized(
        self,
        source: ModelInput,
        shapes: Mapping[str, Shape],
        size: Shape,
        spatial_axes: Sequence[int] | None,
    ) -> Shape:
        """The source's shape with another size along its spatial axes."""
        shape = shapes[source.name]
        if spatial_axes is None:
            axes = self._own_axes(source, shapes)
        else:
            axes = _checked_axes(spatial_axes, shape)
        if len(size) != len(axes):
            raise ModelError(
                f"input {source.name} has {len(axes)} spatial axes, input_size has {len(size)}"
            )
        sizes = dict(zip(axes, size, strict=True))
        return tuple(sizes.get(axis, n) for axis, n in enumerate(shape))

    def _own_axes(self, source: ModelInput, shapes: Mapping[str, Shape]) -> tuple[int, ...]:
        """The source's spatial axes, by a trace at these shapes, at which the model works."""
        axes = self._kept.axes
        if source.name not in axes:
            tensors = self._described_before(shapes, source)
            if tensors is None:
                tensors = self.describe(shapes, source.name, False)
            axes[source.name] = self._axes(source, tensors, None)[0]
            self._kept.described[:] = [(source.name, dict(shapes), tensors)]
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
        return (axes, False) if axes else (_guess_axes(shape, source.shape), True)

    def _before(self, source: ModelInput) -> _Before:
        """What a trace from the model's own inputs tells of a tensor within the model."""
        before = self._kept.before
        if source.name not in before:
            before[source.name] = _Before((), True, False, ())
            for model_input in self.inputs:
                try:
                    shapes = self._shapes(model_input, {})
                except SizeUnknownError:
                    continue
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
    ``described`` are the tensors of the last trial of a size, with its source and shapes, until
    they are used: at most one entry.
    """

    shapes: dict[str, dict[str, Shape]]
    axes: dict[str, tuple[int, ...]]
    inner: dict[str, ModelInput]
    before: dict[str, _Before]
    described: list[tuple[str, dict[str, Shape], list[Tensor]]]


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


def _guess_axes(shape: Shape, declared: Sequence[int | None]) -> tuple[int, ...]:
    """The likely spatial axes of an input that no window slides over.

    The channel axis of an image tells: it is short, and the others are mostly alike. Of a sequence
    the axis is spatial that the model declares to be of any size, or that is longer than 1.
    """
    if len(shape) in (4, 5):
        _, first, *middle, last = shape
        ends_in_channels = last in (1, 3, 4) or last < min(first, *middle)
        first_is_space = ends_in_channels and first not in (1, 3, 4)
        return tuple(range(1, len(shape) - 1) if first_is_space else range(2, len(shape)))
    if len(shape) == 3:
        if shape[0] in (3, 4):
            return (1, 2)
        is_open = [n is None for n in declared[1:]] if len(declared) == 3 else [False, False]
        is_last = is_open[1] if is_open[0] != is_open[1] else shape[1] == 1 < shape[2]
        return (2,) if is_last else (1,)
    return (len(shape) - 1,) if shape else ()


def _check_size(shape: Shape) -> None:
    if len(shape) > MOST_AXES:
        raise ModelError(f"an input of {len(shape)} axes is too large: the limit is {MOST_AXES}")
    if any(n < 1 for n in shape):
        raise ModelError(f"an input of {shape} holds nothing: every axis must be at least 1")
    if prod(shape) > LARGEST:
        raise ModelError(
            f"an input of {' x '.join(map(str, shape))} is too large: "
            f"the limit is {LARGEST:,} elements"
        )
