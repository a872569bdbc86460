"""The table of Keras' networks against Keras itself, the article, and other published figures."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

import rf_viz
from rf_viz.catalogue.keras_applications import KERAS_APPLICATIONS, TABLE, application_of
from rf_viz.inputs.images import KERAS_MODES
from rf_viz.readers.tensorflow.keras.build import made_by
from tests.oracles.tensorflow_oracle import tf  # noqa: F401  (quiet, before Keras loads it)

import keras  # isort: skip
from keras import layers as kl  # isort: skip

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"

LIGHT = [
    "DenseNet121", "EfficientNetB0", "MobileNet", "MobileNetV2", "NASNetMobile", "ResNet50",
]  # fmt: skip


@cache
def make() -> ModuleType:
    """The script that makes the table."""
    spec = spec_from_file_location("make", TABLE.with_name("make.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_application_of_keras_has_its_row() -> None:
    functions = {name for name, f in vars(keras.applications).items() if callable(f)}
    assert set(KERAS_APPLICATIONS) == functions
    for name, application in KERAS_APPLICATIONS.items():
        assert application.name == name
        assert application.preprocessing in KERAS_MODES


@pytest.mark.parametrize("name", LIGHT)
def test_building_and_tracing_anew_gives_the_same_row(name: str) -> None:
    expected = {k: v for k, v in asdict(KERAS_APPLICATIONS[name]).items() if k != "verified"}
    row = make().row(name)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "verified"}
    assert values == expected


PUBLISHED = [
    ("MobileNet", "mobilenet_v1", "224", "Conv2d_13_pointwise", True),
    ("VGG16", "vgg_16", "224", "vgg_16/pool5", True),
    ("InceptionV3", "inception_v3", "", "Mixed_7c", True),
    ("InceptionResNetV2", "inception_resnet_v2", "", "Conv2d_7b_1x1", True),
    ("ResNet50", "resnet_v1_50", "224", "resnet_v1_50/block4", False),
    ("ResNet101", "resnet_v1_101", "224", "resnet_v1_101/block4", False),
    ("ResNet152", "resnet_v1_152", "224", "resnet_v1_152/block4", False),
    ("ResNet50V2", "resnet_v2_50", "224", "resnet_v2_50/block4", False),
]
"""Networks that are the article's too, and whether they are padded alike."""


@pytest.mark.parametrize(("name", "net", "resolution", "end_point", "padded_alike"), PUBLISHED)
def test_the_articles_networks_have_its_figures(
    name: str, net: str, resolution: str, end_point: str, padded_alike: bool
) -> None:
    rows = []
    for file in ("published_receptive_fields.csv", "published_receptive_fields_others.csv"):
        with (DATA / file).open() as lines:
            rows += list(csv.DictReader(lines))
    (row,) = [
        r
        for r in rows
        if (r["net"], r["resolution"], r["end_point"]) == (net, resolution, end_point)
    ]
    application = KERAS_APPLICATIONS[name]
    assert application.size == (int(row["size"]),) * 2
    assert application.stride == (int(row["stride"]),) * 2
    if padded_alike:
        assert application.padding == (int(row["padding"]),) * 2


MULTIPLY_ADDS = [
    ("ConvNeXtBase", 15.4),
    ("ConvNeXtLarge", 34.4),
    ("ConvNeXtSmall", 8.7),
    ("ConvNeXtTiny", 4.5),
    ("ConvNeXtXLarge", 60.9),
    ("EfficientNetB0", 0.39),
    ("EfficientNetB7", 37),
    ("MobileNet", 0.569),
    ("MobileNetV2", 0.300),
    ("NASNetLarge", 23.8),
    ("NASNetMobile", 0.564),
    ("ResNet101", 7.6),
    ("ResNet152", 11.3),
    ("ResNet50", 3.8),
    ("VGG19", 19.6),
]
"""In 1e9, as the papers give them that the rows name; VGG-19's in that of ResNet."""


@pytest.mark.parametrize(("name", "billions"), MULTIPLY_ADDS)
def test_published_costs(name: str, billions: float) -> None:
    gflops = KERAS_APPLICATIONS[name].gflops
    assert gflops is not None
    assert gflops / 2 == pytest.approx(billions, rel=0.025)


def last_map(net: rf_viz.Network) -> rf_viz.Layer:
    return [layer for layer in net.layers if max(layer.grid, default=1) > 1][-1]


