"""Explore: move over a feature map and see which part of the input drives each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape

import streamlit as st

from rf_viz import Layer, ModelError
from rf_viz.samples import Sample
from rf_viz.ui import cache, link, page, pick
from rf_viz.ui.answer import answer
from rf_viz.ui.cache import Fed, File
from rf_viz.ui.channels import by_channel, choose_channel
from rf_viz.ui.cue import cue
from rf_viz.ui.depth import depth, near
from rf_viz.ui.layer_table import layer_table
from rf_viz.ui.linked_view import FeatureMap, Picture, linked_view
from rf_viz.ui.outline import told
from rf_viz.ui.place import arrive, place, settle
from rf_viz.ui.questions import ask, choose_question
from rf_viz.ui.scene import Scene, Wanted, want, wanted
from rf_viz.ui.volume_view import volume_view
from rf_viz.ui.words import by, sentence

LEAD = (
    "Move over the feature map: the input shows which part of it that cell sees. "
    "Click a cell to pin it, or a pixel of the input to see which cells see it."
)


@st.fragment
def explore(scene: Scene, view: str, traced: str, choices: Mapping[str, str]) -> None:
    """The linked view and the answers: only these run again when something is pinned."""
    with st.container(key="explore"):
        with st.container():
            if scene.picture.kind == "volume":
                said = volume_view(scene.picture, scene.feature_map, view=view, key="volume view")
            else:
                said = linked_view(scene.picture, scene.feature_map, view=view, key="linked view")
            pinned = settle(scene, view, said)
            here = place()
            around = near(traced, scene.net, here.point)
            cue(scene.layer, scene.feature_map.channel, pinned, here.order, around)
        with st.container():
            answer(scene.picture, scene.feature_map, pinned.cell, pinned.mode)
    scene = replace(scene, cell=pinned.cell, pixel=pinned.pixel, mode=pinned.mode)
    question = choose_question()
    link.write(scene, pinned, choices, question)
    if question:
        ask(question, scene)


def choose_scene(
    file: File, layer: Layer, picture: Picture, fed: Fed, sample: Sample | None, view: str
) -> Scene:
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
        unknown = FeatureMap(layer, None, "No values", None)
        return Scene(file, net, picture, fed, unknown, None, 0, [], unknown.strongest)
    maps = by_channel(values, layer)
    names = sample.labels.read_text().splitlines() if sample and sample.labels else []
    if len(names) != len(maps):
        names = []
    with picker:
        shown, title = choose_channel(maps, names, key=f"channel {view}")
    seen = shown if layer.channel_axis is not None else None
    feature_map = FeatureMap(layer, seen, f"Feature map, channel {title}", maps[shown])
    return Scene(file, net, picture, fed, feature_map, maps, shown, names, feature_map.strongest)


page.set_up("Explore")
address = link.arrived()
if address:
    pick.restore(address)
    if address.get("ask"):
        st.session_state["question"] = address["ask"]
asked_for = wanted()
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
        picture, fed = pick.choose_input(file, net, sample, options)
    with st.sidebar:
        goal = asked_for.layer if asked_for else None
        name = pick.choose_layer(net, sample, file.digest, goal, key=f"layers {traced}")
    pick.problem()
    st.html(f'<p class="rf-lead">{LEAD}</p>')
    view, layer = f"{traced} {name}", net[name]
    if asked_for and asked_for.channel is not None:
        st.session_state[f"channel {view}"] = asked_for.channel
    depth(net, traced, lambda layer: want(Wanted(layer, keep_point=True)))
    scene = choose_scene(file, layer, picture, fed, sample, view)
    arrive(scene, view, asked_for)
    explore(scene, view, traced, pick.chosen(file, net, sample))
layer_table(net, open=bool(unfit))
