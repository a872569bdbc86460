"""The list of a network's layers, to search and to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ....analysis.growth import largest_region
from ....trace.network import Network
from ...address import ignore_echo
from ...browser.component import component, pack
from ...outline import Entry, label_within, outline
from ...sharing import kept_with_it
from ...text import by

_component = component(__file__)

_FIRST = "first layer"

_USEFUL_GROUP = 2
"""Scopes that hold fewer layers than this on average would be headings without a list."""


@dataclass(frozen=True)
class Chosen:
    """A layer that the person chose; ``turn`` tells choices of the same one apart."""

    layer: str
    turn: int


def layer_list(net: Network, first: str, *, key: str) -> Chosen | None:
    """Draws the list and returns what the person chose last, None before that.

    At the beginning it marks ``first``; later a cue tells it of what the page shows. ``key`` stands
    for the traced network, over all sessions.
    """
    if key not in st.session_state:
        # Kept from when the list appears: were it the latest choice, each would send the list anew.
        st.session_state[_FIRST] = first
    state = _component(
        key=key,
        data=_packet(net, st.session_state[_FIRST]),
        default={"layer": None},
        on_layer_change=ignore_echo,
    )
    return Chosen(state.layer["name"], state.layer["turn"]) if state.layer else None


@kept_with_it()
def _packet(net: Network, first: str) -> bytes:
    # As bytes: to see that anything else is no table, Streamlit starts pandas, half a second.
    return pack({"layers": rows(net), "selected": first}, {})


Row = dict[str, str | int | bool | None]
"""What the list gets of an entry of the outline."""


@kept_with_it()
def rows(net: Network) -> list[Row]:
    """The rows of the list: the entries of the network's outline, each after the one around it.

    A row's ``parent`` is the number of the row that it unfolds from.
    """
    listed: list[Row] = []

    def add(entry: Entry, group: str, label: str, parent: int | None = None) -> None:
        number = len(listed)
        listed.append(
            {
                "name": entry.name,
                "layer": entry.layer.name,
                "parent": parent,
                "group": group,
                "label": label,
                "op": entry.kind,
                "settings": entry.settings,
                "telling": entry.kind.lower() not in entry.name.lower(),
                "convolution": any(is_convolution(layer.op) for layer in entry.layers()),
                "shape": by(entry.layer.shape),
                "sees": by(largest_region(entry.layer)),
            }
        )
        for part in entry.parts:
            inside = label_within(part.name, entry.name).replace("/", " / ")
            add(part, "", inside, number)

    entries = outline(net)
    for entry, placed in zip(entries, scopes([entry.name for entry in entries]), strict=True):
        add(entry, *placed)
    return listed


def is_convolution(kind: str) -> bool:
    """Tells by its name whether an operator or a framework's layer is a convolution."""
    return "conv" in kind.lower()


def scopes(names: Sequence[str]) -> list[tuple[str, str]]:
    """Groups names by scope: for each name its group and what to call it there.

    Names are paths ("layer1/conv2/Relu"); the group is the deepest scope, the same depth for all,
    that still holds a few layers on average, without what all have in common. Where there is none,
    the group is empty.
    """
    separator = "/" if any("/" in name.strip("/") for name in names) else "."
    paths = [[part for part in name.split(separator) if part] or [name] for name in names]
    depth = 0
    for deeper in range(1, max(map(len, paths), default=0)):
        within = [tuple(path[:-1][:deeper]) for path in paths if len(path) > 1]
        if len(within) >= _USEFUL_GROUP * len(set(within)):
            depth = deeper
    heads = {tuple(path[:-1][:depth]) for path in paths}
    several = {head for head in heads if head}
    outer = 0
    while len(several) > 1 == len({head[: outer + 1] for head in several}):
        outer += 1
    placed = []
    for path in paths:
        # An operation named like a scope ("conv1" beside "conv1/relu") belongs to that scope.
        head = tuple(path) if tuple(path) in heads else tuple(path[:-1][:depth])
        placed.append((" / ".join(head[outer:]), " / ".join(path[len(head) :] or path[-1:])))
    return placed
