"""The offer to try again what was ended before it was done."""

from __future__ import annotations

import streamlit as st

from ..errors import ModelError
from ..workers import EndedError
from . import cache
from .address import ignore_echo
from .cache import File


def offer_again(file: File, error: ModelError, place: str) -> None:
    """Draws a button that begins anew what was ended of a model; nothing after other errors.

    ``place`` tells the buttons of a page apart.
    """
    if isinstance(error, EndedError):
        st.button(
            "Try again",
            icon=":material/refresh:",
            key=f"again {place}",
            on_click=_begin_anew,
            args=(file,),
        )


def _begin_anew(file: File) -> None:
    ignore_echo()
    cache.try_again(file)
