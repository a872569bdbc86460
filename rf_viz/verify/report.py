"""Theory against the running model: does a cell move with the pixels it should, and no others?

For every chosen cell the pixels outside its dependency mask are changed, all at once: it must not
move. Then the pixels of the mask along each side of its region are: it must move. A real model
may not show that, where a unit is dead, a maximum lies elsewhere, or float32 runs out. Then its
twin tells (see ``runtimes.Twin``), which has the same graph and lets every signal pass. The twin
checks the outside too: no pixel there reaches the cell, however faintly. A model that cannot be
run, such as a graph without weights, leaves everything to its twin.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..model import Model
from ..trace.network import Layer, Network
from .experiment import Pixels, Runs, Signals, compare, fixed_shape, largest, on_input

Kind = Literal["shape", "outside", "edge"]
Result = Literal["agrees", "disagrees", "undecided"]
How = Literal["model", "twin"]

_SIZES = (1.0, 0.01, 0.1, 1e-4)
"""How large the inputs are, by those of the first, at which cells that did not move are retried."""

_GENTLE = np.float32(0.01)
"""Makes a trial's values, of up to 100, those of a usual input."""

_PLURAL = {"agrees": "agree", "disagrees": "disagree", "undecided": "undecided"}


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one trial on one cell; ``detail`` tells it in words.

    ``kind`` says what was tried: "outside" changes all pixels that the cell should not see, "edge"
    those along one ``side`` of its region, and "shape" compares the shape of the computed tensor.
    ``side`` is "first 0" for the first pixels along spatial axis 0, "last 1" for the last along
    axis 1, and empty for other kinds. ``cell`` has one index for each grid axis; ``channel`` is
    None for all channels together. ``how`` says whether the model or its twin decided.
    """

    layer: str
    cell: tuple[int, ...]
    channel: int | None
    kind: Kind
    side: str
    result: Result
    how: How
    detail: str

    def __str__(self) -> str:
        where = f"{self.layer} cell {self.cell}"
        if self.channel is not None:
            where += f" channel {self.channel}"
        return f"{where}, {self.kind}{self.side and ' '}{self.side}: {self.detail}"


@dataclass(frozen=True)
class Report:
    """The checks of a verification, in the order they were made.

    ``twin_alone`` gives, by layer, the reason why only the twin could be asked.
    """

    checks: list[Check] = field(default_factory=list)
    twin_alone: dict[str, str] = field(default_factory=dict)

    @property
    def agreed(self) -> list[Check]:
        """The checks that agree."""
        return [c for c in self.checks if c.result == "agrees"]

    @property
    def disagreements(self) -> list[Check]:
        """The checks that disagree."""
        return [c for c in self.checks if c.result == "disagrees"]

    @property
    def undecided(self) -> list[Check]:
        """The checks that neither the model nor its twin could decide; ``detail`` says why."""
        return [c for c in self.checks if c.result == "undecided"]

    @property
    def ok(self) -> bool:
        """Whether no check disagrees. Undecided checks do not count against it."""
        return not self.disagreements

    def summary(self) -> str:
        """Write lines for a terminal: the counts of each layer, then every disagreement."""
        layers = list(dict.fromkeys(c.layer for c in self.checks))
        width = max(map(len, layers), default=0)
        lines = []
        for layer in layers:
            count = Counter((c.result, c.how) for c in self.checks if c.layer == layer)
            counts = [f"{n} {_PLURAL[r]} ({how})" for (r, how), n in sorted(count.items())]
            lines.append(f"{layer:{width}}  {', '.join(counts)}")
        for detail, n in Counter(c.detail for c in self.undecided).items():
            lines.append(f"{n} undecided: {detail}")
        lines += [f"DISAGREES: {check}" for check in self.disagreements]
        if any(c.how == "twin" for c in self.checks):
            lines.append(
                "twin: the same graph with every weight one and nothing that saturates, "
                "asked where the model itself could stay silent"
            )
        for reason, n in Counter(self.twin_alone.values()).items():
            lines.append(f"the twin alone was asked for {n} of the layers: {reason}")
        lines.append(
            f"checks: {len(self.checks)}, layers: {len(layers)}; {len(self.agreed)} agree, "
            f"{len(self.disagreements)} disagree, {len(self.undecided)} undecided"
        )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Build a dictionary for JSON: the counts and all checks."""
        return {
            "ok": self.ok,
            "agreed": len(self.agreed),
            "disagreements": len(self.disagreements),
            "undecided": len(self.undecided),
            "twin_alone": self.twin_alone,
            "checks": [asdict(c) for c in self.checks],
        }


