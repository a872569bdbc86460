"""Uploads: an uploader beside a choice, and the handling of uploaded files."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ... import ModelError
from ...inputs.images import ImageError
from ..address import ignore_echo
from ..text import listed, plain, sentence
from .session import Accept, visitor


def upload_button(what: str, about: str) -> DeltaGenerator:
    """Draws the button for an upload; what it opens is drawn into what is returned."""
    return st.popover(f"Upload {what}", icon=":material/upload:", help=about, width="stretch")


def uploader(label: str, what: str, several: bool, accept: Accept) -> None:
    """Draws an uploader that hands over what it gets, for ``receive``, and is empty again.

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


def hand_over(key: str, what: str, accept: Accept) -> None:
    """Keeps the files of the widget of that key until ``receive`` opens them.

    That takes a while, and what is drawn in a callback like this one does not show.
    """
    upload: Any = st.session_state.get(key)
    files: list[UploadedFile] = upload if isinstance(upload, list) else [upload] if upload else []
    if not files:
        return
    ignore_echo()
    visit = visitor()
    visit.uploads[what] += 1
    names = [file.name for file in files]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        visit.problem = (
            f"Several files are called {listed(twice)}: upload them one after the other, or rename "
            "them."
        )
        return
    visit.arrived[what] = {file.name: file.getvalue() for file in files}, accept
    for file in files:
        _let_go(file)


def _let_go(file: UploadedFile) -> None:
    """Has Streamlit give up its copy of a file, which it would keep as long as the session lasts.

    The record of it stays: without one its widget, which the browser reports once more, would seem
    to have been emptied by the person.
    """
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        store, session = context.uploaded_file_mgr, context.session_id
        for record in store.get_files(session, [file.file_id]):
            store.add_file(session, record._replace(data=b""))


def receive(what: str) -> None:
    """Opens the files of such an upload, if some have arrived; the page reports what is wrong.

    Call it before the choice is drawn that they are to appear in.
    """
    visit = visitor()
    if what not in visit.arrived:
        return
    files, accept = visit.arrived.pop(what)
    try:
        with st.spinner(f"Opening {plain(listed(list(files)))} ...", show_time=True):
            accept(files)
    except ModelError as error:
        visit.problem, visit.line = sentence(error), error.line
    except OSError as error:
        visit.problem = (
            f"The server could not keep {listed(list(files))} ({error.strerror or error}): tell "
            "whoever hosts it."
        )
    except ImageError as error:
        visit.problem = str(error).replace("The file", next(iter(files)), 1)
