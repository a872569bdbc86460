"""The choice of a survey: one that the host offers, or one of the person's own."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ...catalogue.host_files import HostFiles, surveys_below
from ..address_choice import one_of, restored
from ..cache import File
from ..sidebar import accept_survey, problem, visitor
from ..sidebar.upload import receive, upload_button, uploader

_FOLDER = "folder:"
"""What the keys of the host's surveys begin with; a path from the folder follows."""

_LABEL = "The folder of a survey, as a zip archive"


def choose_survey(layer: str) -> File | None:
    """Draws the choice and returns it; without any it says how to make a survey of a layer."""
    receive("survey")
    problem()
    visit, hosted = visitor(), _hosted()
    keys = [*hosted, *visit.surveys]
    if not keys:
        _explain(layer)
        return None
    restored("survey", "survey file", one_of(keys, keys[-1]), always=True)
    if visit.next_survey:
        st.session_state["survey file"], visit.next_survey = visit.next_survey, ""

    def name(key: str) -> str:
        return visit.surveys[key].name if key in visit.surveys else key.removeprefix(_FOLDER)

    choice, upload = st.columns([3, 1], gap="small", vertical_alignment="bottom")
    key = choice.selectbox(
        "Survey", keys, format_func=name, key="survey file", persist_state="session"
    )
    with upload, upload_button("survey", "A zip archive of its folder"):
        uploader(_LABEL, "survey", False, accept_survey)
    return visit.surveys[key] if key in visit.surveys else File.at(hosted[key], name(key))


def _explain(layer: str) -> None:
    st.markdown(
        "A survey looks for the strongest cells of every channel in a whole folder of images, of "
        "any number. It runs in a terminal, and its result opens here:"
    )
    st.code(
        f'rf-viz survey MODEL IMAGES --layers "{layer}" --keep-images --out found\n'
        "python -m zipfile -c found.zip found",
        language="shell",
        wrap_lines=True,
    )
    uploader(_LABEL, "survey", False, accept_survey)


def _hosted() -> dict[str, Path]:
    """The surveys that the host offers, by their keys."""
    return _listed(str(HostFiles.from_environment().surveys or ""))


@st.cache_resource(ttl=10, max_entries=1, show_spinner=False)
def _listed(folder: str) -> dict[str, Path]:
    """Those of a folder, which is looked at again after some time."""
    below = surveys_below(Path(folder)) if folder else {}
    return {f"{_FOLDER}{name}": path for name, path in below.items()}
