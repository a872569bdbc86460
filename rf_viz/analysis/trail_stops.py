"""The stops of a trail: the layers on the way to a cell, grouped where they would look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..trace.network import Layer, Network

Marks = Mapping[str, NDArray[np.bool_]]
"""Which cells feed the pinned one, by layer name, as ``Layer.trail`` tells."""

_OWN_STOP = {"convolution", "pooling"}
"""Kinds of operators that are a stop, even where as many cells feed the pinned one as before."""


@dataclass(frozen=True)
class Stop:
    """A run of layers that look alike; the last stands for them.

    Attributes:
        layers: the layers in execution order; none for the input itself, which is number 0.
        sources: the numbers of the stops that it takes from.
        left_out: how many stops this one stands in for without showing them.
    """

    layers: tuple[Layer, ...]
    sources: tuple[int, ...] = ()
    left_out: int = 0

    @property
    def layer(self) -> Layer:
        """The layer that stands for the stop."""
        return self.layers[-1]

    @property
    def kinds(self) -> list[str]:
        """The names of the layers' kinds, as the framework's users know them."""
        return list(dict.fromkeys(map(_called, self.layers)))


def trail_stops(net: Network, marks: Marks) -> list[Stop]:
    """Groups the layers on the way to a cell into stops: the input first, sources before targets.

    What takes from one stop only is part of it where its grid and its fed cells are the same, or
    where both belong to one layer of the framework.
    """
    whole = _undivided(net)
    members: list[list[Layer]] = [[]]
    sources: list[tuple[int, ...]] = [()]
    place: dict[str, int] = {}
    for layer in net.layers:
        if layer.name not in marks:
            continue
        numbers = [place[i.name] if i else 0 for i in layer.inputs if not i or i.name in place]
        before = tuple(dict.fromkeys(numbers))
        number = before[0] if len(before) == 1 else 0
        if number and _alike(members[number][-1], layer, marks, whole):
            members[number].append(layer)
        else:
            number = len(members)
            members.append([layer])
            sources.append(before)
        place[layer.name] = number
    return [Stop(tuple(m), s) for m, s in zip(members, sources, strict=True)]


def latest(all_stops: Sequence[Stop], most: int) -> list[Stop]:
    """Selects the input and the last so many stops; one stands in for those that are left out."""
    left_out = len(all_stops) - 1 - most
    if left_out < 2:
        return list(all_stops)

    def moved(number: int) -> int:
        return 0 if number == 0 else max(1, number - left_out + 1)

    hidden = tuple(layer for stop in all_stops[1 : left_out + 1] for layer in stop.layers)
    shown = [
        Stop(stop.layers, tuple(dict.fromkeys(map(moved, stop.sources))))
        for stop in all_stops[left_out + 1 :]
    ]
    return [all_stops[0], Stop(hidden, (0,), left_out), *shown]


def _alike(before: Layer, layer: Layer, marks: Marks, whole: set[str]) -> bool:
    if layer.group and layer.group == before.group and layer.group.name in whole:
        return True
    return (
        _OWN_STOP.isdisjoint((layer.category, layer.group.category if layer.group else "other"))
        and layer.extents == before.extents
        and np.array_equal(marks[layer.name], marks[before.name])
    )


def _called(layer: Layer) -> str:
    return layer.group.kind if layer.group else layer.op


def _undivided(net: Network) -> set[str]:
    """The framework's layers that hold no other."""
    groups = [group for group, _ in net.groups]
    return {group.name for group in groups} - {g.parent.name for g in groups if g.parent}
