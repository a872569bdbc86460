"""From the tensors a reader describes to the graph of strands that the walks pass over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..relation import (
    OR,
    Array,
    Factor,
    Labels,
    Only,
    Relation,
    Shape,
    Step,
    push,
    slim,
)
from .closed_form import Form, Forms, NoForm, advance, meet
from .tensors import Tensor


@dataclass(slots=True)
class Dependence:
    """A node of the graph that is walked.

    ``edges`` lead back to earlier strands (by number). ``labels`` say where the axes come from,
    ``context`` which spatial input axes it knows only by a mix over their whole extent (a bit
    set), ``forms`` the closed form along each spatial axis of the input.
    """

    shape: Shape
    edges: list[tuple[int, Relation]]
    labels: Labels
    context: int
    forms: Forms


class Dependences(NamedTuple):
    """The strands, which of them make up each tensor, and what mixes globally on its way."""

    all: list[Dependence]
    of: list[tuple[int, ...]]
    mixers: list[tuple[str, ...]]


def input_labels(shape: Shape, axes: Sequence[int]) -> Labels:
    """The labels of the input itself: each of ``axes`` is its own origin."""
    return tuple((Factor(1 << i if i in axes else 0, n),) for i, n in enumerate(shape))


def origins(labels: Labels) -> tuple[int, ...]:
    """For each tensor axis the bit set of input axes it runs along."""
    sets = []
    for factors in labels:
        bits = 0
        for f in factors:
            bits |= f[0]
        sets.append(bits)
    return tuple(sets)


def sliding_axes(tensors: Sequence[Tensor]) -> tuple[int, ...]:
    """The input axes that some window slides over: the spatial ones."""
    shape = tensors[0].shape
    found = 0
    labels: list[Labels | None] = [
        input_labels(shape, [i for i, n in enumerate(shape) if n > 1]),
        *[None] * (len(tensors) - 1),
    ]
    for number, tensor in enumerate(tensors[1:], 1):
        mine: Labels | None = None
        for source in tensor.sources:
            theirs = labels[source.tensor]
            if theirs is None:
                continue
            for step in source.relation:
                for axis in step.slides:
                    for f in theirs[axis]:
                        found |= f.origins
                theirs = step.label(theirs)
            mine = theirs if mine is None else _either(mine, theirs)
        if mine is not None and any(f.origins & ~found for factors in mine for f in factors):
            labels[number] = mine
    return tuple(i for i in range(len(shape)) if found >> i & 1)


def _either(one: Labels, two: Labels) -> Labels:
    """Axes that may come from either."""
    if one == two:
        return one
    merged = []
    for a, b in zip(one, two, strict=True):
        if [f.extent for f in a] == [f.extent for f in b]:
            merged.append(
                tuple(Factor(f.origins | g.origins, f.extent) for f, g in zip(a, b, strict=True))
            )
        else:
            bits = origins((a, b))
            extent = max(_extent(a), _extent(b))
            merged.append((Factor(bits[0] | bits[1], extent),))
    return tuple(merged)


def _extent(factors: Sequence[Factor]) -> int:
    extent = 1
    for f in factors:
        extent *= f.extent
    return extent


def split_dependences(
    tensors: Sequence[Tensor],
    spatial: Sequence[int],
    *,
    cut_global: bool = False,
    any_size: bool = False,
) -> Dependences:
    """Split every tensor's dependence into strands.

    Paths that run along the same tensor axes, and are global over the same input axes, share a
    strand. With ``cut_global`` the elements of a tensor that see something more locally lose what
    is more global.
    With ``any_size`` closed forms hold for every input size.
    """
    first = tensors[0]
    forms: Forms = tuple(Form(axis, 1, 1, 0) for axis in spatial)
    strands = [Dependence(first.shape, [], input_labels(first.shape, spatial), 0, forms)]
    of: list[tuple[int, ...]] = [(0,)]
    mixers: list[tuple[str, ...]] = [()]
    sight = _Sight(strands)
    for tensor in tensors[1:]:
        sources = tensor.sources
        if len(sources) == 1 and not sources[0].relation:
            of.append(of[sources[0].tensor])
            mixers.append(mixers[sources[0].tensor])
            continue
        names: dict[str, None] = {}
        for source in sources:
            names.update(dict.fromkeys(mixers[source.tensor]))
        paths, mixing = _paths(tensor, strands, of, spatial, any_size)
        if mixing:
            names[tensor.node] = None
        if cut_global and len(paths) > 1:
            paths = _cut(paths, sight)
        of.append(_gather(paths, tensor, strands))
        mixers.append(tuple(names))
    return Dependences(strands, of, mixers)


def per_tensor(tensors: Sequence[Tensor], woven: Dependences) -> Dependences:
    """The same, but no strand is part of two tensors: so what comes to each is told apart.

    ``tensors`` are those after the input.
    """
    strands = woven.all[:1]
    of: list[tuple[int, ...]] = [(0,)]
    made = {0}
    for tensor, numbers in zip(tensors, woven.of[1:], strict=True):
        behind: dict[tuple[int, Relation], dict[int, None]] = {}
        for source in tensor.sources:
            for shared, own in zip(woven.of[source.tensor], of[source.tensor], strict=True):
                behind.setdefault((shared, source.relation), {})[own] = None
        first = len(strands)
        for number in numbers:
            strand = woven.all[number]
            edges: list[tuple[int, Relation]]
            if number in made:
                edges = [(own, ()) for own in behind.get((number, ()), ())]
            else:
                ways = {
                    (shared, tuple(s for s in relation if type(s) is not Only)): relation
                    for shared, relation in strand.edges
                }
                edges = [
                    (own, relation) for way, relation in ways.items() for own in behind.get(way, ())
                ]
            strands.append(replace(strand, edges=edges))
        made.update(numbers)
        of.append(tuple(range(first, len(strands))))
    return Dependences(strands, of, woven.mixers)


class _Path(NamedTuple):
    strand: int
    relation: Relation
    labels: Labels
    context: int
    forms: Forms


def _paths(
    tensor: Tensor,
    strands: list[Dependence],
    of: list[tuple[int, ...]],
    spatial: Sequence[int],
    any_size: bool,
) -> tuple[list[_Path], bool]:
    """One path for each edge of the tensor and each strand behind it, and whether any of them
    mixes over the whole image."""
    paths: list[_Path] = []
    mixing = False
    for source in tensor.sources:
        for number in of[source.tensor]:
            strand = strands[number]
            if not source.relation:
                path = _Path(number, (), strand.labels, strand.context, strand.forms)
            else:
                path = _follow(number, strand, source.relation, tensor.node, spatial, any_size)
                mixing = mixing or path.context != strand.context
            if source.local_beside_mix and any(
                p.strand == number and p.context == path.context for p in paths
            ):
                continue
            paths.append(path)
    return paths, mixing


def _follow(
    number: int,
    strand: Dependence,
    relation: Relation,
    node: str,
    spatial: Sequence[int],
    any_size: bool,
) -> _Path:
    labels, context = strand.labels, strand.context
    for step in relation:
        if step.mixes:
            context |= _mixed_whole(step, labels)
        labels = step.label(labels)
    forms = []
    for axis, before in zip(spatial, strand.forms, strict=True):
        form = before
        if isinstance(form, Form):
            form = advance(form, relation, node, any_size)
        if isinstance(form, NoForm) and (context & ~strand.context) >> axis & 1:
            form = NoForm(f"global: mixed over the whole image by {node}")
        elif isinstance(form, NoForm) and context >> axis & 1 and isinstance(before, Form):
            form = NoForm(f"global: one value for the whole image, repeated by {node}")
        forms.append(form)
    return _Path(number, relation, labels, context, tuple(forms))


def _mixed_whole(step: Step, labels: Labels) -> int:
    """The input axes along which nothing local is left once this step has mixed."""
    mixed = left = 0
    for axis, factors in enumerate(labels):
        for f in factors:
            if f[0] and f[1] > 1:
                if axis in step.mixes:
                    mixed |= f[0]
                else:
                    left |= f[0]
    return mixed & ~left


class _Sight:
    """Which elements of the strands see any of the input, found out as far as somebody asks."""

    def __init__(self, strands: Sequence[Dependence]) -> None:
        self._strands = strands
        self._known: list[Array] = [np.ones((1,) * len(strands[0].shape), bool)]

    def of(self, edges: Iterable[tuple[int, Relation]]) -> Array:
        """A bool array that broadcasts to the tensor that these edges lead to."""
        seen: Array = np.zeros((), bool)
        for source, relation in edges:
            for strand in self._strands[len(self._known) : source + 1]:
                self._known.append(slim(self.of(strand.edges)))
            seen = seen | push(relation, self._known[source], OR)
        return seen


def _cut(paths: list[_Path], sight: _Sight) -> list[_Path]:
    """The most local paths; of the others what reaches elements that those leave without any.

    A class token sees nothing but the whole image, beside tokens that see their own patch.
    """
    contexts = {p.context for p in paths}
    kept: list[_Path] = []
    others: list[_Path] = []
    for path in paths:
        beyond = any(c != path.context and c & ~path.context == 0 for c in contexts)
        (others if beyond else kept).append(path)
    if not others:
        return kept
    seen = slim(sight.of((p.strand, p.relation) for p in kept))
    if seen.all():
        return kept
    others = _cut(others, sight)
    if not seen.any():
        return others
    left = Only(~seen)
    return kept + [p._replace(relation=(*p.relation, left)) for p in others]


def _gather(paths: list[_Path], tensor: Tensor, strands: list[Dependence]) -> tuple[int, ...]:
    """Make strands of the paths: one for those that run along the same axes."""
    if len(paths) == 1 and not paths[0].relation:
        return (paths[0].strand,)
    groups: dict[tuple[tuple[int, ...], int], list[_Path]] = {}
    if len(paths) == 1:
        groups[(), 0] = paths
    else:
        for path in paths:
            groups.setdefault((origins(path.labels), path.context), []).append(path)
    numbers = []
    for members in groups.values():
        lead = members[0]
        if len(members) == 1 and not lead.relation:
            numbers.append(lead.strand)
            continue
        forms = lead.forms
        if len(members) > 1:
            forms = tuple(
                meet(along, tensor.node) for along in zip(*(p.forms for p in members), strict=True)
            )
        numbers.append(len(strands))
        strands.append(
            Dependence(
                tensor.shape,
                [(p.strand, p.relation) for p in members],
                lead.labels,
                lead.context,
                forms,
            )
        )
    return tuple(numbers)
