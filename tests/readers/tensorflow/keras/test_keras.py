"""Keras models: every form tells the same, by the names that people know."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from rf_viz import ReceptiveField
from tests.models.keras_models import (
    all_forms,
    convolutions,
    keras,
    randomised,
    regions,
    small,
    tf,
)

KERAS_2 = Path(__file__).resolve().parents[3] / "data" / "keras2"


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return randomised(small())


@pytest.fixture(scope="module")
def forms(model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return all_forms(model, tmp_path_factory.mktemp("forms"))


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(1).uniform(0.5, 1, (1, 20, 20, 3)).astype(np.float32)


@pytest.mark.slow
def test_every_form_tells_the_same_regions(model: keras.Model, forms: dict[str, Path]) -> None:
    own = convolutions(rf_viz.load(model).trace())
    assert len(own) >= 6
    for form, path in forms.items():
        layers = convolutions(rf_viz.load(path).trace())
        assert [layer.shape for layer in layers] == [layer.shape for layer in own], form
        assert [regions(layer) for layer in layers] == [regions(layer) for layer in own], form
        assert all(layer.exact for layer in layers), form


def test_a_file_is_known_by_its_content_and_may_come_as_bytes(forms: dict[str, Path]) -> None:
    for form in ("a.keras", "a.h5", "a.json", "frozen.pb"):
        assert rf_viz.load(forms[form].read_bytes(), "model").trace().input.shape == (1, 20, 20, 3)


@pytest.mark.parametrize("form", ["a.keras", "a.h5", "exported", "saved", "frozen.pb"])
def test_activations_are_the_model_s_own(
    form: str, model: keras.Model, forms: dict[str, Path], image: np.ndarray
) -> None:
    loaded = rf_viz.load(forms[form])
    net = loaded.trace()
    last = net.layers[-1].name
    values = loaded.activations(image, [last])[last]
    np.testing.assert_allclose(values, model(image).numpy(), rtol=1e-5)


def test_weights_are_not_read_before_they_are_asked_for(
    forms: dict[str, Path], tmp_path: Path, image: np.ndarray
) -> None:
    import zipfile

    with (
        zipfile.ZipFile(forms["a.keras"]) as whole,
        zipfile.ZipFile(tmp_path / "without.keras", "w") as part,
    ):
        part.writestr("config.json", whole.read("config.json"))
        part.writestr("metadata.json", whole.read("metadata.json"))
    loaded = rf_viz.load(tmp_path / "without.keras")
    assert loaded.trace()["first"].receptive_field is not None
    with pytest.raises(rf_viz.ModelError, match=r"weights of without\.keras do not fit"):
        loaded.activations(image, ["first/Relu"])


def test_a_configuration_alone_runs_with_random_weights(
    forms: dict[str, Path], image: np.ndarray
) -> None:
    values = rf_viz.load(forms["a.json"]).activations(image, ["first/Relu"])["first/Relu"]
    assert values.shape == (1, 10, 10, 6)
    assert values.std() > 0


def test_weights_that_are_zero_count_when_asked(tmp_path: Path) -> None:
    conv = keras.layers.Conv2D(1, 3, padding="same", name="conv")
    masked = keras.Sequential([keras.Input((9, 9, 1)), conv])
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[1, 2] = 1
    conv.set_weights([kernel, np.zeros(1)])
    masked.save(tmp_path / "masked.keras")
    for source in (masked, tmp_path / "masked.keras"):
        loaded = rf_viz.load(source)
        assert loaded.trace()["conv"].region((4, 4)) == rf_viz.Region((3, 3), (6, 6))
        region = loaded.trace(weight_aware=True)["conv"].region((4, 4))
        assert region == rf_viz.Region((4, 5), (5, 6))


def test_layers_are_found_by_the_names_that_keras_gives(forms: dict[str, Path]) -> None:
    net = rf_viz.load(forms["a.keras"]).trace()
    groups = {group.name: (group, layer) for group, layer in net.groups}
    assert [*groups][:6] == ["first", "norm", "dropped", "shared", "shared_call2", "wide"]
    group, layer = groups["first"]
    assert (group.kind, group.settings) == ("Conv2D", "6 filters 3x3, stride 2, same, relu")
    assert layer is net["first"] is net["first/Relu"]
    assert {x.name for x in net.layers if x.group == group} == {
        "first/convolution",
        "first/BiasAdd",
        "first/Relu",
    }
    assert groups["shared"][0].settings == "6 filters 3x3, 3 groups, same"
    assert groups["wide"][0].settings == "3x3, dilation 2, same"
    assert groups["pool"][0].settings == "3x3, stride 2, valid"
    assert groups["padded"][0].settings == "padding (0, 1) (0, 1)"
    assert groups["dropped"][0].settings == "rate 0.5"
    assert net["dropped"].receptive_field == net["norm"].receptive_field
    with pytest.raises(KeyError, match=r"did you mean.*first"):
        net["frist"]


def test_each_call_of_a_reused_layer_is_a_layer(forms: dict[str, Path]) -> None:
    net = rf_viz.load(forms["a.keras"]).trace("unknown")
    once, twice = net["shared"].receptive_field, net["shared_call2"].receptive_field
    assert once == ReceptiveField((7, 7), (2, 2), (None, None))
    assert twice == ReceptiveField((11, 11), (2, 2), (None, None))


def test_a_layer_called_like_the_second_call_of_another_keeps_its_name() -> None:
    shared = keras.layers.Conv2D(1, 3, name="a")
    x = image = keras.Input((9, 9, 1))
    x = keras.layers.ReLU(name="a_1")(shared(shared(x)))
    net = rf_viz.load(keras.Model(image, x)).trace()
    assert [group.name for group, _ in net.groups] == ["a", "a_call2", "a_1"]
    assert net["a_1"].op == "Relu"


def test_nested_models_have_paths() -> None:
    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((8, 8, 2)), layers.Conv2D(2, 3, name="conv"), layers.ReLU(name="on")],
        name="inner",
    )
    middle_in = keras.Input((8, 8, 2))
    middle = keras.Model(middle_in, inner(middle_in), name="middle")
    image = keras.Input((8, 8, 2), name="image")
    net = rf_viz.load(keras.Model(image, layers.Flatten(name="flat")(middle(image)))).trace()
    assert [group.name for group, _ in net.groups] == [
        "middle/inner/conv",
        "middle/inner/on",
        "middle/inner",
        "middle",
        "flat",
    ]
    assert net["middle"].region((0, 0)) == net["middle/inner/on"].region((0, 0))
    assert net["middle"].region((0, 0)) == rf_viz.Region((0, 0), (3, 3))


def test_several_inputs_and_outputs() -> None:
    layers = keras.layers
    code = keras.Input((4,), name="code")
    image = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(4, 3, name="conv")(image)
    x = layers.Add(name="sum")([x, layers.Dense(4)(code)[:, None, None]])
    heads = [layers.Conv2D(1, k, name=f"head{k}")(x) for k in (1, 3)]
    loaded = rf_viz.load(keras.Model({"code": code, "image": image}, heads))
    assert [i.name for i in loaded.inputs] == ["image", "code"]
    assert [i.shape for i in loaded.inputs] == [(None, None, None, 3), (None, 4)]
    net = loaded.trace((10, 12))
    assert net["head1"].region((0, 0)).size == (3, 3)
    assert net["head3"].region((0, 0)).size == (5, 5)
    head = net["head3"].name
    values = loaded.activations(np.ones((1, 10, 12, 3), np.float32), [head])
    assert values[head].shape == (1, 6, 8, 1)


@keras.saving.register_keras_serializable(package="tests")
class Pyramid(keras.Model):
    """A model that says in Python what it does, some of it not in layers."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.convs = [keras.layers.Conv2D(3, 3, padding="same", name=f"conv{i}") for i in range(2)]
        self.scale = tf.Variable(np.array([2.0, 3.0, 4.0], np.float32))

    def call(self, image: tf.Tensor) -> tf.Tensor:
        for conv in self.convs:
            image = tf.nn.relu(conv(image)) * self.scale
        return image


