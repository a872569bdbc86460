"""The living figures: small networks to play with, each for one idea."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ...address import refresh
from ...address_choice import address_choice
from . import article, beyond

SOURCES = (
    "Figures 1 to 5 follow Araujo, Norris and Sim, "
    "[Computing Receptive Fields of Convolutional Neural Networks]"
    "(https://distill.pub/2019/computing-receptive-fields), Distill 2019, and all figures use "
    "their letters. Layers are counted from the input, from 1 to *L*. With the index *l*, the "
    "letters *r*, *S* and *P* say what an output sees of layer *l*: *r* is 1 at the top, and index "
    "0 is the input. Every drawing is a small ONNX model that RF-Viz traces like any other."
)


@dataclass(frozen=True)
class Figure:
    """Living figure: ``draw`` draws it with its sliders."""

    title: str
    lead: str
    draw: Callable[[], None]


FIGURES = {
    "layer": Figure(
        "One layer",
        "A unit takes *k* neighbouring units of the input, and the next one begins *s* units "
        "further on. Padding adds *p* units before the input and *q* after it; they hold no input.",
        article.layer,
    ),
    "stack": Figure(
        "Layers stacked",
        "Each layer sees a little, and together they see far. Point at the output and follow the "
        "cone down, or point at the input and follow it up.",
        article.stacked,
    ),
    "size": Figure(
        "The size",
        "From the output down: if one output sees *r* units that a layer makes, the recurrence "
        "tells how many units of the layer below these span. Solved, it is a sum: each layer adds "
        "*k* \N{MINUS SIGN} 1, times all strides below it.",
        article.size,
    ),
    "region": Figure(
        "The region",
        "Where the field lies: from the first unit *u* to the last one *v*, padding counted. Click "
        "a unit of the output to fill its number in.",
        article.region,
    ),
    "branches": Figure(
        "Branches",
        "Where paths meet, their effective strides and the centres of what they see must agree. "
        "Otherwise the sum adds up what lies around different places, and has no closed form.",
        article.branches,
    ),
    "dilation": Figure(
        "Dilation",
        "A dilated kernel leaves out units between its taps. It reaches farther with as many "
        "weights, but what it sees has holes, unless other layers fill them.",
        beyond.dilation,
    ),
    "upsampling": Figure(
        "Upsampling",
        "The reverse of a stride: one input unit reaches several outputs. Whether all outputs get "
        "the same summed weight decides if a constant input stays constant.",
        beyond.upsampling,
    ),
    "bell": Figure(
        "The bell",
        "Many paths lead to the middle of the field and few to its rim. In a deep stack of equal "
        "weights, the effective receptive field is a bell, far narrower than *r*.",
        beyond.bell,
    ),
    "border": Figure(
        "At the border",
        "Padding is not input. The closed form, clipped at the input's ends, still takes padding "
        "between the layers for units that see something. Following the units down does not.",
        beyond.border,
    ),
}
"""Figures by the name that the page's address gives them, in the order of the menu."""


def living_figures() -> None:
    """Draws the menu of figures and the chosen one, which the page's address names."""
    labels = {name: f"{n} {FIGURES[name].title}" for n, name in enumerate(FIGURES, 1)}
    figure = FIGURES[address_choice("figure", labels, st.pills)]
    st.markdown(figure.lead)
    _draw(figure)
    st.caption(SOURCES)


@st.fragment
def _draw(figure: Figure) -> None:
    """Draws a figure: only this runs again when a slider is moved or a unit is pinned."""
    figure.draw()
    refresh()
