"""Tables of the networks that Keras and torchvision have by name; neither needs to be installed."""

from __future__ import annotations

import streamlit as st

from ...analysis.records import Record
from ...catalogue.keras_applications import KERAS_APPLICATIONS, KerasApplication
from ...catalogue.torchvision_models import TORCHVISION_MODELS, TorchvisionModel
from .. import sidebar
from ..address import refresh
from ..address_choice import kept, one_of, several_of
from ..clickable_table import clickable_table
from ..sidebar import libraries
from ..tables import save_as_csv, with_extents
from ..text import MISSING, plain

_KERAS, _TORCHVISION = "Keras", "torchvision"

_ALL = "All families"

_KERAS_TABLE = "https://keras.io/api/applications"

Entry = KerasApplication | TorchvisionModel


@st.fragment
def library_tables() -> None:
    """Draws the networks of both libraries, or of one, or a family of them."""
    entries: dict[str, list[Entry]] = {
        _KERAS: list(KERAS_APPLICATIONS.values()),
        _TORCHVISION: list(TORCHVISION_MODELS.values()),
    }
    choices = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    shown = choices.segmented_control(
        "Library",
        list(entries),
        selection_mode="multi",
        **kept("libraries.of", "tables of", several_of({n.lower(): n for n in entries}, entries)),
    )
    families = sorted({entry.family for library in shown for entry in entries[library]})
    offered = [_ALL, *families]
    arguments = kept("libraries.family", "tables family", one_of(offered))
    if st.session_state["tables family"] not in offered:
        st.session_state["tables family"] = _ALL
    family = choices.selectbox("Family", offered, width=220, **arguments)
    refresh()
    rows = [
        _row(library, entry)
        for library in shown
        for entry in entries[library]
        if family in (_ALL, entry.family)
    ]
    if not rows:
        st.info("Choose a library.")
        return
    number = st.column_config.NumberColumn
    row = clickable_table(
        [with_extents(row) for row in rows],
        key=f"networks {shown} {family}",
        placeholder=MISSING,
        height=520,
        column_config={
            "Network": st.column_config.TextColumn(pinned=True),
            "Year": number(format="%d"),
            **dict.fromkeys(("Size r", "Stride S", "Padding P"), number(format="%,d")),
            "Weights (M)": number(format="%.1f"),
            "GFLOPs": number(format="%,.2f"),
            "Top-1": number(format="%.1f %%"),
            "Top-5": number(format="%.1f %%"),
            "Source": st.column_config.LinkColumn(display_text="open"),
        },
    )
    if row is not None:
        _open(f"{str(rows[row]['Library']).lower()}:{rows[row]['Network']}")
    st.caption(
        f"Click a row to open its network in Explore. {len(rows)} networks; r, S and P of the last "
        "layer before everything is pooled, at the network's own input size. Global context, such "
        f"as squeeze-and-excite gates, is left out. {MISSING} means that nothing is known, or that "
        "there is no closed form: the note says why. GFLOPs are twice the multiply-adds."
    )
    save_as_csv(rows, "library_networks.csv", key="save library networks")
    st.caption(
        f"Top-1 and top-5 on ImageNet: of Keras by [its table]({_KERAS_TABLE}), of torchvision by "
        "the metadata of the first weights that it published for this input; the source says how "
        "they were trained. An architecture can have other figures in the other library: "
        "ResNet-50, for one, has its strides in other convolutions, and Keras pads differently."
    )


def _open(key: str) -> None:
    """Opens a network in Explore, or says what is missing."""
    if not libraries.has(key):
        st.info(plain(libraries.absent(key)), icon=":material/info:")
        return
    sidebar.visitor().next_model = key
    st.switch_page("streamlit_app.py")


def _row(library: str, entry: Entry) -> Record:
    torchvision = entry if isinstance(entry, TorchvisionModel) else None
    return {
        "Network": entry.name,
        "Library": library,
        "Input": entry.input,
        "Size r": None if entry.size is None else max(entry.size),
        "Stride S": None if entry.stride is None else max(entry.stride),
        "Padding P": None if entry.padding is None else max(entry.padding),
        "Depth": entry.depth,
        "GFLOPs": entry.gflops,
        "Weights (M)": entry.parameters / 1e6,
        "Top-1": None if entry.top1 is None else 100 * entry.top1,
        "Top-5": None if torchvision is None else 100 * torchvision.top5,
        "Trained weights": None if torchvision is None else torchvision.weights,
        "Source": _KERAS_TABLE if torchvision is None else torchvision.source,
        "Largest region": entry.region,
        "Family": entry.family,
        "Year": entry.year,
        "Paper": entry.paper,
        "Note": ". ".join(filter(None, (entry.note, entry.remark))),
    }
