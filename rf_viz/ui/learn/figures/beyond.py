"""Figures beyond the article: dilation, upsampling, the effective receptive field, borders."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ....figures import bell as bell_figures
from ....lessons import (
    Conv,
    Example,
    Transposed,
    Upsample,
    equations,
    stack,
)
from ....lessons import bell as bells
from ....lessons.layers import length_for
from ...text import percent
from ..unit_diagram.unit_diagram import Brackets, Pin, unit_diagram
from .frame import controls, few, fitting, slider, unit_of

SAME, DOUBLED = "the same in all layers", "doubled from layer to layer"

_CITED_BELL = (
    "Luo, Li, Urtasun and Zemel, [Understanding the Effective Receptive Field in Deep "
    "Convolutional Neural Networks](https://arxiv.org/abs/1701.04128), NeurIPS 2016; as there, the "
    "bell ends where a unit has less than 4.55 % of the middle's share. With equal weights the "
    "share of paths is the share of influence; training changes the weights, and may widen it."
)

_CITED_BOARD = (
    "Odena, Dumoulin and Olah, [Deconvolution and Checkerboard Artifacts]"
    "(https://distill.pub/2016/deconv-checkerboard), Distill 2016."
)

_DEPTHS = (1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160)
"""Numbers of layers for which the growth of the bell is drawn."""


@st.fragment
def dilation() -> None:
    """Draws kernels with holes, and how layers fill them."""
    with controls():
        depth = slider("Layers", 1, 4, 3, key="dilation depth")
        k = slider("Kernel k", 2, 5, 3, key="dilation k")
        d = slider("Dilation d of layer 1", 1, 4, 2, key="dilation d")
        how = st.segmented_control(
            "Dilation is",
            [SAME, DOUBLED],
            default=SAME,
            required=True,
            key="learn dilation how",
            persist_state="session",
        )
    dilations = [d * 2**i if how == DOUBLED else d for i in range(depth)]
    convs = [Conv(k, dilation=dilation) for dilation in dilations]
    example = stack(convs, length_for(convs, 3))
    unit = unit_of(example, unit_diagram(example, key="dilation diagram"))
    st.latex(equations.size(example))
    mask = example.last.mask((unit,))
    region = example.last.region((unit,)).size[0]
    count = int(mask.sum())
    units = f"all {region} units" if count == region else f"only {count} of the {region} units"
    holes = _of_holes(dilations, count == region)
    st.markdown(f"**The output takes {units} of its region.** {holes}")


def _of_holes(dilations: list[int], full: bool) -> str:
    if dilations[-1] == 1:
        return "Without dilation there are no holes."
    if full:
        return "The layers below fill the holes of those above."
    return (
        f"All taps lie multiples of {dilations[0]} apart: no layer reaches what is in between, "
        "however many there are."
    )


TRANSPOSED, NEAREST, LINEAR = "transposed convolution", "nearest", "linear"


@st.fragment
def upsampling() -> None:
    """Draws a transposed convolution, or a resize followed by a convolution."""
    how = st.segmented_control(
        "Upsampling",
        [TRANSPOSED, NEAREST, LINEAR],
        default=TRANSPOSED,
        required=True,
        key="learn upsampling",
        persist_state="session",
        label_visibility="collapsed",
    )
    with controls():
        s = slider("Stride s" if how == TRANSPOSED else "Factor", 2, 4, 2, key="up s")
        if how == TRANSPOSED:
            k = slider("Kernel k", 1, 8, 3, key="up k")
            p = slider("Cut off p", 0, 3, 0, key="up p")
        else:
            k = slider("Then kernel k", 1, 5, 3, key="up after")
    with fitting():
        if how == TRANSPOSED:
            first = Transposed(k, s, (p, p))
            example = stack([first], 7)
        else:
            resize = Upsample(s, "nearest" if how == NEAREST else "linear")
            example = stack([resize, Conv(k, padding=((k - 1) // 2, k // 2))], 7)
        unit_diagram(example, key=f"upsampling diagram {how}")
        if how == TRANSPOSED:
            st.latex(equations.transposed_size(first, 7, example.rows[-1].size))
        st.markdown(_of_evenness(example))
        if example.last.receptive_field is None:
            st.markdown(
                f"There is no r, S and P ({example.last.note}), but every unit has a region."
            )
    st.caption(_CITED_BOARD)


def _of_evenness(example: Example) -> str:
    """Numbers of input units that the outputs away from the border see, in words."""
    output = len(example.rows) - 1
    middle = slice(example.rows[-1].size // 3, -(example.rows[-1].size // 3) or None)
    masks = [example.last.mask((u,)) for u in range(example.rows[output].size)[middle]]
    counts = sorted({int(mask.sum()) for mask in masks})
    if len(counts) == 1:
        plural = "s" * (counts[0] != 1)
        return f"**Even:** away from the border every output takes {counts[0]} input unit{plural}."
    return (
        f"**Uneven:** outputs take {' or '.join(map(str, counts))} input units in turn. In two "
        "dimensions this shows as a checkerboard."
    )


@st.fragment
def bell() -> None:
    """Draws the path counts of a stack, their width, and how it grows with the depth."""
    with controls():
        depth = slider("Layers n", 1, bells.DEEPEST, 20, key="bell depth")
        k = slider("Kernel k", 2, 7, 3, key="bell k")
    counts = bells.counts(depth, k)
    width, size = bells.width(counts), len(counts)
    st.markdown(
        f"**The field has r = {size} units, the bell {width} of them:** in "
        f"{percent(width / size)} of the field start "
        f"{percent(float(counts[bells.within(counts)].sum()))} of all paths."
    )
    left, right = st.columns(2)
    config = {"displayModeBar": False}
    bars = bell_figures.bell(counts, bells.within(counts))
    left.plotly_chart(bars, key="bell bars", config=config)
    lines = [bells.counts(n, k) for n in _DEPTHS]
    growth = bell_figures.growth(
        _DEPTHS,
        [len(line) for line in lines],
        [bells.width(line) for line in lines],
        [bells.gaussian_width(n, k) for n in _DEPTHS],
        depth,
    )
    right.plotly_chart(growth, key="bell growth", config=config)
    st.latex(equations.bell_width(depth, k))
    st.markdown(
        "Four times the layers make the field four times as long, and the bell only twice as wide. "
        "Why: count the paths. Each unit adds up those of the units above it that take it."
    )
    convs = [Conv(k)] * min(depth, 3)
    unit_diagram(stack(convs, length_for(convs, 3)), key="bell diagram", counts=True)
    st.caption(_CITED_BELL)


@st.fragment
def border() -> None:
    """Draws the exact regions against the closed form that is clipped at the input's ends."""
    with controls():
        n = slider("Input units n", 8, 28, 12, key="border n")
        k = slider("Layer 1: kernel k", 1, 5, 3, key="border k")
        s = slider("Layer 1: stride s", 1, 4, 2, key="border s")
        depth = slider("Padded layers above", 1, 3, 1, key="border depth")
        padded = slider("Their kernel k", 1, 5, 3, key="border padded")
    with fitting():
        above = Conv(padded, padding=((padded - 1) // 2, padded // 2))
        example = stack([Conv(k, s), *[above] * depth], n)
        brackets = clipped(example)
        output = len(example.rows) - 1
        pairs = list(zip(*(spans[output] or [] for spans in brackets.values()), strict=True))
        wrong = [u for u, (form, exact) in enumerate(pairs) if form != exact]
        start = Pin(output, wrong[-1] if wrong else len(pairs) - 1)
        unit = unit_of(
            example, unit_diagram(example, key="border diagram", brackets=brackets, pinned=start)
        )
        st.markdown(_of_clipping(unit, pairs, wrong))
        unused = np.flatnonzero([not example.last.seeing((i,)).any() for i in range(n)]).tolist()
        if unused:
            st.markdown(
                f"No output sees input {few(unused)}: what the stride leaves over counts in the "
                "closed form once a layer above pads."
            )


def clipped(example: Example) -> Brackets:
    """Brackets of the closed form, clipped at the input's ends, and of the exact regions."""
    rows = range(len(example.rows))
    forms = [example.forms(row) for row in rows]
    return {
        "closed form, clipped": [
            form and [(max(0, a), min(example.length, b)) for a, b in form] for form in forms
        ],
        "exact region": [example.spans(row) for row in rows],
    }


def _of_clipping(
    unit: int, pairs: list[tuple[tuple[int, int], tuple[int, int]]], wrong: list[int]
) -> str:
    if not wrong:
        return "**Here both agree for every output.** Change the input's length or the stride."
    form, exact = pairs[unit]
    count = f"They differ for {len(wrong)} of {len(pairs)} outputs"
    if form == exact:
        return f"**Both agree for unit {unit}.** {count}: {few(wrong)}."
    return (
        f"**Clipping says {form[0]} to {form[1] - 1}, and unit {unit} really sees {exact[0]} to "
        f"{exact[1] - 1}.** {count}."
    )
