"""Networks that Keras itself has, as data: what each is, and how far its last map sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .samples import ASSETS
from .tables import ListedNetwork, Table, alphanumeric

TABLE = ASSETS / "keras_applications" / "table.json"
"""The table's file, a list of rows."""


@dataclass(frozen=True)
class KerasApplication(ListedNetwork):
    """Network of ``keras.applications``; assets/keras_applications/make.py makes the table.

    Attributes:
        module: the module of Keras that it is in ("resnet").
        preprocessing: the mode of its ``preprocess_input``, a key of ``images.KERAS_MODES``.
        layers: how many layers Keras counts.
        top1: the published accuracy on ImageNet; None where none is.
    """

    module: str
    preprocessing: str
    layers: int
    top1: float | None

    @property
    def family(self) -> str:
        """The networks it belongs to, whatever their version and size ("ResNet")."""
        return FAMILIES[self.module]


FAMILIES = {
    "convnext": "ConvNeXt",
    "densenet": "DenseNet",
    "efficientnet": "EfficientNet",
    "efficientnet_v2": "EfficientNet",
    "inception_resnet_v2": "Inception-ResNet",
    "inception_v3": "Inception",
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNet",
    "mobilenet_v3": "MobileNet",
    "nasnet": "NASNet",
    "resnet": "ResNet",
    "resnet_v2": "ResNet",
    "vgg16": "VGG",
    "vgg19": "VGG",
    "xception": "Xception",
}
"""Families by the module of Keras."""


KERAS_APPLICATIONS: Mapping[str, KerasApplication] = Table(TABLE, KerasApplication)
"""The networks by name, in the order of the alphabet."""


def application_of(title: str) -> KerasApplication | None:
    """Tell which of them a Keras model is, by what it calls itself ("mobilenetv2_1.00_224")."""
    title = alphanumeric(title)
    named = [a for a in KERAS_APPLICATIONS.values() if title.startswith(alphanumeric(a.name))]
    return max(named, key=lambda a: len(a.name), default=None)
