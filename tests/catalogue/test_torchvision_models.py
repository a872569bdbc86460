"""The table of torchvision's networks, against what was published of them; no PyTorch is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rf_viz.catalogue.keras_applications import KERAS_APPLICATIONS
from rf_viz.catalogue.torchvision_models import TORCHVISION_MODELS
from rf_viz.figures.accuracy import COLOURS

ROOT = Path(__file__).resolve().parents[2]


def test_all_eighty_networks_have_their_row() -> None:
    assert len(TORCHVISION_MODELS) == 80
    assert all(name == model.name for name, model in TORCHVISION_MODELS.items())


def test_a_row_has_a_closed_form_or_says_why_not() -> None:
    for model in TORCHVISION_MODELS.values():
        forms = (model.size, model.stride, model.padding)
        assert (None in forms) == bool(model.note), model.name
        assert (forms == (None,) * 3) == (None in forms)
        assert all(0 < r <= n for r, n in zip(model.region, model.input, strict=True))


@pytest.mark.parametrize("name", TORCHVISION_MODELS)
def test_costs_are_those_that_torchvision_publishes(name: str) -> None:
    """It counts a multiply-add once, and those of attention only in part."""
    model = TORCHVISION_MODELS[name]
    assert model.gflops is not None
    assert model.gflops / 2 == pytest.approx(model.multiply_adds, rel=0.05)


def test_accuracies_have_their_source() -> None:
    for model in TORCHVISION_MODELS.values():
        assert 0.5 < model.top1 < model.top5 < 1, model.name
        assert model.source.startswith("https://github.com/")
        assert model.weights.startswith("IMAGENET1K_")


@pytest.mark.parametrize(
    ("name", "size", "stride"),
    [
        ("resnet50", 427, 32),
        ("resnet101", 971, 32),
        ("resnet18", 435, 32),
        ("vgg16", 212, 32),
        ("inception_v3", 1311, 32),
        ("mobilenet_v2", 491, 32),
        ("squeezenet1_1", 207, 16),
    ],
)
def test_figures_known_from_elsewhere(name: str, size: int, stride: int) -> None:
    """By hand, by the article's table, and by the same networks in other frameworks."""
    model = TORCHVISION_MODELS[name]
    assert (model.size, model.stride) == ((size, size), (stride, stride))


@pytest.mark.parametrize(
    ("name", "keras"),
    [
        *(("convnext_tiny", "ConvNeXtTiny"), ("convnext_base", "ConvNeXtBase")),
        *(("densenet121", "DenseNet121"), ("efficientnet_b0", "EfficientNetB0")),
        *(("efficientnet_b7", "EfficientNetB7"), ("inception_v3", "InceptionV3")),
        *(("mobilenet_v2", "MobileNetV2"), ("vgg16", "VGG16"), ("vgg19", "VGG19")),
    ],
)
def test_networks_that_keras_has_too_see_as_far(name: str, keras: str) -> None:
    """Figures that came by another reader, of another framework's code of the same network."""
    model, other = TORCHVISION_MODELS[name], KERAS_APPLICATIONS[keras]
    if other.aligned:
        assert (model.size, model.stride) == (other.size, other.stride)
    assert model.input == other.input
    assert model.gflops == pytest.approx(other.gflops, rel=0.03)


def test_all_were_verified_and_agree() -> None:
    for model in TORCHVISION_MODELS.values():
        done = model.verified
        assert done is not None, model.name
        assert done.agree + done.undecided == done.checks
        assert done.agree >= 0.9 * done.checks


def test_families_with_a_closed_form_have_a_colour() -> None:
    families = {m.family for m in TORCHVISION_MODELS.values() if m.size}
    assert families <= COLOURS.keys()


def test_the_table_needs_no_pytorch() -> None:
    code = (
        "import sys\n"
        "from rf_viz.catalogue.torchvision_models import TORCHVISION_MODELS\n"
        "assert '_rows' not in vars(TORCHVISION_MODELS)\n"
        "assert TORCHVISION_MODELS['resnet50'].year == 2015\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
