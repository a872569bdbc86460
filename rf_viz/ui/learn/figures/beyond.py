"""Figures beyond the article: dilation, upsampling, the effective receptive field, borders."""

from __future__ import annotations

import streamlit as st

from ....figures import bell as bell_figures
from ....lessons import bell as bells
from ...address_choice import kept, one_of
from ...chart.chart import chart
from ..diagram.living_figure import Choice, Control, Slider, living_figure

CITED_BELL = (
    "After Luo, Li, Urtasun and Zemel, [Understanding the Effective Receptive Field in Deep "
    "Convolutional Neural Networks](https://arxiv.org/abs/1701.04128), NeurIPS 2016. As there, the "
    f"bell ends where a unit has less than {100 * bells.LEAST_SHARE:.2f}% of the middle's share. "
    "The paper measures pictures, and takes the square root of the number of pixels within the "
    "bell. With equal weights, and no activation functions, the share of paths is the share of "
    "influence. Training changes the weights: in the paper's experiments it widened the bell."
)

CITED_BOARD = (
    "After Odena, Dumoulin and Olah, [Deconvolution and Checkerboard Artifacts]"
    "(https://distill.pub/2016/deconv-checkerboard), Distill 2016. They find that networks "
    "struggle to learn weights that make up for uneven sums."
)

_DEPTHS = (1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160)
"""Numbers of layers for which the growth of the bell is drawn."""


STACK: list[Control] = [
    Slider("layers", "Layers", 1, 4, 3),
    Slider("k", "Kernel k", 1, 5, 3),
    Slider("s", "Stride s", 1, 2, 1),
]

DILATION: list[Control] = [
    Slider("layers", "Layers", 1, 4, 3),
    Slider("k", "Kernel k", 2, 4, 3),
    Slider("d", "Dilation d of layer 1", 1, 3, 2),
    Choice(
        "how",
        "Dilation is",
        {"same": "the same in all layers", "doubled": "doubled from layer to layer"},
    ),
]

UPSAMPLING: list[Control] = [
    Choice(
        "how",
        "Upsampling",
        {
            "transposed": "transposed convolution",
            "nearest": "nearest, then a convolution",
            "linear": "linear, then a convolution",
        },
    ),
    Slider("s", "Stride or factor s", 2, 4, 2),
    Slider("k", "Kernel k", 1, 8, 3),
    Slider("p", "Cut off p", 0, 3, 0),
    Slider("after", "Then kernel k", 1, 5, 3),
]

BORDER: list[Control] = [
    Slider("n", "Input units n", 8, 28, 12),
    Slider("k", "Kernel k", 1, 5, 3, "Layer 1"),
    Slider("s", "Stride s", 1, 4, 2, "Layer 1"),
    Slider("depth", "How many", 1, 3, 1, "Padded layers above"),
    Slider("padded", "Their kernel k", 1, 5, 3, "Padded layers above"),
]


BELL: list[Control] = [
    Slider("depth", "Layers L", 1, bells.DEEPEST, 20),
    Slider("k", "Kernel k", 2, 7, 3),
]


def bell() -> None:
    """Draws the path counts of a stack, their width, and how it grows with the depth."""
    values = living_figure("bell", BELL)
    depth, k = values["depth"], values["k"]
    measures = st.toggle(
        "Measure random networks",
        help=f"{bells.DRAWS} networks with random weights, {bells.CHANNELS} channels and "
        "rectifiers: the mean size of the gradient.",
        **kept("bell.measured", "learn bell measured", one_of({"no": False, "yes": True})),
    )
    left, right = st.columns(2)
    with left:
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
        chart(growth, "Receptive field and effective width by depth", key="bell growth")
    with right:
        if measures:
            _measured(depth, k)


def _measured(depth: int, k: int) -> None:
    """Draws the influence in random networks over the path counts, and compares the widths."""
    counts = bells.counts(depth, k)
    with st.spinner("Measuring ..."):
        influences = {
            "to expect of random weights": bells.expected(counts),
            "measured": bells.measured(depth, k),
        }
    bars = bell_figures.bell(counts, bells.within(counts), influences)
    chart(bars, "Share of all paths by unit", key="bell bars")
    wider, own = (bells.width(shares) for shares in influences.values())
    st.markdown(
        "**Random weights of mean zero make the bell wider.** On average over them the square of "
        "the influence goes with the number of paths, so that the influence goes with its root: "
        f"that makes {wider} units. Measured are {own}, over {bells.DRAWS} random networks."
    )
