"""A choice that the page's address holds, so that a link restores it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st


def address_choice(name: str, options: Mapping[str, str], draw: Callable[..., str | None]) -> str:
    """Lets the person choose one of the options, the first by default, and returns the choice.

    ``options`` are labels by their values in the address, in its parameter ``name``. ``draw`` is
    ``st.pills`` or ``st.segmented_control``.
    """
    key = f"address {name}"
    in_address = st.query_params.get(name)
    if in_address in options and in_address != st.session_state.get(f"{key} told"):
        st.session_state[key] = in_address  # A link was opened, or the person went back.
    elif key not in st.session_state:
        st.session_state[key] = next(iter(options))
    chosen = draw(
        name.capitalize(),
        list(options),
        required=True,
        format_func=options.get,
        key=key,
        on_change=ignore_echo,
        args=(name,),
        label_visibility="collapsed",
        persist_state="session",
    )
    assert chosen is not None  # it is required, and draw has a default
    st.query_params[name] = st.session_state[f"{key} told"] = chosen
    return chosen


def ignore_echo(name: str) -> None:
    """Treats the browser's address as known. Call it when the person chooses something.

    The browser may lag behind and still send an earlier choice.
    """
    st.session_state[f"address {name} told"] = st.query_params.get(name)
