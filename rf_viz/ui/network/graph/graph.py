"""The graph of a network: its layers as boxes, and its scopes to fold and unfold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from html import escape

import streamlit as st

from ....analysis.categories import CATEGORIES, category_of
from ....analysis.growth import largest_region
from ....trace.network import Layer, Network
from ...browser.component import component
from ...outline import title_of
from ...sharing import kept_with_it
from ...text import by
from ..graph_flow import BEFORE, Flow, Fork, Rail, Step, Tangle, flow_of
from ..graph_nodes import Node, graph_nodes
from ..scopes import Scope, all_scopes, first_unfolded, scope_tree

_LETTERS, _SMALL_LETTERS = 23, 27
"""So many letters fit into a box, and into its second line."""

_LEVEL = "21px"
"""Where lines come and leave: the middle of a box, below the top of whatever they come to."""

_TRACK, _TRACKS = 7, 110
"""Distance between the rails of a tangle, in pixels, and the room for them, where it is enough."""

_component = component(__file__)


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


@kept_with_it()
def _tree(net: Network) -> tuple[Scope, ...]:
    return scope_tree(net)


def content(net: Network, tree: Sequence[Scope], unfolded: Collection[str]) -> dict[str, str]:
    """Data for the component: the ``graph`` and the ``legend`` of its colours, as HTML."""
    flow = flow_of(graph_nodes(net, tree, unfolded))
    kinds = {category_of(layer) for layer in net.layers}
    legend = "".join(
        f'<span style="--kind:{colour}">{escape(name)}</span>'
        for name, colour in CATEGORIES.items()
        if name in kinds
    )
    return {"graph": _flow(net, flow), "legend": legend}


def _flow(net: Network, flow: Flow, end: str = "") -> str:
    """Steps in a row that wraps; ``end`` goes into the last of them."""
    *others, last = flow.steps
    steps = "".join(_step(net, step) for step in others)
    return f'<div class="flow">{steps}{_step(net, last, end)}</div>'


def _step(net: Network, step: Step, end: str = "") -> str:
    match step.item:
        case Fork() as fork:
            name, drawn = "step fork", _fork(net, fork)
        case Tangle() as tangle:
            name, drawn = "step fork", _tangle(net, tangle)
        case Node(inside=None) as node:
            name, drawn = "step", _box(net, node)
        case node:
            assert node.inside
            inside = _flow(net, flow_of(node.inside))
            name, drawn = "step", f'<div class="frame">{_box(net, node)}{inside}</div>'
    return f'<div class="{name}{" fed" * step.is_fed}">{drawn}{end}</div>'


def _fork(net: Network, fork: Fork) -> str:
    branches = []
    for flow in fork.branches:
        starts = "" if flow.steps[0].is_fed else " starts"
        branches.append(f'<div class="branch{starts}{_ends(flow)}">{_flow(net, flow)}</div>')
    if fork.skip:
        branches.append('<div class="branch skip"></div>')
    return f'<div class="branches">{"".join(branches)}</div>'


def _ends(flow: Flow) -> str:
    return "" if flow.goes_on else " ends"


def _tangle(net: Network, tangle: Tangle) -> str:
    """Rows below each other, with rails at their left and what leaves them at their right."""
    tracks = 2 + max(rail.track for rail in tangle.rails)
    apart = min(_TRACK, max(_TRACKS // tracks, 3))
    sources = {rail.source for rail in tangle.rails}
    exits = [number for number, row in enumerate(tangle.rows) if row.flow.goes_on]
    drawn = []
    for number, row in enumerate(tangle.rows):
        lines = [line for rail in tangle.rails for line in _rail(rail, number, tracks, apart)]
        if exits:
            top = _LEVEL if number == 0 else "0px"
            bottom = _LEVEL if number == exits[-1] else "100%"
            if number <= exits[-1]:
                lines.append(_line("100%", top, "1.2px", bottom))
        flow = _flow(net, row.flow, '<i class="out"></i>' * (number in sources))
        style = f"padding-left:{tracks * apart}px;background:{','.join(lines)}"
        drawn.append(f'<div class="row{_ends(row.flow)}" style="{style}">{flow}</div>')
    return f'<div class="rows">{"".join(drawn)}</div>'


def _rail(rail: Rail, number: int, tracks: int, apart: int) -> Iterator[str]:
    """The lines of a rail beside one of the rows, at the right end of the tracks."""
    width = tracks * apart
    x = width - apart * (rail.track + 1)
    end = max(rail.takers)
    if rail.source == BEFORE and number == 0:
        yield _line("0px", _LEVEL, f"{x}px", "1.2px")
        if end > 0:
            yield _line(f"{x}px", _LEVEL, "1.2px", "100%")
    elif rail.source == number:
        yield _line(f"{x}px", "100%", "1.2px", "6px")
        yield _line(f"{x}px", "calc(100% - 5px)", f"{width - x}px", "1.2px")
    elif rail.source < number <= end:
        yield _line(f"{x}px", "0px", "1.2px", _LEVEL if number == end else "100%")
    if number in rail.takers:
        yield _line(f"{x}px", _LEVEL, f"{width - x}px", "1.2px")
        yield f"radial-gradient(var(--line) 70%,#0000 75%) {x - 2}px 19px/5px 5px no-repeat"


def _line(x: str, y: str, width: str, height: str) -> str:
    """A line as a background, with its position and its size."""
    return f"linear-gradient(var(--line),var(--line)) {x} {y}/{width} {height} no-repeat"


def _box(net: Network, node: Node) -> str:
    """Box of a layer or of a folded scope, or the header of an unfolded one."""
    scope = node.scope
    if scope is None:
        return f'<span class="box"><b>input</b><small>{by(net.input.size)}</small></span>'
    last = scope.layers[-1]
    names = ["head" if node.inside else "box"]
    if not all(layer.exact for layer in scope.layers):
        names.append("assumed")
    attributes = {"class": " ".join(names), "data-key": scope.key, "aria-label": _title(scope)}
    if scope.parts:
        attributes["aria-expanded"] = "true" if node.inside else "false"
    else:
        attributes["data-layer"] = last.name
    text = f"<b>{escape(_short(scope.label, _LETTERS))}</b>"
    if not node.inside:
        attributes["style"] = f"--kinds:linear-gradient({_stripes(scope)})"
        what = scope.op or (f"{len(scope.layers)} layers" if scope.parts else "")
        size = _size(last)
        what = what and f"{_short(what, max(_SMALL_LETTERS - len(size) - 3, 5))} · "
        text += f"<small>{escape(what + size)}</small>"
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f'<button type="button" tabindex="-1" {written}>{text}</button>'


def _short(text: str, letters: int) -> str:
    """At most so many letters, the middle left out, since names differ at their ends."""
    if len(text) <= letters:
        return text
    half = (letters - 1) // 2
    return f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}"


def _size(layer: Layer) -> str:
    """Size of the receptive field r, or of the largest region where there is no closed form."""
    field = layer.receptive_field
    return f"r {by(field.size)}" if field else f"sees {by(largest_region(layer))}"


def _stripes(scope: Scope) -> str:
    """Colours of a scope's kind, or of the kinds of its layers by their share, for a gradient."""
    is_one = bool(scope.parts) and scope.category != "other"
    kinds = [scope.category] if is_one else [category_of(layer) for layer in scope.layers]
    counts: Counter[str] = Counter(kinds)
    stripes, reached = [], 0.0
    for name, colour in CATEGORIES.items():
        if counts[name]:
            share = 100 * counts[name] / counts.total()
            stripes.append(f"{colour} {reached:.0f}% {reached + share:.0f}%")
            reached += share
    return ",".join(stripes)


def _title(scope: Scope) -> str:
    last = scope.layers[-1]
    if scope.parts:
        return f"{scope.label}: {len(scope.layers)} layers, {scope.layers[0].title} to {last.title}"
    name, what = title_of(last)
    parts = [name, f"{what} {by(last.shape)}", _size(last), last.note]
    return " · ".join(part for part in parts if part)
