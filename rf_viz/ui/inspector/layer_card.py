"""The card of a layer: its settings, and how its receptive field follows from those before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import streamlit as st

from ...trace.network import Layer
from ..outline import title_of
from ..text import by, count, plain, scaled

_MOST_EQUATIONS = 6
"""A framework's layer of many operations has too many equations to show."""

_SETTINGS = ("kernel", "stride", "padding", "dilation", "groups", "filters", "units")


def layer_card(layer: Layer) -> None:
    """Draws the button that opens the card."""
    with st.popover("Layer", icon=":material/layers:", help="Settings and receptive field"):
        name, what = title_of(layer)
        st.markdown(f"**{plain(name)}**: {plain(what)}")
        rows = "".join(f"| {label} | {value} |\n" for label, value in _rows(layer))
        st.markdown(f"| | |\n|---|---|\n{rows}")
        texts = layer.recurrence_texts
        if texts:
            st.markdown("**How its field follows from those before**")
            for text in texts[:_MOST_EQUATIONS]:
                st.markdown(plain(text.replace(" x ", " \N{MULTIPLICATION SIGN} ")))
            if len(texts) > _MOST_EQUATIONS:
                st.caption(f"and {count(len(texts) - _MOST_EQUATIONS, 'more step')}")


def _along(parts: Sequence[Any]) -> str:
    """A setting for each axis. What is said in words is said once where it holds for all."""
    sides = [_of_axis(part) for part in parts]
    return sides[0] if isinstance(sides[0], str) and len(set(sides)) == 1 else by(sides)


def _of_axis(part: Any) -> Any:  # noqa: ANN401
    """A setting of one axis; a padding has two numbers, which are told apart where they differ."""
    if not isinstance(part, tuple):
        return part
    before, after = part
    return before if before == after else f"{before} before, {after} after"


def _rows(layer: Layer) -> Iterator[tuple[str, str]]:
    """Labels and values, as Markdown."""
    yield "output", by(layer.shape)
    for name in _SETTINGS:
        setting = layer.settings.get(name)
        if setting not in (None, "", ()):
            parts = setting if isinstance(setting, tuple) else (setting,)
            yield name, plain(_along(parts))
    parameters = layer.settings.get("parameters")
    if isinstance(parameters, int):
        yield "parameters", count(parameters, "weight")
    cost = layer.multiply_adds
    if cost:
        yield "cost", scaled(2 * cost, "FLOPs")
    field = layer.receptive_field
    if field:
        yield "size *r*", by(field.size)
        yield "stride *S*", by(field.stride)
        yield "padding *P*", by(field.padding)
