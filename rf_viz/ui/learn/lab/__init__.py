"""The lab: a network that can tell two kinds of rows apart only if its field is large enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from ....figures.dots import jump, learning, staircase
from ....lessons.dots import (
    DEPTHS,
    LENGTH,
    MOST_WIDER,
    WIDTHS,
    couples,
    field_size,
    smallest_depth,
)
from ....lessons.dots_network import CHANNELS
from ....lessons.dots_training import COUPLES, HELD_OUT, STEPS, Training, sweep
from ...address import refresh
from ...address_choice import between, kept
from ...chart.chart import chart
from ...text import count
from ..task import task
from .rows import rows_html, windows_html
from .runs import ENOUGH, Runs, runs_of_session

_CSS = Path(__file__).parent / "lab.css"

_PAUSE = 0.1
"""Seconds from one piece of training to the next; in between the page answers."""

_EXAMPLES = 3
"""Couples of inputs that are drawn."""

_QUESTION = f"""
### Can a network see how far apart two dots are?

Each input is a row of {LENGTH} units. All are dark but two, the **dots**; each dot has a brightness
of its own. The **width** of a pair counts the units from its first dot to its last one, both
included. A **narrow** pair is *d* units wide. A **wide** pair is 1 to {MOST_WIDER} units wider. The
network has to tell which of the two it gets.
"""

_NETWORK = f"""
- **The network:** *n* convolutions with kernel 3 and stride 1, {CHANNELS} channels each, without
  padding and with rectifiers. The last layer is averaged over all of its units. A weighted sum of
  the {CHANNELS} averages is the answer: above zero it says "narrow".
- **Its training:** gradient descent with Adam, {STEPS} steps, each on {COUPLES} narrow and
  {COUPLES} wide rows that are drawn for it. The chart shows how it does on {2 * HELD_OUT} other
  rows, from which it never learns.
- **Couples:** rows come in couples. In each, the narrow and the wide pair are equally bright. So a
  network that cannot see the difference is right in exactly half of the cases.
