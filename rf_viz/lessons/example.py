"""Examples: small networks, traced, with every connection between their units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

import rf_viz

from ..errors import ModelError
from ..relation import OR, Relation, Shape, pull, spread
from .layers import INPUT, Conv, Fork, GraphNode, Layer, graph_nodes, to_onnx

_UNITS = 2
"""The axis of the tensors (batch, channel, units) that the units lie along."""

Spans = list[tuple[int, int]]
"""For each unit of a row its first input unit and the one after its last (half-open)."""


@dataclass(frozen=True)
class Links:
    """Links from each unit of a row to the units of the row ``source`` that it takes.

    Numbers below 0 or beyond the last unit are padding.
    """

    source: int
    of: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Row:
    """Units of one layer, or of the input, whose ``layer`` is None.

    ``about`` describes the layer ("k = 3, s = 2"), ``path`` is the path of a fork that it lies on,
    and ``step`` the distance of two of its units in units of the input.
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
    """Traced network and its rows of units, the input first and the output last."""

    layers: tuple[Layer, ...]
    net: rf_viz.Network
    rows: tuple[Row, ...]

    @property
    def last(self) -> rf_viz.Layer:
        """Output of the network."""
        return self.net.layers[-1]

    @property
    def length(self) -> int:
        """Length of the input, in units."""
        return self.rows[0].size

    @cached_property
    def padding(self) -> list[tuple[int, int]]:
        """Padding before and after each row, in units of the row."""
        widths = [(0, 0)] * len(self.rows)
        for row in self.rows:
            for links in row.links:
                linked = [i for units in links.of for i in units]
                before, after = widths[links.source]
                widths[links.source] = (
                    max(before, -min(linked)),
                    max(after, max(linked) - self.rows[links.source].size + 1),
                )
        return widths

    def spans(self, row: int) -> Spans:
        """Return the exact input region of each unit of a row; (0, 0) where it sees nothing."""
        layer = self.rows[row].layer
        if layer is None:
            return [(u, u + 1) for u in range(self.length)]
        starts, stops = layer.bounds()
        return list(zip(starts[:, 0].tolist(), stops[:, 0].tolist(), strict=True))

    def forms(self, row: int) -> Spans | None:
        """Return the closed form's region of each unit of a row, padding counted.

        None where the row has no closed form.
        """
        layer = self.rows[row].layer
        if layer is None:
            return self.spans(row)
        field = layer.receptive_field
        if field is None:
            return None
        cells = [(u,) for u in range(self.rows[row].size)]
        return [(field.start(cell)[0], field.stop(cell)[0]) for cell in cells]


def stack(layers: Sequence[Layer], length: int) -> Example:
    """Stack layers, one on the other, over an input of ``length`` units.

    Raises ModelError where they do not fit: a kernel larger than its input, or paths of different
    lengths.
    """
    return _stack(tuple(layers), length)


def network(layers: Sequence[Layer], length: int) -> rf_viz.Network:
    """Trace layers as ``stack`` does, without the rows: for networks too deep to draw by unit."""
    return model(layers, length).trace(spatial_axes=(_UNITS,))


def model(layers: Sequence[Layer], length: int) -> rf_viz.Model:
    """Load layers over an input of ``length`` units as a model, by way of ONNX."""
    return rf_viz.load(to_onnx(layers, length).SerializeToString(), "the example")


@lru_cache(maxsize=256)
def _stack(layers: tuple[Layer, ...], length: int) -> Example:
    """Stack layers; results are kept, since a slider returns to the same values again and again."""
    _check_forks(layers, length)
    loaded = model(layers, length)
    tensors = loaded.describe({INPUT: (1, 1, length)}, INPUT, False)
    net = loaded.trace(spatial_axes=(_UNITS,))
    nodes = graph_nodes(layers)
    if len(net.layers) < len(nodes):
        raise ModelError(f"nothing is left of {nodes[len(net.layers)].name}")
    rows = [Row(INPUT, "", length, 1, None)]
    for node, tensor, layer in zip(nodes, tensors[1:], net.layers, strict=True):
        below = rows[tensor.sources[0].tensor]
        _check_fit(node, below.size)
        links = tuple(
            Links(source.tensor, _linked(source.relation, rows[source.tensor].size, tensor.shape))
            for source in tensor.sources
        )
        rows.append(
            Row(
                node.name,
                str(node.layer or "added"),
                tensor.shape[_UNITS],
                below.step * (node.layer.step if node.layer else 1),
                layer,
                links,
                node.path,
            )
        )
    return Example(layers, net, tuple(rows))


def _linked(relation: Relation, size: int, shape: Shape) -> tuple[tuple[int, ...], ...]:
    """List the units that each unit takes, by the relation to a row of ``size`` units."""
    for step in relation:
        positions = step.reads(_UNITS)
        if positions is not None:
            return tuple(map(tuple, positions.tolist()))
    units = []
    for unit in range(shape[_UNITS]):
        one = np.zeros(shape, bool)
        one[..., unit] = True
        line = spread(pull(relation, one, OR), _UNITS, size)
        units.append(tuple(np.flatnonzero(line[0, 0]).tolist()))
    return tuple(units)


def _check_fit(node: GraphNode, below: int) -> None:
    """Raise ModelError for a kernel that is larger than its padded input.

    Runtimes round a size between 0 and 1 up with a stride; here no kernel may stick out.
    """
    conv = node.layer
    if isinstance(conv, Conv) and conv.padding != "same":
        extent = (conv.kernel - 1) * conv.dilation + 1
        padded = below + sum(conv.padding)
        if extent > padded:
            raise ModelError(
                f"{node.name}: its kernel of {extent} is larger than its input of {padded}"
            )


def _check_forks(layers: tuple[Layer, ...], length: int) -> None:
    """Raise ModelError where the paths of a fork end with unlike numbers of units."""
    for number, layer in enumerate(layers):
        if isinstance(layer, Fork):
            ends = [(*layers[:number], *path) for path in layer.paths]
            sizes = [_stack(end, length).rows[-1].size if end else length for end in ends]
            if len(set(sizes)) > 1:
                raise ModelError(
                    f"the paths end with {' and '.join(map(str, sizes))} units: "
                    "they cannot be added"
                )
