"""Tensors as a reader describes them, and the framework's layers that group them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..relation import Relation, Shape

Category = Literal[
    "convolution",
    "pooling",
    "resize",
    "join",
    "attention, dense",
    "normalisation",
    "activation",
    "layout",
    "other",
]
"""The kind of thing that an operator or a layer is to a person."""


class Source(NamedTuple):
    """An edge from an earlier tensor, by number; ``local_beside_mix`` as in ``relation.Edge``."""

    tensor: int
    relation: Relation
    local_beside_mix: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A call of a framework's layer, made of one or more operations.

    ``name`` is its path ("block1/conv"), ``kind`` its class ("Conv2D"), ``settings`` its main
    settings in a few words ("64 filters 3x3, stride 2, same"), ``output`` the name of the tensor
    that it returns (the first of several), ``category`` that of the layer as a whole. The name of a
    group within another begins with that group's name.
    """

    name: str
    kind: str
    settings: str
    output: str
    category: Category


@dataclass(slots=True)
class Tensor:
    """One output of one operation, as a reader describes it; number 0 is the input itself.

    ``assumed`` says why its dependence is only assumed; empty where it is exact. ``group`` is the
    innermost that the operation is part of.
    """

    name: str
    node: str
    op: str
    shape: Shape
    sources: Sequence[Source] = ()
    assumed: str = ""
    group: Group | None = None
    category: Category = "other"
    multiplies: bool | None = False
