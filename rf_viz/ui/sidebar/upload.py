"""Bringing one's own: an uploader beside a choice, and what becomes of what it gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ... import ModelError
from ...inputs.images import ImageError
from ..text import sentence
from .session import visitor

UPLOAD = ":material/upload:"
"""The icon of the button."""

Accept = Callable[[dict[str, bytes]], None]
"""Takes over files, by name. Raises ModelError or ImageError for what it cannot use."""


def uploader(label: str, what: str, several: bool, take: Accept) -> None:
    """An uploader that hands over what it gets and, under a new key, is empty again afterwards."""
    key = f"{what} upload {visitor().uploads[what]}"
    st.file_uploader(
        label,
        accept_multiple_files=several,
        key=key,
        on_change=took,
        args=(key, what, take),
    )


def row() -> DeltaGenerator:
    """Where a choice and the button to bring one's own stand side by side."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall")


def took(key: str, what: str, take: Accept) -> None:
    """Hands over what the widget of that key got; what is wrong with it is told by the page."""
    given: Any = st.session_state.get(key)
    files: list[UploadedFile] = given if isinstance(given, list) else [given] if given else []
    if not files:
        return
    visit = visitor()
    visit.uploads[what] += 1
    try:
        take({file.name: file.getvalue() for file in files})
    except ModelError as error:
        visit.problem = sentence(error)
    except ImageError as error:
        visit.problem = str(error).replace("The file", files[0].name, 1)
