"""Networks of torchvision that classify images, as data: what each is, and how far it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .samples import ASSETS
from .tables import Table, Verified

TABLE = ASSETS / "torchvision_models" / "table.json"
"""The table's file, a list of rows."""


@dataclass(frozen=True)
class TorchvisionModel:
    """Network of ``torchvision.models``; assets/torchvision_models/make.py makes the table.

    Attributes:
        name: the function that builds it ("resnet50").
        family: the networks it belongs to, whatever their version and size ("ResNet").
        year: when it was first made public.
        paper: who made it, and where to read of it.
        input: the height and width that its weights take; the figures hold at this size.
        layer: the last layer before everything is pooled, whose figures these are. They leave
            out global context.
        size: its receptive field size, None where it has no closed form.
        stride: its effective stride, likewise.
        padding: its effective padding, likewise.
        aligned: whether all paths to it agree; None where that cannot be said.
        note: why there is no closed form; empty where there is one.
        region: the extents of the largest region that any of its cells sees.
        parameters: how many weights it has.
        gflops: what one image costs, twice its multiply-adds in 1e9; None where not known.
        depth: how many convolutions and matrix products are on the longest path to that layer,
            those of squeeze-and-excite gates counted.
        weights: the name of the weights whose accuracy follows ("IMAGENET1K_V1").
        top1, top5: their accuracy on ImageNet, by torchvision's own meta data.
        source: where that says how they were trained.
        multiply_adds: what torchvision publishes as the cost, in 1e9.
        remark: what to know beside; may be empty.
        verified: how the regions were checked; None where they were not.
    """

    name: str
    family: str
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
    parameters: int
    gflops: float | None
    depth: int
    weights: str
    top1: float
    top5: float
    source: str
    multiply_adds: float
    remark: str
    verified: Verified | None


TORCHVISION_MODELS: Mapping[str, TorchvisionModel] = Table(TABLE, TorchvisionModel)
"""The networks by name, in the order of the alphabet."""
