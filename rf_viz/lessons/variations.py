"""Variations of an exercise's network: what would have to be different for another answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from .blueprint import Blueprint, Way, way_form
from .example import Example
from .layers import Conv, Transposed
from .worked import Sliding, paths


@dataclass(frozen=True)
class Variation:
    """Network, or a question about it, that differs in one thing.

    Attributes:
        condition: the difference in words, as it follows "would be right".
        blueprint: the network.
        unit: the unit of the output that the question is about; None for the whole layer.
        lesson: what to learn from it, in sentences; empty where the condition says it all.
    """

    condition: str
    blueprint: Blueprint
    unit: int | None
    lesson: str = ""

    def answers(self) -> dict[str, int]:
        """Work out the answers by symbol; empty where the question has none."""
        if len(self.blueprint.ways) > 1 and not self.blueprint.fits():
            return {}
        if self.unit is None:
            form = self.blueprint.form()
            return dict(zip("rSP", form, strict=True)) if form else {}
        if not self.blueprint.fits() or not 0 <= self.unit < self.blueprint.sizes(0)[-1]:
            return {}
        seen = self.blueprint.seen(self.unit)
        return {"first": min(seen), "last": max(seen)} if seen else {}


Names = tuple[tuple[str, ...], ...]
"""Names of the layers, way by way."""


def names(example: Example) -> Names:
    """List the names of the layers as the exercise shows them."""
    return tuple(tuple(stage.row.name for stage in path) for path in paths(example))


def variations(blueprint: Blueprint, names: Names, unit: int | None) -> Iterator[Variation]:
    """Vary one thing at a time, the likeliest slips first and plain steps by one last."""
    yield from _of_all_layers(blueprint, unit)
    if unit:
        before = unit - 1
        yield Variation(f"for unit {before}", blueprint, before, "Units are counted from 0.")
    yield from _settings(blueprint, names, unit, neutral=True)
    yield from _fewer_layers(blueprint, names, unit)
    yield from _swapped(blueprint, names, unit)
    if unit is not None:
        others = (u for u in range(blueprint.sizes(0)[-1]) if u not in (unit - 1, unit))
        for other in sorted(others, key=lambda u: abs(u - unit)):
            yield Variation(f"for unit {other}", blueprint, other)
    yield from _settings(blueprint, names, unit, neutral=False)
    if unit is None and len(blueprint.ways) > 1:
        yield from _along_the_wider(blueprint, names)


def _of_all_layers(blueprint: Blueprint, unit: int | None) -> Iterator[Variation]:
    """Leave a setting out of all layers at once."""
    layers = [layer for way in blueprint.ways for layer in way]
    if not any(isinstance(layer, Transposed) for layer in layers):
        yield Variation(
            "without strides",
            _every(blueprint, lambda layer: replace(layer, stride=1)),
            unit,
            "But a step in a layer is as many input units as all strides below it multiplied.",
        )
        yield Variation(
            "without dilation",
            _every(blueprint, lambda layer: Conv(layer.kernel, layer.stride, layer.padding)),
            unit,
            "But the taps are $d$ units apart, so a kernel spans $d(k - 1) + 1$ units.",
        )
    yield Variation(
        "without padding", _every(blueprint, lambda layer: replace(layer, padding=(0, 0))), unit
    )


def _every(blueprint: Blueprint, change: Callable[[Sliding], Sliding]) -> Blueprint:
    """The blueprint with the same change in every layer."""
    return blueprint._replace(ways=tuple(tuple(map(change, way)) for way in blueprint.ways))


def _settings(
    blueprint: Blueprint, names: Names, unit: int | None, *, neutral: bool
) -> Iterator[Variation]:
    """Change one setting of one layer: to its neutral value, or by one."""
    for number, (way, called) in enumerate(zip(blueprint.ways, names, strict=True)):
        for at, (layer, name) in enumerate(zip(way, called, strict=True)):
            changes = _to_neutral(layer) if neutral else _by_one(layer)
            for words, changed in changes:
                varied = _with_way(blueprint, number, (*way[:at], changed, *way[at + 1 :]))
                yield Variation(f"if {name} {words}", varied, unit)


def _with_way(blueprint: Blueprint, number: int, way: Way) -> Blueprint:
    """The blueprint with another way of that number."""
    return blueprint._replace(ways=(*blueprint.ways[:number], way, *blueprint.ways[number + 1 :]))


def _to_neutral(layer: Sliding) -> Iterator[tuple[str, Sliding]]:
    """A layer without one of its settings, in words and as a layer."""
    if isinstance(layer, Transposed):
        yield "were a plain convolution", Conv(layer.kernel, layer.stride, layer.padding)
    if layer.stride > 1:
        yield "had stride 1", replace(layer, stride=1)
    if layer.padding != (0, 0):
        yield "had no padding", replace(layer, padding=(0, 0))
    if isinstance(layer, Conv) and layer.dilation > 1:
        yield "had no dilation", replace(layer, dilation=1)


def _by_one(layer: Sliding) -> Iterator[tuple[str, Sliding]]:
    """A layer with one of its settings one smaller or larger, in words and as a layer."""
    assert layer.padding != "same"
    for kernel in (layer.kernel - 1, layer.kernel + 1):
        if kernel > 0:
            yield f"had kernel {kernel}", replace(layer, kernel=kernel)
    for stride in (layer.stride - 1, layer.stride + 1):
        if stride > 1:
            yield f"had stride {stride}", replace(layer, stride=stride)
    if isinstance(layer, Conv):
        for dilation in (layer.dilation - 1, layer.dilation + 1):
            if dilation > 1:
                yield f"had dilation {dilation}", replace(layer, dilation=dilation)
    front, back = layer.padding
    if front == back:
        for padding in (front - 1, front + 1):
            if padding > 0:
                yield f"had padding {padding}", replace(layer, padding=(padding, padding))
        return
    for padding in (front - 1, front + 1):
        if padding >= 0:
            yield f"had padding {padding} in front", replace(layer, padding=(padding, back))
    for padding in (back - 1, back + 1):
        if padding >= 0:
            yield f"had padding {padding} at the end", replace(layer, padding=(front, padding))


def _fewer_layers(blueprint: Blueprint, names: Names, unit: int | None) -> Iterator[Variation]:
    """Ask about a lower layer, or leave one layer out."""
    if len(blueprint.ways) == 1:
        (way,), (called,) = blueprint.ways, names
        for top in reversed(range(1, len(way))):
            of = called[top - 1]
            condition = f"for {of}" if unit is None else f"for unit {unit} of {of}"
            yield Variation(
                condition, blueprint._replace(ways=(way[:top],)), unit, f"Here it is {called[-1]}."
            )
    for number, (way, called) in enumerate(zip(blueprint.ways, names, strict=True)):
        for at in range(len(way) if len(way) > 1 else 0):
            left = _with_way(blueprint, number, way[:at] + way[at + 1 :])
            yield Variation(f"without {called[at]}", left, unit)


def _swapped(blueprint: Blueprint, names: Names, unit: int | None) -> Iterator[Variation]:
    """Let two neighbouring layers change places."""
    for number, (way, called) in enumerate(zip(blueprint.ways, names, strict=True)):
        for low, high in pairwise(range(len(way))):
            order = (*way[:low], way[high], way[low], *way[high + 1 :])
            both = f"{called[low]} and {called[high]}"
            yield Variation(f"if {both} changed places", _with_way(blueprint, number, order), unit)


def _along_the_wider(blueprint: Blueprint, names: Names) -> Iterator[Variation]:
    """Vary the wider of two ways alone: it decides, and the other need not fit it."""
    wide = wider(blueprint)
    letter = "AB"[wide]
    alone = Blueprint(blueprint.length, (blueprint.ways[wide],))
    for each in variations(alone, (names[wide],), None):
        yield replace(each, condition=f"along path {letter} alone, {each.condition}")


def wider(blueprint: Blueprint) -> int:
    """Return the number of the way with the largest receptive field."""
    sizes = [way_form(way)[0] for way in blueprint.ways]
    return sizes.index(max(sizes))
