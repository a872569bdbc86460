"""A loaded model, before it is traced at some input size: the interface of every reader."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import DefectError, ModelError
from .relation import Shape
from .trace.dependences import sliding_axes
from .trace.network import Network
from .trace.tensors import Tensor

if TYPE_CHECKING:
    from .runtimes import Twin

LARGEST = 2**28
"""The most elements that an input may have."""

_USUAL_SIZES = {1: (1024, 512, 16000), 2: (224, 512, 64, 1024), 3: (32, 64, 128)}
"""The sizes that dynamic axes are first bound to, by how many there are besides the batch."""

_USUAL_CHANNELS = (3, 1)
"""How many channels an image has where a model leaves that open too."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """An input as the model declares it.

    ``shape`` is None along axes of any size, ``dtype`` is NumPy's name of the type. ``symbols`` may
    name the axes of any size, one string for each axis of ``shape``: axes with the same name have
    the same size, across inputs too.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    symbols: tuple[str, ...] = ()

    def bound(self, sizes: Mapping[str, int], size: int = 1) -> Shape:
        """Bind free axes to ``sizes`` by name, and those without an entry there to ``size``.

        A batch axis of any size is bound to 1.
        """
        names = self.symbols or ("",) * len(self.shape)
        return tuple(
            n if n is not None else sizes.get(name, size if axis else 1)
            for axis, (n, name) in enumerate(zip(self.shape, names, strict=True))
        )


