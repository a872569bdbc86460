"""What is said of how sure a layer's regions are: each reason once, whole, and where it belongs."""

from __future__ import annotations

from rf_viz import Layer, Network
from rf_viz.relation import Opaque
from rf_viz.trace.tensors import Source, Tensor
from rf_viz.ui.inspector.certainty import certainty

WHY = "operator 'a; b' is not known: assumed to see everything; its shape too"


def assumed_layer() -> Layer:
    shape = (1, 1, 4)
    tensors = [
        Tensor("x", "x", "Input", shape),
        Tensor("y", "unknown", "Op", shape, [Source(0, (Opaque(shape, shape),))], WHY),
    ]
    return Network(tensors, (2,)).layers[0]


def test_a_reason_with_a_semicolon_in_it_is_one_reason() -> None:
    layer = assumed_layer()
    no_form = "global: mixed over the whole image by unknown"
    assert layer.reasons == (no_form, WHY)
    assert layer.note == f"{no_form}; {WHY}"
    said = dict(certainty(layer))
    assert said["assumed"] == f"Assumed, not exact: {WHY}."
    assert said["note"] == f"No r, S and P here: {no_form}."
