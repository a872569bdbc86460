"""The networks that a session trains in the lab; the page's address names them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from ....lessons.dots import DEPTHS
from ....lessons.dots_training import Training
from ...address import ignore_echo, unread
from ...address_choice import restored, several_of

ENOUGH = 0.95
"""A network can tell from this share of right answers on."""

_STEP = 0.3
"""Seconds of training before the page answers again."""

_KEPT = 60
"""So many networks are kept in a session, or few more."""

_PARAMETER, _TRAINED = "lab.trained", "lab trained"
"""The depths that were trained: their parameter in the address, and their key."""


@dataclass(eq=False)
class Runs:
    """The trainings of a session.

    Attributes:
        trainings: all of them, by width, depth and seed.
        of: the width and the seed that show; None before the first.
        depths: the depths that were trained for these.
        ticking: whether the page calls itself to go on with a training.
    """

    trainings: dict[tuple[int, int, int], Training] = field(default_factory=dict)
    of: tuple[int, int] | None = None
    depths: list[int] = field(default_factory=list)
    ticking: bool = False

    def turn_to(self, width: int, seed: int) -> None:
        """Show the trainings of this width and this seed: those that an address names, or all."""
        named = _PARAMETER in unread()
        restored(_PARAMETER, _TRAINED, several_of(DEPTHS))
        if self.of != (width, seed) and not named:
            depths = [depth for depth in DEPTHS if (width, depth, seed) in self.trainings]
            st.session_state[_TRAINED] = depths
        self.of = width, seed
        self.depths = st.session_state[_TRAINED]
        for depth in self.depths:
            if (width, depth, seed) not in self.trainings:
                self._begin(width, depth, seed)

    def _begin(self, width: int, depth: int, seed: int) -> None:
        if len(self.trainings) >= _KEPT:
            shown = {(width, depth, seed) for depth in DEPTHS}
            self.trainings = {key: run for key, run in self.trainings.items() if key in shown}
        self.trainings[width, depth, seed] = Training(width, depth, seed)

    def add(self, depth: int) -> None:
        """Train a network of this depth, too."""
        ignore_echo()
        st.session_state[_TRAINED] = sorted({*self.depths, depth})

    @property
    def chosen(self) -> Mapping[int, Training]:
        """The trainings that show, by depth."""
        if self.of is None:
            return {}
        width, seed = self.of
        return {depth: self.trainings[width, depth, seed] for depth in self.depths}

    @property
    def accuracies(self) -> Mapping[int, float]:
        """The shares of right answers of those that are done, by depth."""
        return {depth: run.accuracy for depth, run in self.chosen.items() if run.finished}

    @property
    def pending(self) -> Mapping[int, Training]:
        """The trainings that show and are not done, by depth."""
        return {depth: run for depth, run in self.chosen.items() if not run.finished}

    def can_tell(self, depth: int) -> bool:
        """Whether a network of this depth was trained, and tells."""
        return self.accuracies.get(depth, 0) >= ENOUGH

    def cannot_tell(self, depth: int) -> bool:
        """Whether a network of this depth was trained, and does not tell."""
        return self.accuracies.get(depth, 1) < ENOUGH

    def work(self, depth: int) -> None:
        """Go on with a training for a while, with that of this depth before all others."""
        pending, begun = self.pending, time.monotonic()
        training = pending.get(depth) or next(iter(pending.values()), None)
        while training and not training.finished and time.monotonic() - begun < _STEP:
            training.work()


def runs_of_session() -> Runs:
    """The trainings of this session."""
    runs: Runs = st.session_state.setdefault("lab runs", Runs())
    return runs
