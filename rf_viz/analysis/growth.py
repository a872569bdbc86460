"""Growth: the receptive field by depth and by cost on the way through a network."""

from __future__ import annotations

from dataclasses import dataclass

from ..trace.closed_form import ReceptiveField
from ..trace.network import Layer, Network


@dataclass(frozen=True)
class GrowthPoint:
    """A layer on the way; extents are along the axis where they are largest.

    Attributes:
        layer, title, op: its name, the one that people know, and its operator.
        depth: how many convolutions and matrix products are on the longest path to it.
        gflops: the cost of it and of all layers before it for one input, in 1e9 operations.
        size: its receptive field size r in pixels; None where it has no closed form.
        region: the extent in pixels of the largest region that any of its cells sees, which lies
            inside the input.
    """

    layer: str
    title: str
    op: str
    depth: int
    gflops: float
    size: int | None
    region: int


@dataclass(frozen=True)
class End:
    """The last layer before the spatial axes are gone, and what its cells see.

    ``feeds`` is the operator of the first layer that takes it; empty where none does.
    """

    layer: str
    title: str
    op: str
    grid: tuple[int, ...]
    field: ReceptiveField | None
    aligned: bool | None
    exact: bool
    note: str
    largest: tuple[int, ...]
    feeds: str


@dataclass(frozen=True)
class Growth:
    """The layers with more than one cell in execution order, and the last of them.

    Attributes:
        input: the extents of the input's spatial axes.
        steps: empty, and ``end`` None, where no layer has cells.
        gflops: what one input costs, all layers together.
        untold: how many layers are left out of all costs, since theirs cannot be told.
    """

    input: tuple[int, ...]
    steps: tuple[GrowthPoint, ...]
    end: End | None
    gflops: float
    untold: int


def growth(net: Network) -> Growth:
    """Follow a traced network from its input on: the receptive fields of its layers, and the cost.

    Costs count two operations for each multiply-add (see ``trace.cost``).
    """
    steps, last, untold, products = [], None, 0, 0
    depths: dict[Layer, int] = {}
    for layer in net.layers:
        cost = layer.multiply_adds
        before = max((depths[source] for source in layer.inputs if source), default=0)
        depths[layer] = before + (cost != 0)
        untold += cost is None
        products += cost or 0
        if max(layer.extents, default=1) > 1:
            last = layer
            field = layer.receptive_field
            size = max(field.size) if field else None
            seen = max(largest_region(layer))
            steps.append(
                GrowthPoint(
                    layer.name,
                    layer.title,
                    layer.op,
                    depths[layer],
                    2 * products / 1e9,
                    size,
                    seen,
                )
            )
    end = (
        None
        if last is None
        else End(
            last.name,
            last.title,
            last.op,
            last.extents,
            last.receptive_field,
            last.aligned,
            last.exact,
            last.note,
            largest_region(last),
            next((layer.op for layer in net.layers if last in layer.inputs), ""),
        )
    )
    return Growth(net.input.size, tuple(steps), end, 2 * products / 1e9, untold)


def largest_region(layer: Layer) -> tuple[int, ...]:
    """The largest extent of a region of the layer along each axis of the input, in pixels."""
    return layer.region_sizes.largest
