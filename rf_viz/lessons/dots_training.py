"""Training of a network that looks at dots, step by step, and how well it did in many runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..catalogue.samples import ASSETS
from .dots import couples
from .dots_network import DotsNetwork, losses

STEPS = 150
"""Steps of a training."""

COUPLES, HELD_OUT = 16, 100
"""Couples of inputs that each step learns from, and that the network is tested on."""

_EVERY = 10
"""Steps from one test to the next."""

_RATE, _MEAN, _SQUARE = 0.01, 0.9, 0.99

SWEEP = ASSETS / "dots" / "sweep.json"
"""What ``assets/dots/make.py`` measured."""


class Progress(NamedTuple):
    """How well a network does after so many steps, on inputs that it never learned from."""

    step: int
    loss: float
    accuracy: float


class Training:
    """A network that learns to tell narrow pairs from wide ones; ``seed`` settles all chance.

    It learns by gradient descent, each step on new inputs, with steps as Adam sizes them (Kingma
    and Ba, ICLR 2015, arXiv 1412.6980).

    Attributes:
        network: the network as it is now.
        history: its tests so far; the first one comes before the first step.
    """

    def __init__(self, width: int, depth: int, seed: int) -> None:
        chance, weights, tests = np.random.SeedSequence([width, depth, seed]).spawn(3)
        self._width, self._random, self._step = width, np.random.default_rng(chance), 0
        self._held_out = couples(np.random.default_rng(tests), HELD_OUT, width)
        self.network = DotsNetwork(depth, np.random.default_rng(weights))
        self._means = [np.zeros(values.shape) for values in self.network.parameters]
        self._squares = [np.zeros(values.shape) for values in self.network.parameters]
        self.history = [self._test()]

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self._step == STEPS

    @property
    def accuracy(self) -> float:
        """The share of right answers in the latest test."""
        return self.history[-1].accuracy

    def work(self) -> None:
        """Learn until the next test, and take it."""
        for _ in range(_EVERY):
            self._learn()
        self.history.append(self._test())

    def _learn(self) -> None:
        self._step += 1
        gradients = self.network.gradients(*couples(self._random, COUPLES, self._width))
        mean_so_far, square_so_far = 1 - _MEAN**self._step, 1 - _SQUARE**self._step
        for values, gradient, mean, square in zip(
            self.network.parameters, gradients, self._means, self._squares, strict=True
        ):
            mean += (1 - _MEAN) * (gradient - mean)
            square += (1 - _SQUARE) * (gradient**2 - square)
            deviation = np.sqrt(square / square_so_far)
            values -= _RATE * mean / mean_so_far / (deviation + 1e-8)

    def _test(self) -> Progress:
        inputs, narrow = self._held_out
        answers = self.network.answers(inputs)
        right = (answers > 0) == narrow
        return Progress(self._step, float(losses(answers, narrow).mean()), float(right.mean()))


def final_accuracy(width: int, depth: int, seed: int) -> float:
    """The share of right answers after a whole training."""
    training = Training(width, depth, seed)
    while not training.finished:
        training.work()
    return training.accuracy


@lru_cache(maxsize=1)
def sweep() -> Mapping[tuple[int, int], Sequence[float]]:
    """The accuracies of networks after their training, a number a seed, by width and depth."""
    rows = json.loads(SWEEP.read_text("utf-8"))
    return {(row["width"], row["depth"]): row["accuracies"] for row in rows}
