"""Goal seek: a few changes that give a network's cells the receptive field of a goal.

Every candidate is built and traced like any other network, so a proposal is known to reach the
goal; what it costs is counted in the same trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from .kinds import LAYER_KINDS
from .plan import name_of, plan
from .rows import LARGEST, Design
from .study import Measured, Study, study

_KERNELS = (2, 3, 5, 7, 9, 11, 13, 15, 17, 21, 25, 31)
_DILATIONS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256)
_MORE = (1, 2, 3, 4, 6, 8, 12, 16)
"""Numbers of layers that may be added at one place."""

_PLACES = 6
"""The most rows that are tried, those nearest to the output first."""

_TRIALS = 400
"""The most candidates that are traced."""


@dataclass(frozen=True)
class Goal:
    """Goal: cells that see at least ``size`` input pixels and lie at most ``stride`` apart."""

    size: int
    stride: int


@dataclass(frozen=True)
class Proposal:
    """Changes that reach a goal.

    Attributes:
        changes: in words, one sentence without a full stop each.
        ways: in which way each of them works: "kernel", "dilation", "more" layers or "stride".
        design: the network with them.
        reached: how far its cells see.
        share: of the pixels within a cell's region, how many the cell depends on; less than 1
            where dilations leave gaps.
        parameters, multiply_adds: those of the whole network.
        more_parameters, more_multiply_adds: by how many that is more than it was.
    """

    changes: tuple[str, ...]
    ways: tuple[str, ...]
    design: Design
    reached: Reached
    share: float
    parameters: int
    multiply_adds: int
    more_parameters: int
    more_multiply_adds: int


@dataclass(frozen=True)
class Reached:
    """Receptive field that the cells of a network's last map reach, in input pixels.

    Attributes:
        row: the number of the row.
        size: the closed form's, the smaller one of the two axes; where there is no closed form,
            the largest region inside the input.
        stride: likewise the larger one; where there is no closed form, that of the map's extents.
        closed: whether there is a closed form.
    """

    row: int
    size: int
    stride: int
    closed: bool

    def meets(self, goal: Goal) -> bool:
        """Tell whether the cells see far enough and lie near enough."""
        return self.size >= goal.size and self.stride <= goal.stride


@dataclass(frozen=True)
class _Edit:
    """Rows changed in one way: in words, in what way, and the design with it."""

    words: str
    way: str
    design: Design


def reached_by(study: Study) -> Reached | None:
    """Measure the last row that is a map of more than one cell; None where there is none."""
    maps = [row for row in study.rows if prod(row.step.shape[1:]) > 1]
    return _reached_in(study, maps[-1]) if maps else None


def _reached_in(study: Study, row: Measured) -> Reached:
    """Measure how far the cells of a row see."""
    field = row.field
    if field is not None:
        return Reached(row.step.number, min(field.size), max(field.stride), True)
    extents = zip(study.design.input[1:], row.step.shape[1:], strict=True)
    return Reached(row.step.number, min(row.largest), max(-(-n // m) for n, m in extents), False)


def seek(design: Design, goal: Goal, most: int = 6) -> list[Proposal]:
    """Propose up to ``most`` ways to reach a goal, the cheapest first.

    Empty where there is none, or the network reaches the goal as it is. Raises ModelError for a
    design that something is wrong with.
    """
    return _Search(study(design), goal).proposals(most)


class _Search:
    """Search for a goal, beginning with a network as it is."""

    def __init__(self, start: Study, goal: Goal) -> None:
        self.start, self.goal = start, goal
        self.traces: dict[Design, tuple[Study, Reached] | None] = {}
        self.count = 0

    def proposals(self, most: int) -> list[Proposal]:
        """List up to ``most`` proposals, the cheapest first."""
        now = reached_by(self.start)
        if now is None or now.meets(self.goal):
            return []
        beginnings: list[tuple[_Edit, ...]] = [()]
        if now.stride > self.goal.stride:
            beginnings = list(self._finer())
        by_design: dict[Design, Proposal] = {}
        for edits in beginnings:
            for more in self._farther(edits):
                proposal = self._proposal((*edits, *more))
                if proposal is not None:
                    by_design.setdefault(proposal.design, proposal)
        ranked = sorted(by_design.values(), key=self._cost)
        return [replace(p, share=self._share(p)) for p in _varied(ranked, most)]

    def _share(self, proposal: Proposal) -> float:
        """``Proposal.share`` of the cell in the middle of the map."""
        traced = self._trace(proposal.design)
        assert traced is not None
        layer = next(r for r in traced[0].rows if r.step.number == proposal.reached.row).layer
        cell = tuple(n // 2 for n in layer.extents)
        region = layer.region(cell)
        return float(layer.mask(cell)[region.slices].mean()) if not region.empty else 0.0

    def _cost(self, proposal: Proposal) -> tuple[float, int, int]:
        """Weights and products, each as a share of what there was; then the simplest."""
        share = proposal.parameters / max(self.start.parameters, 1)
        share += proposal.multiply_adds / max(self.start.multiply_adds, 1)
        return round(share, 4), len(proposal.changes), proposal.reached.size

    def _proposal(self, edits: Sequence[_Edit]) -> Proposal | None:
        """The proposal of some edits; None where they do not reach the goal."""
        if not edits:
            return None
        traced = self._trace(edits[-1].design)
        if traced is None or not traced[1].meets(self.goal):
            return None
        changed, reached = traced
        return Proposal(
            tuple(edit.words for edit in edits),
            tuple(edit.way for edit in edits),
            changed.design,
            reached,
            1.0,
            changed.parameters,
            changed.multiply_adds,
            changed.parameters - self.start.parameters,
            changed.multiply_adds - self.start.multiply_adds,
        )

    def _trace(self, design: Design) -> tuple[Study, Reached] | None:
        """Trace a candidate; None where it cannot be built or after too many trials."""
        if design not in self.traces:
            self.traces[design] = None
            if self.count < _TRIALS and plan(design).ok:
                self.count += 1
                candidate = study(design)
                reached = reached_by(candidate)
                self.traces[design] = None if reached is None else (candidate, reached)
        return self.traces[design]

    def _finer(self) -> Iterator[tuple[_Edit, ...]]:
        """The fewest strides set to one that bring the cells near enough, from either end."""
        design = self.start.design
        strided = [
            n for n, row in enumerate(design.rows, 1) if row.stride > 1 and _slides(row.kind)
        ]
        for order in (strided[::-1], strided):
            edits: list[_Edit] = []
            changed = design
            for number in order:
                changed = _restrided(changed, number, 1)
                edits.append(_Edit(_worded(design, number, "stride 1"), "stride", changed))
                traced = self._trace(changed)
                if traced is not None and traced[1].stride <= self.goal.stride:
                    yield tuple(edits)
                    break

    def _farther(self, edits: tuple[_Edit, ...]) -> Iterator[tuple[_Edit, ...]]:
        """Yield nothing, one change, or two, after which the cells may see far enough."""
        design = edits[-1].design if edits else self.start.design
        yield ()
        traced = self._trace(design)
        if traced is None or traced[1].size < self.goal.size:
            for ladder in _ladders(design):
                first = self._first(ladder)
                if first is not None:
                    yield (first,)
        for edit in _strides(design):
            traced = self._trace(edit.design)
            if traced is None or traced[1].stride > self.goal.stride:
                continue
            yield (edit,)
            if not traced[1].meets(self.goal):
                for ladder in _ladders(edit.design, places=2):
                    first = self._first(ladder)
                    if first is not None:
                        yield edit, first

    def _first(self, ladder: Sequence[_Edit]) -> _Edit | None:
        """The first of ever larger changes that reaches the goal, found by halving."""
        low, high = 0, len(ladder)
        while low < high:
            middle = (low + high) // 2
            traced = self._trace(ladder[middle].design)
            if traced is None or traced[1].size >= self.goal.size:
                high = middle
            else:
                low = middle + 1
        return ladder[low] if low < len(ladder) else None


def _varied(ranked: Sequence[Proposal], most: int) -> list[Proposal]:
    """The best of each combination of ways, then the others, in the order that they had."""
    best: dict[tuple[str, ...], Proposal] = {}
    for proposal in ranked:
        best.setdefault(proposal.ways, proposal)
    others = [proposal for proposal in ranked if best[proposal.ways] is not proposal]
    kept = [*best.values(), *others][:most]
    return [proposal for proposal in ranked if proposal in kept]


def _slides(kind: str) -> bool:
    """Whether layers of a kind slide a window."""
    return LAYER_KINDS[kind].does in ("window", "pool")


def _ladders(design: Design, places: int = _PLACES) -> Iterator[list[_Edit]]:
    """List ever larger changes, for some rows and some ways to see farther."""
    windows = [
        number
        for number, row in enumerate(design.rows, 1)
        if LAYER_KINDS[row.kind].does == "window" and row.kernel > 1
    ]
    maps = [s.number for s in plan(design).steps.values() if prod(s.shape[1:]) > 1]
    last = maps[-1] if maps else 0
    for number in [n for n in reversed(windows) if n <= last][:places]:
        row = design.rows[number - 1]
        odd = row.kernel % 2
        yield [
            _Edit(
                _worded(design, number, f"kernel {kernel} instead of {row.kernel}"),
                "kernel",
                design.replaced(number, replace(row, kernel=kernel)),
            )
            for kernel in _KERNELS
            if kernel > row.kernel and kernel % 2 == odd
        ]
        if "dilation" in row.settings():
            yield [
                _Edit(
                    _worded(design, number, f"dilation {dilation} instead of {row.dilation}"),
                    "dilation",
                    design.replaced(number, replace(row, dilation=dilation)),
                )
                for dilation in _DILATIONS
                if row.dilation < dilation <= LARGEST["dilation"]
            ]
        yield [_deeper(design, number, count) for count in _MORE]


def _deeper(design: Design, number: int, count: int) -> _Edit:
    """More layers of the same kind behind a row, and behind what normalises and activates it."""
    end = number
    while end < len(design.rows) and _follows(design, end + 1):
        end += 1
    block = design.rows[number - 1 : end]
    changed, at = design, end
    for _ in range(count):
        for position, row in enumerate(block):
            one = replace(row, sources=())
            if position == 0:
                one = replace(one, stride=1)
            changed = changed.inserted(at, one)
            changed = _rewired(changed, at)
            at += 1
    many = "1 more layer" if count == 1 else f"{count} more layers"
    return _Edit(f"{many} like {name_of(design, number)}", "more", changed)


def _follows(design: Design, number: int) -> bool:
    """Whether a row only normalises or activates the one before it."""
    row = design.rows[number - 1]
    return LAYER_KINDS[row.kind].does == "map" and row.sources in ((), (number - 1,))


def _rewired(design: Design, before: int) -> Design:
    """Let the rows that take the row ``before`` take the new one behind it."""
    new = before + 1
    rows = [
        row
        if number <= new
        else replace(row, sources=tuple(new if n == before else n for n in row.sources))
        for number, row in enumerate(design.rows, 1)
    ]
    return replace(design, rows=tuple(rows))


def _strides(design: Design) -> Iterable[_Edit]:
    """List changes of strides: one more, or one moved nearer to the input."""
    windows = [n for n, row in enumerate(design.rows, 1) if _slides(row.kind)]
    plain = [n for n in windows if design.rows[n - 1].stride == 1 and design.rows[n - 1].kernel > 1]
    for number in plain[-_PLACES:]:
        yield _Edit(
            _worded(design, number, "stride 2 instead of 1"),
            "stride",
            _restrided(design, number, 2),
        )
    for number in [n for n in windows if design.rows[n - 1].stride > 1][-_PLACES:]:
        earlier = [n for n in plain if n < number]
        for place in dict.fromkeys([*earlier[:1], *earlier[-1:]]):
            stride = design.rows[number - 1].stride
            moved = _restrided(_restrided(design, number, 1), place, stride)
            words = f"stride {stride} moved from {name_of(design, number)} to "
            yield _Edit(f"{words}{name_of(design, place)}", "stride", moved)


def _restrided(design: Design, number: int, stride: int) -> Design:
    """The design with another stride of a row."""
    row = replace(design.rows[number - 1], stride=stride)
    if LAYER_KINDS[row.kind].does == "pool" and stride == 1:
        row = replace(row, padding="same")  # so that the map does not shrink
    return design.replaced(number, row)


def _worded(design: Design, number: int, what: str) -> str:
    """A change of a row in words."""
    return f"{name_of(design, number)} with {what}"
