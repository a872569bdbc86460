"""The strongest cells of a channel, and crops of their regions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from .. import sidebar
from ..address_choice import kept, one_of
from ..inspector.scene import Scene
from ..navigation import open_now
from ..text import count, listed, plain
from .strongest_cells import Find, find
from .strongest_survey import Survey, look_like_page, subject
from .strongest_tiles import strongest_tiles
from .survey_panel import survey_panel

_STEP = 0.3
"""Seconds that a survey works at a time; in between the page answers."""

_PAUSE = 0.1
"""Seconds from one step to the next."""

_HERE, _MINE, _SURVEY = "This image", "My images", "A survey"


def strongest(scene: Scene) -> None:
    """Draws the crops of the strongest cells; choosing one goes to its cell."""
    where: str | None = _HERE
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if len(scene.picture.extent) == 2 and not scene.fed.within:
            where = st.segmented_control(
                "Strongest cells in",
                [_HERE, _MINE, _SURVEY],
                required=True,
                **kept(
                    "strongest.in",
                    "strongest in",
                    one_of({"image": _HERE, "images": _MINE, "survey": _SURVEY}),
                ),
            )
        apart = where != _SURVEY and st.toggle(
            "Skip overlaps",
            help="Neighbouring cells see almost the same. A cell is left out if a stronger one "
            "sees more than half of its region.",
            **kept(
                "strongest.overlaps", "skip overlaps", one_of({"skipped": True, "shown": False})
            ),
        )
    if where == _SURVEY:
        survey_panel(scene)
        return
    values = scene.feature_map.values
    if values is None:
        st.caption("This model cannot be run, so its strongest cells are unknown.")
        return
    if where == _MINE:
        _survey(scene, apart)
        return
    with st.spinner("Looking for the strongest cells ..."):
        finds = find(
            values, scene.layer, scene.feature_map.channel, scene.picture.values, apart=apart
        )
    if not finds:
        st.caption("No cell of this layer sees anything of the input.")
    chosen = _show(scene, finds, [""] * len(finds), apart)
    if chosen is not None:
        open_now(scene.layer.name, chosen.cell, scene.shown)


def _survey(scene: Scene, apart: bool) -> None:
    survey = _kept()
    if not survey.files:
        _ask_for_images()
        return
    of = subject(scene, apart=apart)
    if not survey.of:
        survey.begin(of)
    if survey.of != of:
        survey.cancel()
        with _row():
            st.button(
                f"Look through the {_images(len(survey.files))} again",
                type="primary",
                on_click=survey.begin,
                args=(of,),
            )
            st.button("Other images", on_click=_forget)
        return
    # While there is work, the fragment calls itself; the page's other parts stay usable.
    watch = st.fragment(_watch, run_every=_PAUSE if survey.running else None)
    watch(scene, survey, apart, survey.running)


def _watch(scene: Scene, survey: Survey, apart: bool, ticking: bool) -> None:
    """Works for a moment, and shows the progress and the cells so far."""
    if survey.running != ticking or survey is not _kept():
        st.rerun(scope="app")  # nothing else begins or ends the ticking
    names = [name for name, _ in survey.files]
    with _row():
        if survey.running:
            st.progress(
                survey.done / len(names), text=f"{survey.done} of {_images(len(names))}", width=320
            )
            st.button("Cancel", on_click=survey.cancel)
        else:
            st.caption(_outcome(survey), width="content")
            if survey.done < len(names):
                st.button("Go on", on_click=survey.go_on)
            st.button("Other images", on_click=_forget)
    if survey.skipped:
        st.warning(f"Skipped: {plain(listed(survey.skipped))}", icon=":material/warning:")
    images = [names[one.file] for one in survey.best]
    chosen = _show(scene, survey.best, images, apart)
    if chosen is not None:
        sidebar.show_image(dict([survey.files[chosen.file]]))
        open_now(scene.layer.name, chosen.cell, scene.shown)
    if survey.running:
        # At the end: the next tick would end this run at whatever is drawn after the work.
        survey.work(look_like_page(scene, apart=apart), _STEP)


def _outcome(survey: Survey) -> str:
    used, all_of_them = survey.done - len(survey.skipped), len(survey.files)
    if survey.done < all_of_them:
        return f"Cancelled after {survey.done} of {_images(all_of_them)}."
    if used == 0:
        return "None of them is an image that can be used."
    return f"The strongest in {_images(used)}."


def _images(number: int) -> str:
    return count(number, "image")


def _row() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="medium")


def _ask_for_images() -> None:
    way = st.segmented_control(
        "From",
        ["Files", "Folder"],
        default="Files",
        required=True,
        key="survey from",
        persist_state="session",
        label_visibility="collapsed",
    )
    st.file_uploader(
        "Images to look for the strongest cells in",
        accept_multiple_files="directory" if way == "Folder" else True,
        key=f"survey {way}",
        on_change=_accept,
        args=(f"survey {way}",),
    )


def _accept(key: str) -> None:
    files = st.session_state.get(key) or []
    st.session_state["survey"] = Survey(
        [(PurePosixPath(file.name).name, file.getvalue()) for file in files]
    )


def _forget() -> None:
    st.session_state["survey"] = Survey()


def _kept() -> Survey:
    survey: Survey = st.session_state.setdefault("survey", Survey())
    return survey


def _show(scene: Scene, finds: Sequence[Find], images: Sequence[str], apart: bool) -> Find | None:
    """Draws the cells, of images of these names; returns the one that was just chosen."""
    answers = [(one.file, one.cell) for one in finds]
    chosen = strongest_tiles(
        finds,
        images,
        scene.layer,
        of=f"{scene.file.digest} {scene.layer.name} {scene.shown} {answers}",
        key=f"strongest cells {any(images)}",
        current=next((i for i, one in enumerate(finds) if _is_pinned(one, scene)), None),
        note="Cells that see mostly what a stronger one sees are left out." if apart else "",
    )
    return None if chosen is None else finds[chosen]


def _is_pinned(one: Find, scene: Scene) -> bool:
    return one.cell == scene.cell and np.array_equal(one.seen, scene.picture.values)
