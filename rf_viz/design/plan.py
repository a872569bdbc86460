"""Plans: designs worked out to shapes and paddings, and their mistakes, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from ..relation.common.basic import same_pads
from ..relation.fit import same_front
from .kinds import LAYER_KINDS
from .rows import Design, Row

Shape = tuple[int, ...]
"""Channels and extents (no batch); after a dense layer the units alone."""

MOST_WEIGHTS = 32_000_000
"""The most weights of a network: one of more would take too long to draw after each change."""

MOST_VALUES = 2**26
"""The most values of a row."""


@dataclass(frozen=True)
class PlannedRow:
    """Row with everything needed to build it.

    Attributes:
        number, row, name: the row, its number, and the name of its layer.
        sources: the numbers of the rows that it takes, 0 for the input.
        inputs: the shapes of these rows' outputs.
        shape: the shape of its own output, without the batch.
        pads: in front and behind, in cells, along each axis that its window slides over; for a
            transposed convolution, the cells that are cropped.
        weights: its number of weights.
    """

    number: int
    row: Row
    name: str
    sources: tuple[int, ...]
    inputs: tuple[Shape, ...]
    shape: Shape
    pads: tuple[tuple[int, int], ...] = ()
    weights: int = 0

    @property
    def input_shape(self) -> Shape:
        """Shape of the first row that it takes."""
        return self.inputs[0]


@dataclass
class Plan:
    """Plan of a design: its rows by number, and messages about invalid ones.

    A row that takes an invalid one has no step and no message of its own.
    """

    design: Design
    steps: dict[int, PlannedRow] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the design is valid."""
        return not self.problems

    def name(self, number: int) -> str:
        """Name the layer of a row; 0 is the input."""
        return name_of(self.design, number)


class _RowError(Exception):
    """Raised for an invalid row; the message says what is wrong."""


def name_of(design: Design, number: int) -> str:
    """Name the layer of a row; 0 is the input."""
    if number:
        return f"{LAYER_KINDS[design.rows[number - 1].kind].short}{number}"
    return "image" if len(design.input) == 3 else "signal"


def check(design: Design) -> list[tuple[int, str]]:
    """List the mistakes in a design: numbers of rows, each with a message; empty if it is valid."""
    return plan(design).problems


def plan(design: Design) -> Plan:
    """Work a design out row by row."""
    worked = Plan(design)
    shapes: dict[int, Shape] = {0: design.input}
    weights = 0
    if not design.rows:
        worked.problems.append((0, "there is no layer yet: add one"))
    if prod(design.input) > MOST_VALUES:
        worked.problems.append((0, f"{_by(design.input)} is too large to be computed here"))
        return worked
    for number, row in enumerate(design.rows, 1):
        try:
            sources = _sources(number, row)
            if any(source not in shapes for source in sources):
                continue  # that row has said what is wrong
            step = _step(design, number, sources, tuple(shapes[s] for s in sources))
            weights += step.weights
            if weights > MOST_WEIGHTS:
                raise _RowError(
                    f"{step.weights:,} weights here make more than {MOST_WEIGHTS // 10**6} million "
                    "in all, too many to draw them live"
                )
            if prod(step.shape) > MOST_VALUES:
                raise _RowError(f"{_by(step.shape)} is too large to be computed here")
        except _RowError as wrong:
            worked.problems.append((number, str(wrong)))
        else:
            worked.steps[number] = step
            shapes[number] = step.shape
    return worked


def _sources(number: int, row: Row) -> tuple[int, ...]:
    """The rows that a row takes. Raises _RowError."""
    named = row.sources
    for source in named:
        if source >= number:
            raise _RowError(f"row {source} does not come before row {number}")
    if not LAYER_KINDS[row.kind].joins:
        if len(named) > 1:
            raise _RowError(f"{row.kind} takes one row, not {len(named)}")
        return named or (number - 1,)
    if not named:
        raise _RowError(f"{row.kind} needs another row: name it under From")
    sources = named if len(named) > 1 else (number - 1, *named)
    return tuple(sorted(sources, reverse=True))