def torchvision_resnet(blocks: Sequence[int]) -> keras.Model:
    """With the stride of a block in its 3x3 convolution."""
    x = image = keras.Input((224, 224, 3))
    x = kl.Conv2D(64, 7, 2)(kl.ZeroPadding2D(3)(x))
    x = kl.MaxPooling2D(3, 2)(kl.ZeroPadding2D(1)(x))
    for stage, count in enumerate(blocks):
        width = 64 * 2**stage
        for block in range(count):
            stride = 2 if stage and not block else 1
            short = x if block else kl.Conv2D(4 * width, 1, stride)(x)
            y = kl.ZeroPadding2D(1)(kl.Conv2D(width, 1)(x))
            y = kl.Conv2D(4 * width, 1)(kl.Conv2D(width, 3, stride)(y))
            x = kl.add([short, y])
    return keras.Model(image, kl.Dense(1000)(kl.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize(
    ("name", "blocks", "billions"),
    [("ResNet50", (3, 4, 6, 3), 4.09), ("ResNet101", (3, 4, 23, 3), 7.8)],
)
def test_what_is_said_of_torchvision(name: str, blocks: Sequence[int], billions: float) -> None:
    """``billions`` of multiply-adds as its documentation has them."""
    net = rf_viz.load(made_by(lambda: torchvision_resnet(blocks))).trace()
    field = last_map(net).receptive_field
    assert field is not None
    assert f"which gives {field.size[0]}." in KERAS_APPLICATIONS[name].remark
    cost = sum(layer.multiply_adds or 0 for layer in net.layers)
    assert cost / 1e9 == pytest.approx(billions, abs=0.005)


def test_convnext_is_the_same_with_convolutions_for_its_dense_layers() -> None:
    def copied(layer: kl.Layer) -> kl.Layer:
        if isinstance(layer, kl.Dense) and "pointwise" in layer.name:
            return kl.Conv2D(layer.units, 1, name=layer.name)
        return type(layer).from_config(layer.get_config())

    def build() -> keras.Model:
        model = keras.applications.ConvNeXtTiny(weights=None)
        return keras.models.clone_model(model, clone_function=copied)

    net = rf_viz.load(made_by(build)).trace()
    field = last_map(net).receptive_field
    assert field is not None
    row = KERAS_APPLICATIONS["ConvNeXtTiny"]
    assert (field.size, field.stride, field.padding) == (row.size, row.stride, row.padding)
    cost = sum(layer.multiply_adds or 0 for layer in net.layers)
    assert round(2 * cost / 1e9, 4) == row.gflops


def test_what_is_said_of_xception_at_another_size() -> None:
    model = made_by(lambda: keras.applications.Xception(weights=None, input_shape=(295, 295, 3)))
    layer = last_map(rf_viz.load(model).trace())
    assert layer.aligned
    assert layer.receptive_field == rf_viz.ReceptiveField((1083, 1083), (32, 32), (538, 538))


def test_what_was_verified_agrees() -> None:
    for application in KERAS_APPLICATIONS.values():
        done = application.verified
        assert done is not None, application.name
        assert done.agree + done.undecided == done.checks
        assert done.agree >= 0.9 * done.checks
        assert max(done.input) <= max(application.input)


def test_a_row_has_a_closed_form_or_says_why_not() -> None:
    for application in KERAS_APPLICATIONS.values():
        forms = (application.size, application.stride, application.padding)
        assert (None in forms) == bool(application.note)
        assert (forms == (None,) * 3) == (None in forms)
        assert all(0 < r <= n for r, n in zip(application.region, application.input, strict=True))


def test_a_model_is_recognised_by_what_it_calls_itself() -> None:
    for name in ("MobileNetV2", "ConvNeXtTiny", "NASNetMobile", "EfficientNetV2B0", "VGG16"):
        title = made_by(lambda name=name: getattr(keras.applications, name)(weights=None)).name
        assert application_of(title) is KERAS_APPLICATIONS[name]
    assert application_of("a network of my own") is None


def test_the_table_is_read_when_somebody_asks_and_needs_no_keras() -> None:
    code = (
        "import sys\n"
        "from rf_viz.catalogue import keras_applications\n"
        "assert '_rows' not in vars(keras_applications.KERAS_APPLICATIONS)\n"
        "assert len(keras_applications.KERAS_APPLICATIONS) >= 40\n"
        "assert not {'tensorflow', 'keras'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
