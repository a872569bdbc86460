"""Models that the host of the app offers: the one it was opened with, and those of a folder."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ...catalogue.host_files import HostFiles, models_below
from ...readers import READERS
from .. import address
from ..cache import File
from .session import visitor

_START, _FOLDER = "start:", "folder:"
"""Beginnings of keys; a name follows, or a path from the folder. No key tells where that lies."""

_EXTENSIONS = frozenset(extension for reader in READERS for extension in reader.extensions)


def _paths() -> dict[str, Path]:
    """The models by their keys."""
    host = HostFiles.from_environment()
    return _listed(str(host.model or ""), str(host.models or ""))


@st.cache_resource(ttl=10, max_entries=2, show_spinner=False)
def _listed(start: str, folder: str) -> dict[str, Path]:
    """The model to start with and those of a folder, which is looked at again after some time."""
    below = models_below(Path(folder), _EXTENSIONS) if folder else {}
    paths = {f"{_FOLDER}{name}": path for name, path in below.items()}
    if not start or Path(start).resolve() in [path.resolve() for path in paths.values()]:
        return paths
    return {f"{_START}{Path(start).name}": Path(start), **paths}


def every_key() -> list[str]:
    """List the keys of the models that are on offer."""
    return list(_paths())


def start_key() -> str | None:
    """The key of the model that the app opens with; None for the first sample."""
    start = HostFiles.from_environment().model
    if start is None:
        return None
    return next((key for key, path in _paths().items() if path.resolve() == start.resolve()), None)


def is_key(key: str) -> bool:
    """Whether a key is that of such a model, on offer or not."""
    return key.startswith((_START, _FOLDER))


def title(key: str) -> str:
    """A model's name for people: that of its file, or its path from the folder."""
    return key.partition(":")[2]


def file_of(key: str) -> File:
    """The model of a key that is on offer, as it is now, with the shapes that the person said."""
    file = File.at(_paths()[key], title(key))
    for input, shape in visitor().shapes.get(key, {}).items():
        file = file.with_shape(input, shape)
    return file


def keep_shape(key: str, input: str, shape: tuple[int, ...]) -> None:
    """Opens a model from now on with that shape of an input."""
    visitor().shapes.setdefault(key, {})[input] = shape


def read_address() -> None:
    """Says that a model is not there any more, if the address names one."""
    key = address.unread().get("model", "")
    if is_key(key) and key not in _paths():
        visitor().problem = f"{title(key)} is not among the models of this server."
        address.give_up()


def leave_missing() -> None:
    """Leaves the model that was chosen if it is not there any more."""
    key = st.session_state.get("model", "")
    if is_key(key) and key not in _paths():
        visitor().problem = f"{title(key)} is not among the models of this server any more."
        del st.session_state["model"]
