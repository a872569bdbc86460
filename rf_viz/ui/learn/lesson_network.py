"""The lesson's last step: a real network, and the way to it in Explore."""

from __future__ import annotations

import streamlit as st

from ...catalogue.samples import SAMPLE_IMAGES
from ...figures.region import region_figure
from ...lessons.worked import form
from ...trace.network import Layer
from ..address_choice import kept, one_of
from ..chart.chart import chart
from ..navigation import Destination, set_destination
from ..text import by, position
from .sample import LAYERS, MODEL, PICTURE, network, photograph
from .task import task

TITLE = "A real network"

_SIDE = 380
"""The height of the picture, in screen pixels."""


def lesson_network() -> bool:
    """Draws the step and returns whether its task is done."""
    net = network()
    height = net.input.size[0]
    with st.container(key="lesson"):
        with st.container():
            st.markdown(
                "Back to the cat. SqueezeNet is made of what you have seen: kernels of 3, strides, "
                "padding, and aligned paths, where a kernel of 1 lies beside one of 3. A picture "
                "has rows and columns, and the same rules hold along each. For the layer that you "
                "choose, the equations have the size $r_0$ of what a cell sees, the effective "
                "stride $S_0$ and the effective padding $P_0$, all in pixels."
            )
            name = st.select_slider(
                "Layer", LAYERS, **kept("step10.layer", "lesson layer", one_of(LAYERS))
            )
            layer = net[name]
            cell = tuple(n // 2 for n in layer.extents)
            size, stride, padding = form(layer)
            st.latex(f"r_0 = {size} \\qquad S_0 = {stride} \\qquad P_0 = {padding}")
            seen = layer.region(cell).size[0]
            finished = 2 * seen > height
            task(
                "Go up until the middle cell sees more than half of the photograph's "
                f"{height} rows of pixels.",
                f"The middle cell of {name} sees {seen} of {height} rows, and as many columns.",
                finished,
            )
            _to_explore(name, cell)
        with st.container():
            _picture(layer, cell)
    return finished


def _to_explore(name: str, cell: tuple[int, ...]) -> None:
    if st.button(f"Open {name} in Explore", key="lesson explore"):
        st.session_state["model"], st.session_state["image"] = MODEL, PICTURE
        set_destination(Destination(name, cell))
        st.switch_page("streamlit_app.py")


def _picture(layer: Layer, cell: tuple[int, ...]) -> None:
    """Draws the photograph, dark outside the region of a cell."""
    sees = f"Cell {position(cell)} of {layer.name} sees {by(layer.region(cell).size)} pixels."
    chart(region_figure(layer, cell, photograph(), _SIDE), sees, key="lesson picture")
    st.caption(f"{sees} Photograph: {SAMPLE_IMAGES[PICTURE].credit}.")
