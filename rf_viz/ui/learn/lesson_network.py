"""The lesson's last step: a real network, and the way to it in Explore."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from ...catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from ...figures.region import region_figure
from ...lessons.worked import form
from ...trace.network import Layer
from .. import cache
from ..address_choice import kept, one_of
from ..cache import File, TraceOptions
from ..chart.chart import chart
from ..navigation import Destination, set_destination
from ..text import by, position
from .task import task

TITLE = "A real network"

_MODEL, _PICTURE = "squeezenet", "chelsea"
"""Keys of the sample network and the sample image."""

_LAYERS = (
    "conv1",
    "pool1",
    *(f"fire{n}/concat" for n in (2, 3)),
    "pool3",
    *(f"fire{n}/concat" for n in (4, 5)),
    "pool5",
    *(f"fire{n}/concat" for n in (6, 7, 8, 9)),
)
"""Names of the layers where the receptive field grows."""

_SIDE = 380
"""The height of the picture, in screen pixels."""


def lesson_network() -> bool:
    """Draws the step and returns whether its task is done."""
    file = File.at(SAMPLE_MODELS[_MODEL].path, SAMPLE_MODELS[_MODEL].title)
    net = cache.trace(file, TraceOptions())
    height = net.input.size[0]
    with st.container(key="lesson"):
        with st.container():
            st.markdown(
                "SqueezeNet names what is in a photograph. It is made of what you have seen: "
                "kernels of 3, strides, padding, and aligned paths, a kernel of 1 beside one "
                "of 3. On a picture the same rules hold along each axis. The numbers are those "
                "of the chosen layer, taken as the output."
            )
            name = st.select_slider(
                "Layer", _LAYERS, **kept("step10.layer", "lesson layer", one_of(_LAYERS))
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
            _to_explore(name, cell, finished)
        with st.container():
            _picture(layer, cell)
    return finished


def _to_explore(name: str, cell: tuple[int, ...], finished: bool) -> None:
    kind: Literal["primary", "secondary"] = "primary" if finished else "secondary"
    if st.button(f"Open {name} in Explore", key="lesson explore", type=kind):
        st.session_state["model"], st.session_state["image"] = _MODEL, _PICTURE
        set_destination(Destination(name, cell))
        st.switch_page("streamlit_app.py")


def _picture(layer: Layer, cell: tuple[int, ...]) -> None:
    """Draws the photograph, dark outside the region of a cell."""
    image = SAMPLE_IMAGES[_PICTURE]
    height, width = layer.net.input.size
    pixels = cache.pixels(File.at(image.path, image.title), (height, width), "crop")
    sees = f"Cell {position(cell)} of {layer.name} sees {by(layer.region(cell).size)} pixels."
    chart(region_figure(layer, cell, pixels, _SIDE), sees, key="lesson picture")
    st.caption(f"{sees} Photograph: {image.credit}.")
