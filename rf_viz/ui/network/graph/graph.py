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
from ...cache import BY_IDENTITY
from ...outline import title_of
from ...text import by
from ..graph_drawing import GraphBox, draw_graph
from ..scopes import (
    Scope,
    all_scopes,
    first_unfolded,
    scope_tree,
)

_component = component(__file__, "graph.js")


def graph(net: Network, traced: str) -> str | None:
    """Draws the graph; returns the name of a layer that was just clicked.

    ``traced`` identifies the network among all that were traced.
    """
    state_key, key = f"unfolded {traced}", f"graph {traced}"
    tree = _tree(net)
    unfolded: set[str] = st.session_state.setdefault(state_key, first_unfolded(tree))

    def fold() -> None:
        target: str = st.session_state[key].fold
        if target in ("all", "none"):
            scopes = all_scopes(tree) if target == "all" else ()
            st.session_state[state_key] = {scope.key for scope in scopes}
        else:
            st.session_state[state_key] = unfolded ^ {target}

    state = _component(
        key=key,
        data=content(net, tree, unfolded),
        on_fold_change=fold,
        on_layer_change=lambda: None,
    )
    name: str | None = state.layer
    return name


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=BY_IDENTITY)
def _tree(net: Network) -> tuple[Scope, ...]:
    return scope_tree(net)


def content(net: Network, tree: Sequence[Scope], unfolded: Collection[str]) -> dict[str, Any]:
    """Data for the component: boxes and frames, outer ones first, and lines as x, y, x, y, ..."""
    drawing = draw_graph(net, tree, unfolded)
    return {
        "size": [drawing.width, drawing.height],
        "boxes": [_box_entry(net, box) for box in drawing.boxes],
        "lines": [[round(n, 1) for point in line for n in point] for line in drawing.lines],
        "colours": dict(CATEGORIES),
    }


def _box_entry(net: Network, box: GraphBox) -> dict[str, Any]:
    place = [round(n, 1) for n in (box.x, box.y, box.width, box.height)]
    scope = box.scope
    if scope is None:
        return {"key": "", "place": place, "label": "input", "size": by(net.input.size)}
    last = scope.layers[-1]
    entry = {
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
        return {**entry, "count": len(scope.layers), "frame": box.frame}
    return {**entry, "layer": last.name}


def _size(layer: Layer) -> str:
    """Size of the receptive field r, or of the largest region where there is no closed form."""
    field = layer.receptive_field
    return f"r {by(field.size)}" if field else f"sees {by(largest_region(layer))}"


def _kinds(scope: Scope) -> list[tuple[str, float]]:
    """Kind of a scope, or the kinds of its layers, each with its share of them."""
    if scope.parts and scope.category != "other":
        return [(scope.category, 1)]
    counts: Counter[str] = Counter(category_of(layer) for layer in scope.layers)
    return [(name, counts[name] / len(scope.layers)) for name in CATEGORIES if counts[name]]


def _title(scope: Scope) -> str:
    last = scope.layers[-1]
    if scope.parts:
        return f"{scope.label}: {len(scope.layers)} layers, {scope.layers[0].title} to {last.title}"
    name, what = title_of(last)
    note = last.note and f"\n{last.note}"
    return f"{name}\n{what} {by(last.shape)}\n{_size(last)}{note}"
