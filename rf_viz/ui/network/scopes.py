"""A network's layers as a tree of scopes, to fold and unfold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ...trace.network import Layer, Network
from ...trace.tensors import Category
from ..outline import Entry, outline

FEW = 60
"""At first so many boxes are shown at most, as far as scopes can be folded away."""

_WIDE = FEW
"""A scope with more parts than this has them put together in runs."""

_RUNS = 16


@dataclass(frozen=True)
class Scope:
    """A layer, or several that belong together.

    ``key`` tells it from all others, ``label`` is what to call it within what it is part of;
    ``layers`` are those in it, in execution order. Only a layer has no ``parts``. ``op`` is the
    operator or the class of a framework's layer, if it is one, ``category`` the category of that.
    """

    key: str
    label: str
    layers: tuple[Layer, ...]
    parts: tuple[Scope, ...] = ()
    op: str = ""
    category: Category = "other"


def scope_tree(net: Network) -> tuple[Scope, ...]:
    """The outermost scopes and layers: by framework's layers, by names, and else in runs."""
    entries = outline(net)
    names = [entry.name for entry in entries]
    separator = next((s for s in "/._" if any(s in name.strip(s) for name in names)), "/")
    paths = [[part for part in name.split(separator) if part] or [name] for name in names]
    pairs = [(path, _scope(entry)) for path, entry in zip(paths, entries, strict=True)]
    parts = _grouped(pairs, 0, separator)
    while len(parts) == 1 and parts[0].parts:
        parts = parts[0].parts
    return _in_runs(parts)


def first_unfolded(top: Sequence[Scope]) -> set[str]:
    """The keys of the scopes that are unfolded at first: level by level, while few boxes show."""
    unfolded: set[str] = set()
    shown = list(top)
    while True:
        deeper = [part for scope in shown for part in scope.parts or (scope,)]
        if len(deeper) == len(shown) or len(deeper) > FEW:
            return unfolded
        unfolded.update(scope.key for scope in shown if scope.parts)
        shown = deeper


def all_scopes(top: Sequence[Scope]) -> Iterator[Scope]:
    """The scopes that can be folded."""
    for scope in top:
        if scope.parts:
            yield scope
            yield from all_scopes(scope.parts)


def _scope(entry: Entry) -> Scope:
    parts = []
    for part in entry.parts:
        inner = _scope(part)
        label = part.name.removeprefix(f"{entry.name}/")
        parts.append(replace(inner, label=label))
    layers = tuple(layer for part in parts for layer in part.layers) or (entry.layer,)
    key = f"{entry.name} {entry.layer.name}"
    return Scope(key, entry.name, layers, tuple(parts), entry.kind, entry.category)


Pair = tuple[Sequence[str], Scope]


def _grouped(pairs: Sequence[Pair], depth: int, separator: str) -> tuple[Scope, ...]:
    """Neighbours whose names begin alike, put together."""
    found: list[Scope] = []
    for head, run in groupby(pairs, lambda pair: tuple(pair[0][: depth + 1])):
        members = list(run)
        # Names with underscores are often but the operator's, numbered.
        alike = separator == "_" and len({scope.op for _, scope in members}) == 1
        if len(members) == 1 or len(head) <= depth or alike:
            for path, scope in members:
                label = separator.join(path[depth:]) or path[-1]
                found.append(replace(scope, label=label) if depth else scope)
            continue
        parts = _grouped(members, depth + 1, separator)
        label = head[depth]
        while len(parts) == 1 and parts[0].parts:
            label, parts = f"{label}{separator}{parts[0].label}", parts[0].parts
        found.append(_together(label, parts))
    return tuple(found)


def _together(label: str, parts: Sequence[Scope]) -> Scope:
    layers = tuple(layer for part in parts for layer in part.layers)
    return Scope(f"{parts[0].key} to {parts[-1].key}", label, layers, tuple(parts))


def _in_runs(parts: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """The same, with runs put together wherever there are too many side by side."""
    parts = tuple(replace(part, parts=_in_runs(part.parts)) for part in parts)
    if len(parts) <= _WIDE:
        return parts
    least = -(-len(parts) // _RUNS)
    found: list[Scope] = []
    run: list[Scope] = []
    for part, narrow in zip(parts, _narrow(parts), strict=True):
        run.append(part)
        if (len(run) >= least and narrow) or len(run) >= 3 * least:
            found.append(_run(run))
            run = []
    if run:
        found.append(_run(run))
    return tuple(found)


def _run(parts: Sequence[Scope]) -> Scope:
    if len(parts) == 1:
        return parts[0]
    return _together(f"{parts[0].label} \N{HORIZONTAL ELLIPSIS} {parts[-1].label}", parts)


def _narrow(parts: Sequence[Scope]) -> list[bool]:
    """Whether nothing but a part itself is taken by those after it: blocks end there."""
    place = {layer.name: number for number, part in enumerate(parts) for layer in part.layers}
    last = list(range(len(parts)))
    for number, part in enumerate(parts):
        for layer in part.layers:
            for taken in layer.inputs:
                if taken and taken.name in place:
                    source = place[taken.name]
                    last[source] = max(last[source], number)
    found, reach = [], 0
    for number in range(len(parts)):
        found.append(reach <= number)
        reach = max(reach, last[number])
    return found
