"""How far the layers of a network see over its depth, and how wide their influence is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import streamlit as st

from ...catalogue.samples import Sample
from ...figures.growth import Point, growth_of, points_of
from ...trace.network import Network
from ..address import refresh
from ..address_choice import kept, one_of
from ..cache import File, TraceOptions
from ..chart.chart import chart
from ..measuring.controls import PAUSE, controls
from ..measuring.depth import Queue, queue_of
from ..navigation import Destination, set_destination
from ..sharing import kept_with_it

_HELP = """
Most of what a cell sees has hardly any influence on it. The lines show the size of the
**effective receptive field** of each layer's middle cell: the side of a square of all pixels with
more than 4.55% of the largest influence ([Luo et al. 2016](https://arxiv.org/abs/1701.04128)).

- **Random weights**: what is to be expected of them, worked out from the graph alone. Where paths
  join, each counts alike.
- **These weights**: measured on request, with the weights that the network has, over sample
  photographs (noise, where it takes no pictures). Where the runtime computes gradients it is by the
  gradient, else by occlusion: patches of an eighth to a sixteenth of the region, coarse ones first.
  Measured are up to 24 layers that combine positions, such as convolutions and poolings.

In Explore, *Effective field* shows where the influence of one layer lies.
"""


@st.fragment
def growth_section(
    file: File, net: Network, options: TraceOptions, sample: Sample | None, traced: str
) -> None:
    """Draws how far the layers see; a clicked point opens its layer in Explore."""
    axis = _choose_axis(net, traced)
    effective = st.toggle(
        "Effective size",
        help=_HELP,
        **kept("effective", "effective size", one_of({"hidden": False, "shown": True})),
    )
    refresh()
    queue = queue_of("network", [(file, options, sample)]) if effective else None
    ticking = queue is not None and queue.running
    # While there is work, the fragment calls itself; the page's other parts stay usable.
    watch = st.fragment(_watch, run_every=PAUSE if ticking else None)
    watch(net, axis, queue, f"{traced} {axis} {effective}", ticking)


def _watch(net: Network, axis: int, queue: Queue | None, key: str, ticking: bool) -> None:
    """Draws the growth with what is measured so far, and measures more."""
    if queue is not None:
        if queue.running != ticking:
            st.rerun(scope="app")  # nothing else begins or ends the ticking
        (network,) = queue.networks
        about = network.about
        if network.file.random_weights:
            about = f"The weights of this network are random here. {about}"
        controls(queue, "Measure with these weights", about)
    event = chart(
        growth_of(
            _points(net, axis, queue is not None),
            net.input.size[axis],
            queue.networks[0].results if queue else None,
        ),
        "How far the layers see",
        key=f"growth {key}",
        on_select="rerun",
    )
    for point in event.selection.points:
        open_in_explore(point["customdata"][0])
    if ticking and queue is not None:
        # At the end: the next tick would end this run at whatever is drawn after the work.
        queue.work()


@kept_with_it("Measuring the layers ...")
def _points(net: Network, axis: int, effective: bool) -> Sequence[Point]:
    return points_of(net, axis, effective=effective)


def open_in_explore(layer: str) -> NoReturn:
    """Opens a layer in Explore; the point that was looked at in another layer stays."""
    set_destination(Destination(layer, keep_point=True))
    st.switch_page("streamlit_app.py")
    raise AssertionError("the page was switched")


def _choose_axis(net: Network, traced: str) -> int:
    """Lets the person choose an axis of the input, where the axes differ."""
    axes = len(net.input.size)
    same = len(set(net.input.size)) == 1 and all(
        len(set(layer.receptive_field.size)) == 1 for layer in net.layers if layer.receptive_field
    )
    if axes < 2 or same:
        return 0
    names = ("depth", "height", "width")[-axes:] if axes <= 3 else tuple(map(str, range(axes)))
    return st.radio(
        "Along",
        range(axes),
        format_func=names.__getitem__,
        horizontal=True,
        **kept("along", f"axis {traced}", one_of({name: n for n, name in enumerate(names)})),
    )
