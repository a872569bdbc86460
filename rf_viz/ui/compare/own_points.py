"""The networks that a person adds to the accuracies, as an address spells them."""

from __future__ import annotations

from urllib.parse import quote, unquote

from ...figures.accuracy import Point
from ..address_choice import BETWEEN, Form

_WITHIN = "*"
"""Stands between the parts of a network."""

_MOST_GFLOPS = 1e9
"""More than any network has."""


def own_points() -> Form:
    """The form of a list of networks, at first an empty one."""
    return Form([], _read, lambda points: BETWEEN.join(map(_written, points)))


def _written(point: Point) -> str:
    name = quote(point.name, safe=" ").replace(BETWEEN, "%7E")
    gflops = "" if point.gflops is None else f"{point.gflops:.6g}"
    numbers = (str(point.size), f"{point.top1:.6g}", gflops, str(point.input), str(point.depth))
    key = quote(point.key, safe=":").replace(BETWEEN, "%7E")
    return _WITHIN.join((name, *numbers, key))


def _read(text: str) -> list[Point]:
    """Reads the networks. Raises ValueError if one is spelled otherwise."""
    points = []
    for entry in text.split(BETWEEN):
        name, size, top1, gflops, side, depth, *key = entry.split(_WITHIN)
        whole, share, cost = (int(size), int(side), int(depth)), float(top1), float(gflops or 0)
        if "<" in unquote(name):  # charts take it for HTML, and anybody can write a link
            raise ValueError(text)
        if min(whole) < 1 or not (0 <= share <= 1 and 0 <= cost < _MOST_GFLOPS):
            raise ValueError(text)
        points.append(
            Point(
                unquote(name),
                whole[0],
                share,
                cost or None,
                input=whole[1],
                depth=whole[2],
                key=unquote("".join(key)),
            )
        )
    return points
