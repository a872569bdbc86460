"""Explore: move over a feature map and see which part of the input drives each cell."""

from __future__ import annotations

from html import escape

import streamlit as st

from rf_viz import Layer, ModelError
from rf_viz.samples import SampleModel
from rf_viz.ui import cache, page, pick
from rf_viz.ui.answer import answer
from rf_viz.ui.cache import Fed, File
from rf_viz.ui.channels import by_channel, choose_channel
from rf_viz.ui.layer_table import layer_table
from rf_viz.ui.linked_view import FeatureMap, Picture, linked_view
from rf_viz.ui.outline import told
from rf_viz.ui.words import by, sentence

LEAD = (
    "Move over the feature map: the input shows which part of it that cell sees. "
    "Click a cell to pin it."
)


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
    name, what = told(layer)
    about.html(
        f'<p class="rf-about"><b>{escape(name).replace("/", "/<wbr>")}</b>'
        f"<span>{escape(what)} · {by(layer.shape)}</span></p>"
    )
    try:
        values = cache.activations(file, fed, layer.name)
    except ModelError as error:
        st.caption(f"No values: {escape(sentence(error))} The regions hold all the same.")
        return FeatureMap(layer, None, "No values", None)
    maps = by_channel(values, layer)
    names = sample.labels.read_text().splitlines() if sample and sample.labels else []
    with picker:
        channel, title = choose_channel(
            maps, names if len(names) == len(maps) else [], key=f"channel {view}"
        )
    seen = channel if layer.channel_axis is not None else None
    return FeatureMap(layer, seen, f"Feature map, channel {title}", maps[channel])


page.set_up("Explore")
with st.sidebar:
    file, sample = pick.choose_model()
    above = st.container()
    options = st.expander("Options")
    with options:
        net, asked = pick.choose_options(file)
traced = f"{file.digest} {asked}"
unfit = pick.unfit(net)
if unfit:
    pick.problem()
    st.info(unfit, icon=":material/info:")
else:
    with above:
        picture, fed = pick.choose_input(net, sample, file.digest, options)
    with st.sidebar:
        name = pick.choose_layer(net, sample, file.digest, key=f"layers {traced}")
    pick.problem()
    st.html(f'<p class="rf-lead">{LEAD}</p>')
    view = f"{traced} {name}"
    explore(picture, choose_map(file, net[name], fed, sample, view), view)
layer_table(net, open=bool(unfit))
