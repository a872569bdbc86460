"""The tensors that a reader describes, and the layers that their framework groups them in."""

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
    """An edge back to the tensor of that number; ``local_beside_mix`` as in ``relation.Edge``."""

    tensor: int
    relation: Relation
    local_beside_mix: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One call of a layer as a framework's users know it, of one or more operations.

    ``name`` is its path ("block1/conv"), ``kind`` its class ("Conv2D"), ``settings`` what is set
    there in a few words ("64 filters 3x3, stride 2, same"), ``output`` the name of the tensor that
    it returns (the first of several), ``category`` what the layer is to a person. A group within
    another has the other's name before its own.
    """

    name: str
    kind: str
    settings: str
    output: str
    category: Category


@dataclass(slots=True)
class Tensor:
    """One output of one operation, as a reader describes it: number 0 is the input itself.

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
