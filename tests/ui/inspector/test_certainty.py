"""What is said of how sure a layer's regions are: each reason once, whole, and where it belongs."""

from __future__ import annotations

import rf_viz
from rf_viz import Layer, Network
from rf_viz.catalogue.samples import SAMPLE_MODELS
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


def test_the_whole_image_is_said_to_reach_a_cell_only_where_its_border_does() -> None:
    """SqueezeNet's strides leave rows and columns 223 over: its output never sees them."""
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    layer = net["prob"]
    index = (0,) * len(layer.grid)
    assert layer.context_region == layer.region(index) == rf_viz.Region((0, 0), (223, 223))
    assert "whole image" not in layer.note
    assert "context" not in dict(certainty(layer, region=layer.region(index)))
    said = dict(certainty(layer))["context"]
    rows = "rows 0\N{EN DASH}222 and columns 0\N{EN DASH}222"
    assert said.endswith(f"{rows} of the image also reach this cell.")


def test_what_is_mixed_is_measured_by_what_reaches_it() -> None:
    """At 227 x 227 the same network's pooling is reached by every pixel."""
    model = rf_viz.load(SAMPLE_MODELS["squeezenet"].path)
    for size, words in ((224, "mixed over every position"), (227, "mixed over the whole image")):
        layer = model.trace((size, size))["prob"]
        seen = layer.mask((0,) * len(layer.grid))
        assert (words == "mixed over the whole image") == bool(seen[-1].any() and seen[:, -1].any())
        assert words in layer.note
