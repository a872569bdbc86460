"""Export of the network: as a file, as code, as a link, or into the Explore page."""

from __future__ import annotations

import re

import streamlit as st

from ...design import (
    Measured,
    Study,
    masked,
    to_keras,
    to_onnx,
    to_pytorch,
)
from .. import address, sidebar
from ..address_choice import kept, one_of
from ..navigation import Destination, set_destination
from ..pictures import Cell
from ..text import count, scaled
from .design_session import design_title

_ONNX = "application/grpc"
"""The type that an ONNX file is sent as: one that says that it is binary and a protobuf message.

Streamlit's server sends most other types compressed. That takes seconds for each 100 MB, all before
the download begins, and random weights hardly shrink.
"""

_SHORT_LINK = 2000
"""Length of an address, in characters, beyond which some programs cut it off."""


def export_panel(study: Study, row: Measured, cell: Cell | None) -> None:
    """Draws the buttons, the link and the code; Explore opens with ``row`` and ``cell``."""
    design = study.design
    title = design_title(design)
    name = re.sub(r"\W+", "-", title).strip("-").lower()
    st.markdown("## Share & export")
    st.caption(
        f"{title}: {count(study.parameters, 'weight')}, "
        f"{scaled(2 * study.multiply_adds, 'FLOPs')}. Its weights are random, and the files say so."
    )
    with st.container(horizontal=True):
        if st.button(
            "Open in Explore",
            key="open in explore",
            icon=":material/search:",
            on_click=address.ignore_echo,
        ):
            with st.spinner("Writing the file ..."):
                file = sidebar.show_model({f"{name}.onnx": to_onnx(design)})
            if masked(design):
                st.session_state[f"weights {file.digest}"] = True
            set_destination(Destination(row.layer.name, cell))
            st.switch_page("streamlit_app.py")
        for label, ending, mime, write in (
            ("ONNX", "onnx", _ONNX, lambda: to_onnx(design)),
            ("Keras code", "py", "text/x-python", lambda: to_keras(design)),
            ("PyTorch code", "torch.py", "text/x-python", lambda: to_pytorch(design)),
            ("JSON", "json", "application/json", design.to_json),
        ):
            st.download_button(
                label,
                write,
                f"{name}.{ending}",
                mime,
                key=f"carry {label}",
                on_click="ignore",
                icon=":material/download:",
            )
    st.caption("This page's address is a link that holds the whole network:")
    link = address.show()
    if len(link) > _SHORT_LINK:
        st.caption("It is long: some programs cut such addresses off.")
    with st.expander("Show the code"):
        language = st.segmented_control(
            "Code for",
            ["Keras", "PyTorch"],
            required=True,
            label_visibility="collapsed",
            **kept("code", "code for", one_of({"keras": "Keras", "pytorch": "PyTorch"})),
        )
        code = to_keras(design) if language == "Keras" else to_pytorch(design)
        st.code(code, "python", height=420)
