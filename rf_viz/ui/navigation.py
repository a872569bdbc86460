"""The way to another layer or cell: from an answer, from another page, or by a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import streamlit as st

from ..analysis.seen import Mode
from . import address
from .pictures import Cell

_DESTINATION = "wanted"
"""Where a session keeps its destination."""


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
    def from_address(cls, parameters: Mapping[str, str]) -> Destination | None:
        """The destination that an address names; None where it names no layer."""
        if "layer" not in parameters:
            return None
        channel = address.numbers(parameters.get("channel", ""))
        return cls(
            parameters["layer"],
            cell=address.numbers(parameters.get("cell", "")),
            channel=channel[0] if channel else None,
            pixel=address.numbers(parameters.get("pixel", "")),
            mode=next((m for m in get_args(Mode) if m == parameters.get("mode")), "box"),
        )

    def to_address(self) -> dict[str, str]:
        """The parameters by which an address names the destination; "box" needs none."""
        parameters = {"layer": self.layer, "cell": ",".join(map(str, self.cell or ()))}
        if self.channel is not None:
            parameters["channel"] = str(self.channel)
        if self.mode is not None and self.mode != "box":
            parameters["mode"] = self.mode
        if self.pixel is not None:
            parameters["pixel"] = ",".join(map(str, self.pixel))
        return parameters


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


def pending_destination() -> Destination | None:
    """The destination, until ``clear`` says that the page shows it."""
    destination: Destination | None = st.session_state.get(_DESTINATION)
    return destination


def clear() -> None:
    """Forgets the destination once the page shows it.

    This is a step of its own, since a run of the page may be cut off before it gets there.
    """
    st.session_state.pop(_DESTINATION, None)
