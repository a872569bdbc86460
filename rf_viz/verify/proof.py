"""The proof for one cell on one input: all pixels that it does not see change, then all it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..model import Model
from ..trace.network import Index, Layer, Network
from .experiment import Move, Pixels, Runs, Signals, compare, largest, on_input


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome for one cell of replacing some pixels.

    Attributes:
        replaced: how many pixels really changed.
        value: the cell's value afterwards; None where the model cannot be run.
        move: how the cell moved; None where the model cannot be run.
        arrives: whether a signal from these pixels reaches the cell in the model's twin; None
            where the model itself shows enough, and where the twin cannot tell.
        holds: whether this agrees with the mask; None where neither of the two tells.
    """

    replaced: int
    value: float | None
    move: Move | None
    arrives: bool | None
    holds: bool | None


@dataclass(frozen=True)
class Proof:
    """The outcome for one cell of replacing all outside its mask, and then all within.

    Attributes:
        mask: the pixels that the cell sees.
        value: its value on the input as it is; None where the model cannot be run.
        outside: None where it sees the whole input.
        inside: None where it sees nothing.
        context: through what the whole input reaches the cell besides, which the trace left out:
            then the outside may move it, and the twin has nothing to say.
        no_model: why the model cannot be run; empty where it can.
        no_twin: why the twin cannot tell, where it was asked.
    """

    mask: Pixels
    value: float | None
    outside: Trial | None
    inside: Trial | None
    context: tuple[str, ...] = ()
    no_model: str = ""
    no_twin: str = ""


def prove(
    model: Model,
    net: Network,
    layer: Layer,
    at: tuple[Index, ...],
    tensor: NDArray[np.float32],
    other: NDArray[np.float32],
    feeds: Mapping[str, NDArray[np.generic]] | None = None,
) -> Proof:
    """Replace all pixels that a cell does not see, then all it sees, and run the model each time.

    ``at`` is an index of the layer's tensor as in ``Layer.region_of``; where it names several
    elements, values are those of the first. ``tensor`` is the input, ``other`` its replacement, in
    the same shape; ``feeds`` are values of other inputs. Where the model does not move as it
    should, or cannot be run, its twin decides (see ``runtimes.Twin``). Raises IndexError for an
    index outside the tensor, and ModelError where the model can be run on the input but not on the
    changed one.
    """
    mask = layer.mask_of(at)
    runs = Runs(model, net, tensor, feeds)
    cell = _CellTrial(runs, Signals(model, net), layer, at, tensor, other)
    outside, inside = cell.trial(~mask, moves=False), cell.trial(mask, moves=True)
    return Proof(mask, cell.value, outside, inside, cell.context, cell.no_model, cell.no_twin)


class _CellTrial:
    """One cell on one input, to be tried with some pixels replaced."""

    def __init__(
        self,
        runs: Runs,
        signals: Signals,
        layer: Layer,
        at: tuple[Index, ...],
        tensor: NDArray[np.float32],
        other: NDArray[np.float32],
    ) -> None:
        self._runs, self._signals = runs, signals
        self._layer, self._at, self._input = layer, at, layer.net.input
        self._tensor, self._other = tensor, other
        self.context = layer.global_context if layer.net.cut_global else ()
        self.no_model = self.no_twin = ""
        self._still: NDArray[np.float32] | None = None
        try:
            self._still = self._run(tensor)
        except ModelError as error:
            self.no_model = str(error)

    @property
    def value(self) -> float | None:
        """The cell's value with nothing replaced."""
        return None if self._still is None else self._first(self._still)

    def trial(self, pixels: Pixels, *, moves: bool) -> Trial | None:
        """Replace these pixels, by which the cell should move or not; None for no pixels."""
        if not pixels.any():
            return None
        replaced = int(np.count_nonzero(self._differs() & pixels))
        value = move = moved = arrives = None
        if self._still is not None:
            now = self._run(np.where(on_input(pixels, self._input), self._other, self._tensor))
            value = self._first(now)
            before, after = np.asarray(self._still[self._at]), np.asarray(now[self._at])
            move = compare(before, after, largest(self._still))
            if replaced and move.outcome != "not finite":
                moved = move.outcome == "moved"
        if moved is None or (moves and not moved):
            arrives = moved = self._arrives(pixels)
        holds = None if moved is None else moved == moves
        if self.context and not moves and move is not None and move.outcome != "same":
            holds = None
        return Trial(replaced, value, move, arrives, holds)

    def _run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        output = self._runs.values(self._layer, values)
        if output.shape != self._layer.shape:
            raise ModelError(f"the model computes {output.shape}, traced was {self._layer.shape}")
        return output

    def _first(self, values: NDArray[np.float32]) -> float:
        return float(np.asarray(values[self._at]).flat[0])

    def _differs(self) -> Pixels:
        """The pixels at which the input differs from its replacement."""
        off_space = tuple(
            axis for axis in range(self._tensor.ndim) if axis not in self._input.spatial_axes
        )
        differs: Pixels = np.asarray((self._tensor != self._other).any(axis=off_space))
        return differs

    def _arrives(self, pixels: Pixels) -> bool | None:
        if self.context:
            self.no_twin = "the twin has the global context that the trace left out"
            return None
        try:
            self.no_twin = self._signals.missing(self._layer)
            if self.no_twin:
                return None
            return bool(self._signals.reached(pixels, self._layer)[self._at].any())
        except ModelError as error:
            self.no_twin = str(error)
            return None
