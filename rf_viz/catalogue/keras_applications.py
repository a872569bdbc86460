"""Networks that Keras itself has, as data: what each is, and how far its last map sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .samples import ASSETS
from .tables import Table, Verified

TABLE = ASSETS / "keras_applications" / "table.json"
"""The table's file, a list of rows."""


@dataclass(frozen=True)
class KerasApplication:
    """Network of ``keras.applications``; assets/keras_applications/make.py makes the table.

    Attributes:
        name: the function that builds it ("ResNet50").
        module: the module of Keras that it is in ("resnet").
        preprocessing: the mode of its ``preprocess_input``, a key of ``images.KERAS_MODES``.
        year: when it was first made public.
        paper: who made it, and where to read of it.
        input: the height and width that it takes by default; the figures hold at this size.
        layer: the last layer before everything is pooled, whose figures these are. They leave
            out global context.
        size: its receptive field size, None where it has no closed form.
        stride: its effective stride, likewise.
        padding: its effective padding, likewise.
        aligned: whether all paths to it agree; None where that cannot be said.
        note: why there is no closed form; empty where there is one.
        region: the extents of the largest region that any of its cells sees.
        layers: how many layers Keras counts.
        parameters: how many weights it has.
        gflops: what one image costs, twice its multiply-adds in 1e9; None where not known.
        depth: how many convolutions and matrix products are on the longest path to that layer,
            those of squeeze-and-excite gates counted.
        top1: the published accuracy on ImageNet; None where none is.
        remark: what to know beside, such as where other frameworks differ; may be empty.
        verified: how the regions were checked; None where they were not.
    """

    name: str
    module: str
    preprocessing: str
    year: int
    paper: str
    input: tuple[int, int]
    layer: str
    size: tuple[int, int] | None
    stride: tuple[int, int] | None
    padding: tuple[int, int] | None
    aligned: bool | None
    note: str
    region: tuple[int, int]
    layers: int
    parameters: int
    gflops: float | None
    depth: int
    top1: float | None
    remark: str
    verified: Verified | None

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

    def plain(name: str) -> str:
        """Letters and digits of a name, in lower case."""
        return "".join(c for c in name.lower() if c.isalnum())

    named = [a for a in KERAS_APPLICATIONS.values() if plain(title).startswith(plain(a.name))]
    return max(named, key=lambda a: len(a.name), default=None)
