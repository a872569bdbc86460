"""Relations of products, attention and scans, by numbers rather than attributes.

Like ``basic``, but for operations that combine several tensors or run along one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from .. import (
    Edge,
    Elements,
    MaskedMix,
    Mix,
    Part,
    Relation,
    Scan,
    Shape,
    Slide,
    Step,
    Taps,
    Window,
)
from .basic import (
    broadcast,
    reduce,
    reshape,
    transpose,
)


@lru_cache(maxsize=4096)
def scan(
    axis: int, size: int, reverse: bool = False, exclusive: bool = False, spatial: bool = True
) -> Relation:
    """Scan an axis: each position sees all before it, and itself unless ``exclusive``.

    With ``reverse`` it sees all after it.
    """
    pad = -int(exclusive) if reverse else size - 1 + int(exclusive)
    return (Scan((Slide(axis, size, size, kernel=size, pad=pad),), spatial=spatial),)


@lru_cache(maxsize=4096)
def crop(axis: int, size: int, start: int, out: int) -> Relation:
    """Crop an axis to ``out`` positions from ``start`` on; what lies outside sees nothing."""
    if start == 0 and out == size:
        return ()
    return (Window((Slide(axis, size, out, kernel=1, pad=-start),), spatial=False),)


@lru_cache(maxsize=4096)
def neighbours(axis: int, size: int, before: int, after: int) -> Relation:
    """A window over an axis that is not space, as over the channels of an LRN.

    Each position sees so many before and after it.
    """
    window = Slide(axis, size, size, kernel=before + after + 1, pad=before)
    return (Window((window,), spatial=False),)


def pairs(axis: int, size: int, table: np.ndarray) -> Relation:
    """A table for an axis: each position sees the positions in its row, -1 for none."""
    return (Taps(axis, size, table, why="single channels are combined"),)


class Product(NamedTuple):
    """The shape of a product of tensors, and its relation to each of them."""

    shape: Shape
    relations: tuple[Relation, ...]

    def edges(self, *inputs: int) -> list[Edge]:
        """One edge for each factor, by the number of the operation's input it is."""
        return [Edge(i, r) for i, r in zip(inputs, self.relations, strict=False)]


@lru_cache(maxsize=4096)
def matmul(a: Shape, b: Shape) -> Product:
    """A product of matrices, as ``numpy.matmul``. Raises ValueError where they don't fit."""
    left = a if len(a) > 1 else (1, *a)
    right = b if len(b) > 1 else (*b, 1)
    if not a or not b or left[-1] != right[-2]:
        raise ValueError(f"matrices of {list(a)} and {list(b)} cannot be multiplied")
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    full = (*batch, left[-2], right[-1])
    after = (*batch, *(left[-2:-1] if len(a) > 1 else ()), *(right[-1:] if len(b) > 1 else ()))
    rows = reduce(left, (len(left) - 1,), True)
    columns = reduce(right, (len(right) - 2,), True)
    return Product(
        after,
        (
            reshape(a, left) + rows + broadcast((*left[:-1], 1), full) + reshape(full, after),
            reshape(b, right)
            + columns
            + broadcast((*right[:-2], 1, right[-1]), full)
            + reshape(full, after),
        ),
    )


@lru_cache(maxsize=1024)
def einsum(equation: str, shapes: tuple[Shape, ...]) -> Product:
    """An Einstein summation, as ``numpy.einsum``. Raises ValueError where it is not one."""
    labelled, out, after = _parsed(equation, shapes)
    return Product(
        after,
        tuple(
            _term(labels, shape, out, after) for labels, shape in zip(labelled, shapes, strict=True)
        ),
    )


def masked_einsum(
    equation: str, shapes: tuple[Shape, ...], masked: int, kept: np.ndarray
) -> tuple[Relation, ...] | None:
    """The relations of a sum of products of two tensors, one of which holds zeros.

    ``masked`` is its number, and ``kept``, which broadcasts to it, is False at its zeros. None
    where no axis that both tensors share is summed.
    """
    labelled, out, after = _parsed(equation, shapes)
    if any(len(set(labels)) < len(labels) for labels in labelled):
        return None
    summed = [c for c in dict.fromkeys("".join(labelled)) if c not in out]
    shared = [
        c
        for c, n in zip(labelled[masked], kept.shape, strict=True)
        if n > 1 and c in summed and all(c in labels for labels in labelled)
    ]
    if not shared:
        return None
    mixed = shared[-1]
    others = [c for c in summed if c != mixed]
    order = "".join([*out, *others, mixed])
    last = len(order) - 1
    mask = kept.transpose(_places(labelled[masked], order))
    mask = mask.reshape(_wide(labelled[masked], kept.shape, order))
    relations = []
    for labels, shape in zip(labelled, shapes, strict=True):
        wide = _wide(labels, shape, order)
        turned = transpose(_places(labels, order))
        step = MaskedMix(wide, last, mask)
        rest = tuple(range(len(out), last + 1))
        one = (*step.after[: len(out)], *(1,) * len(rest))
        relations.append(
            turned
            + reshape(tuple(shape[i] for i in _places(labels, order)), wide)
            + (step,)
            + reduce(step.after, rest[:-1], True)
            + reshape(one, one[: len(out)])
            + broadcast(one[: len(out)], after)
        )
    return tuple(relations)


