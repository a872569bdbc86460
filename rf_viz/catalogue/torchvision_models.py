"""Networks of torchvision that classify images, as data: what each is, and how far it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .samples import ASSETS
from .tables import ListedNetwork, Table

TABLE = ASSETS / "torchvision_models" / "table.json"
"""The table's file, a list of rows."""


@dataclass(frozen=True)
class TorchvisionModel(ListedNetwork):
    """Network of ``torchvision.models``; assets/torchvision_models/make.py makes the table.

    Attributes:
        family: the networks it belongs to, whatever their version and size ("ResNet").
        weights: the name of the weights whose accuracy follows ("IMAGENET1K_V1").
        top1, top5: their accuracy on ImageNet, by torchvision's own meta data.
        source: where that says how they were trained.
        multiply_adds: what torchvision publishes as the cost, in 1e9.
    """

    family: str
    weights: str
    top1: float
    top5: float
    source: str
    multiply_adds: float


TORCHVISION_MODELS: Mapping[str, TorchvisionModel] = Table(TABLE, TorchvisionModel)
"""The networks by name, in the order of the alphabet."""
