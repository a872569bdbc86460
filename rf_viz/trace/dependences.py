"""Dependences: the graph that the walks pass over, made of the tensors that a reader describes.

A *dependence* is the part of a tensor's dependence on the input that runs along the same tensor
axes; most tensors have one. Operations that change nothing (activations, normalisation by
constants) share the dependence of their input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import NamedTuple

import numpy as np

from ..relation import (
    OR,
    Array,
    AxisMap,
    Factor,
    Labels,
    Only,
    Relation,
    Shape,
    Step,
    push,
    slim,
)
from ..relation.base import origins_of
from .closed_form import WHOLE, Form, Forms, NoForm, advance, meet
from .tensors import Tensor


@dataclass(slots=True)
class Dependence:
    """A node of the graph that is walked.

    ``edges`` lead back to earlier dependences (by number). ``labels`` say which input axes each
    tensor axis comes from. ``context`` is the bit set of spatial input axes that it sees only
    through a mix over their whole extent; ``forms`` are the closed forms along each spatial axis of
    the input.
    """

    shape: Shape
    edges: list[tuple[int, Relation]]
    labels: Labels
    context: int
    forms: Forms


class Dependences(NamedTuple):
    """All dependences of a network in execution order; number 0 is the input itself.

    Attributes:
        all: the dependences.
        of: for each tensor the numbers of those that make it up.
        mixers: for each tensor the names of the operations that mix globally on its way.
    """

    all: list[Dependence]
    of: list[tuple[int, ...]]
    mixers: list[tuple[str, ...]]


class Combined(NamedTuple):
    """Whether an operation combines several ``positions`` of the image, and several ``channels``.

    All tensor axes that carry no positions count as channels, the batch included.
    """

    positions: bool
    channels: bool


def input_labels(shape: Shape, axes: Sequence[int]) -> Labels:
    """The labels of the input itself: each of ``axes`` is its own origin."""
    return tuple((Factor(1 << i if i in axes else 0, n),) for i, n in enumerate(shape))


def origins(labels: Labels) -> tuple[int, ...]:
    """The bit set of input axes that each tensor axis runs along."""
    return tuple(map(origins_of, labels))


_IN_FRONT = 0b10
"""The axis after the batch, as a bit set."""


class _Slid:
    """The input axes that windows slide over, and those that they take as channels.

    All are bit sets. An axis that lies ``within`` another one, as blocks of pixels do after a pixel
    shuffle and the rows of an image after a reshape, is slid over with it.
    """

    def __init__(self) -> None:
        self.alone = self.within = self.channels = 0

    def add(self, step: Step, labels: Labels) -> None:
        """Take note of a step whose windows slide over a tensor with these labels."""
        within = 0
        for axis in step.slides:
            if len(labels[axis]) == 1 and labels[axis][0][0].bit_count() < 2:
                self.alone |= labels[axis][0][0]
                continue
            inner = [f.origins for f in labels[axis] if f.origins]
            if inner and inner[0].bit_count() == 1:
                outer = inner.pop(0)
                self.alone |= outer
                if outer > _IN_FRONT:  # where channels stand, and pixels of a shuffle come from
                    self.channels |= _IN_FRONT & reduce(or_, inner, 0)
            for origins in inner:
                self.channels |= within & origins  # dealt out to several axes, as in a shuffle
                within |= origins
        self.within |= within

    @property
    def spatial(self) -> int:
        """The spatial axes: those slid over, but for channels that merely lie within another."""
        return self.alone | self.within & ~self.channels


def sliding_axes(tensors: Sequence[Tensor]) -> tuple[int, ...]:
    """The input axes that some window slides over, or along which frames lie: the spatial ones.

    An axis that a convolution takes as channels is none, though a pixel shuffle may move it under
    another one's window.
    """
    shape = tensors[0].shape
    slid, shifted = _Slid(), 0
    frames = len(shape) > 4 or (len(shape) > 0 and shape[0] > 2)
    labels: list[Labels | None] = [
        input_labels(shape, [i for i, n in enumerate(shape) if n > 1]),
        *[None] * (len(tensors) - 1),
    ]
    for number, tensor in enumerate(tensors[1:], 1):
        own: Labels | None = None
        for source in tensor.sources:
            carried = labels[source.tensor]
            if carried is None:
                continue
            mixed, convolves = 0, False
            for step in source.relation:
                if step.slides:
                    slid.add(step, carried)
                    convolves = True
                else:
                    for axis in step.mixes:
                        mixed |= origins_of(carried[axis])
                after = step.label(carried)
                if frames:
                    shifted |= _shifted(step, carried, after)
                carried = after
            if convolves:
                slid.channels |= mixed
            own = carried if own is None else _either(own, carried)
        # Labels that name no axis still in question need not be carried on.
        if own is not None and any(f.origins & ~slid.alone for factors in own for f in factors):
            labels[number] = own
    spatial = slid.spatial
    if spatial:
        spatial |= shifted & ~slid.channels
        rest = [
            i for i in range(1, len(shape)) if shape[i] > 1 and not _has(spatial | slid.channels, i)
        ]
        if len(shape) > 4 and len(rest) == 1:
            spatial |= 1 << rest[0]  # frames that are taken one by one: a clip's time
    return tuple(i for i in range(len(shape)) if _has(spatial, i))


def _has(bits: int, axis: int) -> bool:
    """Whether a bit set of axes has this one."""
    return bool(bits >> axis & 1)


def _shifted(step: Step, before: Labels, after: Labels) -> int:
    """The input axes that a step shifts by one position, as temporal shift modules do with frames.

    J. Lin, C. Gan and S. Han, "TSM: Temporal Shift Module", ICCV 2019.
    """
    shifted = 0
    for axis, factors in enumerate(before):
        if len(factors) == 1 and factors[0].origins and factors[0].extent > 2:
            step_map = step.affine(axis)
            if isinstance(step_map, AxisMap) and step_map[1:4] == (1, 1, 1):
                (moved, *_) = after[step_map.axis]
                shifted |= factors[0].origins if moved.extent == factors[0].extent - 1 else 0
    return shifted


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
            extent = max(_extent(a), _extent(b))
            merged.append((Factor(origins_of(a) | origins_of(b), extent),))
    return tuple(merged)


def _extent(factors: Sequence[Factor]) -> int:
    extent = 1
    for f in factors:
        extent *= f.extent
    return extent


def combined(tensor: Tensor, dependences: Dependences) -> Combined:
    """Tell by its relation whether the operation that makes a tensor combines its inputs."""
    positions = channels = False
    for source in tensor.sources:
        for number in dependences.of[source.tensor]:
            labels = dependences.all[number].labels
            for step in source.relation:
                for axis, factors in enumerate(labels):
                    if _combines(step, axis):
                        positions |= any(f.origins and f.extent > 1 for f in factors)
                        channels |= any(not f.origins and f.extent > 1 for f in factors)
                labels = step.label(labels)
    return Combined(positions, channels)


def _combines(step: Step, axis: int) -> bool:
    """Whether outputs are made of several positions along the input's ``axis``."""
    pairs = step.pairs()
    if pairs is not None and not pairs.combines:
        return False
    step_map = step.affine(axis)
    return axis in step.mixes or (isinstance(step_map, AxisMap) and step_map.reach > 1)