def test_a_subclassed_model(tmp_path: Path) -> None:
    own = Pyramid()
    with pytest.raises(rf_viz.ModelError, match="does not say what input it takes: call it once"):
        rf_viz.load(own)
    image = np.random.default_rng(0).random((2, 9, 9, 3), np.float32)
    expected = own(image).numpy()
    loaded = rf_viz.load(own)
    net = loaded.trace()
    assert net["conv1"].receptive_field == ReceptiveField((5, 5), (1, 1), (2, 2))
    last = net.layers[-1].name
    np.testing.assert_allclose(loaded.activations(image[:1], [last])[last], expected[:1], rtol=1e-5)
    own.save(tmp_path / "own.keras")  # its class is at hand here
    assert rf_viz.load(tmp_path / "own.keras").trace()["conv1"].region((4, 4)).size == (5, 5)


def test_a_model_is_left_as_it_was(model: keras.Model) -> None:
    before = {layer.name: set(vars(layer)) for layer in model.layers}
    rf_viz.load(model).trace()
    assert {layer.name: set(vars(layer)) for layer in model.layers} == before


def test_recurrent_layers_and_attention() -> None:
    layers = keras.layers
    x = series = keras.Input((16, 4), name="series")
    x = layers.Conv1D(4, 3, padding="causal", name="causal")(x)
    x = layers.MultiHeadAttention(2, 2, name="attention")(x, x)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True), name="both")(x)
    net = rf_viz.load(keras.Model(series, x)).trace()
    assert net["causal"].region((5,)) == rf_viz.Region((3,), (6,))
    assert net["attention"].region((5,)) == rf_viz.Region((0,), (16,))
    assert net["both"].region((5,)) == rf_viz.Region((0,), (16,))