class Model(ABC):
    """A model that can be traced.

    ``inputs`` are those that a person feeds, images first. ``name`` is what messages call the
    model, ``title`` the name that the model gives itself, empty if it gives none.
    """

    name: str
    title: str = ""
    inputs: tuple[ModelInput, ...]

    @abstractmethod
    def describe(
        self, shapes: Mapping[str, Shape], source: str, weight_aware: bool
    ) -> list[Tensor]:
        """Describe every tensor that depends on the input ``source``, in execution order.

        The source itself comes first. ``shapes`` gives the shape of every input, by name. Raises
        ModelError where the graph does not fit these shapes.
        """

    @abstractmethod
    def activations(
        self, tensor: NDArray[np.generic], names: Sequence[str], *, input: str | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Compute the values of the named tensors for an input, with the model's own runtime.

        ``tensor`` has the shape of the input named ``input`` (default: the first). Returns float32
        arrays by tensor name. Raises ModelError where the runtime cannot run the model.
        """

    @property
    def heavy_runtime(self) -> str:
        """The package that ``activations`` imports first and that takes seconds to load.

        Empty where there is none.
        """
        return ""

    def twin(self, shapes: Mapping[str, Shape], source: str, weight_aware: bool) -> Twin | None:
        """Build the graph's twin, which shows how far a signal at the input ``source`` reaches.

        ``shapes`` gives the shapes of all inputs and of every tensor that depends on the source.
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
    ) -> Network:
        """Work out which pixels of an input each cell of each layer depends on.

        Nothing is run: shapes and relations follow from the graph alone.

        Args:
            input_size: the extents in pixels along the spatial axes, in the input's axis order
                (default: as the model declares). "unknown" keeps only what holds at every size.
            input_shape: the whole shape, batch and channels included, of the traced input, or of
                several inputs by name.
            input: the name of the input to trace (default: the first).
            spatial_axes: the input's spatial axes, where they should not be worked out.
            weight_aware: whether to leave out kernel positions whose weights are all zero.
            cut_global: whether to leave out paths through a mix over the whole image wherever a
                local path remains.

        Raises:
            ModelError: the model has no such input, or does not work at this size.
        """
        source = self._input(input)
        requested = self._requested(source, input_shape)
        shapes = self._shapes(source, requested)
        any_size = isinstance(input_size, str)
        if isinstance(input_size, str):
            if input_size != "unknown":
                raise ModelError(f"input_size is some pixels or 'unknown', not {input_size!r}")
        elif input_size is not None:
            size = _as_shape(input_size)
            requested[source.name] = self._resized(source, shapes[source.name], size, spatial_axes)
            shapes = self._shapes(source, requested)
        _check_size(shapes[source.name])

        def described(shapes: Mapping[str, Shape]) -> tuple[list[Tensor], tuple[int, ...], bool]:
            tensors = self.describe(shapes, source.name, weight_aware)
            return tensors, *self._axes(tensors, spatial_axes)

        def network(
            tensors: list[Tensor], axes: tuple[int, ...], guessed: bool, also: Network | None = None
        ) -> Network:
            return Network(
                tensors,
                axes,
                guessed=guessed,
                weight_aware=weight_aware,
                cut_global=cut_global,
                any_size=any_size,
                also=also,
                parameters=self.parameters,
            )

        tensors, axes, guessed = described(shapes)
        also = None
        # Traces at other sizes show what holds at the first size only.
        for size in _other_sizes(tensors[0].shape, axes) if any_size else ():
            try:
                others = self.describe(
                    self._shapes(source, {**requested, source.name: size}),
                    source.name,
                    weight_aware,
                )
            except DefectError:  # without that trace the forms would go unchecked
                raise
            except ModelError:
                continue  # it is no size that the model takes
            also = network(others, axes, guessed, also)
        return network(tensors, axes, guessed, also)

    def _input(self, name: str | None) -> ModelInput:
        if not self.inputs:
            raise ModelError(f"{self.name} has no input to trace: all its values are constants")
        if name is None:
            return self.inputs[0]
        for candidate in self.inputs:
            if candidate.name == name:
                return candidate
        names = ", ".join(i.name for i in self.inputs)
        raise ModelError(f"{self.name} has no input {name!r}; it has {names}")

    def shapes(
        self,
        input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
        *,
        input: str | None = None,
    ) -> dict[str, Shape]:
        """The shape with which each input is traced, by name; ``input_shape`` as in ``trace``.

        Raises ModelError where ``input_shape`` does not fit the inputs.
        """
        source = self._input(input)
        return self._shapes(source, self._requested(source, input_shape))

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
            declared = self._input(name).shape
            if len(shape) != len(declared):
                raise ModelError(f"input {name} has {len(declared)} axes, not {len(shape)}")
        return requested

    def _shapes(self, source: ModelInput, requested: Mapping[str, Shape]) -> dict[str, Shape]:
        """The shape of every input: as requested, else as declared, else one that works."""
        if source.name in requested or None not in source.shape:
            shape = requested.get(source.name) or source.bound({})
            return self._with_others(source, shape, requested)
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
        sizes = self._symbols(source, shape)
        shapes = {i.name: requested.get(i.name) or i.bound(sizes, size) for i in self.inputs}
        return {**shapes, source.name: shape}

    @cached_property
    def _defaults(self) -> tuple[dict[str, dict[str, Shape]], dict[str, tuple[int, ...]]]:
        """Shapes of all inputs, and spatial axes, as traced at the default size; both by input."""
        return {}, {}

    def _default_shapes(self, source: ModelInput) -> dict[str, Shape]:
        """Shapes of all inputs at which a source with free axes can be traced."""
        shapes = self._defaults[0]
        if source.name not in shapes:
            shapes[source.name] = self._find_shapes(source)
        return shapes[source.name]

    def _find_shapes(self, source: ModelInput) -> dict[str, Shape]:
        error: ModelError | None = None
        for shape, size in _usual_shapes(source):
            for others in (1, size):
                shapes = self._with_others(source, shape, {}, others)
                try:
                    self.describe(shapes, source.name, False)
                    return shapes
                except DefectError:  # no other size would mend it
                    raise
                except ModelError as e:
                    error = error or e
                if len(self.inputs) == 1:
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
        axes = self._defaults[1]
        if source.name not in axes:
            tensors = self.describe(self._shapes(source, {}), source.name, False)
            axes[source.name] = self._axes(tensors, None)[0]
        return axes[source.name]

    @staticmethod
    def _axes(
        tensors: list[Tensor], spatial_axes: Sequence[int] | None
    ) -> tuple[tuple[int, ...], bool]:
        """The input's spatial axes, and whether they are a guess."""
        shape = tensors[0].shape
        if spatial_axes is not None:
            return _checked_axes(spatial_axes, shape), False
        axes = sliding_axes(tensors)
        return (axes, False) if axes else (_guess_axes(shape), True)


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
    rank = len(source.shape)
    free = [axis for axis, n in enumerate(source.shape) if n is None and axis > 0]
    if len(free) == rank - 1 > 1:  # even the channels are left open: first or last
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

    The channel axis of an image tells; otherwise all axes but the batch are spatial.
    """
    if len(shape) == 4:
        return (1, 2) if shape[3] in (1, 3, 4) and shape[1] not in (1, 3, 4) else (2, 3)
    if len(shape) == 5:
        return (2, 3, 4)
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
