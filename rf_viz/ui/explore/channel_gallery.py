"""Channels: all maps of a layer as thumbnails, in the order that the person asks for."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ...analysis.numbers import whole
from ...figures.channels import PAGE, Channels, Order
from ..address_choice import between, kept, one_of
from ..inspector.scene import Scene
from ..navigation import open_now
from .choices.sheet import choose_tile, columns_of

_KEY = "channels"

ORDERS: Mapping[str, Order] = {
    "Maximum": "maximum",
    "Mean": "mean",
    "At this cell": "cell",
    "Number": "number",
}
"""What puts the channels in order, and how an address spells it."""


def channel_gallery(scene: Scene) -> None:
    """Draws a page of thumbnails; choosing one shows its channel."""
    maps, cell = scene.maps, scene.cell
    if maps is None:
        st.caption("This model cannot be run, so its channels have no values to show.")
        return
    order, same_scale = _choose_order(maps[0].size == 1)
    channels = Channels(scene.layer, maps, cell, order, same_scale, scene.names)
    of = f"{scene.file.digest} {scene.layer.name} {order} {cell if order == 'cell' else ''}"
    place = st.container()
    page = _choose_page(of, channels) - 1
    shown = channels.shown(page)
    with place, st.spinner("Drawing the channels ..."):
        chosen = choose_tile(
            channels.sheet(page, columns_of(_KEY)),
            of=f"{of} {page}",
            title=f"Channels of {scene.layer.title}",
            key=_KEY,
            current=shown.index(scene.shown) if scene.shown in shown else None,
        )
    if chosen is not None:
        open_now(scene.layer.name, cell, shown[chosen])


def _choose_page(of: str, channels: Channels) -> int:
    """Draws the page's place among all, and returns its number; the first is 1."""
    if channels.pages == 1:
        return 1
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        where = st.empty()
        page = st.pagination(
            channels.pages,
            width="stretch",  # by the width of its content it leaves out numbers
            **kept("page", f"channels page {of}", between(1, channels.pages, 1)),
        )
        first = (page - 1) * PAGE
        last = first + len(channels.shown(page - 1))
        where.caption(
            f"{whole(first + 1)}\N{EN DASH}{whole(last)} of {whole(len(channels.maps))}",
            width="content",
        )
    return page


def _choose_order(single: bool) -> tuple[Order, bool]:
    """The order, and whether all maps have the same scale of values."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        names = ["Maximum", "Number"] if single else list(ORDERS)
        name = st.segmented_control(
            "Order by",
            names,
            required=True,
            format_func=lambda name: "Value" if single and name == "Maximum" else name,
            **kept(
                "channels.order",
                f"order of channels {single}",
                one_of({ORDERS[name]: name for name in names}),
            ),
        )
        same_scale = not single and st.toggle(
            "Same scale",
            help="One colour scale for all maps, so that they can be compared. Otherwise each "
            "map has its own, from its lowest value to its highest.",
            **kept("channels.scale", "same scale", one_of({"own": False, "same": True})),
        )
    return ORDERS[str(name)], same_scale
