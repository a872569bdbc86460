"""An example: a small network, traced, with every connection between its units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

import rf_viz

from ..errors import ModelError
from ..relation import OR, Relation, Shape, pull, spread
from .layers import INPUT, Conv, Fork, Layer, Place, places, to_onnx

_UNITS = 2
"""The axis of the tensors (batch, channel, units) that the units lie along."""

Spans = list[tuple[int, int]]
"""For each unit of a row its first input unit and the one after its last."""


@dataclass(frozen=True)
class Links:
    """For each unit of a row the units of the row ``source`` that it takes.

    Those below 0 or beyond the last are padding.
    """

    source: int
    of: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Row:
    """The units of one layer, or of the input, whose ``layer`` is None.

    ``about`` says what makes it ("k = 3, s = 2"), ``path`` on which path of a fork it lies, and
    ``step`` how many input units lie between two of its own.
    """

    name: str
    about: str
    size: int
    step: float
    layer: rf_viz.Layer | None
    links: tuple[Links, ...] = ()
    path: int | None = None


@dataclass(frozen=True)
class Example:
    """A traced network and its rows of units, the input first and the output last."""

    layers: tuple[Layer, ...]
    net: rf_viz.Network
    rows: tuple[Row, ...]

    @property
    def last(self) -> rf_viz.Layer:
        """The network's output."""
        return self.net.layers[-1]

    @property
    def length(self) -> int:
        """How many units the input has."""
        return self.rows[0].size

    @cached_property
    def padding(self) -> list[tuple[int, int]]:
        """How many units of padding are taken before and after each row."""
        found = [(0, 0)] * len(self.rows)
        for row in self.rows:
            for links in row.links:
                taken = [i for units in links.of for i in units]
                before, after = found[links.source]
                found[links.source] = (
                    max(before, -min(taken)),
                    max(after, max(taken) - self.rows[links.source].size + 1),
                )
        return found

    def spans(self, row: int) -> Spans:
        """The exact input region of each unit of a row; (0, 0) where it sees nothing."""
        layer = self.rows[row].layer
        if layer is None:
            return [(u, u + 1) for u in range(self.length)]
        starts, stops = layer.bounds()
        return list(zip(starts[:, 0].tolist(), stops[:, 0].tolist(), strict=True))

    def forms(self, row: int) -> Spans | None:
        """What the closed form says of each unit of a row, padding counted; None without one."""
        layer = self.rows[row].layer
        if layer is None:
            return self.spans(row)
        field = layer.receptive_field
        if field is None:
            return None
        cells = [(u,) for u in range(self.rows[row].size)]
        return [(field.start(cell)[0], field.stop(cell)[0]) for cell in cells]


def stack(layers: Sequence[Layer], length: int) -> Example:
    """One or more layers, one on the other, over an input of ``length`` units.

    Raises ModelError where they do not fit: a kernel larger than what it slides over, or paths
    of different lengths.
    """
    return _stack(tuple(layers), length)


def network(layers: Sequence[Layer], length: int) -> rf_viz.Network:
    """As ``stack``, without the rows: for networks too deep to draw unit by unit."""
    return _model(tuple(layers), length).trace(spatial_axes=(_UNITS,))


def _model(layers: tuple[Layer, ...], length: int) -> rf_viz.Model:
    return rf_viz.load(to_onnx(layers, length).SerializeToString(), "the example")


@lru_cache(maxsize=256)
def _stack(layers: tuple[Layer, ...], length: int) -> Example:
    _check_forks(layers, length)
    model = _model(layers, length)
    tensors = model.describe({INPUT: (1, 1, length)}, INPUT, False)
    net = model.trace(spatial_axes=(_UNITS,))
    if len(net.layers) < len(places(layers)):
        raise ModelError(f"nothing is left of {places(layers)[len(net.layers)].name}")
    rows = [Row(INPUT, "", length, 1, None)]
    for place, tensor, layer in zip(places(layers), tensors[1:], net.layers, strict=True):
        below = rows[tensor.sources[0].tensor]
        _check_fit(place, below.size)
        links = tuple(
            Links(source.tensor, _taken(source.relation, rows[source.tensor].size, tensor.shape))
            for source in tensor.sources
        )
        rows.append(
            Row(
                place.name,
                str(place.what or "added"),
                tensor.shape[_UNITS],
                below.step * (place.what.step if place.what else 1),
                layer,
                links,
                place.path,
            )
        )
    return Example(layers, net, tuple(rows))


def _taken(relation: Relation, size: int, shape: Shape) -> tuple[tuple[int, ...], ...]:
    """For each unit those that it takes, by its relation to a row of ``size`` units."""
    for step in relation:
        positions = step.reads(_UNITS)
        if positions is not None:
            return tuple(map(tuple, positions.tolist()))
    taken = []
    for unit in range(shape[_UNITS]):
        one = np.zeros(shape, bool)
        one[..., unit] = True
        line = spread(pull(relation, one, OR), _UNITS, size)
        taken.append(tuple(np.flatnonzero(line[0, 0]).tolist()))
    return tuple(taken)


def _check_fit(place: Place, below: int) -> None:
    """Runtimes round a size between 0 and 1 up with a stride; here nothing may stick out."""
    if isinstance(place.what, Conv) and place.what.padding != "same":
        reach = (place.what.kernel - 1) * place.what.dilation + 1
        padded = below + sum(place.what.padding)
        if reach > padded:
            raise ModelError(
                f"{place.name}: its kernel of {reach} is larger than its input of {padded}"
            )


def _check_forks(layers: tuple[Layer, ...], length: int) -> None:
    for number, layer in enumerate(layers):
        if isinstance(layer, Fork):
            ends = [(*layers[:number], *path) for path in layer.paths]
            sizes = [_stack(end, length).rows[-1].size if end else length for end in ends]
            if len(set(sizes)) > 1:
                raise ModelError(
                    f"the paths end with {' and '.join(map(str, sizes))} units: "
                    "they cannot be added"
                )