- **The seed** draws the first weights and all rows. The same seed gives the same training.
"""

_TO_DO = (
    "Find the smallest number of layers with which the network can tell. Train it, move *n*, and "
    "train again. You are there when one network can tell and the one with a layer less cannot."
)


def lab() -> None:
    """Draws the question, the network to train, and what came of many trainings."""
    st.html(_CSS)
    runs = runs_of_session()
    # While a network learns, the fragment calls itself.
    st.fragment(_lab, run_every=_PAUSE if runs.ticking else None)(runs, runs.ticking)


def _lab(runs: Runs, ticking: bool) -> None:
    st.markdown(_QUESTION)
    with st.container(key="lab"):
        with st.container():
            width, depth, seed = _controls()
            _inputs(width, depth, seed)
        with st.container():
            runs.turn_to(width, seed)
            current = runs.chosen.get(depth)
            _task(runs, width)
            _training(runs, current, width, depth)
    _sweep(runs, width)
    _what_it_shows()
    refresh()
    runs.ticking = bool(runs.pending)
    if runs.ticking != ticking:
        st.rerun(scope="app")  # nothing else begins or ends the ticking
    # At the end: the next tick would end this run at whatever is drawn after the work.
    runs.work(depth)


def _controls() -> tuple[int, int, int]:
    """Draws the sliders; returns the width, the number of layers, and the seed."""
    with st.container(horizontal=True, gap="medium"):
        width: int = st.slider(
            "Width d of a narrow pair",
            WIDTHS[0],
            WIDTHS[-1],
            width=180,
            **kept("lab.d", "lab width", between(WIDTHS[0], WIDTHS[-1], 8)),
        )
        depth: int = st.slider(
            "Layers n",
            DEPTHS[0],
            DEPTHS[-1],
            width=130,
            **kept("lab.n", "lab depth", between(DEPTHS[0], DEPTHS[-1], 2)),
        )
        seed: int = st.number_input(
            "Seed", 1, 99, step=1, width=110, **kept("lab.seed", "lab seed", between(1, 99, 1))
        )
    return width, depth, seed


def _inputs(width: int, depth: int, seed: int) -> None:
    """Draws rows of both kinds, and what one unit of the last layer sees of each."""
    size = field_size(depth)
    reach = "smaller than" if size < width else "as large as" if size == width else "larger than"
    st.markdown(
        "**Each layer adds 2 units to the receptive field. Its size is "
        f"r = 1 + 2 \N{MULTIPLICATION SIGN} {depth} = {size}, {reach} d = {width}.** So a unit of "
        f"the last layer sees a window of {size} units:"
    )
    inputs, narrow = couples(np.random.default_rng(seed), _EXAMPLES, width)
    # The two rows of a couple below each other.
    order = np.arange(2 * _EXAMPLES).reshape(2, -1).T.reshape(-1)
    inputs, narrow = inputs[order], narrow[order]
    offset: int = st.slider(
        "Start of the window, in units from the first dot",
        -6,
        6,
        **kept("lab.window", "lab window", between(-6, 6, 0)),
    )
    st.html(rows_html(inputs, narrow, size, offset))
    st.html(windows_html(inputs, narrow, size))
    if size < width:
        st.markdown(
            "**No window holds both dots.** Move the window: what it shows of a wide pair, it also "
            "shows of a narrow one. Both kinds of rows have the same windows, only in another "
            "order. The network averages over all windows, so it cannot tell them apart, whatever "
            "its weights are."
        )
    else:
        st.markdown(
            "**Some windows hold both dots of a narrow pair.** Their distance shows there, and the "
            "network can learn to look for it."
        )


def _training(runs: Runs, current: Training | None, width: int, depth: int) -> None:
    """Draws the button, the progress and the curves of the chosen network."""
    size = field_size(depth)
    step = None if current is None else current.history[-1].step
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Train" if step is None else "Training ..." if step < STEPS else "Trained",
            type="primary" if step is None else "secondary",
            key="lab train",
            on_click=runs.add,
            args=(depth,),
            disabled=step is not None,
        )
        progress = "not trained yet" if step is None else f"step {step} of {STEPS}"
        st.caption(f"{count(depth, 'layer')}, r = {size}: {progress}.", width="stretch")
    history = [] if current is None else current.history
    chart(learning(history), "Right answers and loss by step", key="lab learning")
    if current is not None and current.finished:
        st.markdown(_outcome(current.accuracy, size, width))


def _outcome(accuracy: float, size: int, width: int) -> str:
    """Tell what a training came to."""
    right = f"**{100 * accuracy:g}% of the answers are right"
    if size < width:
        return (
            f"{right}, as if by tossing a coin.** More steps, more data or more channels would not "
            f"help: r = {size} is smaller than d = {width}."
        )
    if accuracy >= ENOUGH:
        return f"{right}: the network can tell.** Its field of {size} units holds a narrow pair."
    return (
        f"{right}.** The field is large enough, but this training did not get there. Another seed "
        "begins with other weights."
    )


def _task(runs: Runs, width: int) -> None:
    """Draws the task, or its conclusion."""
    depth = smallest_depth(width)
    size = field_size(depth)
    insight = (
        f"With {count(depth - 1, 'layer')} r is {size - 2}, smaller than d = {width}: half of the "
        f"answers are right. With {depth} layers r is {size}, and the network can tell. **The "
        "receptive field decides what a network can know at all.** Try another *d*: the jump moves "
        "with it."
    )
    task(_TO_DO, insight, runs.can_tell(depth) and runs.cannot_tell(depth - 1))


def _sweep(runs: Runs, width: int) -> None:
    """Draws the accuracies of many trainings, made before."""
    every = sweep()
    of_width = {depth: every[width, depth] for depth in DEPTHS}
    seeds = len(next(iter(every.values())))
    st.markdown(
        f"### The jump\nWe trained {len(every) * seeds} such networks before: every *d* with every "
        f"number of layers, and {seeds} seeds each. On the left are those of your *d*, with your "
        "own networks beside them; on the right are all of them."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        chart(jump(of_width, width, runs.accuracies), "Right answers by r", key="lab jump")
    with right:
        chart(staircase(every, width), "Right answers by d and r", key="lab staircase")
    below = [a for (w, n), run in every.items() if field_size(n) < w for a in run]
    above = [a for (w, n), run in every.items() if field_size(n) >= w for a in run]
    able = sum(accuracy >= ENOUGH for accuracy in above)
    st.markdown(
        f"**Where r < d, {_all_of(sum(a == 0.5 for a in below), len(below))} "
        f"networks are right in exactly half of the cases. From r = d on, "
        f"{_all_of(able, len(above))} are right in at least {ENOUGH:.0%} of them.**"
    )


def _all_of(number: int, total: int) -> str:
    return f"all {total}" if number == total else f"{number} of {total}"


def _what_it_shows() -> None:
    """Draws what follows from the toy, what does not, and how it was made."""
    st.markdown(
        "### What this shows, and what it does not\n"
        "It shows that nothing makes up for a receptive field that is too small. Two dots that no "
        "window holds together never meet in one unit. We made the task so that nothing else "
        "helps: only the distance of the dots tells narrow from wide.\n\n"
        "Real tasks differ in two ways. **A large *r* is necessary, not sufficient:** it says what "
        "a network may use, not what it learns to use. Much of its field has little influence, so "
        "the *effective* field is smaller; [the measured field](?part=figures&figure=field) shows "
        "how much. **And a smaller *r* often does well:** a photograph holds many clues, and "
        "small ones can be enough."
    )
    with st.expander("How it is made"):
        st.markdown(_NETWORK)
