"""Take the network along: as a file, as code, as a link, or into the Explore page."""

from __future__ import annotations

import re

import streamlit as st

from ...design import (Measured, Study, masked, to_keras, to_onnx, to_pytorch,)
from .. import sidebar
from .design_session import title_of
from ..pictures import (Cell)
from ..navigation import (Destination, set_destination)

_SHORT_LINK = 2000
"""Some programs cut longer addresses off."""


def carry(study: Study, row: Measured, cell: Cell | None) -> None:
    """Draws what there is to take along; ``row`` and ``cell`` are what Explore opens with."""
    design = study.design
    title = title_of(design)
    name = re.sub(r"\W+", "-", title).strip("-").lower()
    st.markdown("#### Take it along")
    st.caption(
        f"{title}: {study.parameters:,} weights, "
        f"{2 * study.multiply_adds / 1e9:.3g} GFLOPs. Its weights are random, and the files say so."
    )
    with st.container(horizontal=True):
        if st.button("Open in Explore", key="open in explore", icon=":material/search:"):
            file = sidebar.show_model({f"{name}.onnx": to_onnx(design)})
            if masked(design):
                st.session_state[f"weights {file.digest}"] = True
            set_destination(Destination(row.layer.name, cell))
            st.switch_page("streamlit_app.py")
        for label, ending, kind, make in (
            ("ONNX", "onnx", "application/octet-stream", lambda: to_onnx(design)),
            ("Keras code", "py", "text/x-python", lambda: to_keras(design)),
            ("PyTorch code", "torch.py", "text/x-python", lambda: to_pytorch(design)),
            ("JSON", "json", "application/json", design.to_json),
        ):
            st.download_button(
                label,
                make,
                f"{name}.{ending}",
                kind,
                key=f"carry {label}",
                on_click="ignore",
                icon=":material/download:",
            )
    link = f"{str(st.context.url or '').partition('?')[0]}?net={design.compact()}"
    st.caption("This page's address is a link that holds the whole network:")
    st.code(link, language=None, wrap_lines=True)
    if len(link) > _SHORT_LINK:
        st.caption("It is long: some programs cut such addresses off.")
    with st.expander("Show the code"):
        shown = st.segmented_control(
            "Code for",
            ["Keras", "PyTorch"],
            default="Keras",
            required=True,
            key="code for",
            label_visibility="collapsed",
        )
        st.code(to_keras(design) if shown == "Keras" else to_pytorch(design), "python", height=420)
