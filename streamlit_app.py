"""Explore: move over a feature map and see which part of the input drives each cell."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from rf_viz.errors import ModelError
from rf_viz.figures.maps import too_many_cells
from rf_viz.ui import address, navigation, page, sidebar
from rf_viz.ui.explore.layer_table import layer_table
from rf_viz.ui.explore.questions import OF_ANSWERS, ask, choose_question, count_questions
from rf_viz.ui.explore.tries import things_to_try
from rf_viz.ui.inspector.cell_panel import cell_panel
from rf_viz.ui.inspector.cue.cue import cue
from rf_viz.ui.inspector.depth.depth import depth, near
from rf_viz.ui.inspector.influence_bar import influence_bar, measured
from rf_viz.ui.inspector.linked_view.linked_view import linked_view
from rf_viz.ui.inspector.pinned import apply, pinned_state, settle
from rf_viz.ui.inspector.scene import Scene
from rf_viz.ui.inspector.scene_picker import scene_picker
from rf_viz.ui.inspector.start import Start, choose_start
from rf_viz.ui.inspector.top_classes import top_classes
from rf_viz.ui.inspector.volume_view.volume_view import volume_view
from rf_viz.ui.navigation import Destination
from rf_viz.ui.text import sentence

LEAD = (
    "The <b>receptive field</b> of a cell: all pixels that can change it. Point at the map to see "
    "it."
)


@st.fragment
def explore(scene: Scene, view: str, traced: str, played: int) -> None:
    """Draws the linked view and the answers: only these run again when something is pinned."""
    questions = count_questions(st.session_state.get("question"))
    with st.container(key="explore"):
        with st.container():
            if scene.picture.kind == "volume":
                report = volume_view(scene.picture, scene.feature_map, view=view, key="volume view")
            else:
                report = linked_view(scene.picture, scene.feature_map, view=view, key="linked view")
            pinned, state = settle(scene, view, report), pinned_state()
            scene = replace(scene, cell=pinned.cell, pixel=pinned.pixel, mode=pinned.mode)
            channel = scene.feature_map.channel
            try:
                around = near(scene.net, state.point)
                send = partial(
                    cue, scene.layer, channel, pinned, state.order, around, played, questions
                )
                so_far = measured(scene) if pinned.mode == "influence" else None
                scene = replace(scene, influence=so_far.influence if so_far else None)
                send(scene.influence)
            except ModelError as error:  # what the cell sees would take too much memory or time
                st.warning(sentence(error))
                return
        with st.container(key="panel"):
            cell_panel(scene.picture, scene.feature_map, pinned.cell, pinned.mode, scene.influence)
            top_classes(scene)
    bar = st.container() if so_far is not None else None
    question = choose_question()
    for name in OF_ANSWERS:
        address.put(name, "")
    for name, value in scene.destination.to_address().items():
        address.put(name, value)
    if question:
        ask(question, scene)
    address.refresh()
    if bar is not None and so_far is not None:
        with bar:  # last, since it goes on with the measurement
            influence_bar(scene, so_far, partial(send, key="cue of influence"))


def walk(layer: str) -> None:
    """Goes to another layer; the point of the input that one looks at stays."""
    navigation.set_destination(Destination(layer, keep_point=True))


page.set_up("Explore")
if sidebar.asks_files():
    st.stop()
navigation.follow_address()
with st.sidebar:
    sidebar.drop()
    file, sample = sidebar.choose_model()
destination = navigation.pending_destination()  # an upload may have set it just now
if sidebar.asks_size(file):
    st.stop()
with st.sidebar:
    above = st.container()
    with st.expander("Options"):
        net, trace_options = sidebar.choose_options(file)
traced = f"{file.digest} {trace_options}"
unfit = sidebar.misfit(file, net)
if unfit:
    navigation.clear()
    sidebar.problem()
    st.info(unfit, icon=":material/info:")
else:
    with above:
        picture, fed = sidebar.choose_input(file, net, sample)
    with st.sidebar:
        above_layers = st.container()
        goal = destination.layer if destination else None
        name = sidebar.choose_layer(net, sample, file.digest, goal, key=f"layers {traced}")
    with above_layers:
        start = choose_start(file, Start(net, trace_options, picture, fed), name)
    net, picture, fed = start.net, start.picture, start.fed
    traced = f"{file.digest} {start.options}"
    sidebar.problem()
    with page.lead(LEAD):
        played = things_to_try()
    view, layer = f"{traced} {name}", net[name]
    place = f"{file.digest} {name}"  # however it is traced: a channel stays chosen
    if destination and destination.channel is not None:
        st.session_state[f"channel {place}"] = destination.channel
    depth(net, traced, walk)
    too_many = too_many_cells(layer)
    if too_many:
        navigation.clear()
        st.info(too_many, icon=":material/info:")
    else:
        scene = scene_picker(file, layer, picture, fed, sample, place)
        apply(scene, view, destination)
        navigation.clear()
        explore(scene, view, traced, played)
layer_table(net, open=bool(unfit))
page.finish()
