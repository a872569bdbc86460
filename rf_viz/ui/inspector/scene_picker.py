"""A layer's heading, and the channel of it to look at."""

from __future__ import annotations

from html import escape

import streamlit as st

from ...catalogue.samples import Sample
from ...errors import ModelError
from ...figures.maps import by_channel
from ...trace.network import Layer
from .. import cache
from ..again import offer_again
from ..cache import Fed, File
from ..outline import title_of
from ..pictures import FeatureMap, Picture
from ..text import by, count, plain, sentence
from .channels import choose_channel
from .glossary import glossary
from .layer_card import layer_card
from .scene import Scene


def scene_picker(
    file: File, layer: Layer, picture: Picture, fed: Fed, sample: Sample | None, place: str
) -> Scene:
    """Draws the heading and the choice of a channel, and returns the scene.

    ``place`` stands for the layer of the model. Where the model cannot be run, the regions show
    without values.
    """
    heading = st.container(key="heading", horizontal=True, vertical_alignment="center")
    about, card = heading.container(), heading.container(width="content")
    picker = heading.container(width=250)
    with card:
        layer_card(layer)
    with heading.container(width="content"):
        glossary()
    name, what = title_of(layer)
    weights = layer.settings.get("parameters")
    if isinstance(weights, int):
        what += f", {count(weights, 'parameter')}"
    about.html(
        f'<div class="rf-about"><b role="heading" aria-level="2">'
        f"{escape(name).replace('/', '/<wbr>')}</b>"
        f"<span>{escape(what)} · {by(layer.shape)}</span></div>"
    )
    try:
        values = cache.activations(file, fed, layer.name)
    except ModelError as error:
        st.caption(f"No values: {plain(sentence(error))} The regions are right all the same.")
        offer_again(file, error, "values")
        unknown = FeatureMap(layer, None, "No values", None)
        return Scene(file, layer.net, picture, fed, unknown, None, 0, [], unknown.strongest)
    maps = by_channel(values, layer)
    names = sample.labels.read_text().splitlines() if sample and sample.labels else []
    if len(names) != len(maps):
        names = []
    with picker:
        shown, title = choose_channel(maps, names, key=f"channel {place}")
    seen = shown if layer.channel_axis is not None else None
    feature_map = FeatureMap(layer, seen, f"Feature map, channel {title}", maps[shown])
    strongest = feature_map.strongest
    return Scene(file, layer.net, picture, fed, feature_map, maps, shown, names, strongest)
