"""The opening: the box of a cell grows from layer to layer, over a photograph.

It plays by itself once, in the browser alone. What the person stops at is in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ....figures.encode import LOSSLESS_VIEW, picture
from ....trace.network import Layer
from ...address import ignore_echo
from ...address_choice import between, restored
from ...browser.component import component
from ..sample import LAYERS, network, photograph
from ..task import task
from .reasons import reasons
from .words import words

OPENING = "What could this cell possibly know?"
OPENING_IN_SHORT = "The opening"
"""Title of the step, and what it is called in a list of steps."""

_SPOT = 79
"""Row and column of the pixel in the cat's eye that the cell of each layer is centred on."""

CAPTIONS: Mapping[str, str] = dict(
    zip(
        LAYERS,
        (
            "Nine dark pixels. They could be anything.",
            "Dark on the left, a little lighter on the right.",
            "Something dark that shines, beside something yellow.",
            "A bright spot on something dark, and yellow around it.",
            "A pupil, and some of the yellow around it.",
            "Most of an eye.",
            "An eye, just about whole.",
            "A whole eye, with fur around it.",
            "An eye, and the fur from the brow to the cheek.",
            "An eye, striped fur, and the bridge of a nose.",
            "Half a face. The box has met two edges of the picture, and ends there.",
            "One eye and a part of the other, whiskers, the top of a nose: a cat.",
        ),
        strict=True,
    )
)
"""For each layer what can be seen in the box of its cell."""

_KEY = "opening"
"""Key of the component."""

_component = component(__file__)


def opening() -> bool:
    """Draws the step and returns whether its task is done."""
    st.markdown(
        "A network looks at a picture through **cells**. Each layer is a grid of cells, and each "
        "cell gets only the pixels in its box. Nothing outside of the box can change it. Here is "
        "a real network, SqueezeNet, and in each of its layers the cell that looks at the cat's "
        "eye."
    )
    at = restored("opening.layer", "opening layer", between(0, len(LAYERS), 0))

    def moved() -> None:
        st.session_state[at] = st.session_state[_KEY]["layer"]
        ignore_echo()

    _component(
        key=_KEY,
        data={**_views(), "at": st.session_state[at]},
        default={"layer": None},
        on_layer_change=moved,
    )
    finished = bool(st.session_state[at] == len(LAYERS))
    net = network()
    first, last = (_by(net[name]) for name in (LAYERS[0], LAYERS[-1]))
    task(
        "Let the box grow up to the last layer.",
        f"From {first} pixels to {last}: the higher the layer, the more its cells could know. What "
        "a cell gets is its **receptive field**. Its size and its place follow from the layers "
        "alone, and this lesson shows how.",
        finished,
    )
    reasons()
    st.markdown("### The words")
    words()
    return finished


def cell_at(layer: Layer, spot: int = _SPOT) -> tuple[int, int]:
    """The cell of a layer that is centred nearest to the pixel in that row and column."""
    field = layer.receptive_field
    assert field is not None
    (first, _), (step, _) = field.centre((0, 0)), field.stride
    nearest = round((spot - first) / step)
    return nearest, nearest


def _by(layer: Layer) -> str:
    """The size of the box of a layer's cell, in words."""
    return " by ".join(map(str, layer.region(cell_at(layer)).size))


@st.cache_resource(show_spinner=False)
def _views() -> Mapping[str, Any]:
    """The photograph, and for each layer its cell and the box; they are the same for everybody."""
    pixels, net = photograph(), network()
    layers = [net[name] for name in LAYERS]
    cells = [cell_at(layer) for layer in layers]
    regions = [layer.region(cell) for layer, cell in zip(layers, cells, strict=True)]
    return {
        "picture": picture(pixels, lossless=LOSSLESS_VIEW).data_url,
        "extent": pixels.shape[:2],
        "layers": [
            {
                "name": layer.name.partition("/")[0],
                "grid": layer.extents,
                "cell": cell,
                "start": region.start,
                "stop": region.stop,
                "says": CAPTIONS[layer.name],
            }
            for layer, cell, region in zip(layers, cells, regions, strict=True)
        ],
    }