def _places(labels: str, order: str) -> tuple[int, ...]:
    """The axes of these labels in another order of labels."""
    return tuple(sorted(range(len(labels)), key=lambda i: order.index(labels[i])))


def _wide(labels: str, shape: Shape, order: str) -> Shape:
    """The shape of these labels in another order of labels, of length 1 where they have none."""
    return tuple(shape[labels.index(c)] if c in labels else 1 for c in order)


def _parsed(equation: str, shapes: tuple[Shape, ...]) -> tuple[list[str], str, Shape]:
    """The labels of an Einstein summation's terms and of its output, and the output's shape."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"the equation {equation!r} is not for {len(shapes)} tensors")
    labelled = [_labels(t, len(s)) for t, s in zip(terms, shapes, strict=True)]
    extents: dict[str, int] = {}
    for labels, shape in zip(labelled, shapes, strict=True):
        for label, n in zip(labels, shape, strict=True):
            if n != 1 and extents.get(label, 1) not in (1, n):
                raise ValueError(f"{label!r} of {equation!r} is both {extents[label]} and {n}")
            extents[label] = max(n, extents.get(label, 1))
    dots = max((sum(c.isdigit() for c in labels) for labels in labelled), default=0)
    ellipsis = "".join(str(i) for i in reversed(range(dots)))
    if arrow:
        out = right.replace("...", ellipsis)
    else:
        letters = sorted({c for t in labelled for c in t if c.isalpha()})
        out = ellipsis + "".join(c for c in letters if left.count(c) == 1)
    if len(set(out)) < len(out) or not set(out) <= extents.keys():
        raise ValueError(f"the equation {equation!r} has no output")
    return labelled, out, tuple(extents[c] for c in out)


def _labels(term: str, rank: int) -> str:
    """One character for each axis; those of an ellipsis are digits, counted from the right."""
    dots = rank - len(term.replace("...", ""))
    if dots < 0 or (dots and "..." not in term) or dots > 10:
        raise ValueError(f"{term!r} is not for a tensor of {rank} axes")
    return term.replace("...", "".join(str(i) for i in reversed(range(dots))))


def _term(labels: str, shape: Shape, out: str, after: Shape) -> Relation:
    relation: Relation = ()
    if len(set(labels)) < len(labels):  # a diagonal
        order = [labels.index(c) for c in labels]
        numbers = np.arange(prod(shape)).reshape(shape)
        kept = sorted(set(order))
        numbers = np.einsum(numbers, order, kept)
        relation = (Elements(shape, numbers),)
        labels, shape = "".join(labels[i] for i in kept), numbers.shape
    summed = tuple(i for i, c in enumerate(labels) if c not in out)
    relation += reduce(shape, summed, False)
    left = [(c, n) for c, n in zip(labels, shape, strict=True) if c in out]
    order = sorted(range(len(left)), key=lambda i: out.index(left[i][0]))
    relation += transpose(tuple(order))
    kept_shape = tuple(left[i][1] for i in order)
    extents = dict(left)
    wide = tuple(extents.get(c, 1) for c in out)
    return relation + reshape(kept_shape, wide) + broadcast(wide, after)


@lru_cache(maxsize=1024)
def split_heads(shape: Shape, heads: int) -> Relation:
    """Split heads: (batch, positions, heads * size) to (batch, heads, positions, size)."""
    batch, length, width = shape
    return reshape(shape, (batch, length, heads, width // heads)) + transpose((0, 2, 1, 3))


@lru_cache(maxsize=1024)
def join_heads(shape: Shape) -> Relation:
    """Join heads: (batch, heads, positions, size) to (batch, positions, heads * size)."""
    batch, heads, length, size = shape
    split = (batch, length, heads, size)
    return transpose((0, 2, 1, 3)) + reshape(split, (batch, length, heads * size))


@lru_cache(maxsize=1024)
def share_heads(shape: Shape, heads: int) -> Relation:
    """Repeat each of a few heads for a run of ``heads``, as grouped-query attention does."""
    batch, few, length, size = shape
    if few == heads:
        return ()
    if not few or heads % few:
        raise ValueError(f"{heads} heads cannot share {few}")
    single, shared = (batch, few, 1, length, size), (batch, few, heads // few, length, size)
    return (
        reshape(shape, single)
        + broadcast(single, shared)
        + reshape(shared, (batch, heads, length, size))
    )


@lru_cache(maxsize=1024)
def visible_keys(
    queries: int, keys: int, offset: int, left: int | None, right: int | None
) -> Step | None:
    """The step from keys, along axis 2, to the queries that see them; None where all see all.

    Query ``i`` sees keys ``i + offset - left`` to ``i + offset + right``, both included; None for
    ``left`` or ``right`` means as far as there are any.
    """
    if left is None and right is None:
        return None
    before = offset + queries - 1 if left is None else left
    after = keys - 1 - offset if right is None else right
    slide = Slide(2, keys, queries, kernel=max(before + after + 1, 1), pad=before - offset)
    return Scan((slide,)) if left is None or right is None else Window((slide,))


def visible_table(
    queries: int, keys: int, offset: int, left: int | None, right: int | None
) -> np.ndarray:
    """The keys that each query sees, as ``visible_keys``, but as a table of bools."""
    distance = np.arange(keys) - (np.arange(queries)[:, None] + offset)
    seen = np.ones(distance.shape, bool)
    if left is not None:
        seen &= distance >= -left
    if right is not None:
        seen &= distance <= right
    return seen


class Heads(NamedTuple):
    """The shapes of an attention, each (batch, heads, positions, size).

    ``visible`` is the step from keys to queries along axis 2, None if all see all. Where a mask
    says more than that, ``mask`` marks the keys that each query sees; it broadcasts to the scores.
    """

    query: Shape
    key: Shape
    value: Shape
    visible: Step | None = None
    mask: np.ndarray | None = None

    @property
    def after(self) -> Shape:
        """The output's shape."""
        return (*self.query[:3], self.value[3])

    @property
    def scores(self) -> Shape:
        """The shape of the attention weights."""
        return (*self.query[:3], self.key[2])

    def from_query(self) -> Relation:
        """The relation from queries to the output: local in the position, mixed within a head."""
        one = (*self.query[:3], 1)
        return reduce(self.query, (3,), True) + broadcast(one, self.after)

    def from_key(self) -> Relation:
        """The relation from keys: mixed within a head, and over all keys that a query sees."""
        shared = share_heads(self.key, self.query[1])
        shape = (self.key[0], self.query[1], *self.key[2:])
        weighed = reduce(shape, (3,), True)
        return shared + weighed + self._over_keys((*shape[:3], 1))

    def from_value(self) -> Relation:
        """The relation from values: each element reaches the same element of the output."""
        shape = (self.value[0], self.query[1], *self.value[2:])
        return share_heads(self.value, self.query[1]) + self._over_keys(shape)

    def from_bias(self, shape: Shape) -> Relation:
        """The relation from a mask or bias, which broadcasts to the scores."""
        wide = (1,) * (4 - len(shape)) + shape
        one = (*wide[:3], 1)
        return reshape(shape, wide) + reduce(wide, (3,), True) + broadcast(one, self.after)

    def _over_keys(self, shape: Shape) -> Relation:
        if self.mask is not None:
            wide = (*shape[:2], 1, *shape[2:])
            mixed = MaskedMix(wide, 3, self.mask[..., None])
            seen = (*mixed.after[:3], shape[3])
            behind = reshape(mixed.after, seen) + broadcast(seen, self.after)
            return (*reshape(shape, wide), mixed, *behind)
        if self.visible is not None:
            return (self.visible, *broadcast((*self.query[:3], shape[3]), self.after))
        one = (*shape[:2], 1, shape[3])
        return reduce(shape, (2,), True) + broadcast(one, self.after)

    def scores_from_query(self) -> Relation:
        """The relation from queries to the scores: local in the position, mixed within a head."""
        one = (*self.query[:3], 1)
        return reduce(self.query, (3,), True) + broadcast(one, self.scores)

    def scores_from_key(self) -> Relation:
        """The relation from keys to the scores: their position becomes the last axis.

        A head's elements are mixed.
        """
        shape = (self.key[0], self.query[1], *self.key[2:])
        turned = (*shape[:2], 1, shape[2])
        return (
            share_heads(self.key, self.query[1])
            + reduce(shape, (3,), True)
            + transpose((0, 1, 3, 2))
            + broadcast(turned, self.scores)
        )


@lru_cache(maxsize=1024)
def frames(shape: Shape, length: int, step: int, bins: int) -> Relation:
    """A short-time Fourier transform: (batch, signal, parts) to (batch, frames, bins, 2)."""
    batch, size, parts = shape
    count = (size - length) // step + 1
    return (
        Window((Slide(1, size, count, kernel=length, stride=step),)),
        Mix((2,), (parts,), (2,)),
        *reshape((batch, count, 2), (batch, count, 1, 2)),
        *broadcast((batch, count, 1, 2), (batch, count, bins, 2)),
    )


def concatenated(shapes: Sequence[Shape], axis: int) -> list[Relation]:
    """The relations of tensors concatenated along an axis, in order."""
    total = sum(s[axis] for s in shapes)
    start = 0
    relations: list[Relation] = []
    for shape in shapes:
        relations.append((Part(axis, start, shape[axis], total),))
        start += shape[axis]
    return relations
