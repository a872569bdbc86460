"""The choice of a model's other inputs: a sample rate, a flag, a state."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import streamlit as st

from ...inputs.feeds import SideInput
from ...workers import WorkerModel
from ..address import FEED
from ..address_choice import kept, one_of, words
from ..text import by, number, plain

Texts = tuple[tuple[str, str], ...]
"""The values that a person chose, as texts, each with its input's name."""

_MOST = 8
"""How many inputs are shown at once."""


def choose_side_inputs(
    model: WorkerModel, source: str | None, shapes: Mapping[str, tuple[int, ...]], digest: str
) -> Texts:
    """Draws a field for each input besides the traced one, and returns those that are filled in.

    ``shapes`` are those that a person said, by input; ``digest`` stands for the model.
    """
    sides = model.side_inputs(shapes or None, input=source)
    if not sides:
        return ()
    st.caption("Other inputs. An empty one has its default when the model runs.")
    texts = [(side.name, _field(side, digest)) for side in sides[:_MOST]]
    if len(sides) > _MOST:
        st.caption(f"{len(sides) - _MOST} more have their defaults.")
    return tuple((name, text) for name, text in texts if text)


def _field(side: SideInput, digest: str) -> str:
    """Draws the field of one input; returns what is in it, empty for the default."""
    parameter, key = f"{FEED}{side.name}", f"feed {side.name} {digest}"
    shape = f" {by(side.shape)}" if side.shape else ""
    label, default = f"{plain(side.name)} ({side.dtype}{shape})", number(side.default)
    unsettled = "" if side.fixed else " Left empty, the regions hold for every value."
    if side.dtype == "bool" and not side.shape:
        word = "true" if side.default else "false"
        chosen = st.segmented_control(
            label,
            ["false", "true"],
            help=f"Default: {word}.{unsettled}",
            **kept(parameter, key, one_of(["false", "true"], None)),
        )
        return str(chosen or "")
    many = prod(side.shape)
    several = f", or {many} with commas between" if 1 < many <= 16 else ""
    text = st.text_input(
        label,
        placeholder=f"{default} (default)",
        help=f"One number{several}. Default: {default}.{unsettled}",
        **kept(parameter, key, words()),
    )
    return text.strip()
