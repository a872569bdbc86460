"""The way to another layer or cell: from an answer, from another page, or by a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import streamlit as st

from ..analysis.seen import Mode
from . import address
from .pictures import Cell

_DESTINATION = "wanted"
"""Where a session keeps its destination."""

_WITHIN_LAYER = {"cell", "pixel", "channel", "mode"}
"""The parameters of an address that say what to show of a layer."""


@dataclass(frozen=True)
class Destination:
    """A layer, and perhaps a cell, to show next in Explore; None leaves a choice to the page.

    Attributes:
        layer: the layer's name.
        cell: the cell to pin.
        channel: an index of ``Scene.maps``.
        pixel: the pixel of the input to pin.
        mode: what to show of the cell.
        keep_point: whether to pin the cell that looks at the same point of the input as the one
            that is pinned now.
    """

    layer: str
    cell: Cell | None = None
    channel: int | None = None
    pixel: Cell | None = None
    mode: Mode | None = None
    keep_point: bool = False

    @classmethod
    def from_address(cls, layer: str | None = None) -> Destination | None:
        """The destination that the address names, in ``layer`` if it names no layer itself.

        None where it names none.
        """
        link = address.unread()
        if "layer" not in link and (layer is None or not link.keys() & _WITHIN_LAYER):
            return None
        layer, mode = address.read("layer") or layer or "", address.read("mode")
        cell, pixel = address.read_numbers("cell"), address.read_numbers("pixel")
        channel = address.read_numbers("channel")
        if mode is not None and mode not in get_args(Mode):
            address.ignore("mode", mode)
        return cls(
            layer,
            cell=cell,
            channel=channel[0] if channel else None,
            pixel=pixel,
            mode=next((m for m in get_args(Mode) if m == mode), "box"),
        )

    def to_address(self) -> dict[str, str]:
        """The parameters by which an address names the destination; "box" needs none."""
        return {
            "layer": self.layer,
            "cell": ",".join(map(str, self.cell or ())),
            "channel": "" if self.channel is None else str(self.channel),
            "mode": "" if self.mode in (None, "box") else str(self.mode),
            "pixel": ",".join(map(str, self.pixel or ())),
        }


def open_now(layer: str, cell: Cell | None = None, channel: int | None = None) -> None:
    """Shows another layer, cell or channel (an index of ``Scene.maps``), and draws the page anew.

    Call it from the body of the page or a fragment, not from a callback.
    """
    set_destination(Destination(layer, cell, channel))
    st.rerun(scope="app")


def set_destination(destination: Destination) -> None:
    """Makes the Explore page show the destination when it is next drawn."""
    st.session_state[_DESTINATION] = destination
    address.ignore_echo()


def follow_address() -> None:
    """Makes the Explore page show the destination that the address names, if it names one."""
    destination = Destination.from_address()
    if destination:
        st.session_state[_DESTINATION] = destination


def pending_destination() -> Destination | None:
    """The destination, until ``clear`` says that the page shows it."""
    destination: Destination | None = st.session_state.get(_DESTINATION)
    return destination


def clear() -> None:
    """Forgets the destination once the page shows it.

    This is a step of its own, since a run of the page may be cut off before it gets there.
    """
    st.session_state.pop(_DESTINATION, None)
