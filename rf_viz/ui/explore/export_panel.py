"""Share & export: the view as a picture, a page that works offline, the numbers as files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ...analysis.records import (
    Record,
    cell_record,
    cell_row,
    csv_text,
    json_text,
    network_record,
    region_record,
)
from ...catalogue.samples import SAMPLE_IMAGES
from ...errors import ModelError
from ...figures.linked_view import LinkedView
from ...figures.maps import by_channel
from ...figures.volume_view import VolumeView
from ...trace.network import Layer
from .. import address, cache
from ..cache import File, LibraryNetwork
from ..chart.chart import chart
from ..inspector.scene import Scene
from ..outline import title_of
from ..pictures import FeatureMap, Picture
from ..sidebar.layer_list.layer_list import is_convolution
from ..text import file_size, position, sentence
from .offline_page.offline_page import Chosen, estimate, offline_page
from .snapshot import caption_of, snapshot

_SPREAD = 4
"""How many layers besides the one that shows go into the page at first."""

_CHANNELS, _MOST_CHANNELS = 4, 16
"""How many channels of each layer go into the page, at first and at most."""

_LARGE = 8_000_000
"""A page of more bytes is called large."""

_KINDS = {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
}

_PAGE = "taken page"


def export_panel(scene: Scene) -> None:
    """Draws the page's address, the view as a picture, and what there is to download."""
    st.caption("Anyone who opens this address sees the same:")
    address.show()
    st.html(Path(__file__).with_suffix(".css"))
    _picture(scene)
    with st.container(key="take"):
        if not _is_volume(scene):
            with st.container():
                _page(scene)
        with st.container():
            _numbers(scene)


def _picture(scene: Scene) -> None:
    feature_map, picture, cell = scene.feature_map, scene.picture, scene.cell
    name = title_of(scene.layer)[0]
    view = (VolumeView if _is_volume(scene) else LinkedView)(
        scene.layer,
        picture.values,
        feature_map.values,
        cell,
        feature_map.channel,
        "box" if scene.mode == "influence" and scene.influence is None else scene.mode,
        scene.pixel,
        picture.title,
        feature_map.title,
        influence=scene.influence,
    )
    caption = caption_of(picture, feature_map, cell, credit(picture))
    figure = snapshot(view, f"{title(scene.file)} \N{MIDDLE DOT} {name}", caption)
    with st.container(key="take-scroller"), st.container(key="take-picture"):
        about = f"{scene.file.name} {name} cell {position(cell)}"
        chart(figure, about, key="take picture", theme=None)
    st.caption(
        "For slides or print: the buttons above the picture save it as PNG, at twice its size, or "
        "as SVG."
    )


def _is_volume(scene: Scene) -> bool:
    return len(scene.net.input.size) > 2


def _page(scene: Scene) -> None:
    st.markdown("### A page that works offline")
    st.caption("The linked view in one HTML file, to hand out or to show offline.")
    offered = to_choose_from(scene)
    names = {layer.name: title_of(layer)[0] for layer in offered}
    others = st.multiselect(
        "Layers, besides the one that shows",
        list(names),
        default=spread(offered),
        format_func=names.__getitem__,
        select_all=False,
        key=f"take layers {scene.file.digest} {scene.net.input.name}",
        persist_state="session",
    )
    channels = st.slider(
        "Strongest channels of each layer",
        min_value=1,
        max_value=_MOST_CHANNELS,
        value=_CHANNELS,
        key="take channels",
        persist_state="session",
    )
    chosen = [name for name in names if name in {scene.layer.name, *others}]
    traced = (scene.file.digest, scene.net.input, scene.net.weight_aware)
    content = (*traced, scene.fed.key, scene.shown, scene.cell, *chosen, channels)
    content_of_page, html = st.session_state.get(_PAGE, (None, b""))
    with _row():
        if content_of_page == content:
            name = f"{_file_name(scene.file.name)}.html"
            _download("Download the page", lambda: html, name)
            st.caption(_megabytes(len(html)))
            return
        size = estimate(scene.picture, [scene.net[name] for name in chosen], channels)
        wanted = st.button("Make the page", key="take make")
        st.caption(f"About {_megabytes(size)}")
    if wanted:
        with st.spinner("Making the page ...", show_time=True):
            st.session_state[_PAGE] = content, page(scene, chosen, channels).encode()
        st.rerun()