def split_dependences(
    tensors: Sequence[Tensor],
    spatial: Sequence[int],
    *,
    cut_global: bool = False,
    any_size: bool = False,
) -> Dependences:
    """Split every tensor's dependence on the input into parts along the same tensor axes.

    Paths that run along the same tensor axes, and are global over the same input axes, share one.
    ``spatial`` are the input's spatial axes. With ``cut_global`` the elements of a tensor that
    depend on something local lose their global context. With ``any_size`` closed forms hold for
    every input size.
    """
    first = tensors[0]
    forms: Forms = tuple(Form.of_input(axis, any_size) for axis in spatial)
    dependences = Dependences(
        [Dependence(first.shape, [], input_labels(first.shape, spatial), 0, forms)], [(0,)], [()]
    )
    sight = _Sight(dependences.all)
    for tensor in tensors[1:]:
        sources = tensor.sources
        if len(sources) == 1 and not sources[0].relation:
            dependences.of.append(dependences.of[sources[0].tensor])
            dependences.mixers.append(dependences.mixers[sources[0].tensor])
            continue
        names: dict[str, None] = {}
        for source in sources:
            names.update(dict.fromkeys(dependences.mixers[source.tensor]))
        paths, mixing = _paths(tensor, dependences, spatial)
        if mixing:
            names[tensor.node] = None
        if cut_global and len(paths) > 1:
            paths = _cut(paths, sight)
        dependences.of.append(_gather(paths, tensor, dependences.all))
        dependences.mixers.append(tuple(names))
    return dependences