def _step(
    design: Design, number: int, sources: tuple[int, ...], inputs: tuple[Shape, ...]
) -> PlannedRow:
    """A row worked out, by the shapes of what it takes. Raises _RowError."""
    row, before = design.rows[number - 1], inputs[0]
    pads: tuple[tuple[int, int], ...] = ()
    weights = 0
    kind = LAYER_KINDS[row.kind]
    if kind.does not in ("map", "join") and row.kind != "dense" and len(before) == 1:
        raise _RowError(f"{row.kind} needs a map, and a dense layer leaves only {before[0]} units")
    channels, space = before[0], before[1:]
    match row.kind:
        case _ if kind.does in ("window", "pool"):
            shape, pads = _slid(row, before)
            if kind.does == "window":
                weights = shape[0] * (channels // groups_of(row, channels))
                weights = weights * row.kernel ** len(space) + shape[0]
        case "transposed convolution":
            shape, pads = _laid(row, before)
            weights = channels * row.channels * row.kernel ** len(space) + row.channels
        case "global pooling":
            shape = (channels, *(1 for _ in space))
        case "nearest upsampling" | "bilinear upsampling":
            if row.kind == "bilinear upsampling" and len(space) == 1:
                raise _RowError("bilinear upsampling needs an image: take nearest for a signal")
            shape = (channels, *(n * row.stride for n in space))
        case "batch normalisation":  # its statistics count too
            shape, weights = before, 4 * channels
        case "layer normalisation":
            shape, weights = before, 2 * channels
        case "concatenate":
            shape = _joined(sources, inputs, apart=True)
        case "add" | "multiply":
            shape = _joined(sources, inputs, apart=False)
        case "squeeze-and-excite":
            shape, weights = before, 2 * channels * row.channels + channels + row.channels
        case "window attention" | "shifted window attention":
            shape, weights = _attended(row, before), 4 * channels**2
        case "dense":
            shape, weights = (row.channels,), prod(before) * row.channels + row.channels
        case _:
            shape = before
    return PlannedRow(number, row, name_of(design, number), sources, inputs, shape, pads, weights)


def groups_of(row: Row, channels: int) -> int:
    """Count the groups that a convolution divides its channels into."""
    return channels if row.kind == "depthwise convolution" else row.groups


def _slid(row: Row, before: Shape) -> tuple[Shape, tuple[tuple[int, int], ...]]:
    """Shape and paddings of a window that slides over a map. Raises _RowError."""
    channels, *space = before
    masked = row.kind.startswith("masked")
    if masked and row.kernel % 2 == 0:
        raise _RowError(f"a masked kernel has a centre, so its size is odd, not {row.kernel}")
    if masked and len(space) == 1:
        raise _RowError("masked convolutions are for images: take causal padding for a signal")
    if row.padding == "causal" and len(space) > 1:
        raise _RowError("causal padding is for signals: an image has no before and after")
    out = row.channels or channels
    if row.groups > 1:
        for what, count in (("input", channels), ("output", out)):
            if count % row.groups:
                raise _RowError(f"{count} {what} channels do not divide into {row.groups} groups")
    pools = LAYER_KINDS[row.kind].does == "pool"
    if pools and isinstance(row.padding, int) and 2 * row.padding > row.kernel:
        raise _RowError(
            f"padding {row.padding} is more than half of the pool's kernel {row.kernel}"
        )
    effective_kernel = row.dilation * (row.kernel - 1) + 1
    pads = tuple(_pads(row, n, effective_kernel) for n in space)
    extents = []
    for n, (front, behind) in zip(space, pads, strict=True):
        room = n + front + behind - effective_kernel
        if room < 0:
            spread = (
                f" with dilation {row.dilation} reaches {effective_kernel}, which"
                if row.dilation > 1
                else ""
            )
            padded = " even with its padding" if front + behind else ""
            raise _RowError(
                f"kernel {row.kernel}{spread} is larger than its {_by(tuple(space))} input{padded}"
            )
        extents.append(room // row.stride + 1)
    return (out, *extents), pads


def _pads(row: Row, size: int, reach: int) -> tuple[int, int]:
    if isinstance(row.padding, int):
        return row.padding, row.padding
    if row.padding == "causal":
        return reach - 1, 0
    if row.padding == "valid":
        return 0, 0
    total, _, _ = same_pads(size, row.kernel, row.stride, row.dilation)
    front = same_front(total)
    return front, total - front


def _laid(row: Row, before: Shape) -> tuple[Shape, tuple[tuple[int, int], ...]]:
    """Shape and croppings of a transposed convolution. Raises _RowError."""
    if row.kernel < row.stride:
        raise _RowError(
            f"kernel {row.kernel} is smaller than its stride {row.stride}: it leaves gaps"
        )
    if row.padding == "causal":
        raise _RowError("a transposed convolution has no causal padding")
    cropped = row.kernel - row.stride
    crop = {"same": (cropped // 2, cropped - cropped // 2), "valid": (0, 0)}.get(
        str(row.padding), (row.padding, row.padding)
    )
    front, behind = int(crop[0]), int(crop[1])
    extents = [(n - 1) * row.stride + row.kernel - front - behind for n in before[1:]]
    if min(extents) < 1 or max(front, behind) >= row.kernel:
        raise _RowError(f"padding {row.padding} crops away all that kernel {row.kernel} makes")
    return (row.channels, *extents), ((front, behind),) * len(extents)


def _joined(sources: tuple[int, ...], inputs: tuple[Shape, ...], *, apart: bool) -> Shape:
    """The shape of a join; ``apart`` puts the channels one after another.

    Raises _RowError where the shapes do not fit.
    """
    first = inputs[0]
    for source, shape in zip(sources[1:], inputs[1:], strict=True):
        fits = shape[1:] == first[1:] and len(shape) == len(first)
        if not (fits if apart else shape == first):
            what = "concatenation with" if apart else "residual from"
            raise _RowError(
                f"{what} {_name(source)}: {_channels(shape)} do not fit {_channels(first)}"
            )
    return (sum(shape[0] for shape in inputs), *first[1:]) if apart else first


def _attended(row: Row, before: Shape) -> Shape:
    """The shape of attention within windows. Raises _RowError where they do not fit the map."""
    channels, *space = before
    if channels % row.groups:
        raise _RowError(f"{channels} channels do not divide among {row.groups} heads")
    for n in space:
        if n % row.kernel:
            raise _RowError(f"windows of {row.kernel} do not divide a map of {_by(tuple(space))}")
    if row.groups * prod(space) * row.kernel ** len(space) > MOST_VALUES:
        raise _RowError(f"attention in windows of {row.kernel} is too large to be computed here")
    return before


def _name(source: int) -> str:
    """A row in a message."""
    return f"row {source}" if source else "the input"


def _channels(shape: Shape) -> str:
    """A shape in a message."""
    if len(shape) == 1:
        return f"{shape[0]} units"
    return f"{shape[0]} channels at {_by(shape[1:])}"


def _by(extents: Shape) -> str:
    """Extents in a message."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, extents))
