"""A network's outline: the layers that a framework's users know, and the operations inside."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..trace.network import Layer, Network
from ..trace.settings import in_words
from ..trace.tensors import Category, Group

_SAYS_NOTHING = re.compile(r"[a-z_%]{0,2}\d+(:\d+)?", re.IGNORECASE)
"""Names that exporters make up."""


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
        of_framework: whether it is a framework's layer.
        category: the category of the framework's layer or of the operation.
    """

    name: str
    kind: str
    settings: str
    layer: Layer
    parts: tuple[Entry, ...] = ()
    category: Category = "other"
    of_framework: bool = False

    def layers(self) -> Iterator[Layer]:
        """The layers of all operations that it consists of."""
        if not self.parts:
            yield self.layer
        for part in self.parts:
            yield from part.layers()


def outline(net: Network) -> list[Entry]:
    """Groups a network's operations by the framework's layers, in execution order."""
    groups = dict(net.groups)
    order = {layer.name: number for number, layer in enumerate(net.layers)}
    inside: dict[Group | None, list[Entry]] = defaultdict(list)

    def place(entry: Entry, around: Iterable[Group]) -> None:
        """Puts an entry into the innermost of the groups that has an output here, if any."""
        inside[next((group for group in around if group in groups), None)].append(entry)

    def parts(group: Group | None) -> list[Entry]:
        """The entries of a group in execution order."""
        return sorted(inside[group], key=lambda entry: order[entry.layer.name])

    for layer in net.layers:
        entry = Entry(layer.name, layer.op, "", layer, category=layer.category)
        place(entry, layer.group.around if layer.group else ())
    # The deepest first: each is complete when it is put into another.
    for group in sorted(groups, key=lambda group: len(list(group.around)), reverse=True):
        own = parts(group)
        several = len(own) > 1 or any(entry.parts for entry in own)
        inner = tuple(own) if several else ()
        words = group.settings or (in_words(own[0].layer.own_settings) if len(own) == 1 else "")
        name, kind, layer = group.name, group.kind, groups[group]
        entry = Entry(name, kind, words, layer, inner, group.category, of_framework=True)
        place(entry, group.parent.around if group.parent else ())
    return parts(None)


def undivided(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The framework's layers that hold no other and the operations beside them, in order.

    Of those that end with one and the same operation only the first is among them.
    """
    shown: set[Layer] = set()
    for entry in entries:
        held = any(part.of_framework for part in entry.parts)
        for part in undivided(entry.parts) if held else (entry,):
            if part.layer not in shown:
                shown.add(part.layer)
                yield part


def title_of(layer: Layer) -> tuple[str, str]:
    """The name of a layer, and its kind and settings in words.

    The output of a framework's layer has that layer's name.
    """
    group = layer.group
    if group and group.output == layer.name:
        words = group.settings or in_words(layer.own_settings)
        return layer.title, ", ".join(filter(None, (group.kind, words)))
    return layer.title, ", ".join(filter(None, (layer.op, in_words(layer.own_settings))))


def label_within(name: str, scope: str) -> str:
    """The name of a part without the path of the scope that it lies in."""
    inside = name.removeprefix(scope)
    return inside[1:] if inside != name and inside[:1] in ("/", ".") else name


def telling(name: str, kind: str) -> str:
    """A layer's name; one that says nothing, such as a number, has the layer's kind in front."""
    return f"{kind} {name}" if _SAYS_NOTHING.fullmatch(name) else name
