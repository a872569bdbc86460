"""Through the layers: the cells that feed the pinned one in every layer on the way to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from ....errors import ModelError
from ....figures import encode
from ....figures.colours import colours
from ....figures.maps import by_channel
from ....model import Model
from ....trace.network import Layer
from ... import cache
from ...address import put, read
from ...address_choice import kept, one_of
from ...browser.component import component, pack
from ...cache import Fed, File
from ...inspector.scene import Scene
from ...navigation import open_now
from ...outline import title_of
from ...pictures import Cell, Picture
from ...text import by, listed, plain, unit_of, whole
from ..trail_lanes import trail_lanes
from ..trail_stops import (
    Marks,
    Stop,
    latest,
    trail_stops,
)

SHOWN = 80
"""So many stops, the last ones, are shown until the person asks for all."""

_SIDE = 48
"""Pictures have at most so many pixels along a side, and half as many where all stops are shown."""

_LINE = 96
"""The pictures of signals have at most so many pixels."""

_IMAGE = 192
"""The input's picture has at most so many pixels along a side."""

_AT_ONCE = 200e6
"""Values of so many bytes are fetched in one run of the model, or those of one layer."""

_WHOLE = "trail whole"

_component = component(__file__)

Thumbnails = dict[str, NDArray[np.uint8] | None]
"""By layer name; None where there are no values."""


def trail(scene: Scene) -> None:
    """Draws the strip of stops, and goes to a clicked one."""
    layer, view = scene.layer, f"{scene.file.digest} {scene.layer.name}"
    marks, channel = _choose_marks(scene)
    shown = trail_stops(scene.net, marks)
    if read("whole") == "yes":
        st.session_state[_WHOLE] = view
    whole = st.session_state.get(_WHOLE) == view
    put("whole", "yes" if whole else "")
    if not whole:
        shown = latest(shown, SHOWN)
    pictured = [stop.layer for stop in shown if stop.layers and _drawable(stop.layer)]
    pictures = {} if scene.maps is None else thumbnails(scene.file, scene.fed, pictured)

    def show_all() -> None:
        st.session_state[_WHOLE] = view

    state = _component(
        key="trail",
        data=packet(scene, marks, channel, shown, pictures, view),
        on_stop_change=lambda: None,
        on_whole_change=show_all,
    )
    on_the_way = {scene.net[name].node for name in marks}
    cut = [node for node in layer.global_context if node not in on_the_way]
    if cut:
        st.caption(f"What mixes over all positions is left out: {plain(listed(cut))}.")
    if not layer.exact:
        st.caption(f"Assumed, not exact: {plain(listed(layer.assumed))}.")
    if state.stop in marks and state.stop != layer.name:
        open_now(state.stop, middle(marks[state.stop]))


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


@st.cache_resource(max_entries=4, show_spinner=False)
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


def _fetched(model: Model, fed: Fed, layers: Sequence[Layer]) -> Thumbnails:
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


def thumbnail(values: NDArray[np.float32], layer: Layer) -> NDArray[np.uint8]:
    """Shrinks a layer's values to a small picture, from 0, the weakest cell, to 255, the strongest.

    Strength is the mean absolute value over the channels.
    """
    strength = np.nan_to_num(np.abs(by_channel(values, layer)).mean(axis=0, dtype=np.float32))
    shrunk = _shrunk(_laid_out(layer, strength), _SIDE)
    low, high = shrunk.min(), shrunk.max()
    if low == high:
        return np.full(shrunk.shape, 127, np.uint8)
    scaled: NDArray[np.uint8] = (255 * ((shrunk - low) / (high - low))).round().astype(np.uint8)
    scaled.flags.writeable = False
    return scaled


def _shrunk(values: NDArray[Any], side: int) -> NDArray[np.float32]:
    """At most so many pixels along each axis, each the mean of what it stands for."""
    rows, columns = values.shape
    size = min(columns, _LINE if rows == 1 else side), min(rows, side)
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def _drawable(layer: Layer) -> bool:
    """Tells whether a layer's cells form a picture or a line."""
    return layer.layout is not None and 1 <= len(layer.layout.shape) <= 2


def _laid_out(layer: Layer, cells: NDArray[Any]) -> NDArray[Any]:
    """An array over the grid as rows and columns of a picture; a single row for a line."""
    assert layer.layout is not None
    picture: NDArray[Any] = cells.reshape(-1)[layer.layout.cells]
    return np.atleast_2d(picture)


def packet(
    scene: Scene,
    marks: Marks,
    channel: int | None,
    shown: Sequence[Stop],
    pictures: Thumbnails,
    view: str,
) -> bytes:
    """Packs all data of the strip; ``view`` stands for the layer that it leads to."""
    drawn = trail_lanes([stop.sources for stop in shown])
    side = _SIDE if len(shown) <= SHOWN + 2 else _SIDE // 2
    blobs = _Blobs()
    entries = [_input(scene, channel, blobs)]
    for stop in shown[1:]:
        entries.append(
            _left_out(stop) if stop.left_out else _entry(stop, marks, pictures, side, blobs)
        )
    for entry, column, row in zip(entries, drawn.columns, drawn.rows, strict=True):
        entry["column"], entry["row"] = column, row
    header = {
        "view": view,
        "key": "feeds the pinned cell" + ("" if channel is None else f", channel {channel}"),
        "valued": any(entry.get("values") for entry in entries),
        "signal": len(scene.picture.extent) == 1,
        "stops": entries,
        "links": [(link.source, link.target, link.lane) for link in drawn.links],
    }
    arrays = {
        "image": _encoded(scene.picture.key, scene.picture),
        "colours": colours("Viridis"),
        "bytes": blobs.joined(),
    }
    return pack(header, arrays)


