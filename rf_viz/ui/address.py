"""The page's address: it names everything on the page, so that a link shows the same."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

import streamlit as st

_ADDRESS = "address"
"""Where a session keeps the address that is no news to it."""


def newly_opened() -> Mapping[str, str] | None:
    """The address, if the person arrived by it: by a link, or back and forth in the browser."""
    address = st.query_params.to_dict()
    if address == st.session_state.get(_ADDRESS, {}):
        return None
    st.session_state[_ADDRESS] = address
    return address


def ignore_echo() -> None:
    """Treats the browser's address as known. Call it when the person chooses something.

    The browser may lag behind and still send an earlier address of ours: without this call it would
    count as a step back.
    """
    st.session_state[_ADDRESS] = st.query_params.to_dict()


def write(parameters: Mapping[str, str]) -> None:
    """Writes the parameters of what is shown into the address; empty ones are left out."""
    address = {name: value for name, value in parameters.items() if value}
    if address != st.query_params.to_dict():
        st.query_params.from_dict(address)
    st.session_state[_ADDRESS] = address


def show() -> None:
    """Draws the page's address, to copy."""
    page = (st.context.url or "").partition("?")[0]
    st.code(f"{page}?{urlencode(st.query_params.to_dict())}", language=None, wrap_lines=True)


def size_of(address: Mapping[str, str]) -> tuple[int, ...] | None:
    """The input size that an address names; None where it names none."""
    size = numbers(address.get("size", "").replace("x", ","))
    return size if size and min(size) > 0 else None


def numbers(text: str) -> tuple[int, ...] | None:
    """Reads whole numbers with commas between them; None for any other text, the empty one too."""
    with suppress(ValueError):
        return tuple(int(part) for part in text.split(",")) if text else None
    return None
