"""A small network for rows of units: convolutions, an average, and one number as its answer.

Its gradients are written out by hand, so that a lesson can train it with numpy alone.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from .dots import KERNEL, Values

CHANNELS = 16
"""Channels of every layer."""


class DotsNetwork:
    """A network of ``depth`` layers with random weights, drawn by He's rule.

    Each layer is a convolution without padding and a rectifier. The last one is averaged over its
    units, and a weighted sum of its channels is the answer: above zero it says "narrow".
    """

    def __init__(self, depth: int, random: np.random.Generator) -> None:
        widths = [1, *[CHANNELS] * depth]
        self.kernels = [
            random.normal(0, sqrt(2 / (KERNEL * below)), (KERNEL, below, CHANNELS))
            for below in widths[:-1]
        ]
        self.biases = [np.zeros(CHANNELS) for _ in range(depth)]
        self.read_out = random.normal(0, sqrt(1 / CHANNELS), CHANNELS)
        self.offset = np.zeros(1)

    @property
    def parameters(self) -> list[Values]:
        """All numbers that are learned; changing them in place changes the network."""
        return [*self.kernels, *self.biases, self.read_out, self.offset]

    def maps(self, inputs: Values) -> list[Values]:
        """The inputs (n, length), and what each layer makes of them: (n, units, channels)."""
        maps = [inputs[..., None]]
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            below = maps[-1]
            units = below.shape[1] - KERNEL + 1
            sums = sum(below[:, tap : tap + units] @ kernel[tap] for tap in range(KERNEL))
            maps.append(np.maximum(sums + bias, 0))
        return maps

    def answers(self, inputs: Values) -> Values:
        """The answer to each of the inputs (n, length)."""
        return self._answers(self.maps(inputs)[-1])

    def _answers(self, last: Values) -> Values:
        return np.asarray(last.mean(axis=1) @ self.read_out + self.offset)

    def gradients(self, inputs: Values, narrow: NDArray[np.bool_]) -> list[Values]:
        """The gradient of the mean loss (see ``losses``), in the order of ``parameters``."""
        maps = self.maps(inputs)
        last = maps[-1]
        # The slope of the loss at each answer: how sure the network is, minus what is true.
        slopes = (_probability(self._answers(last)) - narrow) / len(inputs)
        share = np.outer(slopes, self.read_out) / last.shape[1]
        above = np.repeat(share[:, None], last.shape[1], axis=1)
        kernels, biases = list[Values](), list[Values]()
        for kernel, below, layer in zip(
            reversed(self.kernels), reversed(maps[:-1]), reversed(maps[1:]), strict=True
        ):
            sums = above * (layer > 0)
            units, flat = sums.shape[1], sums.reshape(-1, CHANNELS)
            above, taps = np.zeros(below.shape), list[Values]()
            for tap in range(KERNEL):
                reached = below[:, tap : tap + units]
                taps.append(reached.reshape(-1, below.shape[2]).T @ flat)
                above[:, tap : tap + units] += sums @ kernel[tap].T
            kernels.append(np.stack(taps))
            biases.append(flat.sum(axis=0))
        read_out = last.mean(axis=1).T @ slopes
        return [*kernels[::-1], *biases[::-1], read_out, np.array([slopes.sum()])]


def losses(answers: Values, narrow: NDArray[np.bool_]) -> Values:
    """The loss of each answer: minus the logarithm of the probability of what is true."""
    return np.asarray(np.logaddexp(0, np.where(narrow, -answers, answers)))


def _probability(answers: Values) -> Values:
    """The probability of "narrow" that an answer stands for."""
    return np.asarray(0.5 * (1 + np.tanh(answers / 2)))
