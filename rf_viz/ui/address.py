"""The page's address: it tells all that is shown, and a page opened by it shows the same."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

import streamlit as st

from .inspector.scene import (
    ADDRESS,
    Scene,
    Wanted,
    want,
)
from .pictures import Mode, Pinned

_MODES: tuple[Mode, ...] = ("box", "pixels", "paths")


def arrived() -> Mapping[str, str] | None:
    """The address, where the person came by it: a link, or back and forth in the browser."""
    address = st.query_params.to_dict()
    if address == st.session_state.get(ADDRESS, {}):
        return None
    st.session_state[ADDRESS] = address
    return address


def follow(address: Mapping[str, str]) -> None:
    """Goes to the layer and the cell of an address when the page is next drawn."""
    if "layer" not in address:
        return
    mode: Mode = next((mode for mode in _MODES if mode == address.get("mode")), "box")
    channel = _numbers(address.get("channel", ""))
    want(
        Wanted(
            address["layer"],
            cell=_numbers(address.get("cell", "")),
            channel=channel[0] if channel else None,
            pixel=_numbers(address.get("pixel", "")),
            mode=mode,
        )
    )


def size_of(address: Mapping[str, str]) -> tuple[int, ...] | None:
    """The input size that an address asks for, if it does."""
    size = _numbers(address.get("size", "").replace("x", ","))
    return size if size and min(size) > 0 else None


def write(scene: Scene, pinned: Pinned, choices: Mapping[str, str], question: str | None) -> None:
    """Puts what is shown into the address. ``choices`` are the model, the image, and so on."""
    address = {
        **choices,
        "layer": scene.layer.name,
        "cell": ",".join(map(str, pinned.cell)),
    }
    if scene.maps is not None:
        address["channel"] = str(scene.shown)
    if pinned.mode != "box":
        address["mode"] = pinned.mode
    if pinned.pixel is not None:
        address["pixel"] = ",".join(map(str, pinned.pixel))
    if question:
        address["ask"] = question
    address = {name: value for name, value in address.items() if value}
    if address != st.query_params.to_dict():
        st.query_params.from_dict(address)
    st.session_state[ADDRESS] = address


def show() -> None:
    """Draws the page's address, to copy."""
    page = (st.context.url or "").partition("?")[0]
    st.code(f"{page}?{urlencode(st.query_params.to_dict())}", language=None, wrap_lines=True)


def _numbers(text: str) -> tuple[int, ...] | None:
    with suppress(ValueError):
        return tuple(int(part) for part in text.split(",")) if text else None
    return None
