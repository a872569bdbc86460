"""Experiments on cells: pixels are changed, a cell's move is measured, signals are followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from ..trace.network import Layer, Network, NetworkInput

if TYPE_CHECKING:
    from ..runtimes import Twin

NOISE = 1e-5
"""A move smaller than this part of the layer's largest value may be float noise: the same sum
taken in another order. Nearly always a cell that must not move stays the same to the last bit."""

Pixels = NDArray[np.bool_]
"""Some of the input's pixels: a bool array over its spatial axes."""

Outcome = Literal["same", "noise", "moved", "not finite"]
"""A cell stays the same to the last bit, moves by no more than float noise, or moves. Of values
that were not finite to begin with, none of these can be said."""


class Move(NamedTuple):
    """The outcome of a change for a cell, and its size relative to the layer's largest value."""

    outcome: Outcome
    change: float


def compare(before: NDArray[np.float32], after: NDArray[np.float32], largest: float) -> Move:
    """Compare a cell's values, or those of a part of a layer by its largest move.

    ``largest`` is the layer's largest magnitude (see the function of that name).
    """
    if not np.isfinite(before).all():
        return Move("not finite", float("nan"))
    if np.array_equal(before, after):
        return Move("same", 0.0)
    change = float(np.abs(after.astype(float) - before).max()) / largest
    return Move("noise" if change <= NOISE else "moved", change)


def largest(values: NDArray[np.float32]) -> float:
    """A layer's largest finite magnitude, which its moves are measured against; 1 for zeros."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0)) or 1.0


def on_input(pixels: Pixels, traced: NetworkInput) -> Pixels:
    """An array over the spatial axes as one that broadcasts to the input."""
    shape = [n if i in traced.spatial_axes else 1 for i, n in enumerate(traced.shape)]
    return pixels.reshape(shape)


def fixed_shape(layer: Layer) -> tuple[int, ...]:
    """The layer's shape, which is known along every axis in a network of known input size."""
    return tuple(n for n in layer.shape if n is not None)


class Runs:
    """A model, run as a network was traced.

    Side inputs hold what the network was traced with, and the tensors that it stops hold the values
    that they have for the input ``still``. ``feeds`` are the values of other inputs.
    """

    def __init__(
        self,
        model: Model,
        net: Network,
        still: NDArray[np.generic],
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> None:
        self._model, self._net, self._at_rest = model, net, still
        self._feeds = {**(feeds or {}), **net.feeds}

    def values(self, layer: Layer, tensor: NDArray[np.generic]) -> NDArray[np.float32]:
        """The layer's values for an input. Raises ModelError."""
        held = {name: a for name, a in self._held.items() if name != layer.name}
        return self._run(tensor, [layer.name], held)[layer.name]

    @cached_property
    def _held(self) -> dict[str, NDArray[np.float32]]:
        """The values at which the stopped tensors are held."""
        stopped = [layer.name for layer in self._net.layers if layer.name in self._net.stop]
        return self._run(self._at_rest, stopped, {}) if stopped else {}

    def _run(
        self,
        tensor: NDArray[np.generic],
        names: Sequence[str],
        held: Mapping[str, NDArray[np.generic]],
    ) -> dict[str, NDArray[np.float32]]:
        feeds = {**self._feeds, **held}
        return self._model.activations(tensor, names, input=self._net.input.name, feeds=feeds)


class Signals:
    """The elements that signals at some pixels reach, by the model's twin.

    The twin is built when it is first needed.
    """

    def __init__(self, model: Model, net: Network) -> None:
        self._model, self._net = model, net

    def missing(self, layer: Layer) -> str:
        """The reason why the twin cannot follow this layer; empty where it can."""
        if not layer.exact:
            return f"the model does not show it, and it is assumed: {'; '.join(layer.assumed)}"
        if self._twin is None:
            return "the model does not show it, and there is no twin in this format"
        if layer.name in self._twin.lost:
            return (
                f"the model does not show it, and there is no twin: {self._twin.lost[layer.name]}"
            )
        return ""

    def reached(self, pixels: Pixels, layer: Layer) -> NDArray[np.bool_]:
        """The elements of the layer's tensor that these pixels reach. Raises ModelError."""
        assert self._twin is not None
        traced = self._net.input
        signal = np.broadcast_to(on_input(pixels, traced), traced.shape)
        return self._twin.reached(signal, layer.name)

    @cached_property
    def _twin(self) -> Twin | None:
        traced = self._net.input
        shapes = dict(self._net.shapes or self._model.shapes(traced.shape, input=traced.name))
        shapes.update((layer.name, fixed_shape(layer)) for layer in self._net.layers)
        shapes.update((name, array.shape) for name, array in self._net.feeds.items())
        return self._model.twin(
            shapes, traced.name, self._net.weight_aware, self._net.feeds, self._net.stop
        )
