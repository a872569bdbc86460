"""Tree of scopes that a network's layers form, to fold and unfold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ...trace.network import Layer, Network
from ...trace.tensors import Category
from ..outline import Entry, label_within, outline

FEW = 60
"""Most boxes to show at first, as far as scopes can be folded away."""

_WIDE = FEW
"""A scope with more parts than this has them put together in runs."""

_RUNS = 16
"""Number of runs that such a scope is put together in, at most."""


@dataclass(frozen=True)
class Scope:
    """Layer of a network, or several layers that belong together.

    ``key`` is unique in the tree, ``label`` a name within the enclosing scope. ``layers`` are all
    layers in the scope, in execution order. Only a layer has no ``parts``. ``op`` is the operator
    or the class of a framework's layer, if the scope is one, and ``category`` its category.
    """

    key: str
    label: str
    layers: tuple[Layer, ...]
    parts: tuple[Scope, ...] = ()
    op: str = ""
    category: Category = "other"


def scope_tree(net: Network) -> tuple[Scope, ...]:
    """Outermost scopes and layers, grouped by a framework's layers, else by names, else in runs."""
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
    """Keys of the scopes that are unfolded at first: level by level, while few boxes show."""
    unfolded: set[str] = set()
    shown = list(top)
    while True:
        deeper = [part for scope in shown for part in scope.parts or (scope,)]
        if len(deeper) == len(shown) or len(deeper) > FEW:
            return unfolded
        unfolded.update(scope.key for scope in shown if scope.parts)
        shown = deeper


def all_scopes(top: Sequence[Scope]) -> Iterator[Scope]:
    """Yields the scopes that can be folded, outer ones first."""
    for scope in top:
        if scope.parts:
            yield scope
            yield from all_scopes(scope.parts)


def _scope(entry: Entry) -> Scope:
    parts = []
    for part in entry.parts:
        inner = _scope(part)
        label = label_within(part.name, entry.name)
        parts.append(replace(inner, label=label))
    layers = tuple(layer for part in parts for layer in part.layers) or (entry.layer,)
    key = f"{entry.name} {entry.layer.name}"
    return Scope(key, entry.name, layers, tuple(parts), entry.kind, entry.category)


Pair = tuple[Sequence[str], Scope]


def _grouped(pairs: Sequence[Pair], depth: int, separator: str) -> tuple[Scope, ...]:
    """Groups neighbours whose names begin alike, by the name's part at ``depth``."""
    scopes: list[Scope] = []
    for head, run in groupby(pairs, lambda pair: tuple(pair[0][: depth + 1])):
        members = list(run)
        # Names with underscores are often but the operator's, numbered.
        alike = separator == "_" and len({scope.op for _, scope in members}) == 1
        if len(members) == 1 or len(head) <= depth or alike:
            for path, scope in members:
                label = separator.join(path[depth:]) or path[-1]
                scopes.append(replace(scope, label=label) if depth else scope)
            continue
        parts = _grouped(members, depth + 1, separator)
        label = head[depth]
        while len(parts) == 1 and parts[0].parts:
            label, parts = f"{label}{separator}{parts[0].label}", parts[0].parts
        scopes.append(_join(label, parts))
    return tuple(scopes)


def _join(label: str, parts: Sequence[Scope]) -> Scope:
    layers = tuple(layer for part in parts for layer in part.layers)
    return Scope(f"{parts[0].key} to {parts[-1].key}", label, layers, tuple(parts))


def _in_runs(parts: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Puts scopes together in runs wherever too many stand side by side."""
    parts = tuple(replace(part, parts=_in_runs(part.parts)) for part in parts)
    if len(parts) <= _WIDE:
        return parts
    least = -(-len(parts) // _RUNS)
    runs: list[Scope] = []
    run: list[Scope] = []
    for part, is_end in zip(parts, _block_ends(parts), strict=True):
        run.append(part)
        if (len(run) >= least and is_end) or len(run) >= 3 * least:
            runs.append(_run(run))
            run = []
    if run:
        runs.append(_run(run))
    return tuple(runs)


def _run(parts: Sequence[Scope]) -> Scope:
    if len(parts) == 1:
        return parts[0]
    return _join(f"{parts[0].label} \N{HORIZONTAL ELLIPSIS} {parts[-1].label}", parts)


def _block_ends(parts: Sequence[Scope]) -> list[bool]:
    """Whether a block ends with each part: no part after it uses one before it."""
    numbers = {layer.name: number for number, part in enumerate(parts) for layer in part.layers}
    last_use = list(range(len(parts)))
    for number, part in enumerate(parts):
        for layer in part.layers:
            for source in layer.inputs:
                if source and source.name in numbers:
                    before = numbers[source.name]
                    last_use[before] = max(last_use[before], number)
    ends, open_until = [], 0
    for number in range(len(parts)):
        ends.append(open_until <= number)
        open_until = max(open_until, last_use[number])
    return ends
