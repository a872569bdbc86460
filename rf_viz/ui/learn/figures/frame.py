"""Common parts of the living figures: sliders, the pinned unit, a message where nothing fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from ....errors import DefectError, ModelError
from ....lessons import Conv, Example
from ...address_choice import between, in_short, kept
from ...text import sentence
from ..diagram.unit_diagram import Pin

_WIDTH = 136
"""Width of a slider in screen pixels: they stand in rows, and wrap."""


def controls() -> st.delta_generator.DeltaGenerator:
    """Row in which the sliders of a figure stand."""
    return st.container(horizontal=True, gap="small")


def slider(label: str, low: int, high: int, value: int, *, key: str) -> int:
    """Draws a slider, whose value is kept while other figures show, and returns its value.

    ``key`` begins with the name of its figure.
    """
    figure, _, name = key.partition(" ")
    number: int = st.slider(
        label,
        low,
        high,
        width=_WIDTH,
        **kept(f"{figure}.{in_short(name)}", f"learn {key}", between(low, high, value)),
    )
    return number


def layer_sliders(
    figure: str, defaults: Sequence[Conv], *, kernel: int, stride: int, padding: int = 0
) -> list[Conv]:
    """Draws sliders for several layers and returns these layers.

    ``kernel``, ``stride`` and ``padding`` are the largest values on offer; without ``padding``
    there is no slider for it.
    """
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
    """Pinned unit of the output; its middle one if a unit of another row is pinned."""
    output = len(example.rows) - 1
    return pin.unit if pin.row == output else example.rows[output].size // 2


def beside(*equations: str) -> None:
    """Draws equations in LaTeX side by side, or below each other where there is no room."""
    with st.container(horizontal=True, horizontal_alignment="center", gap="medium"):
        for equation in equations:
            st.latex(equation, width="content")


@contextmanager
def fitting() -> Iterator[None]:
    """Explains in one sentence why layers do not fit, and leaves the sliders as they are."""
    try:
        yield
    except DefectError as error:
        st.error(sentence(error), icon=":material/error:")
    except ModelError as error:
        st.info(f"This does not fit. {sentence(error)}")


def joined(parts: Sequence[str], word: str = "and") -> str:
    """Parts of a sentence, with a word before the last."""
    return f" {word} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def few(units: Sequence[int]) -> str:
    """Numbers of units in words."""
    return f"unit{'s' * (len(units) > 1)} {joined([str(unit) for unit in units])}"
