"""Every preset is a valid model, traced exactly, with the receptive field that is known of it.

Published: AlexNet v2 195/32/64 and VGG-16 212/32/90 from the table of end-points of
github.com/google-research/receptive_field (RECEPTIVE_FIELD_TABLE.md), ResNet-50 483 there too;
where the 3x3 layer strides it is 427, by the same recurrence; ResNet-18 435.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest

import rf_viz
from rf_viz import ReceptiveField
from rf_viz.design import PRESETS, Design, masked, row, study, to_onnx
from rf_viz.verify import verify

LARGE = ("alexnet", "vgg-16", "resnet-18", "resnet-50", "resnet-50-v1")

FIELDS: dict[str, tuple[str, int, int, int]] = {
    "small": ("relu12", 24, 4, 10),
    "lenet-5": ("average6", 16, 4, 0),
    "alexnet": ("pool13", 195, 32, 64),
    "vgg-16": ("pool31", 212, 32, 90),
    "resnet-18": ("relu66", 435, 32, 217),
    "resnet-50": ("relu172", 427, 32, 213),
    "resnet-50-v1": ("relu172", 483, 32, 241),
    "inception": ("relu11", 11, 2, 4),
    "mobilenet-v2": ("norm20", 11, 4, 2),
    "densenet": ("average31", 12, 2, 5),
    "u-net": ("relu19", 68, 8, 30),
    "context": ("conv15", 67, 1, 33),
    "two-layers": ("conv2", 6, 3, 1),
    "aligned": ("relu5", 3, 4, 1),
}
"""Layer, and its size, stride and padding."""


@pytest.mark.slow
@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_is_valid_and_traced_exactly(key: str) -> None:
    design = PRESETS[key].build()
    onnx.checker.check_model(onnx.load_from_string(to_onnx(design)), full_check=True)
    studied = study(design)
    assert all(layer.exact for layer in studied.net.layers)
    for measured in studied.rows:
        assert measured.layer.shape == (1, *measured.step.shape)
        assert measured.parameters == measured.step.weights
    if key in FIELDS:
        name, *numbers = FIELDS[key]
        size, stride, padding = ((n, n) for n in numbers)
        assert studied.net[name].receptive_field == ReceptiveField(size, stride, padding)


@pytest.mark.parametrize("key", [key for key in PRESETS if key not in LARGE])
def test_a_preset_behaves_as_the_theory_says(key: str) -> None:
    design = PRESETS[key].build()
    model = rf_viz.load(to_onnx(design))
    net = model.trace(weight_aware=masked(design))
    names = [step.step.name for step in study(design).rows]
    report = verify(model, net, [names[0], names[len(names) // 2], names[-1]], cells=2)
    assert report.agreed
    assert report.disagreements == []


def test_the_first_layers_of_a_large_preset_behave_so_too() -> None:
    design = PRESETS["resnet-18"].build()
    start = Design(design.input, design.rows[:17])
    model = rf_viz.load(to_onnx(start))
    report = verify(model, model.trace(), ["add10", "add17"], cells=2)
    assert report.agreed
    assert report.disagreements == []


def test_weights_or_none_make_no_difference_to_regions() -> None:
    design = PRESETS["inception"].build()
    full = rf_viz.load(to_onnx(design)).trace()
    for measured in study(design).rows:
        layer = full[measured.step.name]
        assert layer.receptive_field == measured.field
        for one, two in zip(layer.spans(), measured.layer.spans(), strict=True):
            np.testing.assert_array_equal(one, two)


def test_weights_are_told_to_be_random_and_are_the_same_every_time() -> None:
    design = PRESETS["small"].build()
    assert to_onnx(design) == to_onnx(design)
    assert to_onnx(design, seed=1) != to_onnx(design)
    proto = onnx.load_from_string(to_onnx(design))
    assert "random" in proto.graph.doc_string
    kernel = next(t for t in proto.graph.initializer if t.name == "conv11/weight")
    values = onnx.numpy_helper.to_array(kernel)
    assert values.std() == pytest.approx(np.sqrt(2 / (32 * 9)), rel=0.02)


def test_wavenet_sees_twice_the_last_dilation_and_nothing_to_come() -> None:
    """Kernels of 2 with dilations 1 to 128 reach 1 + 1 + 255 samples back."""
    net = study(PRESETS["wavenet"].build()).net
    region = net["conv59"].region((1000,))
    assert (region.start, region.stop) == ((1000 - 256,), (1001,))


def test_pixel_cnn_sees_only_what_comes_before_in_reading_order() -> None:
    """Of its first kernel, 7x7 of type A, the three rows above and what is left of the centre."""
    net = study(PRESETS["pixel-cnn"].build()).net
    for name in ("masked_a1", "add26"):
        mask = net[name].mask((24, 24))
        assert not mask.reshape(-1)[24 * 48 + 24 :].any()
        assert mask[24, 23]
        assert mask[23, 24 + 3]
    assert net["masked_a1"].mask((24, 24)).sum() == 24


def test_swin_windows_are_joined_by_the_shifted_ones() -> None:
    net = study(PRESETS["swin"].build()).net
    first = net["add10"].region((9, 9))  # 7x7 tokens of 4x4 pixels
    assert first.size == (28, 28)
    assert (first.start, first.stop) == ((28, 28), (56, 56))
    assert net["add18"].region((9, 9)).size == (56, 56)  # a shifted window lies in four of them


def test_misaligned_branches_have_no_closed_form_and_say_why() -> None:
    layer = study(PRESETS["misaligned"].build()).net["relu5"]
    assert layer.receptive_field is None
    assert layer.note == "branches misaligned: strides 1 and 2 meet at add4"


def test_two_layers_by_hand() -> None:
    field = study(PRESETS["two-layers"].build()).net["conv2"].receptive_field
    assert field is not None
    assert (field.start((0, 0)), field.stop((0, 0))) == ((-1, -1), (5, 5))


def test_costs_are_those_of_the_trace() -> None:
    """A 3x3 convolution of 3 to 4 channels on 8x8: 4 * 64 * 27 products, 4 * 27 + 4 weights."""
    studied = study(Design((3, 8, 8), (row("convolution", channels=4), row("ReLU"))))
    assert (studied.multiply_adds, studied.parameters) == (4 * 64 * 27, 4 * 27 + 4)