def _numbers(scene: Scene) -> None:
    layer, channel, cell = scene.layer, scene.feature_map.channel, scene.cell

    def one() -> Record:
        return cell_record(layer, cell, channel, pixels=True)

    def every() -> Record:
        return network_record(scene.file.name, scene.net)

    st.markdown("### The numbers")
    st.caption("The same numbers as from the command line: of this cell, or of all layers.")
    cells = _file_name(scene.file.name, title_of(layer)[0], *cell)
    layers = _file_name(scene.file.name, "layers")
    with _row():
        with _row(width="content"):
            _download(
                "Cell JSON", lambda: json_text(region_record(layer, [one()])), f"{cells}.json"
            )
            _download("Cell CSV", lambda: csv_text([cell_row(layer, one())]), f"{cells}.csv")
        with _row(width="content"):
            _download("Layers JSON", lambda: json_text(every()), f"{layers}.json")
            _download("Layers CSV", lambda: csv_text(every()["layers"]), f"{layers}.csv")


def title(file: File) -> str:
    """The title of a model; it mentions random weights, since nothing else beside it does."""
    untrained = isinstance(file.source, LibraryNetwork) and not file.source.trained
    return f"{file.name} with random weights" if untrained else file.name


def credit(picture: Picture) -> str:
    """The sentence that credits the input, where it is one of our samples; else empty."""
    for sample in SAMPLE_IMAGES.values():
        if picture.key.startswith(File.at(sample.path, sample.title).digest):
            return f"Image: {sample.title}, {sample.credit}."
    return ""


def to_choose_from(scene: Scene) -> list[Layer]:
    """Lists the layers to choose from: a framework's, if there are any, and the one that shows.

    In execution order.
    """
    offered = [layer for _, layer in scene.net.groups] or scene.net.layers
    place = {layer.name: number for number, layer in enumerate(scene.net.layers)}
    return sorted({*offered, scene.layer}, key=lambda layer: place[layer.name])


def spread(offered: Sequence[Layer]) -> list[str]:
    """Selects a few layers from the first to the last: convolutions, where there are any."""
    local = [layer for layer in offered if layer.grid]
    some = [layer for layer in local if is_convolution(title_of(layer)[1])] or local
    places = np.linspace(0, len(some) - 1, min(_SPREAD, len(some))).round().astype(int)
    return [some[place].name for place in places]


def page(scene: Scene, names: Sequence[str], channels: int) -> str:
    """Writes the page of these layers, with so many channels of each."""
    headline = f"{title(scene.file)} \N{MIDDLE DOT} {scene.picture.title}"
    chosen = [_chosen(scene, name, channels) for name in names]
    first = names.index(scene.layer.name)
    return offline_page(headline, credit(scene.picture), scene.picture, chosen, first)


def _chosen(scene: Scene, name: str, channels: int) -> Chosen:
    """A layer with its strongest channels; of the one that shows, what shows comes first."""
    layer, shows = scene.net[name], name == scene.layer.name
    pinned = scene.cell if shows else None
    try:
        values = by_channel(cache.activations(scene.file, scene.fed, name), layer)
    except ModelError as error:
        unknown = FeatureMap(layer, None, f"No values: {sentence(error)}", None)
        return Chosen([unknown], [""], pinned)
    strength = np.nan_to_num(values.reshape(len(values), -1).max(axis=1), nan=-np.inf)
    order: list[int] = np.argsort(-strength, kind="stable").tolist()
    if shows:
        order = [scene.shown, *(channel for channel in order if channel != scene.shown)]
    maps = []
    for channel in order[:channels]:
        seen = channel if layer.channel_axis is not None else None
        names = scene.names if shows else ()
        label = f"Feature map, channel {channel}" + (f" ({names[channel]})" if names else "")
        maps.append(FeatureMap(layer, seen, label, values[channel]))
    return Chosen(maps, [str(channel) for channel in order[:channels]], pinned)


def _row(width: Literal["stretch", "content"] = "stretch") -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="small", width=width)


def _download(label: str, content: Callable[[], str | bytes], name: str) -> None:
    """A button that makes a file when it is clicked; the end of its name settles its type."""
    st.download_button(
        label,
        content,
        name,
        _KINDS[name.rpartition(".")[2]],
        key=f"take {label}",
        on_click="ignore",
        icon=":material/download:",
    )


def _file_name(*parts: object) -> str:
    """Parts as a file's name: letters, digits and dots, with dashes between."""
    return re.sub(r"[^\w.]+", "-", "-".join(map(str, parts))).strip("-.")


def _megabytes(size: int) -> str:
    text = file_size(size)
    return f"{text}: fewer layers or channels make it smaller" if size > _LARGE else text
