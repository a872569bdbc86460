"""The task of the lab: is a pair of dots exactly as wide as asked, or wider?

An input is a row of ``LENGTH`` units that are dark but for two dots, each with a brightness of its
own. The *width* of the pair counts the units from the first dot to the last one, both included. A
pair is *narrow* if its width is the width of the task, and *wide* if it is up to ``MOST_WIDER``
units wider.

A network of convolutions without padding, whose last layer is averaged over all of its units, can
only tell them apart if the receptive field size r of that layer is at least the width of the task.
Proof. A unit of the last layer is a function of the r units in its window, the same function
everywhere. Let r be smaller than the width of the task, and so than that of every pair. Then no
window holds both dots. At least r - 1 units lie on either side of each dot, so it lies in r
windows, once at each place in the window. So the windows of an input are these: for either dot r
windows with this dot alone, one for each place, and LENGTH - 3 r + 1 that are dark. The distance of
the dots plays no part in it. The average over all units is therefore the same for a narrow and a
wide pair of equally bright dots, and so is the network's answer, whatever its weights are. One of
the two answers is right and one is wrong: over such couples the accuracy is exactly one half.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LENGTH = 48
"""Units of an input."""

WIDTHS = range(4, 14)
"""The widths that a task can ask for."""

DEPTHS = range(1, 7)
"""Numbers of layers of a network."""

KERNEL = 3
"""Units of the kernel of every layer."""

MOST_WIDER = 4
"""So many units a wide pair is wider than a narrow one, at most."""

_DIMMEST, _BRIGHTEST = 0.5, 1.5


def field_size(depth: int) -> int:
    """The receptive field size of the last of so many layers."""
    return 1 + depth * (KERNEL - 1)


MARGIN = field_size(DEPTHS[-1]) - 1
"""So many units stay dark at either end: the largest window reaches no further beyond a dot."""


def smallest_depth(width: int) -> int:
    """The smallest number of layers whose receptive field is as wide as a narrow pair."""
    return next(depth for depth in DEPTHS if field_size(depth) >= width)


def couples(
    random: np.random.Generator, count: int, width: int
) -> tuple[Values, NDArray[np.bool_]]:
    """Draw inputs in couples: a narrow pair, and a wide one of the same dots.

    Returns the inputs (2 count, LENGTH), all narrow pairs first, and which of them are narrow.
    """
    bright = random.uniform(_DIMMEST, _BRIGHTEST, (2, count))
    wider = width + random.integers(1, MOST_WIDER + 1, count)
    first = random.integers(MARGIN, LENGTH - MARGIN - width - MOST_WIDER + 1, count)
    inputs, numbers = np.zeros((2, count, LENGTH)), np.arange(count)
    for rows, widths in zip(inputs, (np.full(count, width), wider), strict=True):
        rows[numbers, first] = bright[0]
        rows[numbers, first + widths - 1] = bright[1]
    return inputs.reshape(-1, LENGTH), np.repeat([True, False], count)


def window_counts(line: Values, size: int) -> dict[int, int]:
    """Count the windows of an input by the number of dots in them."""
    windows = np.lib.stride_tricks.sliding_window_view(line, size)
    dots = Counter(np.count_nonzero(windows, axis=1).tolist())
    return {number: dots[number] for number in range(3)}
