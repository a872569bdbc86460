"""The image, signal or volume that the host opens the app with: each session has it from the first.

It is as if the person had uploaded it, and links to it hold for everybody.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from ...catalogue.host_files import HostFiles
from ...inputs.images import ImageError
from .. import cache
from ..cache import File


def start_input() -> tuple[str, File] | None:
    """The input and what it is ("image", "signal" or "volume"); None where there is none.

    What it is is empty where it cannot be opened.
    """
    path = HostFiles.from_environment().image
    return _opened(path) if path else None


@st.cache_resource(max_entries=2, show_spinner=False)
def _opened(path: Path) -> tuple[str, File]:
    try:
        file = File.uploaded({path.name: path.read_bytes()})
    except OSError:
        return "", File.at(path, path.name)
    for what, opened in (
        ("image", cache.open_image),
        ("signal", cache.open_signal),
        ("volume", cache.open_volume),
    ):
        with suppress(ImageError):
            opened(file)
            return what, file
    return "", file
