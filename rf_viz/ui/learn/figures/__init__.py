"""The living figures: small networks to play with, each for one idea."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ...address_choice import address_choice
from . import article, beyond

SOURCES = (
    "Figures 1 to 5 follow Araujo, Norris and Sim, "
    "[Computing Receptive Fields of Convolutional Neural Networks]"
    "(https://distill.pub/2019/computing-receptive-fields), Distill 2019. Every drawing is a small "
    "ONNX model that RF-Viz traces like any other."
)


@dataclass(frozen=True)
class Figure:
    """Living figure: ``draw`` is the fragment that draws it with its sliders."""

    title: str
    lead: str
    draw: Callable[[], None]


FIGURES = {
    "layer": Figure(
        "One layer",
        "A unit takes *k* neighbours; the next one begins *s* further on. Padding adds *p* units "
        "before and *q* after, so that the border has neighbours too.",
        article.layer,
    ),
    "stack": Figure(
        "Layers stacked",
        "Each layer sees a little; together they see far. Point at the output and follow the cone "
        "down, or point at the input and follow it up.",
        article.stacked,
    ),
    "size": Figure(
        "The size",
        "From the output down, each layer turns *r* units into the units that these take. Solved, "
        "the recurrence is a sum: what a layer adds is scaled by all strides below it.",
        article.size,
    ),
    "region": Figure(
        "The region",
        "Where the field lies: the first unit *u* and the last one *v*, padding counted. Click a "
        "unit of the output to fill its number in.",
        article.region,
    ),
    "branches": Figure(
        "Branches",
        "Where paths meet, their strides and their centres must agree. Otherwise what is added "
        "comes from different places, and there is no closed form.",
        article.branches,
    ),
    "dilation": Figure(
        "Dilation",
        "A dilated kernel leaves units out between its taps: it sees far at no cost, but with "
        "holes, unless the layers are chosen to fill them.",
        beyond.dilation,
    ),
    "upsampling": Figure(
        "Upsampling",
        "Backwards through a stride: one input reaches several outputs. How many inputs an output "
        "takes may change from one to the next.",
        beyond.upsampling,
    ),
    "bell": Figure(
        "The bell",
        "Many paths lead to the middle of the field and few to its rim. The effective receptive "
        "field is a bell, far narrower than *r*.",
        beyond.bell,
    ),
    "border": Figure(
        "At the border",
        "Padding is not input. Clipping the closed form at the input's ends forgets what layers "
        "in between leave over or pad; following the units through does not.",
        beyond.border,
    ),
}
"""Figures by the name that the page's address gives them, in the order of the menu."""


def living_figures() -> None:
    """Draws the menu of figures and the chosen one, which the page's address names."""
    labels = {name: f"{n} {FIGURES[name].title}" for n, name in enumerate(FIGURES, 1)}
    figure = FIGURES[address_choice("figure", labels, st.pills)]
    st.markdown(figure.lead)
    figure.draw()
    st.caption(SOURCES)
