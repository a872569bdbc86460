"""What every step of a relation means, told a second time: element by element, as a matrix.

Shares nothing with ``rf_viz.relation`` but the names of the parameters. ``Op.matrix[o, i]`` says
how often output element ``o`` sees input element ``i``, both in row-major order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import prod
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rf_viz.relation import (
    Broadcast,
    Elements,
    MaskedMix,
    Mix,
    Only,
    Opaque,
    Part,
    Relation,
    Reshape,
    Scatter,
    Slide,
    Taps,
    Transpose,
    TransposedWindow,
    Window,
)

Shape = tuple[int, ...]
At = tuple[int, ...]
Matrix = NDArray[np.int64]


class Op(NamedTuple):
    """A relation, the shapes on both sides, and what it means."""

    relation: Relation
    before: Shape
    after: Shape
    matrix: Matrix


def tabulate(before: Shape, after: Shape, sees: Callable[[At], Iterable[At]]) -> Matrix:
    """The matrix of an operation whose output element at ``o`` sees the inputs ``sees(o)``."""
    strides = [prod(before[axis + 1 :]) for axis in range(len(before))]
    matrix = np.zeros((prod(after), prod(before)), np.int64)
    for row, o in enumerate(product(*map(range, after))):
        for i in sees(o):
            assert all(0 <= p < n for p, n in zip(i, before, strict=True))
            matrix[row, sum(p * s for p, s in zip(i, strides, strict=True))] += 1
    return matrix


def replaced(at: At, axis: int, position: int) -> At:
    return (*at[:axis], position, *at[axis + 1 :])


def window(before: Shape, slides: Sequence[Slide], taps: NDArray[np.bool_] | None = None) -> Op:
    axes = [s.axis for s in slides]
    after = tuple(slides[axes.index(a)].out if a in axes else n for a, n in enumerate(before))

    def sees(o: At) -> Iterable[At]:
        for tap in product(*(range(s.kernel) for s in slides)):
            if taps is not None and not taps[tap]:
                continue
            i = o
            for s, k in zip(slides, tap, strict=True):
                i = replaced(i, s.axis, o[s.axis] * s.stride - s.pad + k * s.dilation)
            if all(0 <= p < n for p, n in zip(i, before, strict=True)):
                yield i

    return Op((Window(slides, taps),), before, after, tabulate(before, after, sees))


def transposed_window(
    slides: Sequence[Slide], before: Shape, masked: NDArray[np.bool_] | None = None
) -> Op:
    """Every input adds a kernel to the output, at ``stride`` apart."""
    axes = [s.axis for s in slides]
    after = tuple(slides[axes.index(a)].size if a in axes else n for a, n in enumerate(before))
    matrix = np.zeros((prod(after), prod(before)), np.int64)
    for column, i in enumerate(np.ndindex(before)):
        for tap in product(*(range(s.kernel) for s in slides)):
            if masked is not None and not masked[tap]:
                continue
            o = i
            for s, k in zip(slides, tap, strict=True):
                o = replaced(o, s.axis, i[s.axis] * s.stride - s.pad + k * s.dilation)
            if all(0 <= p < n for p, n in zip(o, after, strict=True)):
                matrix[np.ravel_multi_index(o, after), column] += 1
    return Op((TransposedWindow(slides, masked),), before, after, matrix)


def taps(before: Shape, axis: int, table: NDArray[np.int64]) -> Op:
    after = replaced(before, axis, len(table))

    def sees(o: At) -> Iterable[At]:
        return (replaced(o, axis, int(i)) for i in table[o[axis]] if i >= 0)

    step = Taps(axis, before[axis], table)
    return Op((step,), before, after, tabulate(before, after, sees))


def part(before: Shape, axis: int, start: int, out: int) -> Op:
    after = replaced(before, axis, out)

    def sees(o: At) -> Iterable[At]:
        if start <= o[axis] < start + before[axis]:
            yield replaced(o, axis, o[axis] - start)

    step = Part(axis, start, before[axis], out)
    return Op((step,), before, after, tabulate(before, after, sees))


def transpose(before: Shape, order: Sequence[int]) -> Op:
    after = tuple(before[i] for i in order)

    def sees(o: At) -> Iterable[At]:
        i = [0] * len(before)
        for position, axis in zip(o, order, strict=True):
            i[axis] = position
        yield tuple(i)

    return Op((Transpose(order),), before, after, tabulate(before, after, sees))


def reshape(before: Shape, after: Shape) -> Op:
    assert prod(before) == prod(after)
    return Op((Reshape(before, after),), before, after, np.eye(prod(before), dtype=np.int64))


def elements(before: Shape, index: NDArray[np.int64]) -> Op:
    matrix = np.zeros((index.size, prod(before)), np.int64)
    for row, column in enumerate(index.reshape(-1)):
        if column >= 0:
            matrix[row, column] += 1
    return Op((Elements(before, index),), before, index.shape, matrix)


def only(before: Shape, mask: NDArray[np.bool_]) -> Op:
    matrix = np.diag(np.broadcast_to(mask, before).reshape(-1).astype(np.int64))
    return Op((Only(mask),), before, before, matrix)


def scatter(before: Shape, after: Shape, index: NDArray[np.int64]) -> Op:
    matrix = np.zeros((prod(after), prod(before)), np.int64)
    for column, row in enumerate(index.reshape(-1)):
        if row >= 0:
            matrix[row, column] += 1
    return Op((Scatter(after, index),), before, after, matrix)


def mix(before: Shape, axes: Sequence[int], extents: Shape | None = None) -> Op:
    """All to all along ``axes``, which become ``extents`` long; None keeps what they are."""
    after = list(before)
    for axis, extent in zip(axes, extents or [before[a] for a in axes], strict=True):
        after[axis] = extent

    def sees(o: At) -> Iterable[At]:
        return product(*(range(n) if a in axes else (o[a],) for a, n in enumerate(before)))

    step = Mix(axes, tuple(before[a] for a in axes), extents)
    return Op((step,), before, tuple(after), tabulate(before, tuple(after), sees))


def masked(before: Shape, axis: int, mask: NDArray[np.bool_]) -> Op:
    """All along an axis that a mask marks; along other axes the mask and the input broadcast."""
    full = np.broadcast_shapes(before, mask.shape)
    after = replaced(full, axis, 1)

    def sees(o: At) -> Iterable[At]:
        for k in range(before[axis]):
            if np.broadcast_to(mask, full)[replaced(o, axis, k)]:
                yield tuple(
                    0 if n == 1 else p for p, n in zip(replaced(o, axis, k), before, strict=True)
                )

    return Op((MaskedMix(before, axis, mask),), before, after, tabulate(before, after, sees))


def broadcast(before: Shape, after: Shape) -> Op:
    lead = len(after) - len(before)

    def sees(o: At) -> Iterable[At]:
        yield tuple(0 if n == 1 else p for p, n in zip(o[lead:], before, strict=True))

    return Op((Broadcast(before, after),), before, after, tabulate(before, after, sees))


def opaque(before: Shape, after: Shape) -> Op:
    matrix = np.ones((prod(after), prod(before)), np.int64)
    return Op((Opaque(before, after),), before, after, matrix)


def chain(*ops: Op) -> Op:
    """One operation after the other."""
    first, *others = ops
    for op in others:
        assert op.before == first.after
        first = Op(first.relation + op.relation, first.before, op.after, op.matrix @ first.matrix)
    return first


def grouped(before: Shape, axis: int, groups: int, out: int) -> Op:
    """Within each group of channels all to all, as a grouped convolution does."""
    from rf_viz.relation.common.basic import channel_mix

    after = replaced(before, axis, out)
    members, share = before[axis] // groups, out // groups

    def sees(o: At) -> Iterable[At]:
        group = o[axis] // share
        return (replaced(o, axis, group * members + k) for k in range(members))

    relation = channel_mix(before, axis, groups, out)
    return Op(relation, before, after, tabulate(before, after, sees))


def some_slide(rng: Random, axis: int, size: int, largest: int = 3) -> Slide:
    """Any window along an axis: strided, dilated, padded more than its kernel, or cropping."""
    kernel, dilation, stride = rng.randint(1, largest), rng.randint(1, 2), rng.randint(1, 3)
    reach = (kernel - 1) * dilation + 1
    pads = [rng.choice([0, 0, 1, reach // 2, reach - 1, reach + 1, -1]) for _ in range(2)]
    if size + sum(pads) < reach:
        pads = [reach, 0]
    return Slide(
        axis, size, (size + sum(pads) - reach) // stride + 1, kernel, stride, dilation, pads[0]
    )


def some_op(rng: Random, before: Shape, kinds: Sequence[str]) -> Op:
    """A random operation of one of these kinds on a tensor of that shape."""
    kind = rng.choice(kinds)
    axes = range(len(before))
    axis = rng.choice(axes)
    if kind == "window":
        chosen = sorted(rng.sample(axes, rng.randint(1, min(2, len(before)))))
        slides = [some_slide(rng, a, before[a]) for a in chosen]
        return window(before, slides, some_mask(rng, slides))
    if kind == "transposed window":
        # The convolution that it transposes: from the output, of any extent, to the input.
        slides = []
        for a in sorted(rng.sample(axes, rng.randint(1, min(2, len(before))))):
            kernel, dilation, stride = rng.randint(1, 3), rng.randint(1, 2), rng.randint(1, 3)
            pad = rng.choice([0, 0, 1, -1])
            reach = (before[a] - 1) * stride + (kernel - 1) * dilation + 1
            size = max(1, reach - pad - rng.choice([0, 0, 1, -2]))
            slides.append(Slide(a, size, before[a], kernel, stride, dilation, pad))
        return transposed_window(slides, before, some_mask(rng, slides))
    if kind == "taps":
        shape = rng.randint(1, 6), rng.randint(1, 3)
        table = [
            [rng.randint(-1, before[axis] - 1) for _ in range(shape[1])] for _ in range(shape[0])
        ]
        return taps(before, axis, np.array(table))
    if kind == "part":
        start, after = rng.randint(0, 2), rng.randint(0, 2)
        return part(before, axis, start, start + before[axis] + after)
    if kind == "transpose":
        return transpose(before, rng.sample(axes, len(before)))
    if kind == "reshape":
        return reshape(before, some_shape(rng, prod(before)))
    if kind == "elements":
        shape = some_shape(rng, rng.randint(1, 12))
        picked = [rng.randint(-1, prod(before) - 1) for _ in range(prod(shape))]
        return elements(before, np.array(picked).reshape(shape))
    if kind == "only":
        shape = [n if rng.random() < 0.5 else 1 for n in before]
        picked = [rng.random() < 0.6 for _ in range(prod(shape))]
        return only(before, np.array(picked, bool).reshape(shape))
    if kind == "scatter":
        after = some_shape(rng, rng.choice([1, 4, 6]))
        spots = [rng.randint(-1, prod(after) - 1) for _ in range(prod(before))]
        return scatter(before, after, np.array(spots).reshape(before))
    if kind == "mix":
        chosen = sorted(rng.sample(axes, rng.randint(1, len(before))))
        extents = None if rng.random() < 0.5 else tuple(rng.randint(1, 3) for _ in chosen)
        return mix(before, chosen, extents)
    if kind == "masked":
        shape = [rng.choice([1, n if n > 1 else rng.randint(1, 4)]) for n in before]
        shape[axis] = rng.choice([1, before[axis]])
        marks = [rng.random() < 0.6 for _ in range(prod(shape))]
        return masked(before, axis, np.array(marks, bool).reshape(shape))
    if kind == "grouped":
        groups = rng.choice([g for g in range(1, before[axis] + 1) if before[axis] % g == 0])
        return grouped(before, axis, groups, groups * rng.randint(1, 2))
    if kind == "broadcast":
        lead = tuple(rng.randint(1, 2) for _ in range(rng.randint(0, 1)))
        return broadcast(before, lead + tuple(rng.randint(1, 3) if n == 1 else n for n in before))
    assert kind == "opaque"
    return opaque(before, some_shape(rng, rng.choice([1, 4, 6])))


def some_mask(rng: Random, slides: Sequence[Slide]) -> NDArray[np.bool_] | None:
    """Now and then, a kernel with some of its positions masked out."""
    if rng.random() < 0.7:
        return None
    kept = np.zeros([s.kernel for s in slides], bool)
    for tap in np.ndindex(kept.shape):
        kept[tap] = rng.random() < 0.6
    return kept


def some_shape(rng: Random, count: int) -> Shape:
    """A random shape of so many elements."""
    shape = []
    while count > 1 and len(shape) < 4:
        factor = rng.choice([f for f in range(1, count + 1) if count % f == 0])
        shape.append(factor)
        count //= factor
    return (*shape, count)
