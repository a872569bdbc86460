"""The image, signal or volume that the host opens the app with: each session has it from the first.

It is as if the person had uploaded it, and links to it hold for everybody.
"""

from __future__ import annotations

import streamlit as st

from ...catalogue.host_files import HostFiles
from ...inputs.images import ImageError
from .. import cache
from ..cache import File


@st.cache_resource(show_spinner=False)
def start_input() -> tuple[str, File] | None:
    """The input and what it is ("image", "signal" or "volume"); None where there is none.

    What it is is empty where it cannot be opened.
    """
    path = HostFiles.from_environment().image
    if path is None:
        return None
    file = File.uploaded({path.name: path.read_bytes()})
    for what, opened in (
        ("image", cache.open_image),
        ("signal", cache.open_signal),
        ("volume", cache.open_volume),
    ):
        try:
            opened(file)
        except ImageError:
            continue
        return what, file
    return "", file