def test_a_function_of_tensorflow() -> None:
    weight = tf.Variable(np.ones((3, 3, 1, 1), np.float32))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1), name="image")])
    def blur(image: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(image, weight, 2, "VALID")

    image = np.ones((1, 7, 7, 1), np.float32)
    for function in (blur, blur.get_concrete_function()):
        loaded = rf_viz.load(function)
        layer = loaded.trace((7, 7)).layers[0]
        assert layer.receptive_field == ReceptiveField((3, 3), (2, 2), (0, 0))
        assert (loaded.activations(image, [layer.name])[layer.name] == 9).all()
    with pytest.raises(rf_viz.ModelError, match="get_concrete_function"):
        rf_viz.load(tf.function(lambda x: x))


def test_what_is_no_model() -> None:
    with pytest.raises(rf_viz.ModelError, match="type int is no model"):
        rf_viz.load(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["functional.h5", "functional.keras"])
def test_files_that_keras_2_wrote(form: str) -> None:
    """Its calls of TensorFlow's functions, and slices, among the layers."""
    loaded = rf_viz.load(KERAS_2 / form)
    net = loaded.trace("unknown")
    assert all(layer.exact for layer in net.layers)
    assert net["first"].receptive_field == ReceptiveField((3, 3), (2, 2), (None, None))
    assert net["shared_call2"].receptive_field == ReceptiveField((23, 23), (2, 2), (None, None))
    assert dict(net.groups and [(g.name, g.kind) for g, _ in net.groups])["tf.nn.relu"] == (
        "tf.nn.relu"
    )
    expected = json.loads((KERAS_2 / "functional.json").read_text())
    random = np.random.default_rng(0).random((1, 8, 9, 3), np.float32)
    values = loaded.activations(random, ["add/Add"])["add/Add"]
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)


def test_a_sequential_file_of_keras_2() -> None:
    net = rf_viz.load(KERAS_2 / "sequential.h5").trace()
    assert net["last"].receptive_field == ReceptiveField((8, 8), (2, 2), (0, 0))


def test_an_archive_of_a_saved_model(forms: dict[str, Path], tmp_path: Path) -> None:
    whole = rf_viz.load(forms["exported"])
    for form in ("zip", "tar", "gztar"):
        packed = shutil.make_archive(
            str(tmp_path / "packed"), form, forms["exported"].parent, "exported"
        )
        loaded = rf_viz.load(packed)
        net = loaded.trace()
        assert [x.name for x in net.layers] == [x.name for x in whole.trace().layers]
        last = net.layers[-1].name
        ones = np.ones((1, 20, 20, 3), np.float32)
        same = whole.activations(ones, [last])[last]
        np.testing.assert_array_equal(loaded.activations(ones, [last])[last], same)
