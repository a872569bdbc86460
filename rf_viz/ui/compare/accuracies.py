"""Accuracy over receptive field size: the article's figure, with networks of one's own in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from ...catalogue.article import (
    Fit,
    fit,
    summary,
    without_each,
)
from ...catalogue.keras_applications import KERAS_APPLICATIONS
from ...catalogue.tables import alphanumeric
from ...catalogue.torchvision_models import TORCHVISION_MODELS
from ...errors import ModelError
from ...figures.accuracy import Point, Quantity, accuracy
from ..address import refresh
from ..address_choice import kept, one_of, restored, several_of
from ..chart.chart import chart
from ..sidebar import libraries
from ..text import MISSING, fixed, listed, minus, percent, plain, sentence, whole
from .networks import Contender, ContenderTrace, offered, open_end
from .own_points import own_points

_ARTICLE, _KERAS, _TORCHVISION, _OWN = (
    "The article's",
    "Keras applications",
    "torchvision",
    "Yours",
)

_GROUPS = {"article": _ARTICLE, "keras": _KERAS, "torchvision": _TORCHVISION}
"""The groups as an address spells them."""

_FIT = "Our least-squares fit through the article's networks"
_FIT_ALL = "Our least-squares fit through all networks shown"

_NONE = "none"

_NOT_HERE = "the article gives its figures, but no library here builds it."

_WITHOUT = "accuracy without"
"""Key of the network that the fits leave out."""

_ACROSS: Mapping[Quantity, str] = {
    "size": "Receptive field r",
    "share": "r over input size",
    "depth": "Depth",
    "gflops": "GFLOPs",
}
"""What accuracy is drawn over: the receptive field, and its rivals."""

_LETTERS: Mapping[Quantity, str] = {
    "size": "r", "share": "(r / input)", "depth": "depth", "gflops": "GFLOPs",
}  # fmt: skip
"""The quantities in an equation."""

_SOURCE = (
    "After the last figure of A. Araujo, W. Norris and J. Sim, [Computing Receptive Fields of "
    "Convolutional Neural Networks](https://distill.pub/2019/computing-receptive-fields), Distill "
    "2019. They observe a logarithmic relationship between accuracy and receptive field size, and "
    "give no equation and no correlation: the fits are ours. They **conjecture** that a large "
    "receptive field is necessary, with diminishing rewards. They stress that it is by no means "
    "sufficient and not the only factor: they name depth, width, residual connections and batch "
    "normalisation. Year, r, S, P and top-1 of the article's networks are the article's; their "
    "GFLOPs, at 224 \N{MULTIPLICATION SIGN} 224, are those of its library's table. The accuracies "
    "of the Keras applications are those of [their table](https://keras.io/api/applications); "
    "those of torchvision are of its [first weights]"
    "(https://docs.pytorch.org/vision/stable/models.html), trained much as in the papers."
)


@st.fragment
def accuracies(traces: Mapping[Contender, ContenderTrace]) -> None:
    """Draws the figure, its fits, and a form to add the networks that are compared."""
    choices = st.container(horizontal=True, gap="medium", vertical_alignment="bottom")
    shown = choices.segmented_control(
        "Show",
        [_ARTICLE, _KERAS, _TORCHVISION],
        selection_mode="multi",
        **kept("accuracy.of", "accuracy of", several_of(_GROUPS, [_ARTICLE, _KERAS])),
    )
    across = choices.segmented_control(
        "Over",
        list(_ACROSS),
        format_func=_ACROSS.__getitem__,
        required=True,
        wrap=True,
        **kept("accuracy.over", "accuracy over", one_of(_ACROSS.keys())),
    )
    assert across is not None  # it is required
    groups = {
        _TORCHVISION: _torchvision(shown) if _TORCHVISION in shown else [],
        _KERAS: _keras(once=_ARTICLE in shown) if _KERAS in shown else [],
        _ARTICLE: _article() if _ARTICLE in shown else [],
        _OWN: _own(),
    }
    everything = [point for group in groups.values() for point in group]
    names = [point.name for point in everything]
    offered = [_NONE, *names]
    arguments = kept("accuracy.without", _WITHOUT, one_of(offered))
    if st.session_state[_WITHOUT] not in offered:
        st.session_state[_WITHOUT] = _NONE
    left_out = choices.selectbox("Leave out", offered, width=180, **arguments)
    refresh()
    if not everything:
        st.info("Nothing is shown: choose a group above, or add a network below.")
    else:
        _figure(groups, across, left_out)
        _rivals(groups, left_out)
        for note in _left_out(groups):
            st.caption(note)
    _own_networks(traces)
    _twelve()
    st.caption(_SOURCE)


def _figure(groups: Mapping[str, Sequence[Point]], across: Quantity, left_out: str) -> None:
    """Draws the points and the fits, and writes the fits as equations."""
    fitted = _fitted(groups, left_out)
    fits = {title: curve for title, points in fitted.items() if (curve := _fit(points, across))}
    event = chart(
        accuracy(groups, fits, across, left_out),
        f"Top-1 accuracy over {_ACROSS[across]}",
        key=f"accuracy {' '.join(title for title in groups if groups[title])} {across}",
        on_select="rerun",
    )
    _way_to(event["selection"]["points"])
    st.caption(
        "Colours are families. Circles are the article's networks, diamonds Keras' own, squares "
        "torchvision's, stars yours. The area of a mark is what one image costs the network; a "
        "very small one, or one of unknown cost, has the smallest mark."
    )
    without = f", without {plain(left_out)}" if left_out != _NONE else ""
    for title, curve in fits.items():
        st.markdown(_equation(f"{title}{without}", curve, across))
    if _FIT in fitted:
        st.markdown(_of_each(groups[_ARTICLE], across))


def _way_to(points: Sequence[Mapping[str, Any]]) -> None:
    """Draws the way to the network whose mark was clicked, as far as it can be opened here."""
    clicked = next((point["customdata"] for point in points if "customdata" in point), None)
    if clicked is None:
        st.caption("Click a mark to open its network.")
        return
    name, key = clicked[:2]
    contender = offered().get(key)
    if contender is None:
        why = libraries.absent(key) if libraries.split(key) else _NOT_HERE
        st.caption(f"{plain(name)} cannot be opened: {why}")
    elif st.button(f"Open {plain(name)} in Explore", type="primary", key="open network"):
        try:
            with st.spinner(f"Tracing {name}"):
                open_end(contender)
        except ModelError as error:
            st.error(f"{plain(name)} cannot be opened: {sentence(error)}", icon=":material/error:")


def _fitted(groups: Mapping[str, Sequence[Point]], left_out: str) -> dict[str, list[Point]]:
    """The networks of each fit, by its title: the article's, and all that are shown."""
    fitted = {}
    if groups[_ARTICLE]:
        fitted[_FIT] = _but(groups[_ARTICLE], left_out)
    if any(group for title, group in groups.items() if title != _ARTICLE):
        fitted[_FIT_ALL] = _but((p for group in groups.values() for p in group), left_out)
    return fitted


