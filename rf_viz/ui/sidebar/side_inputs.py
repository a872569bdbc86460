"""The choice of a model's other inputs: a sample rate, a flag, a state."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import streamlit as st

from ...inputs.feeds import SideInput
from ...model import Model
from ..address import ignore_echo
from ..text import by, number, plain

Texts = tuple[tuple[str, str], ...]
"""The values that a person chose, as texts, each with its input's name."""

_MOST = 8
"""How many inputs are shown at once."""


def choose_side_inputs(
    model: Model, source: str | None, shapes: Mapping[str, tuple[int, ...]], digest: str
) -> Texts:
    """Draws a field for each input besides the traced one, and returns those that are filled in.

    ``shapes`` are those that a person said, by input; ``digest`` stands for the model.
    """
    sides = model.side_inputs(shapes or None, input=source)
    if not sides:
        return ()
    st.caption("Other inputs. One that is left empty holds its default when the model runs.")
    texts = [(side.name, _field(side, _key(side.name, digest))) for side in sides[:_MOST]]
    if len(sides) > _MOST:
        st.caption(f"{len(sides) - _MOST} more hold their defaults.")
    return tuple((name, text) for name, text in texts if text)


def _key(name: str, digest: str) -> str:
    return f"feed {name} {digest}"


def _field(side: SideInput, key: str) -> str:
    """Draws the field of one input; returns what is in it, empty for the default."""
    shape = f" {by(side.shape)}" if side.shape else ""
    label, default = f"{plain(side.name)} ({side.dtype}{shape})", number(side.default)
    unsettled = "" if side.fixed else " Left empty, the regions hold for every value."
    if side.dtype == "bool" and not side.shape:
        word = "true" if side.default else "false"
        chosen = st.segmented_control(
            label,
            ["false", "true"],
            key=key,
            persist_state="session",
            on_change=ignore_echo,
            help=f"Default: {word}.{unsettled}",
        )
        return str(chosen or "")
    many = prod(side.shape)
    several = f", or {many} with commas between" if 1 < many <= 16 else ""
    text = st.text_input(
        label,
        key=key,
        persist_state="session",
        on_change=ignore_echo,
        placeholder=f"{default} (default)",
        help=f"One number{several}. Default: {default}.{unsettled}",
    )
    return text.strip()


def to_address(texts: Texts) -> dict[str, str]:
    """The parameters by which an address names these values."""
    return {f"feed.{name}": text for name, text in texts}


def restore_side_inputs(address: Mapping[str, str], digest: str) -> None:
    """Fills in the values that an address names."""
    for parameter, text in address.items():
        if parameter.startswith("feed."):
            st.session_state[_key(parameter.removeprefix("feed."), digest)] = text
