"""The living figures: small networks to play with, each for one idea."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ...address import refresh
from ...address_choice import address_choice
from ..diagram.living_figure import Control, living_figure
from . import article, beyond, measured

SOURCES = (
    "Figures 1 to 10 follow Araujo, Norris and Sim, "
    "[Computing Receptive Fields of Convolutional Neural Networks]"
    "(https://distill.pub/2019/computing-receptive-fields), Distill 2019, and all figures use "
    "their letters. Layers are counted from the input, from 1 to *L*. With the index *l*, the "
    "letters *r*, *S* and *P* say what an output sees of layer *l*: *r* is 1 at the top, and index "
    "0 is the input. The numbers in brackets beside the equations are those of the article."
)


@dataclass(frozen=True)
class Figure:
    """Living figure: its ``controls``, or what draws it.

    ``source`` is where its contents come from, in Markdown, unless it is the article.
    """

    title: str
    lead: str
    controls: Sequence[Control] = ()
    draw: Callable[[], None] | None = None
    source: str = ""


FIGURES = {
    "network": Figure(
        "The network",
        "A network takes the input *f*₀ through layers: each makes a new row of units, a feature "
        "map, out of the one below. A layer has a kernel size *k*, a stride *s*, and padding "
        "before and after, *p* and *q*. Point at any unit to see what it depends on.",
        article.NETWORK,
    ),
    "layer": Figure(
        "One layer",
        "A unit takes *k* neighbouring units of the input, and the next one begins *s* units "
        "further on. Padding adds *p* units before the input and *q* after it; they hold no input. "
        "The kernel of the first unit begins at the very left, padding included. Negative padding "
        "cuts units off instead.",
        article.LAYER,
    ),
    "stack": Figure(
        "Layers stacked",
        "Each layer sees a little, and together they see far. Point at the output and follow the "
        "cone down, or point at the input and follow it up.",
        beyond.STACK,
    ),
    "derivation": Figure(
        "The recurrence",
        "An output sees *r* units of layer *l*. How many units of the layer below, "
        "*l* \N{MINUS SIGN} 1, does it see? Walk through the answer step by step.",
        article.DERIVATION,
    ),
    "size": Figure(
        "The size",
        "From the output down, the recurrence gives the size of the field in every layer. Solved, "
        "it is a sum: each layer adds *k* \N{MINUS SIGN} 1, times all strides below it. Point at a "
        "term to see the units that it counts. Press Next to see how the recurrence is solved.",
        article.SIZE,
    ),
    "region": Figure(
        "The region",
        "Where does the field lie? It reaches from its first unit *u* to its last one *v*, padding "
        "counted. Point at a unit of the output to put its number into the equations.",
        article.REGION,
    ),
    "position": Figure(
        "Stride, padding, centre",
        "Three numbers place every field: the size *r*₀, the effective stride *S*₀ from one field "
        "to the next, and the effective padding *P*₀ in front of the input. The marks below the "
        "input are the centres *c*₀ of the fields.",
        article.POSITION,
    ),
    "branches": Figure(
        "Branches",
        "Where paths meet, their effective strides and the centres of what they see must agree. "
        "Otherwise the sum mixes what lies around different places, and has no closed form. Tasks "
        "that ask where something is, such as segmentation, need aligned outputs.",
        article.BRANCHES,
    ),
    "graph": Figure(
        "The algorithm",
        "Many paths may lead from the input to the output. One walk through the layers, from the "
        "output down, finds *r*, *S* and *P* of all of them together.",
        article.GRAPH,
    ),
    "operations": Figure(
        "Other operations",
        "What do other operations do to the field? Many amount to a kernel *k*, a stride *s* and "
        "padding *p*, and then all equations hold for them.",
        article.OPERATIONS,
    ),
    "dilation": Figure(
        "Dilation",
        "A dilated kernel leaves out units between its taps. It reaches farther with as many "
        "weights, but what it sees has holes, unless other layers fill them.",
        beyond.DILATION,
    ),
    "upsampling": Figure(
        "Upsampling",
        "The reverse of a stride: one input unit reaches several outputs. A constant input stays "
        "constant only if all outputs have the same summed weight: the sum of the weights that "
        "bring them input.",
        beyond.UPSAMPLING,
        source=beyond.CITED_BOARD,
    ),
    "bell": Figure(
        "The bell",
        "Many paths lead up from the middle of the field, and few from its rim. The effective "
        "receptive field is how much each input unit counts. In a deep stack of equal weights it "
        "is a bell, far narrower than *r*.",
        beyond.BELL,
        draw=beyond.bell,
        source=beyond.CITED_BELL,
    ),
    "field": Figure(
        "The measured field",
        "Paths say what can reach a unit. What moves it depends on the weights, too. We covered "
        "photographs patch by patch, and measured how far a unit of a real network moved.",
        draw=measured.measured,
    ),
    "border": Figure(
        "At the border",
        "Padding is not input. The closed form, even if you clip it at the ends of the input, "
        "still counts padding between the layers as if it saw something. The exact region follows "
        "the units down, and does not.",
        beyond.BORDER,
    ),
}
"""Figures by the name that the page's address gives them, in the order of the menu."""


def living_figures() -> None:
    """Draws the menu of figures and the chosen one, which the page's address names."""
    labels = {name: f"{n} {FIGURES[name].title}" for n, name in enumerate(FIGURES, 1)}
    name = address_choice("figure", labels, st.pills)
    st.markdown(FIGURES[name].lead)
    _draw(name)
    st.caption(SOURCES)


@st.fragment
def _draw(name: str) -> None:
    """Draws a figure: only this runs again when a control is moved or a unit is pinned."""
    figure = FIGURES[name]
    if figure.draw:
        figure.draw()
    else:
        living_figure(name, figure.controls)
    if figure.source:
        st.caption(figure.source)
    refresh()