class _Blobs:
    """Arrays in one run of bytes, and where each of them lies."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.uint8]] = []
        self._length = 0

    def add(self, array: NDArray[np.uint8], shape: Sequence[int]) -> dict[str, Any]:
        """Adds an array and tells where it lies."""
        place = {"at": self._length, "shape": tuple(shape)}
        self._parts.append(array.reshape(-1))
        self._length += array.size
        return place

    def joined(self) -> NDArray[np.uint8]:
        """Joins all arrays."""
        return np.concatenate([np.zeros(0, np.uint8), *self._parts])


Entry = dict[str, Any]


def _input(scene: Scene, channel: int | None, blobs: _Blobs) -> Entry:
    """The strip's entry for the input itself."""
    mask = scene.layer.mask(scene.cell, channel)
    unit = unit_of(scene.picture.extent)
    drawn: NDArray[np.bool_] = np.atleast_2d(mask)
    if drawn.ndim > 2:
        drawn = np.logical_or.reduce(drawn, axis=0)
    return {
        "kind": "input",
        "name": scene.picture.title,
        "what": "the input",
        "count": f"{counted(mask)} {unit}" if mask.any() else "sees no pixel",
        **_marked(drawn, blobs),
    }


def _left_out(stop: Stop) -> Entry:
    return {
        "kind": "more",
        "name": f"{stop.left_out} more",
        "what": "show all",
        "count": "",
        "about": f"{stop.left_out} stops lie between the input and these",
    }


def _entry(
    stop: Stop, marks: Marks, pictures: Mapping[str, Any], side: int, blobs: _Blobs
) -> Entry:
    """The strip's entry for a stop."""
    layer = stop.layer
    name, what = title_of(layer)
    fed = marks[layer.name]
    entry: Entry = {
        "kind": "box",
        "layer": layer.name,
        "name": name,
        "what": ", ".join(stop.kinds),
        "count": counted(fed),
        "about": "\n".join(_about(stop, what)),
    }
    if _drawable(layer):
        entry |= {"kind": "map", **_marked(_laid_out(layer, fed), blobs)}
        values = pictures.get(layer.name)
        if values is not None:
            if max(values.shape) > side and values.shape[0] > 1:
                values = _shrunk(values, side).round().astype(np.uint8)
            entry["values"] = blobs.add(values, values.shape)
    return entry


def _about(stop: Stop, what: str) -> Iterator[str]:
    """Lines with more on a stop than is written under it."""
    yield f"{what} · {by(stop.layer.shape)}"
    if len(stop.layers) > 1:
        names = dict.fromkeys(title_of(layer)[0] for layer in stop.layers)
        yield f"Here: {listed(list(names), most=8)}"
    before = {
        reason
        for layer in stop.layers
        for source in layer.inputs
        if source
        for reason in source.assumed
    }
    reasons = [reason for reason in stop.layer.assumed if reason not in before]
    if reasons:
        yield f"Assumed: {listed(reasons)}"


def counted(fed: NDArray[np.bool_]) -> str:
    """Counts the marked cells of a grid, in words: by the sides of a box, or one by one."""
    if fed.ndim == 0:
        return "the only cell"
    if fed.all():
        return f"all {by(fed.shape)}"
    cells = np.argwhere(fed)
    sides = np.ptp(cells, axis=0) + 1
    amount = by(sides.tolist()) if prod(sides) == len(cells) else whole(len(cells))
    return f"{amount} of {by(fed.shape)}"


def _marked(fed: NDArray[np.bool_], blobs: _Blobs) -> Entry:
    """Size of a picture, the box around what is marked there, and the marks if it has holes."""
    entry: Entry = {"size": fed.shape, "box": None}
    if not fed.any():
        return entry
    rows, columns = (np.flatnonzero(fed.any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    entry["box"] = [int(n) for n in (left, top, right - left, bottom - top)]
    within = fed[top:bottom, left:right]
    if not within.all():
        small = _thinned(within)
        entry["holes"] = blobs.add(np.packbits(small), small.shape)
    return entry


def _thinned(marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The marks that can be told apart at the size they are shown: ``_LINE`` a side at most."""
    for axis, extent in enumerate(marks.shape):
        if extent > _LINE:
            edges = np.linspace(0, extent, _LINE, endpoint=False).astype(np.intp)
            marks = np.logical_or.reduceat(marks, edges, axis=axis)
    return marks


@st.cache_resource(max_entries=8, show_spinner=False)
def _encoded(key: str, _picture: Picture) -> NDArray[np.uint8]:
    """A small JPEG; of a signal the least and the greatest values along it, from 0 to 255."""
    values = _picture.values
    if values.ndim == 1:
        spaced = np.linspace(0, len(values), min(_IMAGE, len(values)), endpoint=False)
        edges = spaced.astype(np.intp)
        ends = np.stack([f.reduceat(values, edges) for f in (np.minimum, np.maximum)])
        low, span = ends.min(), np.ptp(ends) or 1
        return np.asarray(255 * (ends - low) / span).astype(np.uint8)
    return encode.jpeg(_picture.drawable(values, len(values) // 2), side=_IMAGE).array
