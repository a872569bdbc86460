"""Layers of Keras carry their category, by their class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rf_viz
from rf_viz.errors import DefectError
from rf_viz.readers.tensorflow.keras import trace
from rf_viz.readers.tensorflow.keras.categories import CATEGORIES, category
from rf_viz.readers.tensorflow.keras.stand_ins import FUNCTION, our_layers
from rf_viz.readers.tensorflow.node import OPERATORS
from rf_viz.trace.tensors import Category
from tests.models.keras_models import keras, small

KERAS_2 = Path(__file__).resolve().parents[3] / "data" / "keras2"

LAYERS = {
    name: cls
    for name, cls in vars(keras.layers).items()
    if isinstance(cls, type) and issubclass(cls, keras.layers.Layer)
}


def categories(model: object) -> dict[str, Category]:
    return {group.name: group.category for group, _ in rf_viz.load(model).trace().groups}


def test_every_layer_of_keras_has_a_category() -> None:
    assert len(LAYERS) > 150
    assert [name for name in LAYERS if name not in CATEGORIES] == []
    assert [n for n, c in LAYERS.items() if CATEGORIES[n] != CATEGORIES[c.__name__]] == []


@pytest.mark.parametrize(
    ("expected", "classes"),
    [
        (
            "convolution",
            "Conv2D DepthwiseConv2D SeparableConv1D Conv3DTranspose Convolution2D",
        ),
        ("pooling", "MaxPooling2D GlobalAveragePooling1D AdaptiveMaxPooling2D AvgPool3D"),
        ("resize", "UpSampling2D Resizing"),
        ("join", "Add Concatenate Maximum Minimum Average"),
        ("attention, dense", "Dense MultiHeadAttention Bidirectional LSTM Dot Embedding CuDNNGRU"),
        ("normalisation", "BatchNormalization LayerNormalization BatchNormalizationV1"),
        ("activation", "ReLU Activation Dropout GaussianNoise ThresholdedReLU"),
        ("layout", "Reshape Flatten RepeatVector ZeroPadding2D Cropping1D"),
        ("other", "Lambda TimeDistributed Functional Sequential RandomFlip StringLookup"),
    ],
)
def test_classes_are_of_their_category(expected: str, classes: str) -> None:
    assert {name: CATEGORIES[name] for name in classes.split()} == dict.fromkeys(
        classes.split(), expected
    )


def test_groups_carry_the_category_of_their_layer() -> None:
    by_group = categories(small())
    assert by_group["first"] == "convolution"
    assert by_group["norm"] == "normalisation"
    assert by_group["dropped"] == "activation"
    assert by_group["pool"] == "pooling"
    assert by_group["padded"] == "layout"


class Block(keras.layers.Layer):
    """A layer of a person's own."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.inner = Twofold(2, 3, name="inner")

    def call(self, x: object) -> object:
        return keras.ops.relu(self.inner(x))


class Twofold(keras.layers.Conv2D):
    """A kind of convolution of a person's own, with a name that Keras has for another layer."""

    kind = "Dense"

    def call(self, x: object) -> object:
        return 2 * super().call(x)


def test_a_persons_own_layer_is_what_it_derives_from() -> None:
    image = keras.Input((8, 8, 1), name="image")
    net = rf_viz.load(keras.Model(image, Block(name="block")(image))).trace()
    assert {g.name: (g.kind, g.category) for g, _ in net.groups} == {
        "block": ("Block", "other"),
        "block/inner": ("Twofold", "convolution"),
    }


def test_a_call_of_a_function_is_of_the_category_of_its_operator() -> None:
    by_group = categories(KERAS_2 / "functional.h5")
    assert by_group["tf.nn.relu"] == OPERATORS["Relu"].category
    layer = our_layers()[FUNCTION]("nn.relu")
    assert category(layer, "Relu") == OPERATORS["Relu"].category
    assert category(layer, "no operator") == "other"


def test_a_layer_that_is_not_executed_is_of_the_category_of_its_class() -> None:
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(2, 3, name="conv")(image)
    config = json.loads(keras.Model(image, x).to_json())
    (entry,) = (e for e in config["config"]["layers"] if e["class_name"] == "Conv2D")
    entry["config"]["no such setting"] = 1
    net = rf_viz.load(json.dumps(config).encode(), "model.json").trace()
    assert {g.name: (g.kind, g.category) for g, _ in net.groups} == {
        "conv": ("Conv2D", "convolution")
    }
    assert not net["conv"].exact


def test_a_defect_of_ours_is_not_told_as_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> str:
        raise AttributeError("oh")

    monkeypatch.setattr(trace, "enclosing", broken)
    with pytest.raises(DefectError, match=r"RF-Viz could not follow .* please report it"):
        rf_viz.load(small())


def test_what_a_layer_complains_about_is_told_as_the_models() -> None:
    class Refusing(keras.layers.Layer):
        refuses = False

        def call(self, x: object) -> object:
            if self.refuses:
                raise AttributeError("not today")
            return x

    image = keras.Input((8, 8, 1))
    layer = Refusing()
    model = keras.Model(image, layer(image))
    layer.refuses = True
    with pytest.raises(rf_viz.ModelError, match=r"cannot be called: .*Refusing") as caught:
        rf_viz.load(model)
    assert not isinstance(caught.value, DefectError)
