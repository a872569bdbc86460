"""Trial of the network that is built: a row's feature map, and how far the rows see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from ...catalogue.samples import Sample
from ...design import Measured, Study, to_onnx
from ...design.kinds import LAYER_KINDS
from ...errors import ModelError
from ...figures.built import Grown, built
from ...figures.maps import by_channel
from .. import cache, sidebar
from ..address import ignore_echo, put
from ..again import offer_again
from ..cache import Fed, File
from ..chart.chart import chart
from ..inspector.cell_panel import cell_panel
from ..inspector.channels import choose_channel
from ..inspector.cue.cue import cue
from ..inspector.depth.depth import near
from ..inspector.linked_view.linked_view import linked_view
from ..inspector.pinned import apply, pinned_state, settle
from ..inspector.scene import Scene
from ..navigation import Destination
from ..pictures import Cell, FeatureMap, Picture
from ..sharing import shared
from ..text import by, sentence, whole

_MOST_PRODUCTS = 20e9
"""Multiply-adds beyond which a row is not run: it would hold up everybody's page."""

_FILE = File("The network", "built", b"")
"""Stands for the network in messages and keys; its content is never read."""

_SAMPLE = Sample(
    title="The network",
    about="",
    preprocessing="ImageNet mean/std",
    fit="crop",
    default_image="chelsea",
    default_layer=None,
)


def choose_input(study: Study) -> tuple[Picture, Fed] | None:
    """Lets the person choose the input; None where no picture has so many channels."""
    if sidebar.unfit(study.net) and len(study.design.input) == 3:
        st.caption(f"No image has {study.design.input[0]} channels: 1 or 3 can be fed.")
        return None
    return sidebar.choose_input(_FILE, study.net, _SAMPLE)


@shared(2**27, lambda file: file.held)
def _file(link: str, _study: Study) -> File:
    return File(_FILE.name, f"built {link}", to_onnx(_study.design))


def trial(study: Study, row: Measured, network_input: tuple[Picture, Fed] | None) -> Cell | None:
    """Draws the row's feature map beside the input, with the pinned cell's region.

    Returns that cell; None where there is no input.
    """
    destination = Destination.from_address(row.layer.name)
    if network_input is None:
        return None
    picture, fed = network_input
    link = study.design.compact()
    view, place = f"built {link} {row.step.name}", f"built {row.step.name}"
    about, picker = st.columns([3, 2], vertical_alignment="bottom")
    about.html(
        f'<p class="rf-about"><b role="heading" aria-level="2">{row.step.name}</b>'
        f"<span>{row.step.row.kind} · {by(row.step.shape)} · random weights</span></p>"
    )
    maps, shown, file = None, 0, _FILE
    products = sum(other.multiply_adds for other in study.rows[: row.step.number])
    try:
        if products > _MOST_PRODUCTS:
            billions = whole(round(products / 1e9))
            raise ModelError(f"this takes {billions} billion multiplications, too many to run here")
        file = _file(link, study)
        maps = by_channel(cache.activations(file, fed, row.layer.name), row.layer)
    except ModelError as error:
        st.caption(f"No values: {sentence(error)} The regions are right all the same.")
        offer_again(file, error, "values")
        feature_map = FeatureMap(row.layer, None, "No values", None)
    else:
        if destination and destination.channel is not None:
            st.session_state[f"channel {place}"] = destination.channel
        with picker:
            shown, title = choose_channel(maps, [], key=f"channel {place}")
        seen = shown if row.layer.channel_axis is not None else None
        feature_map = FeatureMap(row.layer, seen, f"Feature map, channel {title}", maps[shown])
    cell = feature_map.strongest
    scene = Scene(_FILE, study.net, picture, fed, feature_map, maps, shown, [], cell)
    apply(scene, view, destination)
    with st.container(key="explore"):
        with st.container():
            picked = linked_view(picture, feature_map, view=view, key="built view")
            pinned = settle(scene, view, picked)
            here = pinned_state()
            around = near(study.net, here.point)
            cue(row.layer, feature_map.channel, pinned, here.order, around)
        with st.container():
            cell_panel(picture, feature_map, pinned.cell, pinned.mode)
    scene = replace(scene, cell=pinned.cell, pixel=pinned.pixel, mode=pinned.mode)
    for name, value in scene.destination.to_address().items():
        put(name, "" if name == "layer" else value)
    return pinned.cell


def growth(study: Study, chosen: int, goal: int | None, choose: Callable[[int], None]) -> None:
    """Draws how far the rows see; ``choose`` gets the number of a row that was clicked."""
    key = f"growth {study.design.compact()} {chosen}"

    def clicked() -> None:
        ignore_echo()
        points = st.session_state[key].selection.points
        if points and "customdata" in points[0]:
            choose(int(points[0]["customdata"]))

    chart(
        built(growth_rows(study.rows), max(study.design.input[1:]), chosen, goal),
        "Receptive field by row",
        key=key,
        on_select=clicked,
    )


def growth_rows(rows: Sequence[Measured]) -> list[Grown]:
    """Rows of the growth figure, sizes along the axis where they are largest."""
    return [
        Grown(
            row.step.number,
            row.step.name,
            LAYER_KINDS[row.step.row.kind].family,
            by(row.step.shape),
            max(row.field.size) if row.field else None,
            max(row.largest),
        )
        for row in rows
    ]
