"""Through the layers: the cells that feed the pinned one in every layer on the way to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ...analysis.trail_stops import Marks, latest, trail_stops
from ...errors import ModelError
from ...figures.trail import SHOWN, Trail, drawable, thumbnail
from ...trace.network import Layer
from ...workers import WorkerModel
from .. import cache
from ..address import put, read
from ..address_choice import kept, one_of
from ..cache import Fed, File
from ..inspector.scene import Scene
from ..navigation import open_now
from ..pictures import Cell
from ..text import listed, plain
from .choices.choices import Part, choices

_AT_ONCE = 200e6
"""Values of so many bytes are fetched in one run of the model, or those of one layer."""

_WHOLE = "trail whole"

_MORE = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for the stops that are left out; no layer is called so."""

Thumbnails = dict[str, NDArray[np.uint8] | None]
"""By layer name; None where there are no values."""


def trail(scene: Scene) -> None:
    """Draws the strip of stops, and goes to a clicked one."""
    layer, view = scene.layer, f"{scene.file.digest} {scene.layer.name}"
    marks, channel = _choose_marks(scene)
    stops = trail_stops(scene.net, marks)
    if read("whole") == "yes":
        st.session_state[_WHOLE] = view
    whole = st.session_state.get(_WHOLE) == view
    put("whole", "yes" if whole else "")
    if not whole:
        stops = latest(stops, SHOWN)
    pictured = [stop.layer for stop in stops if stop.layers and drawable(stop.layer)]
    pictures = None if scene.maps is None else thumbnails(scene.file, scene.fed, pictured)
    seen = scene.picture
    drawn = Trail(
        layer,
        scene.cell,
        marks,
        stops,
        seen.drawable(seen.values, len(seen.values) // 2),
        channel,
        pictures,
        seen.title,
    )
    of_channel = "" if channel is None else f", channel {channel}"
    valued = "No values: the model cannot be run." if pictures is None else ""
    if pictures and any(pictures.get(layer.name) is not None for layer in pictured):
        valued = "Pictures: mean |value| over the channels, dark to bright."
    st.caption(f"Outlined: what feeds the pinned cell{of_channel}. {valued}")
    # The caption says what the title does, and the title would lie at the far left.
    figure = drawn.figure(titled=False)
    title = f"The layers on the way from the input to the pinned cell of {layer.title}"
    chosen = choices(figure, parts(drawn), of=view, title=title, key="trail", at_end=True)
    on_the_way = {scene.net[name].node for name in marks}
    cut = [node for node in layer.global_context if node not in on_the_way]
    if cut:
        st.caption(f"Operations that mix over all positions are left out: {plain(listed(cut))}.")
    if not layer.exact:
        st.caption(f"Assumed, not exact: {plain(listed(layer.assumed))}.")
    if chosen == _MORE and not whole:
        st.session_state[_WHOLE] = view
        st.rerun()
    if chosen and chosen in marks and chosen != layer.name:
        open_now(chosen, middle(marks[chosen]))


def parts(drawn: Trail) -> list[Part]:
    """The stops to choose from: all but the input."""
    return [
        Part(
            _MORE if stop.left_out else stop.layer.name,
            drawn.box(number),
            drawn.spoken(number),
            stop.layer is drawn.layer,
            drawn.links(number),
        )
        for number, stop in enumerate(drawn.stops)
        if number
    ]


def _choose_marks(scene: Scene) -> tuple[Marks, int | None]:
    """The marks of the cells that feed the cell, or one of its channels on request."""
    layer, channel = scene.layer, scene.feature_map.channel
    marks = layer.trail(scene.cell)
    if channel is None:
        return marks, None
    own = layer.trail(scene.cell, channel)
    same = own.keys() == marks.keys() and all(
        np.array_equal(own[name], marks[name]) for name in marks
    )
    if same or not st.toggle(
        f"Only what feeds channel {channel}",
        help="The channels of this cell see different things: all of them count unless you choose "
        "one.",
        **kept("trail.channel", "trail channel", one_of({"all": False, "own": True})),
    ):
        return marks, None
    return own, channel


def middle(marks: NDArray[np.bool_]) -> Cell:
    """The marked cell that is nearest to the middle of all that are."""
    cells = np.argwhere(marks)
    distances = ((cells - cells.mean(axis=0)) ** 2).sum(axis=1)
    return tuple(cells[distances.argmin()].tolist())


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(of: int, input: str, fed: str) -> Thumbnails:
    """The thumbnails fetched so far of a model's layers on one input."""
    return {}


def thumbnails(file: File, fed: Fed, layers: Sequence[Layer]) -> Thumbnails:
    """Fetches a small picture of each layer: the mean absolute value over its channels."""
    model = cache.load(file)
    kept = _kept(cache.identity(model), fed.input, fed.key)
    missing = [layer for layer in layers if layer.name not in kept]
    if missing:
        with st.spinner("Running the model ..."):
            for some in _chunks(missing):
                kept.update(_fetched(model, fed, some))
    return kept


def _chunks(layers: Sequence[Layer]) -> Iterator[list[Layer]]:
    """The layers, as many at once as memory allows."""
    some: list[Layer] = []
    size = 0.0
    for layer in layers:
        own = 4.0 * prod(n or 1 for n in layer.shape)
        if some and size + own > _AT_ONCE:
            yield some
            some, size = [], 0.0
        some.append(layer)
        size += own
    yield some


def _fetched(model: WorkerModel, fed: Fed, layers: Sequence[Layer]) -> Thumbnails:
    """Thumbnails of these layers; a layer whose values are not available keeps none."""
    try:
        names = [layer.name for layer in layers]
        values = model.activations(fed.tensor, names, input=fed.input, feeds=fed.feeds)
    except ModelError:
        if len(layers) == 1:
            return {layers[0].name: None}
        half = len(layers) // 2
        return _fetched(model, fed, layers[:half]) | _fetched(model, fed, layers[half:])
    return {layer.name: thumbnail(values[layer.name], layer) for layer in layers}
