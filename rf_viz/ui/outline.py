"""A network's outline: the layers that a framework's users know, and the operations inside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..trace.network import Layer, Network
from ..trace.settings import in_words
from ..trace.tensors import Category


@dataclass(frozen=True)
class Entry:
    """A framework's layer, or an operation.

    Attributes:
        name: the layer's path, or the name of the operation's output.
        kind: the layer's class, or the operator.
        settings: the settings of a framework's layer, in a few words; empty for an operation.
        layer: its output.
        parts: the layers and operations inside, in the order in which they are done; none where
            that is a single operation.
        category: the category of the framework's layer or of the operation.
    """

    name: str
    kind: str
    settings: str
    layer: Layer
    parts: tuple[Entry, ...] = ()
    category: Category = "other"

    def layers(self) -> Iterator[Layer]:
        """The layers of all operations that it consists of."""
        if not self.parts:
            yield self.layer
        for part in self.parts:
            yield from part.layers()


def outline(net: Network) -> list[Entry]:
    """Groups a network's operations by the framework's layers, in execution order."""
    groups = {group.name: (group, layer) for group, layer in net.groups}
    order = {layer.name: number for number, layer in enumerate(net.layers)}
    inside: dict[str, list[Entry]] = defaultdict(list)

    def place(entry: Entry, scopes: Iterable[str]) -> None:
        """Puts an entry into the innermost of the scopes that is a layer, if any."""
        inside[next((scope for scope in scopes if scope in groups), "")].append(entry)

    def parts(name: str) -> list[Entry]:
        """The entries of a scope in execution order."""
        return sorted(inside[name], key=lambda entry: order[entry.layer.name])

    for layer in net.layers:
        scope = layer.group.name if layer.group else ""
        entry = Entry(layer.name, layer.op, "", layer, category=layer.category)
        place(entry, (scope, *_around(scope)))
    # The deepest first: each is complete when it is put into another.
    for name in sorted(groups, key=lambda name: name.count("/"), reverse=True):
        group, layer = groups[name]
        own = parts(name)
        several = len(own) > 1 or any(entry.parts for entry in own)
        inner = tuple(own) if several else ()
        entry = Entry(name, group.kind, group.settings, layer, inner, group.category)
        place(entry, _around(name))
    return parts("")


def title_of(layer: Layer) -> tuple[str, str]:
    """The name of a layer, and its kind and settings in words.

    The output of a framework's layer has that layer's name.
    """
    group = layer.group
    if group and group.output == layer.name:
        return group.name, ", ".join(filter(None, (group.kind, group.settings)))
    return layer.name, ", ".join(filter(None, (layer.op, in_words(layer.own_settings))))


def _around(path: str) -> Iterator[str]:
    """The scopes that a path lies in, the innermost first."""
    return (str(scope) for scope in PurePosixPath(path).parents)
