"""Makes table.json: every network of keras.applications, how far it sees and what it costs.

    .venv/bin/python assets/keras_applications/make.py [--figures-only] [NAME ...]

Each network is built without weights and traced; then, with random ones, it is verified by running
it: three layers on the way and the one whose figures these are (see assets/tables.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from assets.tables import Row, affordable, check, figures, gflops, last_map, make
from rf_viz.analysis.growth import growth
from rf_viz.model import Model
from rf_viz.readers.tensorflow.keras.reader import import_keras, without_weights

USUAL = 224
"""The input size of networks that leave it open."""

PAPERS = {
    "convnext": (2022, "Liu et al., CVPR 2022, arXiv:2201.03545"),
    "densenet": (2016, "Huang et al., CVPR 2017, arXiv:1608.06993"),
    "efficientnet": (2019, "Tan and Le, ICML 2019, arXiv:1905.11946"),
    "efficientnet_v2": (2021, "Tan and Le, ICML 2021, arXiv:2104.00298"),
    "inception_resnet_v2": (2016, "Szegedy et al., AAAI 2017, arXiv:1602.07261"),
    "inception_v3": (2015, "Szegedy et al., CVPR 2016, arXiv:1512.00567"),
    "mobilenet": (2017, "Howard et al., arXiv:1704.04861"),
    "mobilenet_v2": (2018, "Sandler et al., CVPR 2018, arXiv:1801.04381"),
    "mobilenet_v3": (2019, "Howard et al., ICCV 2019, arXiv:1905.02244"),
    "nasnet": (2017, "Zoph et al., CVPR 2018, arXiv:1707.07012"),
    "resnet": (2015, "He et al., CVPR 2016, arXiv:1512.03385"),
    "resnet_v2": (2016, "He et al., ECCV 2016, arXiv:1603.05027"),
    "vgg16": (2014, "Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556"),
    "vgg19": (2014, "Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556"),
    "xception": (2016, "Chollet, CVPR 2017, arXiv:1610.02357"),
}
"""By module the year in which it was first made public, and where."""

TOP1 = {
    "ConvNeXtBase": 0.853, "ConvNeXtLarge": 0.863, "ConvNeXtSmall": 0.823, "ConvNeXtTiny": 0.813,
    "ConvNeXtXLarge": 0.867, "DenseNet121": 0.750, "DenseNet169": 0.762, "DenseNet201": 0.773,
    "EfficientNetB0": 0.771, "EfficientNetB1": 0.791, "EfficientNetB2": 0.801,
    "EfficientNetB3": 0.816, "EfficientNetB4": 0.829, "EfficientNetB5": 0.836,
    "EfficientNetB6": 0.840, "EfficientNetB7": 0.843, "EfficientNetV2B0": 0.787,
    "EfficientNetV2B1": 0.798, "EfficientNetV2B2": 0.805, "EfficientNetV2B3": 0.820,
    "EfficientNetV2L": 0.857, "EfficientNetV2M": 0.853, "EfficientNetV2S": 0.839,
    "InceptionResNetV2": 0.803, "InceptionV3": 0.779, "MobileNet": 0.704, "MobileNetV2": 0.713,
    "NASNetLarge": 0.825, "NASNetMobile": 0.744, "ResNet101": 0.764, "ResNet101V2": 0.772,
    "ResNet152": 0.766, "ResNet152V2": 0.780, "ResNet50": 0.749, "ResNet50V2": 0.760,
    "VGG16": 0.713, "VGG19": 0.713, "Xception": 0.790,
}  # fmt: skip
"""Accuracy on ImageNet as the table on keras.io/api/applications gives it; MobileNetV3 is not in
it."""

GATED = ("efficientnet", "efficientnet_v2", "mobilenet_v3")

GATES = (
    "Its squeeze-and-excite gates see the whole image. The figures leave them out, and for "
    "verification they were held constant."
)

ACCURACY = "Keras' table has no accuracy of it; what Keras writes of the function says {}."

STRIDES = (
    "The stride is in the first 1x1 convolution of a block, as in the paper. In torchvision it is "
    "in the 3x3, which gives {}."
)

REMARKS = {
    **dict.fromkeys(GATED, GATES),
    "MobileNetV3Large": f"{GATES} {ACCURACY.format('75.6 %')}",
    "MobileNetV3Small": f"{GATES} {ACCURACY.format('68.1 %')}",
    "ResNet50": STRIDES.format(427),
    "ResNet101": STRIDES.format(971),
    "ResNet152": STRIDES.format(1451),
    "resnet_v2": "The stride is in the 3x3 convolution of a stage's last block, as in TF-slim.",
    "Xception": "Its SAME padding depends on the size: at 295 x 295 the branches meet, and it is "
    "size 1083, stride 32, padding 538.",
}
"""What to know beside, by name, else by module."""

MODES = ("caffe", "tf", "torch")

LATER = ("verified", "remark", "top1", "year", "paper", "depth")
"""What may change without a network being verified anew."""

MOST_GFLOPS = 25
"""Networks that compute more are verified at a smaller input."""


def applications() -> dict[str, Callable[..., Any]]:
    """The functions that build a network, by name."""
    home = import_keras().applications
    return {name: f for name, f in sorted(vars(home).items()) if callable(f)}


def module_of(build: Callable[..., Any]) -> str:
    """Name the module of Keras that a network is in."""
    return build.__module__.rpartition(".")[2]


def built(name: str, size: int | None = None, held: bool = False) -> tuple[Model, Any]:
    """A network as RF-Viz reads it, and Keras' own model of it, neither with weights.

    ``held`` replaces what its gates see by a constant.
    """
    keras = import_keras()
    keras.backend.clear_session()  # so that layers without a name of their own count from 0
    models: list[Any] = []

    def build() -> Any:  # noqa: ANN401
        """Build the network, and keep what Keras made."""
        options = {} if size is None else {"input_shape": (size, size, 3)}
        model = applications()[name](weights=None, **options)
        models.append(without_gates(keras, model) if held else model)
        return models[-1]

    return without_weights(build, name), models[-1]


def without_gates(keras: ModuleType, model: Any) -> Any:  # noqa: ANN401
    """The same network, but for global averages, which are zero whatever the image."""

    class Nothing(keras.layers.GlobalAveragePooling2D):  # type: ignore[name-defined,misc]
        """Global average that is zero, whatever the image."""

        def call(self, inputs: Any) -> Any:  # noqa: ANN401
            """Return zeros in the shape of the averages."""
            return keras.ops.zeros_like(super().call(inputs))

    def copied(layer: Any) -> Any:  # noqa: ANN401
        """Copy a layer; a global average becomes nothing."""
        averages = isinstance(layer, keras.layers.GlobalAveragePooling2D)
        return (Nothing if averages else type(layer)).from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copied)


def row(name: str) -> Row:
    """All there is to say of a network without running it."""
    model, keras_model = built(name)
    size = [n or USUAL for n in keras_model.input_shape[1:3]]
    net = model.trace(size, cut_global=True)
    module = module_of(applications()[name])
    year, paper = PAPERS[module]
    return {
        "name": name,
        "module": module,
        "preprocessing": preprocessing(module),
        "year": year,
        "paper": paper,
        "input": size,
        **figures(last_map(net)),
        "layers": len(keras_model.layers),
        "parameters": keras_model.count_params(),
        "gflops": gflops(net),
        "depth": growth(net).steps[-1].depth,
        "top1": TOP1.get(name),
        "remark": REMARKS.get(name, REMARKS.get(module, "")),
        "verified": None,
    }


def preprocessing(module: str) -> str:
    """The mode that a module's ``preprocess_input`` works in; "none" where it does nothing."""
    home = import_keras().applications
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3)).astype(np.float32)
    processed = getattr(home, module).preprocess_input(pixels.copy())
    ways = {m: home.imagenet_utils.preprocess_input(pixels.copy(), mode=m) for m in MODES}
    return next(
        mode for mode, way in {"none": pixels, **ways}.items() if np.array_equal(processed, way)
    )


def verified(entry: Row) -> Row:
    """Checks a network against itself, running with random weights. Raises where they disagree."""
    whole, cost = entry["input"][0], entry["gflops"]
    size = affordable(whole, cost, MOST_GFLOPS)
    gated = entry["module"] in GATED
    model, _ = built(entry["name"], size, held=gated)
    net = model.trace()
    last = last_map(net)
    if size == whole and figures(last) != {key: entry[key] for key in figures(last)}:
        raise ValueError(f"{entry['name']}: {figures(last)} is not what the table says")
    return check(model, net, entry["name"], places=4, cells=3)


if __name__ == "__main__":
    make(__file__, __doc__, lambda: list(applications()), row, verified, LATER)
