"""Tensors as a reader describes them, and the framework's layers that group them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple, Protocol

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


Setting = int | float | str | tuple["Setting", ...]
"""A setting: a number, a word, or one of them for each axis."""

Settings = dict[str, Setting]
"""Settings by name."""


class Call(Protocol):
    """The call of a file that makes a tensor."""

    @property
    def settings(self) -> Mapping[str, Setting]:
        """The settings that the call's attributes hold, by name."""
        ...


class Source(NamedTuple):
    """An edge from an earlier tensor, by number; ``local_beside_mix`` as in ``relation.Edge``."""

    tensor: int
    relation: Relation
    local_beside_mix: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A call of a framework's layer, made of one or more operations.

    ``name`` is its path ("block1/conv", "layer1.0.conv1"), ``kind`` its class ("Conv2D"),
    ``settings`` its main settings in a few words ("64 filters 3x3, stride 2, same"), empty where
    only its operations tell them, ``output`` the name of the tensor that it returns (the first of
    several), ``category`` that of the layer as a whole, ``facts`` the settings as data, ``parent``
    the group that it is part of.
    """

    name: str
    kind: str
    settings: str
    output: str
    category: Category
    facts: Mapping[str, Setting] = field(default_factory=dict, compare=False)
    parent: Group | None = field(default=None, compare=False)

    @property
    def around(self) -> Iterator[Group]:
        """The group itself and those that it lies in, the innermost first."""
        group: Group | None = self
        while group is not None:
            yield group
            group = group.parent

    def within(self, other: Group) -> bool:
        """Whether this is the other group or lies in it."""
        return any(group == other for group in self.around)


@dataclass(slots=True)
class Tensor:
    """One output of one operation, as a reader describes it; number 0 is the input itself.

    ``assumed`` says why its dependence is only assumed; empty where it is exact. ``group`` is the
    innermost that the operation is part of, ``call`` the file's call that makes it. ``fused`` are
    layers of the framework that have no operation of their own, since they were merged into this
    one, as a normalisation is into a convolution.
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
    call: Call | None = None
    fused: tuple[Group, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it without the file: of its call only the settings go along."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.call is not None:
            values["call"] = RecordedCall(dict(self.call.settings))
        return Tensor, tuple(values.values())


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """The settings of a call whose file is not at hand."""

    settings: Mapping[str, Setting]
