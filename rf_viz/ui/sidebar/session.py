"""The choices of a person that a session remembers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import streamlit as st

from ..browser.token import browser_token
from ..cache import File, TraceOptions
from ..text import plain
from . import recent
from .layer_list.layer_list import Chosen
from .start_input import start_input

Accept = Callable[[dict[str, bytes]], None]
"""Takes over the contents of files by their names. Raises ModelError or ImageError."""


@dataclass
class Visit:
    """A session's memory besides its widgets.

    Attributes:
        models, images: uploads that can be used, by digest. Those of before a reload are among them
            (see ``recent.py``).
        trace_options: how each model was last traced without trouble, by digest and input.
        shapes: the shapes of inputs that the person said of the host's models, by key and input.
        layers: the layer that each model showed last, by digest.
        chosen: what was last chosen in each list of layers, by its key.
        trained: the keys of libraries' networks that were given their trained weights.
        shown_model: the key of the last model that could be shown.
        next_model: the model to show when a page is next drawn, if it is another one.
        image_chosen: whether the person chose an image, so that another model keeps it.
        next_image: the image to show when the page is next drawn, if it is another one.
        uploads: how many uploads were taken, by what they were.
        arrived: uploads that are still to be opened, by what they are, and what opens them.
        volumes, next_volume, signals, next_signal: the same of volumes and signals.
        surveys, next_survey: the same of surveys.
        next_preparation: the preprocessing and the fit that images get from when the page is next
            drawn, if these are others.
        declined: the keys of uploads that an address needs, and that the person goes on without.
        problem: what went wrong since the page was last drawn.
        note: what else is to be said since then.
        line: a line of Python that helps, to copy.
        start: the key of the input that the host opens the app with; empty where there is none.
        waiting, needed: an upload that lacked files, or had nothing but them, until they follow,
            and the names of what it needs.
    """

    models: dict[str, File] = field(default_factory=dict)
    images: dict[str, File] = field(default_factory=dict)
    trace_options: dict[tuple[str, str | None], TraceOptions] = field(default_factory=dict)
    shapes: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)
    trained: set[str] = field(default_factory=set)
    shown_model: str = ""
    next_model: str = ""
    image_chosen: bool = False
    next_image: str = ""
    uploads: Counter[str] = field(default_factory=Counter)
    arrived: dict[str, tuple[dict[str, bytes], Accept]] = field(default_factory=dict)
    volumes: dict[str, File] = field(default_factory=dict)
    next_volume: str = ""
    signals: dict[str, File] = field(default_factory=dict)
    next_signal: str = ""
    surveys: dict[str, File] = field(default_factory=dict)
    next_survey: str = ""
    next_preparation: tuple[str, str] | None = None
    declined: set[str] = field(default_factory=set)
    start: str = ""
    problem: str = ""
    note: str = ""
    line: str = ""
    waiting: Mapping[str, bytes] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()


def visitor() -> Visit:
    """The memory of this session; a new one begins with the recent uploads of its browser."""
    if "visit" not in st.session_state:
        visit = Visit(
            models=recent.files("model"),
            images=recent.files("image"),
            volumes=recent.files("volume"),
            signals=recent.files("signal"),
            surveys=recent.files("survey"),
            trained=_trained(browser_token()),
        )
        _begin(visit)
        st.session_state["visit"] = visit
    mine: Visit = st.session_state["visit"]
    return mine


def _begin(visit: Visit) -> None:
    """Adds the input that the host opens the app with."""
    start = start_input()
    if start is None:
        return
    what, file = start
    if not what:
        visit.problem = f"{file.name} is no image, signal or volume that can be opened."
        return
    by_kind = {"image": visit.images, "signal": visit.signals, "volume": visit.volumes}
    by_kind[what][file.digest] = file
    visit.start = file.digest
    visit.image_chosen = what == "image"


@st.cache_resource(max_entries=500, show_spinner=False)
def _trained(token: str) -> set[str]:
    """The networks that a browser asked the trained weights of."""
    return set()


def uploads(what: str) -> dict[str, File]:
    """The uploads of one kind, "model", "image", "volume", "signal" or "survey", by keys."""
    visit = visitor()
    by_kind = {
        "model": visit.models,
        "image": visit.images,
        "volume": visit.volumes,
        "signal": visit.signals,
        "survey": visit.surveys,
    }
    return by_kind[what]


def remember(what: str, key: str, file: File) -> None:
    """Adds an upload to those that can be used, in this session and after a reload."""
    uploads(what)[key] = recent.keep(what, key, file)


def problem() -> None:
    """Reports once why the last upload or choice failed; the page keeps what it showed."""
    visit = visitor()
    if visit.note:
        st.info(plain(visit.note), icon=":material/info:")
        visit.note = ""
    if visit.problem:
        st.error(plain(visit.problem), icon=":material/error:")
        if visit.line:
            st.code(visit.line, language="python", wrap_lines=True)
        visit.problem = visit.line = ""