def per_tensor(tensors: Sequence[Tensor], shared: Dependences) -> Dependences:
    """Copy the dependences so that no two tensors share one, and a walk tells all tensors apart.

    ``tensors`` are those after the input.
    """
    dependences = shared.all[:1]
    of: list[tuple[int, ...]] = [(0,)]
    done = {0}
    for tensor, numbers in zip(tensors, shared.of[1:], strict=True):
        behind: dict[tuple[int, Relation], dict[int, None]] = {}
        for source in tensor.sources:
            for number, own in zip(shared.of[source.tensor], of[source.tensor], strict=True):
                behind.setdefault((number, source.relation), {})[own] = None
        first = len(dependences)
        for number in numbers:
            dependence = shared.all[number]
            edges: list[tuple[int, Relation]]
            if number in done:  # an earlier tensor's, which this operation hands on as it is
                edges = [(own, ()) for own in behind.get((number, ()), ())]
            else:
                ways = {_uncut(edge, behind): edge[1] for edge in dependence.edges}
                edges = [
                    (own, relation) for way, relation in ways.items() for own in behind.get(way, ())
                ]
            dependences.append(replace(dependence, edges=edges))
        done.update(numbers)
        of.append(tuple(range(first, len(dependences))))
    return Dependences(dependences, of, shared.mixers)


def _uncut(
    edge: tuple[int, Relation], behind: Mapping[tuple[int, Relation], object]
) -> tuple[int, Relation]:
    """An edge as the tensor's source describes it, without the masks that ``_cut`` may add."""
    number, relation = edge
    while relation and (number, relation) not in behind:
        relation = relation[:-1]
    return number, relation


class _Path(NamedTuple):
    source: int
    relation: Relation
    labels: Labels
    context: int
    forms: Forms


def _paths(
    tensor: Tensor, dependences: Dependences, spatial: Sequence[int]
) -> tuple[list[_Path], bool]:
    """The paths to a tensor, and whether any of them mixes over the whole image.

    There is one for each of the tensor's edges and each dependence behind that edge.
    """
    paths: list[_Path] = []
    mixing = False
    for source in tensor.sources:
        for number in dependences.of[source.tensor]:
            behind = dependences.all[number]
            if not source.relation:
                path = _Path(number, (), behind.labels, behind.context, behind.forms)
            else:
                path = _follow(number, behind, source.relation, tensor.node, spatial)
                mixing = mixing or path.context != behind.context
            if source.local_beside_mix and any(
                p.source == number and p.context == path.context for p in paths
            ):
                continue
            paths.append(path)
    return paths, mixing


def _follow(
    number: int,
    behind: Dependence,
    relation: Relation,
    node: str,
    spatial: Sequence[int],
) -> _Path:
    labels, context = behind.labels, behind.context
    for step in relation:
        if step.mixes:
            context |= _mixed_whole(step, labels)
        labels = step.label(labels)
    forms = []
    for axis, before in zip(spatial, behind.forms, strict=True):
        form = before
        if isinstance(form, Form):
            form = advance(form, relation, node)
        if isinstance(form, NoForm) and (context & ~behind.context) >> axis & 1:
            form = NoForm(f"global: mixed over {WHOLE} by {node}")
        elif isinstance(form, NoForm) and context >> axis & 1 and isinstance(before, Form):
            form = NoForm(f"global: one value for {WHOLE}, repeated by {node}")
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
    """The elements of each dependence that see any of the input, worked out when needed."""

    def __init__(self, dependences: Sequence[Dependence]) -> None:
        self._dependences = dependences
        self._seeing: list[Array] = [np.ones((1,) * len(dependences[0].shape), bool)]

    def of(self, edges: Iterable[tuple[int, Relation]]) -> Array:
        """A bool array that broadcasts to the tensor that these edges lead to."""
        seen: Array = np.zeros((), bool)
        for source, relation in edges:
            for dependence in self._dependences[len(self._seeing) : source + 1]:
                self._seeing.append(slim(self.of(dependence.edges)))
            seen = seen | push(relation, self._seeing[source], OR)
        return seen


def _cut(paths: list[_Path], sight: _Sight) -> list[_Path]:
    """Keep the most local paths, and the others only for elements that would be left without any.

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
    seen = slim(sight.of((p.source, p.relation) for p in kept))
    if seen.all():
        return kept
    others = _cut(others, sight)
    if not seen.any():
        return others
    left = Only(~seen)
    return kept + [p._replace(relation=(*p.relation, left)) for p in others]


def _gather(paths: list[_Path], tensor: Tensor, dependences: list[Dependence]) -> tuple[int, ...]:
    """Make one dependence of all paths that run along the same axes."""
    if len(paths) == 1 and not paths[0].relation:
        return (paths[0].source,)
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
            numbers.append(lead.source)
            continue
        forms = lead.forms
        if len(members) > 1:
            forms = tuple(
                meet(along, tensor.node) for along in zip(*(p.forms for p in members), strict=True)
            )
        numbers.append(len(dependences))
        dependences.append(
            Dependence(
                tensor.shape,
                [(p.source, p.relation) for p in members],
                lead.labels,
                lead.context,
                forms,
            )
        )
    return tuple(numbers)
