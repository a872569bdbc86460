"""Files that are dropped anywhere on a page: a model, an image, a signal, a volume, a survey."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from ....inputs.images import ImageError
from ....readers import looks_like_model
from ....survey.packed import is_survey
from ...browser.component import component
from ..fed_input import accept_image, accept_signal, accept_volume
from ..model import accept_model
from ..session import Accept, visitor
from ..surveys import accept_survey
from ..upload import receive, uploader

_NO_MODELS = (
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"),
    *(".npy", ".wav", ".csv"),
)
"""The ends of names of files that are no models, whatever is in them."""

_component = component(__file__, styles=[])  # it shows nothing


def drop() -> None:
    """Takes in what was dropped, and what will be; nothing of it shows."""
    receive("drop")
    with st.container(key="drop"):
        uploader("Files that are dropped on the page", "drop", True, _accept)
        _component(key="dropped")


def _accept(files: dict[str, bytes]) -> None:
    """Takes over dropped files as what they are. Raises ModelError or ImageError."""
    models = any(looks_like_model(content, name) for name, content in files.items())
    if models or visitor().waiting:
        accept_model(files)
        return
    if len(files) > 1:
        raise ImageError("Several files were dropped, and none is a model: drop one image")
    ((name, content),) = files.items()
    if is_survey(content, name):
        accept_survey(files)
        visitor().note = f"{name} is open: ask for the strongest cells, in a survey."
        return
    first: ImageError | None = None
    for what, accept in _ways(name, content):
        try:
            accept(files)
        except ImageError as error:
            first = first or error
            continue
        if what and what not in st.session_state:
            visitor().note = f"{name} is kept: it can be chosen for a model that takes a {what}."
        return
    assert first is not None
    if name.lower().endswith(_NO_MODELS):
        raise first
    accept_model(files)  # says what the file is


def _ways(name: str, content: bytes) -> Iterator[tuple[str, Accept]]:
    """What a file may be, the likeliest first: the kind of input, and what takes it over."""
    signal, volume = ("signal", accept_signal), ("volume", accept_volume)
    if content.startswith(b"\x93NUMPY"):
        yield from (volume, signal)
    elif content[8:12] == b"WAVE" or name.lower().endswith((".csv", ".tsv", ".txt")):
        yield signal
    else:
        yield from (("", accept_image), volume)
