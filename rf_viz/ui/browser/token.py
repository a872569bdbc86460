"""The token by which a browser is recognised after a reload, when its session is a new one.

It is a cookie that lasts until the browser is closed. It stands in no address: whoever gets a link
gets nothing of what belongs to the token.
"""

from __future__ import annotations

import re
import secrets

import streamlit as st

_COOKIE = "rf_viz_token"

_SHAPE = re.compile(r"[\w-]{43}")
"""The shape of ``secrets.token_urlsafe(32)``."""


def browser_token() -> str:
    """The token of this session's browser, a new one if the browser has none yet."""
    token: str | None = st.session_state.get("browser token")
    if token is None:
        token = str(st.context.cookies.get(_COOKIE))
        if not _SHAPE.fullmatch(token):
            token = secrets.token_urlsafe(32)
        st.session_state["browser token"] = token
    return token


def hand_out() -> None:
    """Gives the browser its token, if it has none. Call it on every page, at the end of a block."""
    token = browser_token()
    if st.context.cookies.get(_COOKIE) == token:
        return
    safe = "location.protocol === 'https:' ? '; Secure' : ''"
    st.html(
        f"<script>document.cookie = '{_COOKIE}={token}; Path=/; SameSite=Lax' + ({safe})</script>",
        unsafe_allow_javascript=True,
    )
