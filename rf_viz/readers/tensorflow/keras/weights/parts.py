"""A built model's layers beside what its configuration says of them, in the configuration's order.

Files have weights in the order of their configuration's layers, which is not that of a model that
was built of it, and those that were frozen in another place than the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..layer_names import name_of

Config = dict[str, Any]


@dataclass
class Part:
    """A layer or model, and the layers in it.

    ``name`` is its name in the file, ``kind`` the name of its class there, ``trainable`` whether it
    was not frozen. ``shared`` is the number that Keras 2 gives to an object that stands in several
    places, None where it gives none.
    """

    name: str
    kind: str
    layer: Any
    settings: Config
    trainable: bool = True
    shared: int | None = None
    parts: list[Part] = field(default_factory=list)
    wraps: bool = False

    def leaves(self) -> Iterator[Part]:
        """Iterate over the layers within that hold no others."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def parts_of(config: Config, model: Any) -> Part:  # noqa: ANN401
    """Return the parts of a model that was built of this configuration."""
    model.trainable = True  # what was frozen is told by ``Part.trainable``; Keras would forget it
    return _part(config, model)


def _part(entry: Config, layer: Any) -> Part:  # noqa: ANN401
    settings = entry["config"] if isinstance(entry.get("config"), dict) else {}
    part = Part(
        name_of(layer),
        str(entry["class_name"]),
        layer,
        settings,
        settings.get("trainable") is not False,
        entry.get("shared_object_id"),
    )
    inner, wrapped = settings.get("layers"), settings.get("layer")
    if isinstance(inner, list) and hasattr(layer, "layers"):
        built = {x.name: x for x in layer.layers}
        for child in inner:
            name = child.get("name") or child["config"].get("name")
            if name in built:
                part.parts.append(_part(child, built[name]))
    elif isinstance(wrapped, dict) and hasattr(getattr(layer, "layer", None), "layers"):
        part.parts, part.wraps = [_part(wrapped, layer.layer)], True
    return part


@dataclass
class Run:
    """Weights of one layer that stand in a file one after the other."""

    part: Part
    variables: list[Any]


def in_file_order(part: Part) -> list[Run]:
    """Return the weights of a part in the order of HDF5 files: first those that are trained.

    Source: ``trainable_weights`` and ``non_trainable_weights`` of layers and models of Keras 2.
    """
    done: set[int] = set()
    runs = []
    for run in chain(_trained(part), _not_trained(part)):
        variables = [v for v in run.variables if not (id(v) in done or done.add(id(v)))]
        if variables:
            runs.append(Run(run.part, variables))
    return runs


def _trained(part: Part) -> Iterator[Run]:
    """What training would change."""
    if not part.trainable:
        return
    if not part.parts:
        yield Run(part, list(part.layer.trainable_weights))
    for inner in part.parts:
        yield from _trained(inner)


def _not_trained(part: Part) -> Iterator[Run]:
    """What training would not change, for what it is or because it is frozen."""
    if not part.parts:
        own = list(part.layer.non_trainable_weights)
        yield Run(part, own if part.trainable else [*part.layer.trainable_weights, *own])
    elif part.trainable:
        for inner in part.parts:
            yield from _not_trained(inner)
    elif part.wraps:
        yield from _all(part)
    else:
        for inner in part.parts:
            yield from _trained(inner)
        for inner in part.parts:
            yield from _not_trained(inner)


def _all(part: Part) -> Iterator[Run]:
    """All weights, layer by layer."""
    for leaf in part.leaves():
        layer = leaf.layer
        yield Run(leaf, [*layer.trainable_weights, *layer.non_trainable_weights])
