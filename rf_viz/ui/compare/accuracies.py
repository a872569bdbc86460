"""Accuracy over receptive field size: the article's figure, with networks of one's own in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ...catalogue.article import (
    IN_KERAS,
    Fit,
    Summary,
    fit,
    summary,
)
from ...catalogue.keras_applications import KERAS_APPLICATIONS
from ...figures.compare import MEASURES, Measure, Point, accuracy
from ..text import listed, plain
from .networks import Contender, ContenderTrace

_ARTICLE, _KERAS, _OWN = "The article's", "Keras applications", "Yours"

_NOBODY = "No network"


@st.fragment
def accuracies(traces: Mapping[Contender, ContenderTrace]) -> None:
    """Draws the figure, its fits, and a form to add the networks that are compared."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    shown = row.segmented_control(
        "Show",
        [_ARTICLE, _KERAS],
        default=[_ARTICLE, _KERAS],
        selection_mode="multi",
        key="accuracy of",
        persist_state="session",
    )
    measure: Measure = row.selectbox(
        "Accuracy over",
        list(MEASURES),
        format_func=lambda m: MEASURES[m],
        key="accuracy over",
        persist_state="session",
        width=300,
    )
    without = row.selectbox(
        "Leave out of the fit",
        [_NOBODY, *(point.name for point in _article())],
        key="accuracy without",
        persist_state="session",
        width=200,
    )
    groups = {
        _ARTICLE: _article() if _ARTICLE in shown else [],
        _KERAS: _keras() if _KERAS in shown else [],
        _OWN: _own(),
    }
    if not any(groups.values()):
        st.info("Nothing is shown: choose a group above, or add a network below.")
    else:
        _figure(groups, measure, without)
    for note in _left_out(groups):
        st.caption(note)
    _own_networks(traces)
    st.caption(
        "After the last figure of A. Araujo, W. Norris and J. Sim, [Computing Receptive Fields of "
        "Convolutional Neural Networks](https://distill.pub/2019/computing-receptive-fields), "
        "Distill 2019. They observe a logarithmic relationship between accuracy and receptive "
        "field size, and conjecture that a large receptive field is necessary, by no means "
        "sufficient, and not the only factor: they name depth, width, residual connections and "
        "batch normalization. They give no equation: the curves and correlations are ours. The "
        "accuracies of the Keras applications are those of "
        "[their table](https://keras.io/api/applications)."
    )


def _figure(groups: Mapping[str, Sequence[Point]], measure: Measure, without: str) -> None:
    """Draws the points, our fits through them, and what the fits say."""
    fitted = {}
    if groups[_ARTICLE]:
        fitted["Our least-squares fit through the article's networks"] = groups[_ARTICLE]
    everything = _once(groups)
    if sum(map(bool, groups.values())) > 1:
        fitted["Our fit through all shown"] = everything
    elif not groups[_ARTICLE]:
        fitted["Our least-squares fit"] = everything
    kept = {
        title: [p for p in points if p.name != without or p not in groups[_ARTICLE]]
        for title, points in fitted.items()
    }
    fits = {title: curve for title, points in kept.items() if (curve := _fit(points, measure))}
    st.plotly_chart(
        accuracy(groups, fits, measure, without),
        key="accuracy",
        config={"displayModeBar": False},
        alt=f"Top-1 accuracy over {MEASURES[measure].lower()}, with logarithmic fits.",
    )
    st.caption(
        "Circles are the article's networks, diamonds Keras applications, stars yours. The area is "
        "the cost."
    )
    for title, curve in fits.items():
        st.markdown(_equation(title, curve))
        whole = _fit(fitted[title], measure)
        if whole and whole.count > curve.count:
            st.markdown(
                f"Without {without} the slope goes from {whole.slope:.3f} to {curve.slope:.3f}, "
                f"the correlation from {whole.correlation:.2f} to {curve.correlation:.2f}."
            )
    if groups[_ARTICLE]:
        st.markdown(_rivals([p for p in groups[_ARTICLE] if p.name != without]))


def _rivals(points: Sequence[Point]) -> str:
    """How closely the accuracy of networks follows each measure."""
    fits = {title: _fit(points, measure) for measure, title in MEASURES.items()}
    correlations = ", ".join(
        f"{title.split(',')[0].split(':')[0]} {curve.correlation:.2f}"
        for title, curve in fits.items()
        if curve
    )
    return (
        f"**Rivals.** Correlation of accuracy with the logarithm of each measure, over these "
        f"{len(points)} networks: {correlations}. Networks that see farther are deeper, too: a "
        "correlation does not say which of them matters."
    )


def _once(groups: Mapping[str, Sequence[Point]]) -> list[Point]:
    """All points; those that the article and Keras both have as the article has them."""
    doubled = {
        IN_KERAS[n.net]
        for n in summary()
        if n.net in IN_KERAS and n.title in {p.name for p in groups[_ARTICLE]}
    }
    keras = [point for point in groups[_KERAS] if point.name not in doubled]
    return [*groups[_ARTICLE], *keras, *groups[_OWN]]


def _article() -> list[Point]:
    return [
        Point(n.title, n.figures.size, n.top1, n.gflops, n.family, n.input, n.depth)
        for n in summary()
        if n.figures.size is not None and n.top1 is not None
    ]


def _keras() -> list[Point]:
    return [
        Point(a.name, max(a.size), a.top1, a.gflops, a.family, max(a.input), a.depth)
        for a in KERAS_APPLICATIONS.values()
        if a.size is not None and a.top1 is not None
    ]


def _own() -> list[Point]:
    """Networks that the person added in this session."""
    points: list[Point] = st.session_state.setdefault("accuracies", [])
    return points


def _fit(points: Sequence[Point], measure: Measure) -> Fit | None:
    pairs = [(float(v), p.top1) for p in points if (v := getattr(p, measure))]
    return fit([size for size, _ in pairs], [top1 for _, top1 in pairs])


def _equation(title: str, curve: Fit) -> str:
    sign = "+" if curve.intercept >= 0 else "\N{MINUS SIGN}"
    return (
        f"**{title}**, {curve.count} networks: top-1 = {curve.slope:.4f} ln x {sign} "
        f"{abs(curve.intercept):.4f}, correlation {curve.correlation:.3f}"
    )


def _left_out(groups: Mapping[str, Sequence[Point]]) -> list[str]:
    """Notes on the networks that have no place in the figure, and why."""
    notes = []
    if groups[_ARTICLE]:
        without: list[Summary] = [n for n in summary() if n.top1 is None]
        names = " and ".join(n.title for n in without)
        notes.append(
            f"Of the article's {len(summary())} networks, {names} are left out of figure and fit: "
            "no top-1 is published there."
        )
    if groups[_ARTICLE] and groups[_KERAS]:
        notes.append(
            f"{len(IN_KERAS)} networks are in both groups: the fit through all shown counts them "
            "once, as the article has them."
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
    top1 = st.session_state["own top-1"] / 100
    depth = max((step.depth for step in curve.steps), default=0)
    _own().append(Point(name, sizes[contender], top1, gflops, _OWN, max(curve.input), depth))
