"""Proof and report of layers traced without their global context, with it where it counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from ..trace.network import Index, Layer, Network
from .proof import Proof, prove
from .report import Report, verify


def prove_whole(
    model: Model,
    layer: Layer,
    at: tuple[Index, ...],
    tensor: NDArray[np.float32],
    other: NDArray[np.float32],
    feeds: Mapping[str, NDArray[np.generic]] | None = None,
) -> list[Proof]:
    """Prove what a cell sees, and again with its global context where that leaves anything out.

    Arguments and errors are those of ``prove``.
    """
    proofs = [prove(model, layer.net, layer, at, tensor, other, feeds)]
    if proofs[0].context:
        net = _with_context(model, layer.net)
        if not net[layer.name].mask_of(at).all():
            proofs.append(prove(model, net, net[layer.name], at, tensor, other, feeds))
    return proofs


def verify_whole(model: Model, layer: Layer) -> Report:
    """Check a layer as ``verify`` does, its global context included. Raises ModelError."""
    net = _with_context(model, layer.net) if layer.global_context else layer.net
    return verify(model, net, [layer.name])


def _with_context(model: Model, net: Network) -> Network:
    """The network traced again, global context left in."""
    source = net.input
    shapes = {i.name: net.shapes[i.name] for i in model.inputs if i.name in net.shapes}
    return model.trace(
        input_shape={**shapes, source.name: source.shape},
        input=source.name,
        spatial_axes=source.spatial_axes,
        weight_aware=net.weight_aware,
        feeds=net.feeds,
    )
