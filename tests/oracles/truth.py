"""What really depends on what: found by running something with one input element changed at a time.

Shares no code with what it judges: an output element depends on an input element if changing the
one changes the other, whoever runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rf_viz

Run = Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]

BIG = (3e3, -3e3)
"""Changes beyond all other values, so that maxima and minima notice them too."""


def generic(shape: Sequence[int], seed: int = 0) -> NDArray[np.float32]:
    """Positive values of which no two are alike, nor any sums of a few."""
    return np.random.default_rng(seed).uniform(1, 2, tuple(shape)).astype(np.float32)


def changes(
    run: Run,
    feeds: Mapping[str, NDArray[Any]],
    source: str,
    *,
    nudges: Sequence[float] = BIG,
    tolerance: float = 0,
) -> dict[str, NDArray[np.bool_]]:
    """For each output a bool array of shape (*its own, *that of the input ``source``).

    Changes up to ``tolerance`` are the rounding errors of weights that should be zero. An input
    of bools is flipped.
    """
    base = {name: np.asarray(a) for name, a in run(feeds).items()}
    values = feeds[source]
    dependent = {name: np.zeros((*a.shape, values.size), bool) for name, a in base.items()}
    for i in range(values.size):
        for nudge in nudges:
            changed = values.copy()
            if values.dtype == np.bool_:
                changed.reshape(-1)[i] ^= True
            else:
                changed.reshape(-1)[i] += np.asarray(nudge).astype(values.dtype)
            for name, a in run({**feeds, source: changed}).items():
                dependent[name][..., i] |= ~_same(np.asarray(a), base[name], tolerance)
    return {name: a.reshape(*base[name].shape, *values.shape) for name, a in dependent.items()}


def assert_traced(
    net: rf_viz.Network, truth: Mapping[str, NDArray[np.bool_]], rank: int, *, exact: bool = True
) -> None:
    """The traced shapes, masks and regions of every element are what ``changes`` has found.

    ``net`` is traced over all ``rank`` axes of its input. With ``exact=False`` masks may hold
    more than the truth (an assumed dependence), never less.
    """
    traced = {layer.name: layer for layer in net.layers}
    for name, real in truth.items():
        shape = real.shape[: real.ndim - rank]
        layer = traced.get(name)
        if layer is None:
            assert not real.any(), f"{name} depends on the input, but was not traced"
            continue
        assert layer.shape == shape, f"{name}: traced as {layer.shape}, really {shape}"
        assert layer.exact or not exact, f"{name} is only assumed: {layer.assumed}"
        for index in np.ndindex(shape):
            mask = layer.mask_of(index)
            if not exact:
                assert not (real[index] & ~mask).any(), f"{name}{index} sees more than traced"
                continue
            assert np.array_equal(mask, real[index]), (
                f"{name}{index} sees {_listed(real[index])}, traced as {_listed(mask)}"
            )
            region = layer.region_of(index)
            assert (region.start, region.stop) == _box(real[index]), f"{name}{index}: {region}"
        assert np.array_equal(layer.mask_of(...), real.any(axis=tuple(range(len(shape))))) or (
            not exact
        ), f"{name}: the union over all elements is wrong"


def _same(a: NDArray[Any], b: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
    if a.dtype.kind not in "fc":
        return np.asarray(a == b)
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= tolerance
    return np.asarray(near | (a == b) | (np.isnan(a) & np.isnan(b)))


def _listed(mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    return [tuple(map(int, i)) for i in np.argwhere(mask)]


def _box(mask: NDArray[np.bool_]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The bounding box of what is marked."""
    where = np.argwhere(mask)
    if not len(where):
        return (0,) * mask.ndim, (0,) * mask.ndim
    start, stop = where.min(axis=0), where.max(axis=0) + 1
    return tuple(map(int, start)), tuple(map(int, stop))
