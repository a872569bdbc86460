"""Studies of designs: built as ONNX graphs, read and traced like any other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import rf_viz

from ..trace.closed_form import ReceptiveField
from ..trace.network import Layer, Network
from .onnx_file import to_onnx
from .plan import Plan, PlannedRow, plan
from .rows import Design


@dataclass(frozen=True)
class Measured:
    """Row as it was traced.

    Attributes:
        step: the row and its shapes.
        layer: the traced layer.
        largest: the extents of the largest region of its cells, inside the input.
        parameters: its number of weights.
        multiply_adds: its number of multiply-adds.
    """

    step: PlannedRow
    layer: Layer
    largest: tuple[int, ...]
    parameters: int
    multiply_adds: int

    @property
    def field(self) -> ReceptiveField | None:
        """Closed form of the layer's receptive field, where it has one."""
        return self.layer.receptive_field


@dataclass(frozen=True)
class Study:
    """Design that was built and traced."""

    design: Design
    plan: Plan
    net: Network
    rows: tuple[Measured, ...]

    @property
    def parameters(self) -> int:
        """Number of weights in all."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Number of multiply-adds in all, for one input."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def last(self) -> Measured | None:
        """Last row that has a closed form."""
        return next((row for row in reversed(self.rows) if row.field), None)


def masked(design: Design) -> bool:
    """Whether any kernel is masked: then only a weight-aware trace is right."""
    return any(row.kind.startswith("masked") for row in design.rows)


def study(design: Design) -> Study:
    """Build a design without weights and trace it. Raises ModelError for an invalid design."""
    model = rf_viz.load(to_onnx(design, seed=None), "the network")
    net = model.trace(weight_aware=masked(design), cut_global=True)
    worked = plan(design)
    weights: Counter[str] = Counter()
    for name, count in model.parameters().items():
        weights[name.partition("/")[0]] += count
    products: Counter[str] = Counter()
    for layer in net.layers:
        products[layer.name.partition("/")[0]] += layer.multiply_adds or 0
    rows = []
    for step in worked.steps.values():
        layer = net[step.name]
        rows.append(
            Measured(
                step, layer, layer.region_sizes.largest, weights[step.name], products[step.name]
            )
        )
    return Study(design, worked, net, tuple(rows))
