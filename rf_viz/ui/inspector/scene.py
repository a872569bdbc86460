"""The scene: what the Explore page shows, as the questions about a cell need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ...trace.network import Layer, Network, Region
from ..cache import Fed, File
from ..pictures import Cell, FeatureMap, Mode, Picture

_WANTED = "wanted"

ADDRESS = "address"
"""Where a session keeps the page's address that is no news to it."""


@dataclass(frozen=True)
class Scene:
    """A cell of a layer, and what its model was fed.

    Attributes:
        file, net: the model, and how it was traced (global context cut).
        picture, fed: what it was fed, as people see it and as the model takes it.
        feature_map: the channel that is shown.
        maps: the values of all channels, (channels, *grid); None where the model cannot be run.
        shown: which of ``maps`` it is.
        names: what the channels stand for; empty where that is not known.
        cell: the pinned cell, one index for each grid axis.
        pixel: the pinned pixel of the input, if there is one.
        mode: what shows of the pinned cell.
    """

    file: File
    net: Network
    picture: Picture
    fed: Fed
    feature_map: FeatureMap
    maps: NDArray[np.float32] | None
    shown: int
    names: Sequence[str]
    cell: Cell
    pixel: Cell | None = None
    mode: Mode = "box"

    @property
    def layer(self) -> Layer:
        return self.feature_map.layer

    @property
    def region(self) -> Region:
        """What the pinned cell sees."""
        return self.layer.region(self.cell, self.feature_map.channel)


@dataclass(frozen=True)
class Wanted:
    """Where to go next; None leaves to the page what was not asked for.

    ``keep_point`` asks for the cell that looks at the same point of the input as the pinned one.
    """

    layer: str
    cell: Cell | None = None
    channel: int | None = None
    pixel: Cell | None = None
    mode: Mode | None = None
    keep_point: bool = False


def go_to(layer: str, cell: Cell | None = None, channel: int | None = None) -> None:
    """Shows another layer, cell or channel (an index of ``Scene.maps``), and draws the page anew.

    Call it from the body of the page or a fragment, not from a callback.
    """
    want(Wanted(layer, cell, channel))
    st.rerun(scope="app")


def want(where: Wanted) -> None:
    """Goes there when the page is next drawn."""
    st.session_state[_WANTED] = where
    outdated()


def outdated() -> None:
    """Call it when the person chooses something: what the browser tells as its address may still
    be an earlier one of ours, and is no news then."""
    st.session_state[ADDRESS] = st.query_params.to_dict()


def wanted() -> Wanted | None:
    """Where somebody asked to go, until ``arrived`` says that the page went there."""
    asked: Wanted | None = st.session_state.get(_WANTED)
    return asked


def arrived() -> None:
    """Nobody wants to go anywhere any more. A run of the page may be cut off before it arrives."""
    st.session_state.pop(_WANTED, None)
