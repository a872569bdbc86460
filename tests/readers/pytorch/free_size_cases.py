"""Functions of tensors of any size, by name: needs PyTorch, which tests do without.

``make_programs.py`` beside this file exports them with the first shape; ``test_free_sizes.py`` says
in NumPy what they are, and opens them at other sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Shape = tuple[int, ...]

SIZED: dict[str, tuple[Callable[[Tensor], Any], Shape]] = {}
"""The function, and the shape of its input when it is exported, by name."""


def sized(*shape: int) -> Callable[[Callable[[Tensor], Any]], Callable[[Tensor], Any]]:
    """Enter a function. Axes behind the second are free, of matrices both."""

    def enter(function: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
        SIZED[function.__name__] = function, shape
        return function

    return enter


@sized(4, 6)
def rolled_far(x: Tensor) -> Tensor:
    return x.roll((9, -1), (0, 1))


@sized(4, 6)
def rolled_half(x: Tensor) -> Tensor:
    return x.roll(x.shape[1] // 2, 1)


@sized(4, 6)
def rolled_flat(x: Tensor) -> Tensor:
    return x.roll(5)


@sized(4, 6)
def turned(x: Tensor) -> Tensor:
    return x.rot90(1, (0, 1))


@sized(4, 6)
def repeated(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, 1)


@sized(4, 6)
def last_chunk(x: Tensor) -> Tensor:
    return x.chunk(2, 1)[1] * 2


@sized(4, 6)
def all_but_three(x: Tensor) -> Tensor:
    return x.split([3, x.shape[1] - 3], 1)[1] * 2


@sized(4, 6)
def overlapping_windows(x: Tensor) -> Tensor:
    return x.unfold(1, 3, 2)


@sized(4, 6)
def spread_of_rows(x: Tensor) -> Tensor:
    return x.var(1)


@sized(4, 6)
def in_order(x: Tensor) -> Tensor:
    return x.sort(1).values


@sized(4, 6)
def places_at_equal_distances(x: Tensor) -> Tensor:
    return x[:, torch.linspace(0, x.shape[1] - 1, 3).long()]


@sized(1, 4, 4, 6)
def shuffled_channels(x: Tensor) -> Tensor:
    return torch.channel_shuffle(x, 2)


@sized(1, 2, 4, 6)
def pixels_to_channels(x: Tensor) -> Tensor:
    return nn.functional.pixel_unshuffle(x, 2)


@sized(1, 2, 4, 6)
def patches(x: Tensor) -> Tensor:
    return nn.functional.unfold(x, 2, padding=(0, 1), stride=2)


@sized(4, 6)
def every_second_written(x: Tensor) -> Tensor:
    y = x * 1
    y[:, 1::2] = x[:, :1]
    return y


@sized(4, 6)
def written_beyond_the_ends(x: Tensor) -> Tensor:
    y = x * 1
    y[:, 5:] = 7.0
    y[:, 4:3] = 1.0
    y[:, -9:2] = x[:, 2:3]
    y[-3:-1] *= 2
    return y


@sized(1, 1, 4, 6)
def smaller_by_half(x: Tensor) -> Tensor:
    """Its windows are not told at free sizes; the size of what comes of it is."""
    return nn.functional.interpolate(x, scale_factor=0.5, mode="area")


class Memory(nn.Module):
    """Two buffers in one memory, and a normalisation in training mode whose statistics are read."""

    def __init__(self) -> None:
        super().__init__()
        row = torch.zeros(6)
        self.register_buffer("row", row)
        self.register_buffer("end", row[4:])
        self.norm = nn.BatchNorm1d(6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Write to one buffer, and read the other one."""
        y = self.norm(x)
        self.row.copy_(x[0])
        return y, self.end * 2, self.norm.running_mean * 2


@sized(1, 2, 24, 24)
def a_branch_for_large_images(x: Tensor) -> Tensor:
    if x.shape[2] > 20:
        return x[:, :, ::2] * 2
    return x.flip(2)