def _but(points: Iterable[Point], left_out: str) -> list[Point]:
    """The points without the one of that name."""
    return [point for point in points if point.name != left_out]


def _article() -> list[Point]:
    """The article's networks that have an accuracy there."""
    return [
        Point(
            n.title,
            n.figures.size,
            n.top1,
            n.gflops,
            n.family,
            n.input,
            n.depth,
            f"keras:{n.keras}" if n.keras else "",
        )
        for n in summary()
        if n.figures.size is not None and n.top1 is not None
    ]


def _keras(*, once: bool) -> list[Point]:
    """Keras' networks with a closed form; ``once`` leaves out those that the article has too."""
    twins = _twins() if once else ()
    return [
        Point(
            a.name,
            max(a.size),
            a.top1,
            a.gflops,
            a.family,
            max(a.input),
            a.depth,
            f"keras:{a.name}",
        )
        for a in KERAS_APPLICATIONS.values()
        if a.size is not None and a.top1 is not None and a.name not in twins
    ]


def _torchvision(shown: Sequence[str]) -> list[Point]:
    """torchvision's networks with a closed form that no other group shows by the same name."""
    others = {
        *(alphanumeric(a.name) for a in KERAS_APPLICATIONS.values() if _KERAS in shown),
        *(alphanumeric(n.keras or n.title) for n in summary() if _ARTICLE in shown and n.top1),
    }
    return [
        Point(
            m.name,
            max(m.size),
            m.top1,
            m.gflops,
            m.family,
            max(m.input),
            m.depth,
            f"torchvision:{m.name}",
        )
        for m in TORCHVISION_MODELS.values()
        if m.size is not None and alphanumeric(m.name) not in others
    ]


def _twins() -> list[str]:
    """Keras' networks that are the article's too, by Keras' name."""
    return [network.keras for network in summary() if network.keras and network.top1 is not None]


def _own() -> list[Point]:
    """Networks that the person added."""
    points: list[Point] = st.session_state[restored("accuracy.own", "accuracies", own_points())]
    return points


def _fit(points: Sequence[Point], across: Quantity) -> Fit | None:
    """Fit the curve over a quantity, through the points for which it is known."""
    counted = [point for point in points if getattr(point, across)]
    return fit([getattr(p, across) for p in counted], [p.top1 for p in counted])


def _equation(title: str, curve: Fit, across: Quantity) -> str:
    """Write a fit as a line of Markdown."""
    sign = "+" if curve.intercept >= 0 else minus("-")
    return (
        f"**{title}**, {curve.count} networks: top-1 = {fixed(curve.slope, 4)} · ln "
        f"{_LETTERS[across]} {sign} {fixed(abs(curve.intercept), 4)}, "
        f"correlation {fixed(curve.correlation, 3)}"
    )


