"""What the living figures have in common: sliders, the chosen unit, what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from .... import ModelError
from ....lessons import Conv, Example
from ...text import sentence
from ..unit_diagram.unit_diagram import Pin

_WIDTH = 136
"""Of a slider, in screen pixels: they stand in rows, and wrap."""


def controls() -> st.delta_generator.DeltaGenerator:
    """The row that the sliders of a figure stand in."""
    return st.container(horizontal=True, gap="small")


def slider(label: str, low: int, high: int, value: int, *, key: str) -> int:
    """A slider whose value is kept while other figures show."""
    chosen: int = st.slider(
        label, low, high, value, key=f"learn {key}", width=_WIDTH, persist_state="session"
    )
    return chosen


def layer_sliders(
    figure: str, defaults: Sequence[Conv], *, kernel: int, stride: int, padding: int = 0
) -> list[Conv]:
    """The sliders of several layers, up to these largest values."""
    convs = []
    for number, default in enumerate(defaults, 1):
        where = f"{figure} {number}"
        k = slider(f"Layer {number}: kernel k", 1, kernel, default.kernel, key=f"{where} k")
        s = slider(f"Layer {number}: stride s", 1, stride, default.stride, key=f"{where} s")
        p = 0
        if padding:
            assert default.padding != "same"
            first = default.padding[0]
            p = slider(f"Layer {number}: padding p", 0, padding, first, key=f"{where} p")
        convs.append(Conv(k, s, (p, p)))
    return convs


def unit_of(example: Example, pin: Pin) -> int:
    """The unit of the output that is pinned; its middle one if another row's is."""
    output = len(example.rows) - 1
    return pin.unit if pin.row == output else example.rows[output].size // 2


def beside(*equations: str) -> None:
    """Equations beside each other, or below where there is no room."""
    with st.container(horizontal=True, horizontal_alignment="center", gap="medium"):
        for equation in equations:
            st.latex(equation, width="content")


@contextmanager
def fitting() -> Iterator[None]:
    """Says in one sentence why layers do not fit; the sliders stay."""
    try:
        yield
    except ModelError as error:
        st.info(f"This does not fit. {sentence(error)}")


def few(units: Sequence[int]) -> str:
    """Units in words."""
    if len(units) == 1:
        return f"unit {units[0]}"
    return f"units {', '.join(map(str, units[:-1]))} and {units[-1]}"
