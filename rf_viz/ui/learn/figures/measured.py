"""The figure of measured fields: path counts beside influence, with trained and random weights."""

from __future__ import annotations

from math import prod

import streamlit as st

from ....catalogue.samples import SAMPLE_MODELS
from ....figures.fields import STYLES, field_map, sizes_by_layer
from ....lessons.fields import LayerFields, measured_fields
from ...address_choice import between, kept, one_of
from ...chart.chart import chart
from ...text import by, number, plain

_ALIKE = 0.05
"""Sizes that differ by less than this part are told to be about the same."""

_FULL = 0.98
"""From this part of the region's width on, a field is told to fill the region."""

_TITLES = {
    "paths": "Paths",
    "trained": "Influence, trained weights",
    "random": "Influence, random weights",
}


def measured() -> None:
    """Draws path counts and measured influence of a layer of a sample network."""
    networks = measured_fields()
    with st.container(horizontal=True, gap="small"):
        key = st.segmented_control(
            "Network",
            list(networks),
            required=True,
            format_func=lambda key: SAMPLE_MODELS[key].title,
            **kept("field.network", "learn field network", one_of(list(networks))),
        )
        layers = networks[key or next(iter(networks))]
        kept_layer = kept("field.layer", "learn field layer", between(1, len(layers), 5))
        at = st.slider("Layer", 1, len(layers), width=136, **kept_layer) - 1
    layer = layers[at]
    st.markdown(_of_size(layer, at, len(layers)))
    highest = max(float(field.densities.max()) for field in layer.fields.values())
    for column, (kind, field) in zip(st.columns(3), layer.fields.items(), strict=True):
        with column:
            st.markdown(f"**{_TITLES[kind]}:** {number(field.size, 3)} px")
            chart(field_map(field, highest), f"Map: {STYLES[kind][0]}", key=f"field {kind}")
    st.markdown(_of_difference(layer))
    chart(sizes_by_layer(layers, at), "Sizes of the fields by layer", key="field sizes")
    st.caption(_of_measurement(layer))


def _of_size(layer: LayerFields, at: int, count: int) -> str:
    """Tell which layer it is, and how wide its fields are."""
    r = layer.receptive_field
    form = f"r = {by(r)} px" if r else "no closed form, since branches are not aligned"
    inside = "" if r == layer.region else f"; within the image it sees {by(layer.region)} px"
    sizes = {kind: number(size, 3) for kind, size in layer.sizes.items()}
    return (
        f"**Layer {at + 1} of {count}, {plain(layer.layer)}: {form}{inside}.** How wide is the "
        "part that counts? The square root of its area is "
        f"**{sizes['paths']} px by the paths, {sizes['trained']} px with the trained weights, and "
        f"{sizes['random']} px with random weights.**"
    )


def _of_difference(layer: LayerFields) -> str:
    """Tell how the trained field differs from the random one, and both from the paths."""
    sizes = layer.sizes
    trained, random, paths = sizes["trained"], sizes["random"], sizes["paths"]
    if min(trained, random) > _FULL * prod(layer.region) ** 0.5:
        return "**Here both fields fill the whole region,** so their widths cannot differ."
    first = f"**The trained field is {_beside(trained, random)} the random one.**"
    second = f"The trained field is {_beside(trained, paths)} the paths suggest"
    return f"{first} {second}, and the random field is {_beside(random, paths)} they suggest."


def _beside(size: float, other: float) -> str:
    """How one size is beside another, in words that a comparison follows."""
    ratio = size / other - 1
    if abs(ratio) < _ALIKE:
        return "about as wide as"
    return f"{abs(ratio):.0%} {'wider' if ratio > 0 else 'narrower'} than"


def _of_measurement(layer: LayerFields) -> str:
    """Tell what was measured, and how."""
    patches = layer.fields["paths"].shares.size
    return (
        "What is drawn: the region of the unit in the middle of the layer, cut into "
        f"{patches} patches of at most {by(layer.patch)} px. Each map sums to 100%, and all three "
        "have the same colours. *Paths* are counted exactly. *Influence* was measured before: each "
        "patch in turn was covered with the mean colour of the photograph, and we noted how far "
        "the values of all channels of the unit moved. The maps are averages over "
        f"{layer.photographs} photographs, which count alike. *Random weights* are those of the "
        "same network, the weights of all its convolutions drawn anew for each photograph by "
        "[He's rule](https://arxiv.org/abs/1502.01852); so few draws leave the map "
        "grainy. The weights drawn have mean zero, and then the influence to expect follows the "
        "root of the number of paths, which falls off more slowly than the number. White lines "
        "surround the pixels with more than 4.55% of the largest share, as in "
        "[Luo et al. 2016](https://arxiv.org/abs/1701.04128). Their paper measures gradients; "
        "covering patches is coarser, and no map is finer than its patches."
    )
