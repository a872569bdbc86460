"""What the words on the page mean, a button away."""

from __future__ import annotations

import streamlit as st

WORDS = {
    "Region": "the smallest box around all pixels that can change the cell. It never leaves the "
    "image.",
    "Exact": "every operation up to this cell is known, so that no pixel outside the region can "
    "change it. *Assumed* means that an unknown operation was taken to depend on everything.",
    "Size *r*": "how many pixels wide the field is in the closed form. It counts padding.",
    "Stride *S*": "how many pixels the field moves from one cell to the next.",
    "Padding *P*": "how many pixels the field of cell 0 begins before the image.",
    "Centre": "the middle of the field, (*r* \N{MINUS SIGN} 1) / 2 pixels after its start.",
    "Closed form": "the box that *r*, *S* and *P* give. Near the border it leaves the image; the "
    "exact region does not.",
    "Exact pixels": "the pixels within the region that count. Strides and dilations may leave "
    "holes.",
    "Path counts": "in how many ways each pixel reaches the cell. Pixels near the middle usually "
    "have the most.",
    "Influence": "how much each pixel really moves the cell, on this image with these weights.",
}
"""Words of the page, each with a sentence in Markdown."""


def glossary() -> None:
    """Draws the button that opens the words."""
    with st.popover("Words", icon=":material/help:", help="What the words on this page mean"):
        st.markdown("\n\n".join(f"**{word}**: {meaning}" for word, meaning in WORDS.items()))
