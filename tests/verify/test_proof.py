"""What ``prove`` shows of a cell: it keeps its value where it should, and moves where it should."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper, parser

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from rf_viz.inputs.images import (
    PRESETS,
    fit,
    open_image,
    to_tensor,
)
from rf_viz.verify.proof import Proof, Trial, prove

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def build(nodes: str, **weights: np.ndarray) -> rf_viz.Model:
    """A model of one input ``x`` (1, 3, 16, 16) whose last node makes ``out``."""
    proto = parser.parse_model(f"""
        <ir_version: 8, opset_import: ["" : 17, "acme" : 1]>
        net (float[1, 3, 16, 16] x) => (float[] out) {{ {nodes} }}""")
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    proto.graph.initializer.extend(numpy_helper.from_array(w, n) for n, w in weights.items())
    return rf_viz.load(proto.SerializeToString())


def proved(model: rf_viz.Model, at: tuple[int, ...], name: str = "out", **options: bool) -> Proof:
    net = model.trace(**options)
    return prove(model, net, net[name], at, normal(1, 3, 16, 16), normal(1, 3, 16, 16))


def both(proof: Proof) -> tuple[Trial, Trial]:
    assert proof.outside
    assert proof.inside
    return proof.outside, proof.inside


WINDOW = "out = Conv <dilations = [2, 2], strides = [2, 2]> (x, w)"
GATE = """
    a = Conv <pads = [1, 1, 1, 1]> (x, w)
    g = ReduceMean <axes = [{axes}], keepdims = 1> (a)
    s = Sigmoid (g)
    out = Mul (a, s)"""


WITHOUT_WEIGHTS = """
node { name: "x" op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape {
    dim { size: 1 } dim { size: 8 } dim { size: 8 } dim { size: 3 } } } } }
node { name: "w" op: "VariableV2"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape {
    dim { size: 3 } dim { size: 3 } dim { size: 3 } dim { size: 2 } } } } }
node { name: "conv" op: "Conv2D" input: "x" input: "w"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "padding" value { s: "SAME" } }
  attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } } }
"""


@pytest.mark.parametrize("key", ["squeezenet", "efficientnet-lite0"])
def test_a_photograph_around_the_region_changes_not_a_bit(key: str) -> None:
    sample = SAMPLE_MODELS[key]
    model = rf_viz.load(sample.path)
    net = model.trace()
    cat, coffee = (
        to_tensor(
            fit(open_image(SAMPLE_IMAGES[name].path), net.input.size),
            net.input.shape,
            (2, 3),
            PRESETS[sample.preprocessing],
        )
        for name in ("chelsea", "coffee")
    )
    layer = net[sample.default_layer]
    values = model.activations(cat, [layer.name])[layer.name]
    at = tuple(int(i) for i in np.unravel_index(values.argmax(), values.shape))
    proof = prove(model, net, layer, at, cat, coffee)
    outside, inside = both(proof)
    assert proof.value == values.max() == outside.value
    assert outside.move.outcome == "same"
    assert inside.value == pytest.approx(
        model.activations(np.where(proof.mask, coffee, cat), [layer.name])[layer.name][at]
    )
    assert inside.move.outcome == "moved"
    assert outside.holds
    assert inside.holds


def test_holes_of_the_mask_count_as_outside() -> None:
    proof = proved(build(WINDOW, w=normal(2, 3, 3, 3)), (0, 1, 2, 3))
    outside, inside = both(proof)
    assert inside.replaced == 9
    assert outside.replaced == 16 * 16 - 9
    assert outside.holds
    assert inside.holds


def test_of_a_dead_unit_the_twin_tells_that_the_inside_reaches_it() -> None:
    model = build("a = Conv (x, w, b) out = Relu (a)", w=normal(2, 3, 3, 3), b=normal(2) - 1000)
    proof = proved(model, (0, 0, 5, 5))
    outside, inside = both(proof)
    assert proof.value == inside.value == 0
    assert inside.move.outcome == "same"
    assert inside.arrives
    assert inside.holds
    assert outside.arrives is None


def test_a_wrong_region_is_found_out() -> None:
    weights = normal(2, 3, 3, 3)
    model = build("out = Conv <pads = [1, 1, 1, 1]> (x, w)", w=weights)
    shifted = build("out = Conv <pads = [2, 1, 0, 1]> (x, w)", w=weights).trace()
    x, other = normal(1, 3, 16, 16), normal(1, 3, 16, 16)
    outside, inside = both(prove(model, shifted, shifted["out"], (0, 0, 7, 7), x, other))
    assert outside.move.outcome == "moved"
    assert outside.holds is False
    assert inside.holds


def test_global_context_left_out_of_the_trace_is_named_and_counts_for_neither() -> None:
    gated = GATE.format(axes="2, 3")
    proof = proved(build(gated, w=normal(2, 3, 3, 3)), (0, 0, 5, 5), cut_global=True)
    outside, inside = both(proof)
    assert proof.context == ("g",)
    assert outside.move.outcome == "moved"
    assert outside.holds is None
    assert inside.holds
    whole = proved(build(gated, w=normal(2, 3, 3, 3)), (0, 0, 5, 5))
    assert whole.outside is None
    assert whole.context == ()
    assert whole.inside.holds


def test_a_cell_that_sees_nothing_keeps_its_value_whatever_the_input() -> None:
    model = build("out = Conv <pads = [3, 3, 3, 3]> (x, w, b)", w=normal(2, 3, 3, 3), b=normal(2))
    proof = proved(model, (0, 1, 0, 0))
    assert proof.inside is None
    assert proof.outside.replaced == 16 * 16
    assert proof.outside.move.outcome == "same"


def test_replacing_pixels_by_the_same_shows_nothing() -> None:
    model = build(WINDOW, w=normal(2, 3, 3, 3))
    net, x = model.trace(), normal(1, 3, 16, 16)
    outside, inside = both(prove(model, net, net["out"], (0, 0, 2, 2), x, x))
    assert outside.replaced == inside.replaced == 0
    assert (outside.arrives, inside.arrives) == (False, True)
    assert outside.holds
    assert inside.holds


def test_what_cannot_be_run_is_left_to_the_twin_and_what_is_unknown_to_nobody() -> None:
    model = build("a = Conv (x, w) c = acme.Swirl (a) out = Relu (c)", w=normal(2, 3, 3, 3))
    proof = proved(model, (0, 0, 2, 2))
    assert proof.value is None
    assert "Swirl" in proof.no_model
    assert "assumed" in proof.no_twin
    assert proof.outside is None
    assert proof.inside.holds is None


def test_a_graph_without_weights_is_proved_by_its_twin() -> None:
    model = rf_viz.load(WITHOUT_WEIGHTS.encode(), "graph.pbtxt")
    net = model.trace()
    x, other = normal(1, 8, 8, 3), normal(1, 8, 8, 3)
    proof = prove(model, net, net["conv"], (0, 2, 2, slice(None)), x, other)
    outside, inside = both(proof)
    assert proof.value is outside.value is inside.move is None
    assert proof.no_model
    assert (outside.arrives, inside.arrives) == (False, True)
    assert outside.holds
    assert inside.holds


def test_an_index_outside_the_layer_is_refused() -> None:
    with pytest.raises(IndexError):
        proved(build(WINDOW, w=normal(2, 3, 3, 3)), (0, 0, 99, 0))
