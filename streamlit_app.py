"""Explore: move over a feature map and see which part of the input drives each cell."""

from __future__ import annotations

import streamlit as st

from rf_viz import Layer, ModelError
from rf_viz.samples import SampleModel
from rf_viz.ui import cache, page, pick
from rf_viz.ui.answer import answer
from rf_viz.ui.cache import File
from rf_viz.ui.channels import by_channel, choose_channel
from rf_viz.ui.layer_list import by, layer_list
from rf_viz.ui.layer_table import layer_table
from rf_viz.ui.linked_view import FeatureMap, Picture, linked_view
from rf_viz.ui.pick import Fed


@st.fragment
def explore(picture: Picture, feature_map: FeatureMap, view: str) -> None:
    """The linked view and the answer: only these run again when a cell is pinned."""
    with st.container(key="explore"):
        with st.container():
            cell = linked_view(picture, feature_map, view=view, key="linked view")
        with st.container():
            answer(picture, feature_map, cell)


def choose_map(
    file: File, layer: Layer, fed: Fed, sample: SampleModel | None, view: str
) -> FeatureMap:
    """The channel to show; where the model cannot be run, the regions show without values."""
    about, picker = st.columns([3, 2], vertical_alignment="bottom")
    about.markdown(f"##### {layer.name}\n{layer.op} · {by(layer.shape)}")
    try:
        values = cache.activations(file, fed.key, layer.name, fed.tensor)
    except ModelError as error:
        st.warning(f"{error} The regions below hold all the same.", icon=":material/warning:")
        return FeatureMap(layer, None, "No values", None)
    maps = by_channel(values, layer)
    names = sample.labels.read_text().splitlines() if sample and sample.labels else None
    with picker:
        channel = choose_channel(
            maps, names if names and len(names) == len(maps) else None, key=f"channel {view}"
        )
    seen = channel if layer.channel_axis is not None else None
    return FeatureMap(layer, seen, f"Feature map, channel {channel}", maps[channel])


page.set_up("Explore")
with st.sidebar:
    file, sample = pick.choose_model()
    image = st.container()
    options = st.expander("Options")
    with options:
        net, weight_aware = pick.choose_options(file)
    unfit = pick.unfit(net)
    with image:
        fed = None if unfit else pick.choose_input(net, sample, file.digest, options)
    traced = f"{file.digest} {net.input.shape} {weight_aware}"
    name = layer_list(net, pick.first_layer(net, sample), key=f"layers {traced}")

pick.problem()
if fed:
    st.markdown(
        "Move over the feature map to see which part of the input each cell sees. "
        "Click to pin a cell."
    )
    view = f"{traced} {name}"
    explore(fed.picture, choose_map(file, net[name], fed, sample, view), view)
else:
    st.info(unfit, icon=":material/info:")
layer_table(net, open=fed is None)
