"""A file with several signatures is read by the one that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rf_viz
from tests.models.keras_models import tf


class Two(tf.Module):
    """Two functions of two inputs: 3x3 with stride 2, and 5x5."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = tf.Variable(tf.ones((3, 3, 3, 4)))
        self.wide = tf.Variable(tf.fill((5, 5, 3, 2), 2.0))

    @tf.function(input_signature=[tf.TensorSpec((1, 16, 16, 3), tf.float32)])
    def small(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"map": tf.nn.conv2d(image, self.narrow, 2, "SAME")}

    @tf.function(input_signature=[tf.TensorSpec((1, 20, 20, 3), tf.float32)])
    def large(self, picture: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"map": tf.nn.conv2d(picture, self.wide, 1, "SAME")}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, module = tmp_path_factory.mktemp("signatures"), Two()
    saved = folder / "saved"
    tf.saved_model.save(module, saved, {"small": module.small, "large": module.large})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved), ["small", "large"])
    (folder / "two.tflite").write_bytes(converter.convert())
    return [saved, folder / "two.tflite"]


@pytest.mark.parametrize("number", [0, 1], ids=["SavedModel", "TFLite"])
@pytest.mark.parametrize(
    ("signature", "size", "region", "value"), [("small", 16, 3, 27), ("large", 20, 5, 150)]
)
def test_each_signature_has_inputs_regions_and_values_of_its_own(
    files: list[Path], number: int, signature: str, size: int, region: int, value: float
) -> None:
    model = rf_viz.load(files[number], signature=signature)
    assert (sorted(model.signatures), model.signature) == (["large", "small"], signature)
    net = model.trace()
    assert net.input.size == (size, size)
    layer = next(layer for layer in net.layers if "conv" in layer.op.lower())
    assert layer.region((4, 4)).size == (region, region)
    image = np.ones(net.input.shape, np.float32)
    assert model.activations(image, [layer.name])[layer.name][0, 4, 4, 0] == value


@pytest.mark.parametrize("number", [0, 1], ids=["SavedModel", "TFLite"])
def test_a_signature_that_is_not_there_is_told_with_those_that_are(
    files: list[Path], number: int
) -> None:
    with pytest.raises(rf_viz.ModelError, match="no signature 'huge'; it has large, small"):
        rf_viz.load(files[number], signature="huge")


def test_a_format_without_signatures_says_so() -> None:
    file = Path(__file__).parents[1] / "data/cases/onnx_values/loop3.onnx"
    with pytest.raises(rf_viz.ModelError, match="no signature 'a'; it has none to choose"):
        rf_viz.load(file, signature="a")
