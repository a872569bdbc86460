"""Uploads: an uploader beside a choice, and the handling of uploaded files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ... import ModelError
from ...inputs.images import ImageError
from ..address import ignore_echo
from ..text import sentence
from .session import visitor

UPLOAD = ":material/upload:"
"""The icon of the button."""

Accept = Callable[[dict[str, bytes]], None]
"""Takes over the contents of files by their names. Raises ModelError or ImageError."""


def uploader(label: str, what: str, several: bool, accept: Accept) -> None:
    """Draws an uploader that hands over what it gets and is empty again afterwards.

    ``what`` says what is uploaded, and counts towards the key: only a new key empties the widget.
    """
    key = f"{what} upload {visitor().uploads[what]}"
    st.file_uploader(
        label,
        accept_multiple_files=several,
        key=key,
        on_change=hand_over,
        args=(key, what, accept),
    )


def row() -> DeltaGenerator:
    """Makes a container for a choice and, beside it, the button to bring one's own."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall")


def hand_over(key: str, what: str, accept: Accept) -> None:
    """Hands over the files of the widget of that key; the page then reports what is wrong."""
    ignore_echo()
    upload: Any = st.session_state.get(key)
    files: list[UploadedFile] = upload if isinstance(upload, list) else [upload] if upload else []
    if not files:
        return
    visit = visitor()
    visit.uploads[what] += 1
    try:
        accept({file.name: file.getvalue() for file in files})
    except ModelError as error:
        visit.problem, visit.line = sentence(error), error.line
    except ImageError as error:
        visit.problem = str(error).replace("The file", files[0].name, 1)