def _of_each(points: Sequence[Point], across: Quantity) -> str:
    """Tell how far the article's slope depends on single networks."""
    whole = _fit(points, across)
    fits = without_each([getattr(p, across) for p in points], [p.top1 for p in points])
    slopes = {p.name: curve.slope for p, curve in zip(points, fits, strict=True) if curve}
    assert whole is not None
    moved = sorted(slopes, key=lambda name: abs(slopes[name] - whole.slope), reverse=True)
    most, *others = moved
    rest = [slopes[name] for name in others]
    return (
        f"**Leave-one-out:** without {most} the slope is {fixed(slopes[most], 3)} instead of "
        f"{fixed(whole.slope, 3)}. Without any one of the others it lies between "
        f"{fixed(min(rest), 3)} and "
        f"{fixed(max(rest), 3)}."
    )


def _rivals(groups: Mapping[str, Sequence[Point]], left_out: str) -> None:
    """Draws a table of the fits over the receptive field and over what grows along with it."""
    fitted = _fitted(groups, left_out)
    rows = []
    for across, name in _ACROSS.items():
        row: dict[str, str | float] = {"Accuracy over": name}
        for title, points in fitted.items():
            curve = _fit(points, across)
            if curve is not None:
                whose = "article's" if title == _FIT else "all shown"
                row |= {f"Slope, {whose}": curve.slope, f"Correlation, {whose}": curve.correlation}
        rows.append(row)
    st.markdown("## The receptive field and its rivals")
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            column: st.column_config.NumberColumn(format="%.3f")
            for column in rows[0]
            if column != "Accuracy over"
        },
    )
    st.caption(
        "Slope of top-1 over the logarithm of each quantity, and Pearson's correlation with it. "
        "These quantities grow together from network to network, so no correlation shows which of "
        "them makes a network accurate."
    )


def _twelve() -> None:
    """Draws the article's table of twelve networks."""
    st.markdown("## The article's twelve networks")
    st.dataframe(
        [
            {
                "Network": n.title,
                "Year": n.year,
                "Size r": n.figures.size,
                "Stride S": n.figures.stride,
                "Padding P": n.figures.padding,
                "Depth": n.depth,
                "GFLOPs": n.gflops,
                "Input": n.input,
                "Top-1": None if n.top1 is None else 100 * n.top1,
            }
            for n in summary()
        ],
        hide_index=True,
        placeholder=MISSING,
        height="content",
        column_config={
            "Year": st.column_config.NumberColumn(format="%d"),
            "Size r": st.column_config.NumberColumn(format="%,d"),
            "Padding P": st.column_config.NumberColumn(format="%,d"),
            "GFLOPs": st.column_config.NumberColumn(format="%,.2f"),
            "Top-1": st.column_config.NumberColumn(format="%.1f %%"),
        },
    )
    st.caption(
        "Year, r, S, P and top-1 as the article has them; AlexNet is the variant v2, of 2014. "
        "The depth is what RF-Viz counts: convolutions on the longest path to the last layer "
        "before pooling. The input is the side of the images that TF-Slim uses by default."
    )


def _left_out(groups: Mapping[str, Sequence[Point]]) -> list[str]:
    """Notes on the networks that have no place in the figure, and why."""
    notes = []
    if groups[_ARTICLE]:
        names = " and ".join(n.title for n in summary() if n.top1 is None)
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
    if groups[_TORCHVISION]:
        models = TORCHVISION_MODELS.values()
        no_form = [m.name for m in models if m.size is None]
        apart = len(models) - len(no_form) - len(groups[_TORCHVISION])
        notes.append(
            f"Of torchvision's {len(models)}, {listed(no_form, len(no_form))} have no closed form."
            + (f" {apart} have the name of a network above, and count once." if apart else "")
        )
    if groups[_KERAS] and groups[_ARTICLE]:
        twins = _twins()
        notes.append(
            f"Keras' {listed(twins, len(twins))} are the article's too: these {len(twins)} count "
            "once, with the article's accuracy."
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
            line.markdown(
                f"{plain(point.name)}: r {whole(point.size)}, top-1 {percent(point.top1)}"
            )
            way.button(
                "Remove", key=f"remove {number} {point.name}", on_click=own.remove, args=(point,)
            )


def _form(sizes: Mapping[Contender, int], traces: Mapping[Contender, ContenderTrace]) -> None:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.selectbox(
        "Network",
        list(sizes),
        format_func=lambda c: f"{c.title}, r {whole(sizes[c])}",
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
    _own().append(
        Point(
            name,
            sizes[contender],
            st.session_state["own top-1"] / 100,
            None if curve.untold else curve.gflops,
            input=max(curve.input),
            depth=curve.steps[-1].depth,
            key=contender.key,
        )
    )
