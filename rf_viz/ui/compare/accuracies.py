"""Accuracy over receptive field size: the article's figure, with networks of one's own in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ...catalogue.article import (
    Fit,
    Summary,
    fit,
    summary,
)
from ...catalogue.keras_applications import KERAS_APPLICATIONS
from ...figures.compare import Point, accuracy
from ..text import listed, plain
from .networks import Contender, ContenderTrace

_ARTICLE, _KERAS, _OWN, _ALL = "The article's", "Keras applications", "Yours", "All shown"

_NAMES = {
    "alexnet_v2": "AlexNet",
    "vgg_16": "VGG-16",
    "mobilenet_v1": "MobileNet",
    "mobilenet_v1_075": "MobileNet 0.75",
    "resnet_v1_50": "ResNet-50",
    "resnet_v1_101": "ResNet-101",
    "resnet_v1_152": "ResNet-152",
    "resnet_v1_200": "ResNet-200",
    "inception_v2": "Inception-v2",
    "inception_v3": "Inception-v3",
    "inception_v4": "Inception-v4",
    "inception_resnet_v2": "Inception-ResNet-v2",
}
"""Titles of the article's networks."""


@st.fragment
def accuracies(traces: Mapping[Contender, ContenderTrace]) -> None:
    """Draws the figure, its fits, and a form to add the networks that are compared."""
    shown = st.segmented_control(
        "Show",
        [_ARTICLE, _KERAS],
        default=[_ARTICLE, _KERAS],
        selection_mode="multi",
        key="accuracy of",
        persist_state="session",
    )
    groups = {
        _KERAS: _keras() if _KERAS in shown else [],
        _ARTICLE: _article() if _ARTICLE in shown else [],
        _OWN: _own(),
    }
    everything = [point for group in groups.values() for point in group]
    several = sum(map(bool, groups.values())) > 1
    fitted = {_ARTICLE: groups[_ARTICLE], _ALL: everything} if several else groups
    fits = {title: curve for title, points in fitted.items() if (curve := _fit(points))}
    if not everything:
        st.info("Nothing is shown: choose a group above, or add a network below.")
    else:
        st.plotly_chart(
            accuracy(groups, fits),
            key="accuracy",
            config={"displayModeBar": False},
            alt="Top-1 accuracy over receptive field size, with logarithmic fits.",
        )
    for title, curve in fits.items():
        st.markdown(_equation(title, curve))
    for note in _left_out(groups):
        st.caption(note)
    _own_networks(traces)
    st.caption(
        "After the last figure of A. Araujo, W. Norris and J. Sim, [Computing Receptive Fields of "
        "Convolutional Neural Networks](https://distill.pub/2019/computing-receptive-fields), "
        "Distill 2019, who find that accuracy grows like the logarithm of the size: a large "
        "receptive field is needed, with diminishing rewards. The accuracies of the Keras "
        "applications are those of [their table](https://keras.io/api/applications)."
    )


def _article() -> list[Point]:
    return [
        Point(_NAMES.get(n.net, n.net), n.figures.size, n.top1, n.gflops)
        for n in summary()
        if n.figures.size is not None and n.top1 is not None
    ]


def _keras() -> list[Point]:
    return [
        Point(a.name, max(a.size), a.top1, a.gflops)
        for a in KERAS_APPLICATIONS.values()
        if a.size is not None and a.top1 is not None
    ]


def _own() -> list[Point]:
    """Networks that the person added in this session."""
    points: list[Point] = st.session_state.setdefault("accuracies", [])
    return points


def _fit(points: Sequence[Point]) -> Fit | None:
    return fit([point.size for point in points], [point.top1 for point in points])


def _equation(title: str, curve: Fit) -> str:
    sign = "+" if curve.intercept >= 0 else "\N{MINUS SIGN}"
    return (
        f"**{title}**, {curve.count} networks: top-1 = {curve.slope:.4f} · ln r {sign} "
        f"{abs(curve.intercept):.4f}, correlation {curve.correlation:.3f}"
    )


def _left_out(groups: Mapping[str, Sequence[Point]]) -> list[str]:
    """Notes on the networks that have no place in the figure, and why."""
    notes = []
    if groups[_ARTICLE]:
        without: list[Summary] = [n for n in summary() if n.top1 is None]
        names = " and ".join(_NAMES.get(n.net, n.net) for n in without)
        notes.append(
            f"Of the article's {len(summary())} networks, {names} are left out of figure and fit: "
            "no top-1 is published there."
        )
    if groups[_KERAS]:
        keras = KERAS_APPLICATIONS.values()
        no_form = [a.name for a in keras if a.size is None]
        no_top1 = [a.name for a in keras if a.size is not None and a.top1 is None]
        notes.append(
            f"Of Keras' {len(keras)}, {listed(no_form, len(no_form))} have no closed form, and "
            f"{listed(no_top1, len(no_top1))} no published top-1. Squeeze-and-excite gates, which "
            "combine every position, are left out of r."
        )
    return notes


def _own_networks(traces: Mapping[Contender, ContenderTrace]) -> None:
    """Draws the form to add a network that has a closed form, and buttons to remove one again."""
    sizes = {
        c: max(t.growth.end.field.size)
        for c, t in traces.items()
        if t.growth.end and t.growth.end.field
    }
    own = _own()
    with st.expander("Add a network of yours", expanded=bool(own)):
        if not sizes:
            st.info("None of the networks that are compared has a closed form.")
        else:
            _form(sizes, traces)
        for number, point in enumerate(own):
            line, way = st.columns([5, 1], vertical_alignment="center")
            line.markdown(f"{plain(point.name)}: r {point.size:,}, top-1 {point.top1:.1%}")
            way.button(
                "Remove", key=f"remove {number} {point.name}", on_click=own.remove, args=(point,)
            )


def _form(sizes: Mapping[Contender, int], traces: Mapping[Contender, ContenderTrace]) -> None:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.selectbox(
        "Network",
        list(sizes),
        format_func=lambda c: f"{c.title}, r {sizes[c]:,}",
        key="own network",
        width=280,
    )
    row.text_input("Name", placeholder="Its own name", key="own name", width=200)
    row.number_input("Top-1 (%)", 0.0, 100.0, 70.0, 0.1, key="own top-1", width=140)
    row.button("Add", type="primary", on_click=_add, args=(sizes, traces))


def _add(sizes: Mapping[Contender, int], traces: Mapping[Contender, ContenderTrace]) -> None:
    """Adds the network that the form describes."""
    contender: Contender = st.session_state["own network"]
    curve = traces[contender].growth
    name = st.session_state["own name"] or contender.title
    gflops = None if curve.untold else curve.gflops
    _own().append(Point(name, sizes[contender], st.session_state["own top-1"] / 100, gflops))
