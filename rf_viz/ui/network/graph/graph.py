"""The graph of a network: its layers as boxes, and its scopes to fold and unfold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st

from ....analysis.categories import CATEGORIES, category_of
from ....analysis.growth import largest_region
from ....trace.network import Layer, Network
from ...browser.component import component
from ...outline import title_of
from ...text import by
from ..graph_layout import Placed, lay_out
from ..scopes import (
    Scope,
    all_scopes,
    first_unfolded,
    scope_tree,
)

_component = component(__file__, "graph.js")


def graph(net: Network, traced: str) -> str | None:
    """Draws the graph; returns the name of a layer that was just clicked.

    ``traced`` stands for the network.
    """
    kept, key = f"unfolded {traced}", f"graph {traced}"
    tree = _tree(traced, net)
    unfolded: set[str] = st.session_state.setdefault(kept, first_unfolded(tree))

    def fold() -> None:
        told: str = st.session_state[key].fold
        if told in ("all", "none"):
            scopes = all_scopes(tree) if told == "all" else ()
            st.session_state[kept] = {scope.key for scope in scopes}
        else:
            st.session_state[kept] = unfolded ^ {told}

    state = _component(
        key=key,
        data=drawing(net, tree, unfolded),
        on_fold_change=fold,
        on_layer_change=lambda: None,
    )
    name: str | None = state.layer
    return name


@st.cache_resource(max_entries=12, show_spinner=False)
def _tree(traced: str, _net: Network) -> tuple[Scope, ...]:
    return scope_tree(_net)


def drawing(net: Network, tree: Sequence[Scope], unfolded: Collection[str]) -> dict[str, Any]:
    """All that the component draws: boxes and frames, outer ones first, and lines."""
    laid = lay_out(net, tree, unfolded)
    return {
        "size": [laid.width, laid.height],
        "boxes": [_box(net, placed) for placed in laid.placed],
        "lines": [[round(n, 1) for point in line for n in point] for line in laid.lines],
        "colours": dict(CATEGORIES),
    }


def _box(net: Network, placed: Placed) -> dict[str, Any]:
    place = [round(n, 1) for n in (placed.x, placed.y, placed.width, placed.height)]
    scope = placed.scope
    if scope is None:
        return {"key": "", "place": place, "label": "input", "size": by(net.input.size)}
    last = scope.layers[-1]
    box = {
        "key": scope.key,
        "place": place,
        "label": scope.label,
        "size": _size(last),
        "op": scope.op,
        "kinds": _kinds(scope),
        "known": all(layer.exact for layer in scope.layers),
        "title": _title(scope),
    }
    if scope.parts:
        return {**box, "count": len(scope.layers), "frame": placed.frame}
    return {**box, "layer": last.name}


def _size(layer: Layer) -> str:
    """The region's size: r, or what the largest cell sees where there is no closed form."""
    field = layer.receptive_field
    return f"r {by(field.size)}" if field else f"sees {by(largest_region(layer))}"


def _kinds(scope: Scope) -> list[tuple[str, float]]:
    """Its kind, or the kinds of its layers, each with its share of them."""
    if scope.parts and scope.category != "other":
        return [(scope.category, 1)]
    counts: Counter[str] = Counter(category_of(layer) for layer in scope.layers)
    return [(name, counts[name] / len(scope.layers)) for name in CATEGORIES if counts[name]]


def _title(scope: Scope) -> str:
    last = scope.layers[-1]
    if scope.parts:
        return f"{scope.label}: {len(scope.layers)} layers, {scope.layers[0].name} to {last.name}"
    name, what = title_of(last)
    note = last.note and f"\n{last.note}"
    return f"{name}\n{what} {by(last.shape)}\n{_size(last)}{note}"
