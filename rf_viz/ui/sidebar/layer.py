"""The choice of a layer to look at."""

from __future__ import annotations

from ... import Network
from ...analysis.growth import largest_region
from ...catalogue.samples import Sample
from .. import address
from ..outline import title_of
from .layer_list.layer_list import is_convolution, layer_list
from .session import visitor


def choose_layer(
    net: Network, sample: Sample | None, digest: str, goal: str | None, *, key: str
) -> str:
    """Draws the list of layers and returns the name of the one to show.

    That is the ``goal``, else what the person chose, else the last one that was shown. ``digest``
    stands for the model, ``key`` for the traced model.
    """
    visit, names = visitor(), {layer.name for layer in net.layers}
    if goal in names:
        visit.layers[digest] = goal
    elif goal is not None:
        address.ignore("layer", goal)
    if visit.layers.get(digest) not in names:
        visit.layers[digest] = (sample and sample.default_layer) or _telling(net)
    chosen = layer_list(net, visit.layers[digest], key=key)
    if chosen and chosen != visit.chosen.get(key):
        visit.chosen[key] = chosen
        visit.layers[digest] = chosen.layer
    return visit.layers[digest]


def _telling(net: Network) -> str:
    """A layer to show first: the deepest one whose cells see no more than a third of the image."""
    layers = [layer for _, layer in net.groups] or net.layers
    local = [
        layer
        for layer in layers
        if all(3 * n <= size for n, size in zip(largest_region(layer), net.input.size, strict=True))
    ]
    convolutions = [layer for layer in local if is_convolution(title_of(layer)[1])]
    return (convolutions or local or layers)[-1 if local else 0].name
