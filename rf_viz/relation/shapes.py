"""The shape that comes out of a relation: whether its steps fit each other and their tensors."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from . import (
    Broadcast,
    Elements,
    Mix,
    Opaque,
    Part,
    Relation,
    Reshape,
    Scatter,
    Shape,
    Step,
    Taps,
    Transpose,
    TransposedWindow,
    Window,
)
from .regrids import Regrid, Spread

FARTHEST = 2**31
"""The farthest that windows may reach, padding included."""


@lru_cache(maxsize=4096)
def shape_after(relation: Relation, before: Shape) -> Shape:
    """The output's shape for an input of shape ``before``. Raises ValueError if it does not fit."""
    shape = before
    for step in relation:
        shape = _after(step, shape)
        if min(shape, default=0) < 0:
            raise ValueError(f"a tensor cannot be of {shape}")
    return shape


def _after(step: Step, shape: Shape) -> Shape:
    match step:
        case Window():
            for w in step.windows:
                if min(w.kernel, w.stride, w.dilation) < 1 or w.span > FARTHEST:
                    raise ValueError(f"a window of {w.kernel} by {w.stride} does not work")
            return _along(shape, [(w.axis, w.size, w.out) for w in step.windows])
        case TransposedWindow():
            return _along(shape, [(w.axis, w.out, w.size) for w in step.window.windows])
        case Taps():
            return _along(shape, [(step.axis, step.size, len(step.table))])
        case Part():
            return _along(shape, [(step.axis, step.size, step.out)])
        case Mix():
            return _along(shape, list(zip(step.axes, step.before, step.after, strict=True)))
        case Transpose():
            if sorted(step.order) != list(range(len(shape))):
                raise ValueError(f"axes {step.order} are not those of {shape}")
            return tuple(shape[i] for i in step.order)
        case Elements():
            return _exactly(step.before, shape, step.index.shape)
        case Broadcast():
            if np.broadcast_shapes(step.before, step.after) != step.after:
                raise ValueError(f"a tensor of {step.before} does not broadcast to {step.after}")
            return _exactly(step.before, shape, step.after)
        case Reshape() | Opaque():
            return _exactly(step.before, shape, step.after)
        case Regrid() | Spread():
            return shape_after(step.steps, shape)
        case Scatter():
            return _exactly(step.before, shape, step.after)
    raise TypeError(f"{type(step).__name__} has no shape")


def _along(shape: Shape, changes: list[tuple[int, int, int]]) -> Shape:
    """With each axis' extent changed from one to another."""
    after = list(shape)
    for axis, size, out in changes:
        if not 0 <= axis < len(shape) or shape[axis] != size:
            raise ValueError(f"axis {axis} of {shape} should be {size} long")
        after[axis] = out
    return tuple(after)


def _exactly(expected: Shape, shape: Shape, after: Shape) -> Shape:
    if expected != shape:
        raise ValueError(f"a tensor of {shape} should be one of {expected}")
    return after
