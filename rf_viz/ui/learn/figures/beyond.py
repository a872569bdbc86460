"""Figures beyond the article: dilation, upsampling, the effective receptive field, borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ....figures import bell as bell_figures
from ....figures import weights as weight_figures
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
from ....lessons.weights import alternate, away_from_border, summed_weights
from ...address_choice import kept, one_of
from ...chart.chart import chart
from ...text import number, percent
from ..diagram.unit_diagram import Brackets, Pin, unit_diagram
from .frame import controls, few, fitting, joined, slider, unit_of

SAME, DOUBLED = "the same in all layers", "doubled from layer to layer"

_CITED_BELL = (
    "After Luo, Li, Urtasun and Zemel, [Understanding the Effective Receptive Field in Deep "
    "Convolutional Neural Networks](https://arxiv.org/abs/1701.04128), NeurIPS 2016. As there, the "
    f"bell ends where a unit has less than {100 * bells.LEAST_SHARE:.2f}% of the middle's share. "
    "The paper measures pictures, and takes the square root of the number of pixels within the "
    "bell. With equal weights, and no activation functions, the share of paths is the share of "
    "influence. Training changes the weights: in the paper's experiments it widened the bell."
)

_CITED_BOARD = (
    "After Odena, Dumoulin and Olah, [Deconvolution and Checkerboard Artifacts]"
    "(https://distill.pub/2016/deconv-checkerboard), Distill 2016. They find that networks "
    "struggle to learn weights that make up for uneven sums."
)

_DEPTHS = (1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160)
"""Numbers of layers for which the growth of the bell is drawn."""


def dilation() -> None:
    """Draws kernels with holes, and how layers fill them."""
    with controls():
        depth = slider("Layers", 1, 4, 3, key="dilation depth")
        k = slider("Kernel k", 2, 5, 3, key="dilation k")
        d = slider("Dilation d of layer 1", 1, 4, 2, key="dilation d")
        how = st.segmented_control(
            "Dilation is",
            [SAME, DOUBLED],
            required=True,
            **kept(
                "dilation.how", "learn dilation how", one_of({"same": SAME, "doubled": DOUBLED})
            ),
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
    st.markdown(f"**Unit {unit} sees {units} of its region.** {holes}")


def _of_holes(dilations: list[int], full: bool) -> str:
    if dilations[-1] == 1:
        return "Without dilation there are no holes."
    if full:
        return "The layers below fill the holes of those above."
    return (
        f"All distances between taps are multiples of {dilations[0]}. However many layers there "
        "are, one output never sees what lies in between."
    )


TRANSPOSED, NEAREST, LINEAR = "transposed convolution", "nearest", "linear"


def upsampling() -> None:
    """Draws a transposed convolution, or a resize followed by a convolution."""
    how = st.segmented_control(
        "Upsampling",
        [TRANSPOSED, NEAREST, LINEAR],
        required=True,
        label_visibility="collapsed",
        **kept(
            "upsampling.how",
            "learn upsampling",
            one_of({"transposed": TRANSPOSED, "nearest": NEAREST, "linear": LINEAR}),
        ),
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
        _evenness(example, resized=how != TRANSPOSED)
        if example.last.receptive_field is None:
            st.markdown(
                f"There is no closed form ({example.last.note}), but every unit has a region."
            )
    st.caption(_CITED_BOARD)


def _evenness(example: Example, *, resized: bool) -> None:
    """Draws the summed weight of each output, and says whether they alternate."""
    sums, inner = summed_weights(example), away_from_border(example)
    st.markdown(
        "**All weights one, all inputs one:** then each output is its summed weight. "
        f"{_of_counts(example, inner)} {_of_weights(sums[inner].tolist(), resized)}"
    )
    left, right = st.columns([2, 1])
    with left:
        bars = weight_figures.bars(sums, inner)
        chart(bars, "Summed weight of each output", key="upsampling weights")
    with right:
        square = weight_figures.picture(sums)
        chart(square, "Summed weights in two dimensions", key="upsampling picture")


def _of_counts(example: Example, inner: NDArray[np.bool_]) -> str:
    """Tell how many input units the outputs away from the border take."""
    masks = [example.last.mask((u,)) for u in np.flatnonzero(inner).tolist()]
    counts = sorted({int(mask.sum()) for mask in masks})
    units = f"input unit{'s' * (counts != [1])}"
    if len(counts) == 1:
        return f"Away from the border every output takes {counts[0]} {units}."
    return f"Away from the border outputs take {joined([str(n) for n in counts], 'or')} {units}."


def _of_weights(sums: Sequence[float], resized: bool) -> str:
    """Tell whether the sums of outputs away from the border differ, and what follows."""
    kinds = sorted(set(sums))
    if not alternate(sums):
        weight = number(kinds[0])
        even = f"**Even:** all their summed weights are {weight}, so there is no checkerboard."
        if resized:
            return (
                f"{even} At the border it is less where the convolution meets padding. A resize "
                "spreads its input evenly: Odena and others put a resize, best a nearest-neighbour "
                "one, and a convolution in place of a transposed convolution."
            )
        return (
            f"{even} The stride divides the kernel. Learned weights may still differ from tap to "
            "tap, and then the outputs may, too."
        )
    products = sorted({one * other for one in kinds for other in kinds})
    return (
        "**Uneven:** their summed weights alternate between "
        f"{joined([number(n) for n in kinds])}, since the stride does not divide the kernel. In "
        f"two dimensions they multiply to {joined([number(n) for n in products])}: a constant "
        "image comes out as a checkerboard."
    )


def bell() -> None:
    """Draws the path counts of a stack, their width, and how it grows with the depth."""
    with controls():
        depth = slider("Layers n", 1, bells.DEEPEST, 20, key="bell depth")
        k = slider("Kernel k", 2, 7, 3, key="bell k")
        measures = st.toggle(
            "Measure random networks",
            help=f"{bells.DRAWS} networks with random weights, {bells.CHANNELS} channels and "
            "rectifiers: the mean size of the gradient.",
            **kept("bell.measured", "learn bell measured", one_of({"no": False, "yes": True})),
        )
    counts = bells.counts(depth, k)
    width, size = bells.width(counts), len(counts)
    st.markdown(
        f"**In one dimension, as drawn, the field has r\N{SUBSCRIPT ZERO} = {size} units, the bell "
        f"{width} of them:** {percent(float(counts[bells.within(counts)].sum()))} of all paths "
        f"start in {percent(width / size)} of the field. **In two dimensions,** with square "
        "kernels, the square root of the bell's area, which the paper measures, is "
        f"{number(bells.area_width(counts), 3)}."
    )
    left, right = st.columns(2)
    with left:
        influences = {}
        if measures:
            with st.spinner("Measuring ..."):
                influences = {
                    "to expect of random weights": bells.expected(counts),
                    "measured": bells.measured(depth, k),
                }
        bars = bell_figures.bell(counts, bells.within(counts), influences)
        chart(bars, "Share of all paths by unit", key="bell bars")
    lines = [bells.counts(n, k) for n in _DEPTHS]
    growth = bell_figures.growth(
        _DEPTHS,
        [len(line) for line in lines],
        [bells.width(line) for line in lines],
        [bells.area_width(line) for line in lines],
        (
            [bells.gaussian_width(n, k) for n in _DEPTHS],
            [bells.gaussian_area_width(n, k) for n in _DEPTHS],
        ),
        depth,
    )
    with right:
        chart(growth, "Receptive field and effective width by depth", key="bell growth")
    if measures:
        wider, own = (bells.width(shares) for shares in influences.values())
        st.markdown(
            "**Random weights of mean zero make the bell wider.** On average over them the square "
            "of the influence goes with the number of paths, so that the influence goes with its "
            f"root: that makes {wider} units. Measured are {own}, over {bells.DRAWS} random "
            "networks."
        )
    st.latex(equations.bell_width(depth, k))
    st.markdown(
        "Four times as many layers make the field about four times as long, but the bell only "
        "about twice as wide. To see why, count paths from the output down: the number at a unit "
        "is the sum of the numbers at the units above that take it."
    )
    convs = [Conv(k)] * min(depth, 3)
    unit_diagram(stack(convs, length_for(convs, 3)), key="bell diagram", counts=True)
    st.caption(_CITED_BELL)


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
        st.markdown(_of_unused(example))


def _of_unused(example: Example) -> str:
    """Tell which input units no output sees: in gaps between windows, or left over at the end."""
    last = max(i for units in example.rows[1].links[0].of for i in units)
    unused = [i for i in range(example.length) if not example.last.seeing((i,)).any()]
    gaps, rest = [i for i in unused if i < last], [i for i in unused if i > last]
    parts = []
    if gaps:
        parts.append(
            f"No output sees input {few(gaps)}: the stride of layer 1 is larger than its kernel, "
            "and its windows leave gaps."
        )
    if rest:
        parts.append(
            f"No output sees input {few(rest)}: no further window of layer 1 fits at the end."
        )
    clipped_stops = [stop for _, stop in clipped(example)["closed form, clipped"][-1] or []]
    if rest and max(clipped_stops) > rest[0]:
        parts.append(
            "The closed form reaches into this rest, since it takes the padding above for units of "
            "layer 1."
        )
    return " ".join(parts)


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
        f"**Clipping gives {form[0]} to {form[1] - 1}, but the region of unit {unit} is {exact[0]} "
        f"to {exact[1] - 1}.** {count}."
    )