def verify(
    model: Model,
    net: Network,
    layers: Sequence[str] | None = None,
    cells: int = 5,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check a traced network against the running model, on random inputs.

    Side inputs hold what the network was traced with, else their defaults; what it stops is held.

    Args:
        model: the model that ``net`` was traced from.
        layers: the names of the layers to check (default: up to twelve over the whole depth).
        cells: how many cells of each layer to try: corners, borders, then random ones.
        seed: the seed of the inputs and of the random cells.
        progress: called with the number of layers done and the number of all.

    Raises:
        KeyError: there is no layer of such a name.
        ValueError: the network was traced at an unknown input size.
    """
    if net.any_size:
        raise ValueError("verifying needs an input size: trace with one")
    chosen = _spread(net) if layers is None else [net[name] for name in layers]
    random = np.random.default_rng(seed)
    trial, twin = _Trial(model, net, random), _Twin(model, net)
    report = Report()
    for done, layer in enumerate(chosen, 1):
        if net.cut_global and layer.global_context:
            detail = "the trace left out its global context, which the model has: trace without"
            report.checks.append(
                Check(layer.name, (), None, "edge", "", "undecided", "model", detail)
            )
        else:
            report.checks.extend(_check(layer, cells, random, trial, twin))
            if layer.name in trial.failed and not twin.missing(layer):
                report.twin_alone[layer.name] = trial.failed[layer.name]
        if progress is not None:
            progress(done, len(chosen))
    return report


class _Question(NamedTuple):
    """A question for the model: does this cell move when these pixels change?

    ``at`` is the cell's index in the layer's tensor.
    """

    cell: tuple[int, ...]
    channel: int | None
    at: tuple[int | slice, ...]
    kind: Kind
    side: str
    pixels: Pixels


class _Answer(NamedTuple):
    """An answer in words, and whether the cell moved (None where that cannot be said)."""

    moved: bool | None
    detail: str


def _check(
    layer: Layer, cells: int, random: np.random.Generator, trial: _Trial, twin: _Twin
) -> Iterator[Check]:
    no_twin = twin.missing(layer)
    shape = trial.shape(layer)
    if layer.name in trial.failed and not no_twin:
        shape = twin.shape(layer)
    yield shape
    if shape.result == "disagrees":
        return
    left, silent_edges = [], []
    questions = list(_questions(layer, cells, random))
    for question, answer in zip(questions, trial.ask(layer, questions), strict=True):
        outside = question.kind == "outside"
        silent = answer.moved is None if outside else not answer.moved
        if not silent:
            yield _judge(layer, question, answer, "model")
        elif no_twin and not outside and answer.moved is False:
            silent_edges.append(question)
        elif no_twin:
            yield _judge(layer, question, _Answer(None, no_twin), "model")
        if not no_twin and (silent or outside):
            left.append(question)
    for question, answer in zip(silent_edges, trial.insist(layer, silent_edges), strict=True):
        yield _judge(layer, question, answer if answer.moved else _Answer(None, no_twin), "model")
    for question, answer in zip(left, twin.ask(layer, left), strict=True):
        yield _judge(layer, question, answer, "twin")


def _judge(layer: Layer, question: _Question, answer: _Answer, how: How) -> Check:
    result: Result = "undecided"
    if answer.moved is not None:
        result = "agrees" if answer.moved == (question.kind == "edge") else "disagrees"
    return Check(
        layer.name,
        question.cell,
        question.channel,
        question.kind,
        question.side,
        result,
        how,
        answer.detail,
    )


def _questions(layer: Layer, count: int, random: np.random.Generator) -> Iterator[_Question]:
    """Questions about the outside and the sides of each cell, and about one channel of one cell."""
    cells: list[tuple[tuple[int, ...], int | None]]
    cells = [(cell, None) for cell in _cells(layer.extents, count, random)]
    if layer.channel_axis is not None and (channels := fixed_shape(layer)[layer.channel_axis]) > 1:
        cells.append((cells[len(cells) // 2][0], int(random.integers(channels))))
    for cell, channel in cells:
        index: list[int | slice] = [slice(None)] * len(layer.shape)
        for axis, position in zip(layer.grid_axes, cell, strict=True):
            index[axis] = position
        if channel is not None and layer.channel_axis is not None:
            index[layer.channel_axis] = channel
        mask = layer.mask(cell, channel)
        if not mask.all():
            yield _Question(cell, channel, tuple(index), "outside", "", ~mask)
        for side, pixels in _sides(mask):
            yield _Question(cell, channel, tuple(index), "edge", side, pixels)


def _sides(mask: Pixels) -> Iterator[tuple[str, Pixels]]:
    """The pixels of the mask along each side of the box around it."""
    for axis in range(mask.ndim):
        others = tuple(i for i in range(mask.ndim) if i != axis)
        along = np.flatnonzero(mask.any(axis=others))
        for name, positions in (("first", along[:1]), ("last", along[-1:])):
            if len(positions):
                line = np.zeros(mask.shape[axis], bool)
                line[positions] = True
                yield f"{name} {axis}", mask & np.expand_dims(line, others)


def _spread(net: Network, most: int = 12) -> list[Layer]:
    """Layers spread over the depth: the first and last with a grid among them, and the end."""
    with_grid = [layer for layer in net.layers if max(layer.extents, default=1) > 1]
    at = np.linspace(0, len(with_grid) - 1, min(most - 1, len(with_grid))).round().astype(int)
    chosen = [with_grid[i] for i in dict.fromkeys(at.tolist())]
    if net.layers and net.layers[-1] not in chosen:
        chosen.append(net.layers[-1])
    return chosen


def _cells(grid: Sequence[int], count: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    """The first and the last corner, the middle, one on a border, then random ones."""
    cells = {
        tuple(0 for n in grid): None,
        tuple(n - 1 for n in grid): None,
        tuple(n // 2 for n in grid): None,
        tuple(0 if i == 0 else n // 2 for i, n in enumerate(grid)): None,
    }
    count = min(count, int(np.prod(grid, dtype=object)))
    while len(cells) < count:
        cells[tuple(int(random.integers(n)) for n in grid)] = None
    return list(cells)[:count]


class _Experiment(ABC):
    """A model or its twin, run with some pixels changed."""

    how: How

    def ask(self, layer: Layer, questions: Sequence[_Question]) -> list[_Answer]:
        """Answer each question, with one run for all that change the same pixels."""
        groups: dict[bytes, list[int]] = {}
        for number, question in enumerate(questions):
            groups.setdefault(question.pixels.tobytes(), []).append(number)
        answers: dict[int, _Answer] = {}
        for numbers in groups.values():
            together = [questions[number] for number in numbers]
            try:
                answers.update(zip(numbers, self.run(layer, together), strict=True))
            except ModelError as error:
                answers.update((number, _Answer(None, str(error))) for number in numbers)
        return [answers[number] for number in range(len(questions))]

    def shape(self, layer: Layer) -> Check:
        """Run the layer once, and check the shape of the computed tensor."""
        result: Result = "undecided"
        try:
            shape = self.computed_shape(layer)
            detail = f"the {self.how} computes {shape}, the trace says {layer.shape}"
            if shape == layer.shape:
                result = "agrees"
            elif layer.exact or layer.shape:
                result = "disagrees"
            else:
                detail = f"the {self.how} computes {shape}, the trace knows no shape"
        except ModelError as error:
            detail = str(error)
        return Check(layer.name, (), None, "shape", "", result, self.how, detail)

    @abstractmethod
    def computed_shape(self, layer: Layer) -> tuple[int, ...]:
        """The shape of the tensor computed for this layer. Raises ModelError."""

    @abstractmethod
    def run(self, layer: Layer, questions: Sequence[_Question]) -> list[_Answer]:
        """Answer questions that all change the same pixels. Raises ModelError."""


class _Trial(_Experiment):
    """The model itself, run on a random input and again with some pixels changed.

    ``failed`` gives, by layer, the reason why the model could not be run.
    """

    how = "model"

    def __init__(self, model: Model, net: Network, random: np.random.Generator) -> None:
        self._input, (self._random,) = net.input, random.spawn(1)
        self._dtype = dtype = model.source(net.input.name).dtype
        self._one = _random_values(net.input.shape, dtype, random)
        self._other = _random_values(net.input.shape, dtype, random)
        beside = {}
        if all(i.name != net.input.name for i in model.inputs):
            # Paths that go round a tensor within the model should not carry zeros only.
            beside = {
                i.name: _random_values(net.shapes[i.name], i.dtype, random)
                for i in model.inputs
                if "float" in i.dtype and i.name in net.shapes
            }
        self._runs = Runs(model, net, self._one, beside)
        self._still = "", np.zeros(0, np.float32)
        self.failed: dict[str, str] = {}

    def computed_shape(self, layer: Layer) -> tuple[int, ...]:
        return self._unchanged(layer).shape

    def run(self, layer: Layer, questions: Sequence[_Question]) -> list[_Answer]:
        still = self._unchanged(layer)
        changed = on_input(questions[0].pixels, self._input)
        moved = self._runs.values(layer, np.where(changed, self._other, self._one))
        scale = largest(still)
        answers = [_compare(still[q.at], moved[q.at], scale) for q in questions]
        if self._one.dtype != np.float32:
            return answers
        return [
            self._reconsidered(layer, q, a) if q.kind == "outside" and a.moved else a
            for q, a in zip(questions, answers, strict=True)
        ]

    def _reconsidered(self, layer: Layer, question: _Question, answer: _Answer) -> _Answer:
        """An answer that disagrees, unless small values give another.

        A mask of -100 in an attention hides nothing from a score of 200: it is made for values of
        the usual size. Where the cell stays the same for those, the twin has to decide.
        """
        one, other = (values * _GENTLE for values in (self._one, self._other))
        changed = on_input(question.pixels, self._input)
        before, after = (
            self._runs.values(layer, values) for values in (one, np.where(changed, other, one))
        )
        if compare(before[question.at], after[question.at], largest(before)).outcome == "moved":
            return answer
        return _Answer(None, "the cell moves with large values only, as a finite mask allows")

    def insist(self, layer: Layer, questions: Sequence[_Question]) -> list[_Answer]:
        """Answer again, with other inputs, whether cells move that did not move so far.

        A unit that is off, a maximum elsewhere or a rounded value hides a pixel for one input, and
        shows it for another.
        """
        answers = [_Answer(False, "") for _ in questions]
        for size in _SIZES:
            left = [i for i, answer in enumerate(answers) if not answer.moved]
            if not left:
                break
            one, other = (
                _random_values(self._input.shape, self._dtype, self._random) for _ in range(2)
            )
            if one.dtype == np.float32:
                one, other = one * size, other * np.sqrt(size)
            try:
                before = self._runs.values(layer, one)
                for i in left:
                    changed = on_input(questions[i].pixels, self._input)
                    after = self._runs.values(layer, np.where(changed, other, one))
                    at = questions[i].at
                    answers[i] = _compare(before[at], after[at], largest(before))
            except ModelError:
                break
        return answers

    def _unchanged(self, layer: Layer) -> NDArray[np.float32]:
        if layer.name in self.failed:
            raise ModelError(self.failed[layer.name])
        if self._still[0] != layer.name:
            try:
                self._still = layer.name, self._runs.values(layer, self._one)
            except ModelError as error:
                self.failed[layer.name] = str(error)
                raise
        return self._still[1]


def _compare(before: NDArray[np.float32], after: NDArray[np.float32], scale: float) -> _Answer:
    outcome, change = compare(before, after, scale)
    if outcome == "not finite":
        return _Answer(None, "the model's values are not finite here")
    if outcome == "same":
        return _Answer(False, "the cell stays the same to the last bit")
    detail = f"the cell moves by {change:.1e} of the layer's largest"
    return _Answer(True, detail) if outcome == "moved" else _Answer(False, f"{detail}: noise")


def _random_values(shape: Sequence[int], dtype: str, random: np.random.Generator) -> NDArray[Any]:
    """Random floats of both signs, from 0.1 to 100 in size, so that some do not saturate."""
    if "float" in dtype or dtype == "double":
        sizes = 10 ** random.uniform(-1, 2, shape)
        return np.asarray(sizes * random.choice([-1, 1], shape), np.float32)
    return random.integers(0, {"bool": 2, "int8": 128}.get(dtype, 256), shape)


class _Twin(_Experiment):
    """The twin, fed with a signal at the changed pixels only: does it arrive?"""

    how = "twin"

    def __init__(self, model: Model, net: Network) -> None:
        self._signals = Signals(model, net)
        self._nothing = np.zeros(net.input.size, bool)

    def missing(self, layer: Layer) -> str:
        """The reason why the twin cannot answer for this layer; empty where it can."""
        return self._signals.missing(layer)

    def computed_shape(self, layer: Layer) -> tuple[int, ...]:
        return self._signals.reached(self._nothing, layer).shape

    def run(self, layer: Layer, questions: Sequence[_Question]) -> list[_Answer]:
        reached = self._signals.reached(questions[0].pixels, layer)
        arrived = [bool(reached[q.at].any()) for q in questions]
        return [
            _Answer(moved, f"the pixels {'reach' if moved else 'do not reach'} the cell")
            for moved in arrived
        ]
