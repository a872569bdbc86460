"""The samples are there, say where they come from, and work."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from rf_viz.catalogue.samples import (
    ASSETS,
    SAMPLE_IMAGES,
    SAMPLE_MODELS,
    SampleModel,
    tone,
)
from rf_viz.inputs.images import (
    PRESETS,
    Fit,
    open_image,
    signal_tensor,
)

models = pytest.mark.parametrize("sample", SAMPLE_MODELS.values(), ids=SAMPLE_MODELS.keys())


@models
def test_a_sample_model_refers_to_what_exists(sample: SampleModel) -> None:
    graph = onnx.load(sample.path).graph
    assert sample.default_layer in {name for node in graph.node for name in node.output}
    if sample.default_image is None:
        assert sample.preprocessing is None
        assert sample.fit is None
    else:
        assert sample.default_image in SAMPLE_IMAGES
        assert sample.preprocessing in PRESETS
        assert sample.fit in Fit.__args__
    if sample.labels:
        classes = len(sample.labels.read_text().splitlines())
        assert classes == graph.output[0].type.tensor_type.shape.dim[-1].dim_value


def test_the_app_opens_on_squeezenet_and_the_cat() -> None:
    first = next(iter(SAMPLE_MODELS.values()))
    assert (first.key, first.default_image) == ("squeezenet", "chelsea")


def test_every_sample_image_opens() -> None:
    for image in SAMPLE_IMAGES.values():
        assert min(open_image(image.path).size) >= 224
        assert image.credit


def test_every_asset_has_its_provenance() -> None:
    provenance = (ASSETS / "README.md").read_text()
    for folder in ("models", "images", "labels", "licenses"):
        for file in (ASSETS / folder).iterdir():
            assert f"{folder}/{file.name}" in provenance


def test_a_tone_is_normalised() -> None:
    signal = tone(n=500, rate=8_000, hz=200)
    assert signal.shape == (500,)
    assert signal.dtype == np.float32
    assert signal.mean() == pytest.approx(0, abs=1e-6)
    assert signal.std() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("hz", [110, 220, 440, 880])
def test_the_pitch_tracker_hears_the_tone(hz: float) -> None:
    session = onnxruntime.InferenceSession(SAMPLE_MODELS["crepe"].path)
    pitch = session.run(None, {"audio": signal_tensor(tone(hz=hz), (1, 1024), 1)})[0][0]
    # The model's 360 outputs are 20 cents apart, from 31.7 Hz on.
    heard = 31.7 * 2 ** (20 * int(pitch.argmax()) / 1200)
    assert heard == pytest.approx(hz, rel=0.02)
