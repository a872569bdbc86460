"""Sample models, images, signal and volume that come with the project (files in assets/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .app_folder import app_folder

if TYPE_CHECKING:
    from ..inputs.images import Fit

ASSETS = app_folder() / "assets"
"""The folder of the sample models, images and tables."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Network, and how to look at it first.

    Attributes:
        title: name for people.
        about: what it does, in a sentence or two.
        preprocessing: what it expects of its pixels, a key of ``images.PRESETS``; None when it
            takes a signal.
        fit: how an image fills its input, one of ``images.Fit``; None when it takes a signal.
        default_image: key of the sample image to show first; None when it takes a signal, and
            ``tone()`` is one.
        default_layer: name of the layer to show first; None where any will do.
        labels: file with the name of class n on line n, where the output is classes.
    """

    title: str
    about: str
    preprocessing: str | None
    fit: Fit | None
    default_image: str | None
    default_layer: str | None
    labels: Path | None = None


@dataclass(frozen=True, kw_only=True)
class SampleModel(Sample):
    """Trained network in a file of ours: ``key`` is its short name, fit for a URL."""

    key: str
    path: Path


@dataclass(frozen=True)
class SampleImage:
    """Photograph: short name, name for people, file, and whom to thank."""

    key: str
    title: str
    path: Path
    credit: str


IMAGENET = ASSETS / "labels" / "imagenet1k.txt"
"""The names of the 1000 classes of ImageNet, in the usual order."""

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
            labels=IMAGENET,
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
            labels=IMAGENET,
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
    """Synthesise a plucked tone, ready for the pitch tracker: four harmonics that fade.

    Args:
        n: number of samples.
        rate: samples a second; the default is what the pitch tracker expects.
        hz: pitch of the tone, in periods a second.

    Returns:
        A float32 array (n,) with mean 0 and standard deviation 1.
    """
    seconds = np.arange(n) / rate
    harmonics = np.arange(1, 5)[:, None]
    waves = np.sin(2 * np.pi * hz * harmonics * seconds) / harmonics**2
    signal = waves.sum(axis=0) * np.linspace(1, 0.4, n)
    signal -= signal.mean()
    return np.asarray(signal / signal.std(), np.float32)


def phantom(shape: tuple[int, int, int] = (32, 48, 48)) -> NDArray[np.float32]:
    """Draw a volume like a scan of a head: shells, and bodies in them with a smooth texture.

    Args:
        shape: depth, height and width.

    Returns:
        A float32 array of that shape in 0..1.
    """
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    volume = np.zeros(shape)
    for brightness, centre, radii, turn in _BODIES:
        dz, dy, dx = z - centre[0], y - centre[1], x - centre[2]
        dy, dx = dy * np.cos(turn) - dx * np.sin(turn), dy * np.sin(turn) + dx * np.cos(turn)
        distance = (dz / radii[0]) ** 2 + (dy / radii[1]) ** 2 + (dx / radii[2]) ** 2
        volume = np.where(distance < 1, brightness, volume)
    texture = np.sin(9 * x + 4 * z) * np.sin(8 * y - 3 * x) * np.cos(7 * z + 2 * y)
    volume = np.where(volume > 0, volume + 0.08 * texture, 0)
    return np.asarray(volume.clip(0, 1), np.float32)


_BODIES = (
    # Brightness, centre and radii (depth, height, width), turn about the depth; what comes later
    # lies inside of what comes before.
    (0.9, (0, 0, 0), (0.95, 0.92, 0.75), 0),
    (0.3, (0, 0.01, 0), (0.88, 0.85, 0.68), 0),
    (0.5, (0.1, -0.05, 0), (0.7, 0.66, 0.5), 0),
    (0.12, (0.1, -0.1, 0.2), (0.45, 0.35, 0.11), -0.3),
    (0.12, (0.1, -0.1, -0.2), (0.45, 0.4, 0.13), 0.35),
    (0.75, (-0.15, 0.35, 0.05), (0.22, 0.2, 0.24), 0),
    (0.95, (0.35, -0.45, 0.1), (0.12, 0.1, 0.1), 0),
    (0.7, (0.45, 0.3, -0.25), (0.15, 0.12, 0.12), 0),
)
