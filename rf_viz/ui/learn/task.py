"""Task of a lesson step, and the message once it is done."""

from __future__ import annotations

import streamlit as st


def task(to_do: str, insight: str, finished: bool) -> None:
    """Draws the task or, once it is done, what can be seen by it; both are Markdown."""
    if finished:
        st.success(f"**Done.** {insight}", icon=":material/check_circle:")
    else:
        st.info(f"**To do.** {to_do}", icon=":material/touch_app:")
