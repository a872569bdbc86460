"""A task of the lesson, and what to say of it."""

from __future__ import annotations

import streamlit as st


def tell(task: str, found: str, finished: bool) -> None:
    """The task, or what has been seen once it is done; both in Markdown."""
    if finished:
        st.success(f"**Done.** {found}", icon=":material/check_circle:")
    else:
        st.info(f"**To do.** {task}", icon=":material/touch_app:")
