"""The sample models, images and signal that come with the project, as data (files in assets/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .images import Fit

ASSETS = Path(__file__).resolve().parent.parent / "assets"


@dataclass(frozen=True)
class SampleModel:
    """A trained network and how to look at it first.

    Attributes:
        key: short name, fit for a URL.
        title: name for people.
        path: the model's file.
        about: one sentence on what it does.
        preprocessing: what it expects of its pixels, a key of ``images.PRESETS``; None when it
            takes a signal.
        fit: how an image fills its input, one of ``images.Fit``; None when it takes a signal.
        default_image: key of the sample image to show first; None when it takes a signal, and
            ``tone()`` is one.
        default_layer: name of the layer to show first.
        labels: file with the name of class n on line n, where the output is classes.
    """

    key: str
    title: str
    path: Path
    about: str
    preprocessing: str | None
    fit: Fit | None
    default_image: str | None
    default_layer: str
    labels: Path | None = None


@dataclass(frozen=True)
class SampleImage:
    """A photograph: short name, name for people, file, and whom to thank."""

    key: str
    title: str
    path: Path
    credit: str


_IMAGENET = ASSETS / "labels" / "imagenet1k.txt"

SAMPLE_MODELS: Mapping[str, SampleModel] = {
    model.key: model
    for model in (
        SampleModel(
            key="squeezenet",
            title="SqueezeNet 1.1",
            path=ASSETS / "models" / "squeezenet1_1.onnx",
            about="Names what is in a photograph; eight blocks of two parallel branches.",
            preprocessing="RGB minus mean",
            fit="crop",
            default_image="chelsea",
            default_layer="fire5/concat",
            labels=_IMAGENET,
        ),
        SampleModel(
            key="efficientnet-lite0",
            title="EfficientNet-Lite0",
            path=ASSETS / "models" / "efficientnet_lite0_int8w.onnx",
            about="Names what is in a photograph; depthwise convolutions and residual sums.",
            preprocessing="(x - 127) / 128",
            fit="crop",
            default_image="coffee",
            default_layer="stage3.1/add",
            labels=_IMAGENET,
        ),
        SampleModel(
            key="selfie",
            title="Selfie segmentation",
            path=ASSETS / "models" / "selfie_segmentation.onnx",
            about="Cuts a person out of the background; a U-Net with squeeze-and-excite gates.",
            preprocessing="0..1",
            fit="stretch",
            default_image="astronaut",
            default_layer="add",
        ),
        SampleModel(
            key="blazeface",
            title="BlazeFace",
            path=ASSETS / "models" / "blazeface_short.onnx",
            about="Finds faces; two heads that look at two grids of cells.",
            preprocessing="-1..1",
            fit="pad",
            default_image="astronaut",
            default_layer="activation_7",
        ),
        SampleModel(
            key="crepe",
            title="CREPE tiny (sound)",
            path=ASSETS / "models" / "crepe_tiny.onnx",
            about="Hears the pitch of 64 ms of sound; one-dimensional convolutions.",
            preprocessing=None,
            fit=None,
            default_image=None,
            default_layer="conv1/relu",
        ),
    )
}
"""The sample models by key; the first one is what the app opens with."""

SAMPLE_IMAGES: Mapping[str, SampleImage] = {
    key: SampleImage(key, title, ASSETS / "images" / f"{key}.jpg", credit)
    for key, title, credit in (
        ("chelsea", "Chelsea the cat", "Stefan van der Walt, CC0"),
        ("coffee", "Cup of coffee", "Rachel Michetti, CC0"),
        ("astronaut", "Astronaut", "NASA, public domain"),
        ("camera", "Man with a camera", "Lav Varshney, CC0"),
        ("rocket", "Rocket", "SpaceX, public domain"),
        ("hubble_deep_field", "Hubble deep field", "NASA, public domain"),
        ("retina", "Retina", "CC0"),
    )
}
"""The sample images by key."""


def tone(n: int = 1024, rate: int = 16_000, hz: float = 440.0) -> NDArray[np.float32]:
    """A plucked tone, ready for the pitch tracker: four harmonics that fade.

    Args:
        n: number of samples.
        rate: samples a second; the default is what the pitch tracker expects.
        hz: pitch of the tone.

    Returns:
        A float32 array (n,) with mean 0 and standard deviation 1.
    """
    seconds = np.arange(n) / rate
    harmonics = np.arange(1, 5)[:, None]
    waves = np.sin(2 * np.pi * hz * harmonics * seconds) / harmonics**2
    signal = waves.sum(axis=0) * np.linspace(1, 0.4, n)
    signal -= signal.mean()
    return np.asarray(signal / signal.std(), np.float32)
