"""Curves of how far networks see on the way through them, to expect and measured."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ...catalogue.samples import SAMPLE_MODELS, Sample
from ...errors import ModelError
from ...figures.compare import Across, Curve, Up, growth
from ..address import refresh
from ..address_choice import kept, one_of
from ..cache import TraceOptions
from ..chart.chart import chart
from ..measuring.controls import PAUSE, controls
from ..measuring.depth import Queue, queue_of
from ..outline import telling
from ..sidebar import libraries
from ..text import plain, sentence
from .networks import LIGHT, Contender, ContenderTrace, expected_of, open_in_explore

_ACROSS: Mapping[Across, str] = {"depth": "Depth", "gflops": "GFLOPs"}
_UP: Mapping[Up, str] = {
    "size": "Receptive field size r",
    "region": "Largest region",
    "effective": "Effective size",
    "measured": "Effective size, measured",
}

Expected = dict[Contender, Mapping[str, float | None]]
"""The effective sizes of networks' layers to expect of random weights, where they are shown."""

_SIZE = (
    "the side of a square of all pixels with more than 4.55% of the largest influence "
    "([Luo et al. 2016](https://arxiv.org/abs/1701.04128))"
)


@st.fragment
def curves_section(traces: Mapping[Contender, ContenderTrace]) -> None:
    """Draws how far each network sees on the way through it; a point leads to its layer."""
    st.markdown("## How they grow")
    choices = st.container(horizontal=True, gap="medium")
    across = choices.segmented_control(
        "Over", list(_ACROSS), format_func=_ACROSS.__getitem__, required=True,
        **kept("growth.over", "growth over", one_of(_ACROSS.keys())),
    )  # fmt: skip
    up = choices.segmented_control(
        "Show", list(_UP), format_func=_UP.__getitem__, required=True,
        **kept("growth.of", "growth of", one_of(_UP.keys())),
    )  # fmt: skip
    assert across is not None  # it is required, and so is the other
    assert up is not None
    refresh()
    shown = {c: t for c, t in traces.items() if t.growth.steps}
    if not shown:
        st.info("None of these networks has layers whose cells see a part of the input.")
        return
    queue, expected = None, Expected()
    try:
        if up == "measured":
            networks = [(c.file, TraceOptions(), _sample(c)) for c in shown]
            queue = queue_of("compare", networks, finer=False)
        if up in ("effective", "measured"):
            expected = {contender: expected_of(contender) for contender in shown}
    except ModelError as error:
        st.error(plain(sentence(error)), icon=":material/error:")
        return
    ticking = queue is not None and queue.running
    # While there is work, the fragment calls itself; the page's other parts stay usable.
    watch = st.fragment(_watch, run_every=PAUSE if ticking else None)
    watch(shown, across, up, expected, queue, ticking)
    for note in _notes(traces, up):
        st.caption(plain(note))


def _sample(contender: Contender) -> Sample | None:
    if libraries.split(contender.key):
        return libraries.sample_of(contender.key)
    return SAMPLE_MODELS.get(contender.key)


def _watch(
    traces: Mapping[Contender, ContenderTrace],
    across: Across,
    up: Up,
    expected: Expected,
    queue: Queue | None,
    ticking: bool,
) -> None:
    """Draws the curves with what is measured so far, and measures more."""
    if queue is not None:
        if queue.running != ticking:
            st.rerun(scope="app")  # nothing else begins or ends the ticking
        begun = any(network.results for network in queue.networks)
        controls(queue, "Measure these networks", "" if begun else "Nothing is measured yet.")
    if queue is None or any(network.results for network in queue.networks):
        _draw(traces, across, up, expected, queue)
    if up == "effective":
        st.caption(
            "The effective receptive field of the middle cell that is to be expected of random "
            f"weights: {_SIZE}. Skip connections make it smaller."
        )
    if queue is not None:
        st.caption(_about(traces))
    if ticking and queue is not None:
        # At the end: the next tick would end this run at whatever is drawn after the work.
        queue.work()


def _draw(
    traces: Mapping[Contender, ContenderTrace],
    across: Across,
    up: Up,
    expected: Expected,
    queue: Queue | None,
) -> None:
    """Draws the curves; of a clicked point the button that opens its layer."""
    results = [n.results for n in queue.networks] if queue else [{} for _ in traces]
    curves = [
        Curve(
            f"{c.title}{_untrained(c) if queue else ''}",
            c.number,
            t.growth,
            expected.get(c, {}),
            measured,
        )
        for (c, t), measured in zip(traces.items(), results, strict=True)
    ]
    event = chart(
        growth(curves, across, up),
        f"{_UP[up]} over {_ACROSS[across]}",
        key=f"growth {' '.join(c.file.digest for c in traces)} {across} {up}",
        on_select="rerun",
    )
    points = event["selection"]["points"]
    if not points:
        st.caption("Each point is a layer that sees farther than all before it. Click one.")
        return
    number, layer = points[0]["customdata"]
    contender = next(c for c in traces if c.number == number)
    step = next(s for s in traces[contender].growth.steps if s.layer == layer)
    name = plain(telling(step.title, step.op))
    if st.button(f"Open {name} of {plain(contender.title)} in Explore", type="primary"):
        open_in_explore(contender, layer, None)


def _untrained(contender: Contender) -> str:
    """What the legend adds to the name of a network that nobody trained."""
    if contender.file.random_weights:
        return ", random weights"
    return ", equal weights" if contender.key.startswith(LIGHT) else ""


def _about(traces: Mapping[Contender, ContenderTrace]) -> str:
    """What is measured, over what and how, and what the weights are, as Markdown."""
    text = (
        f"The effective receptive field of the middle cell with the network's own weights: {_SIZE}."
        " Over sample photographs, or noise where a network takes no pictures: by the gradient "
        "where the runtime computes it, else by occlusion, no finer than the patches. Dotted: what "
        "is to be expected of random weights, if paths that join count alike."
    )
    random = [c.title for c in traces if c.file.random_weights]
    if random:
        text += (
            f" **Random weights**: {plain(', '.join(random))}. What is measured of these shows no "
            "training; where a library has trained weights, they can be asked for beside the model."
        )
    equal = [c.title for c in traces if c.key.startswith(LIGHT)]
    if equal:
        text += f" **Equal weights**, which nobody trained: {plain(', '.join(equal))}."
    return text


def _notes(traces: Mapping[Contender, ContenderTrace], up: Up) -> list[str]:
    """Notes on networks that the curves leave out."""
    notes = []
    open_ended = [
        f"{c.title} ({t.growth.end.note})"
        for c, t in traces.items()
        if up == "size" and t.growth.end and t.growth.end.field is None
    ]
    if open_ended:
        notes.append(
            "These curves end with the last layer that has a closed form; the largest regions of "
            f"their layers go on: {'; '.join(open_ended)}."
        )
    untold = [f"{c.title} ({t.growth.untold})" for c, t in traces.items() if t.growth.untold]
    if untold:
        notes.append(
            "Number of layers of unknown cost, which count as none: " + ", ".join(untold) + "."
        )
    nothing = [c.title for c, t in traces.items() if not t.growth.steps]
    if nothing:
        notes.append("No layer has cells that see a part of the input: " + ", ".join(nothing) + ".")
    return notes
