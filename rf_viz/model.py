"""A loaded model, before it is traced at some input size: what every format's reader makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError
from .network import Network
from .relation import Shape
from .strands import Tensor, sliding_axes

LARGEST = 2**28
"""The most elements that an input may have."""

_USUAL_SIZES = {1: (1024, 16000), 2: (224, 512, 64, 1024), 3: (32, 64, 128)}
"""What dynamic axes are first bound to, by how many there are (the batch not counted)."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """An input as the model declares it: None along axes of any size. ``dtype`` is NumPy's name."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"


class Model(ABC):
    """A model that can be traced. ``inputs`` are those that a person feeds, images first."""

    name: str
    inputs: tuple[ModelInput, ...]

    @abstractmethod
    def describe(
        self, shapes: Mapping[str, Shape], source: str, weight_aware: bool
    ) -> list[Tensor]:
        """Every tensor that depends on the input ``source``, in execution order, that one first.

        ``shapes`` binds every input. Raises ModelError where the graph does not work out.
        """

    @abstractmethod
    def activations(
        self, tensor: NDArray[np.generic], names: Sequence[str], *, input: str | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """The real values of the named tensors for an input tensor, by the model's own runtime.

        Raises ModelError where the runtime refuses.
        """

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
        """Derive what every cell of every layer sees.

        ``input_size`` binds the spatial axes (in input order), ``input_shape`` the whole shape,
        of one input or of several by name; by default the model's own. ``"unknown"`` gives what
        holds for every size. ``input`` names the input to trace (default: the first);
        ``spatial_axes`` overrides which of its axes are spatial; ``weight_aware`` leaves out
        kernel positions whose weights are all zero; ``cut_global`` leaves out paths through a
        mix over the whole image where a local path remains. Raises ModelError.
        """
        source = self._input(input)
        shapes = self._shapes(source, input_shape)
        any_size = False
        if isinstance(input_size, str):
            if input_size != "unknown":
                raise ModelError(f"input_size is a tuple of pixels or 'unknown', not {input_size!r}")
            any_size = True
        elif input_size is not None:
            shapes = self._resized(source, shapes, tuple(input_size), spatial_axes)
        _check_size(shapes[source.name])
        tensors = self.describe(shapes, source.name, weight_aware)
        axes, guessed = self._axes(tensors, spatial_axes)
        return Network(
            tensors,
            axes,
            guessed=guessed,
            cut_global=cut_global,
            any_size=any_size,
        )

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

    def shapes(self, input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
               *, input: str | None = None) -> dict[str, Shape]:
        """The shape each input is traced with by default, or with ``input_shape``, by name."""
        return self._shapes(self._input(input), input_shape)

    def _shapes(
        self, source: ModelInput, asked: Sequence[int] | Mapping[str, Sequence[int]] | None
    ) -> dict[str, Shape]:
        given: dict[str, Shape] = {}
        if isinstance(asked, Mapping):
            given = {name: tuple(shape) for name, shape in asked.items()}
        elif asked is not None:
            given = {source.name: tuple(asked)}
        for name, shape in given.items():
            declared = self._input(name).shape
            if len(shape) != len(declared):
                raise ModelError(f"input {name} has {len(declared)} axes, not {len(shape)}")
        if source.name not in given and None in source.shape:
            given[source.name] = self._default_shape[source.name]
        return {
            i.name: given.get(i.name) or tuple(1 if n is None else n for n in i.shape)
            for i in self.inputs
        }

    @cached_property
    def _default_shape(self) -> dict[str, Shape]:
        """For inputs with dynamic axes, a shape with which the model works out."""
        return _Lazy(self._find_shape)

    def _find_shape(self, name: str) -> Shape:
        source = self._input(name)
        others = {i.name: tuple(n or 1 for n in i.shape) for i in self.inputs}
        free = [axis for axis, n in enumerate(source.shape) if n is None and axis > 0]
        error: ModelError | None = None
        for size in _USUAL_SIZES.get(len(free), (32,)):
            shape = tuple(
                n if n is not None else size if axis in free else 1
                for axis, n in enumerate(source.shape)
            )
            try:
                self.describe({**others, name: shape}, name, False)
                return shape
            except ModelError as e:
                error = error or e
        assert error is not None
        raise error

    def _resized(
        self,
        source: ModelInput,
        shapes: dict[str, Shape],
        size: tuple[int, ...],
        spatial_axes: Sequence[int] | None,
    ) -> dict[str, Shape]:
        shape = list(shapes[source.name])
        axes = tuple(spatial_axes) if spatial_axes is not None else self._own_axes[source.name]
        if len(size) != len(axes):
            raise ModelError(
                f"input {source.name} has {len(axes)} spatial axes, input_size has {len(size)}"
            )
        for axis, n in zip(axes, size, strict=True):
            shape[axis] = int(n)
        return {**shapes, source.name: tuple(shape)}

    @cached_property
    def _own_axes(self) -> dict[str, tuple[int, ...]]:
        """The spatial axes of each input, found by a trace at the default size."""
        return _Lazy(self._find_axes)

    def _find_axes(self, name: str) -> tuple[int, ...]:
        tensors = self.describe(self._shapes(self._input(name), None), name, False)
        return self._axes(tensors, None)[0]

    @staticmethod
    def _axes(
        tensors: list[Tensor], asked: Sequence[int] | None
    ) -> tuple[tuple[int, ...], bool]:
        shape = tensors[0].shape
        if asked is not None:
            axes = tuple(sorted({int(a) % len(shape) if shape else 0 for a in asked}))
            if not all(-len(shape) <= a < len(shape) for a in asked) or not axes:
                raise ModelError(f"spatial axes {tuple(asked)} are not axes of an input of {shape}")
            return axes, False
        axes = sliding_axes(tensors)
        return (axes, False) if axes else (_guess_axes(shape), True)


class _Lazy(dict[str, tuple[int, ...]]):
    def __init__(self, make) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> tuple[int, ...]:
        self[key] = value = self._make(key)
        return value


def _guess_axes(shape: Shape) -> tuple[int, ...]:
    """Where nothing slides over the input: images by their channel axis, else all but the batch."""
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
