"""How windows fit an axis of any extent: how many there are, and where the first one begins."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Padding(NamedTuple):
    """The padding of an axis, as an operation was told to pad it.

    With the rule "fixed" there are ``front`` and ``behind`` positions of it at every size, and
    only whole windows count; "ceil" lets in a last window that reaches beyond the padding, if it
    begins before it. "same" makes one window for every ``stride`` positions: its padding follows
    from the size, and ``front`` and ``behind`` are those at the traced one. ``lower`` and ``clamp``
    are as in ``same_total`` and ``same_front``.
    """

    front: int = 0
    behind: int = 0
    rule: Literal["fixed", "ceil", "same"] = "fixed"
    lower: bool = False
    clamp: bool = True


class Fit(NamedTuple):
    """Windows of ``kernel``, ``stride`` and ``dilation`` on an axis padded like ``padding``.

    The default moves every position on its own and leaves the extent as it is.
    """

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    padding: Padding = Padding()

    @property
    def gain(self) -> int:
        """The number c for which an axis of n positions has ``(n + c) // stride`` windows."""
        front, behind, rule, _, _ = self.padding
        if rule == "same":
            return self.stride - 1
        whole = front + behind - self.dilation * (self.kernel - 1) - 1 + self.stride
        if rule == "fixed":
            return whole
        # One window more than whole ones, or one less than that where the last would begin behind
        # the axis: never two less, as runtimes have it.
        return max(whole - 1, min(whole, front) + self.stride - 1)

    def extent(self, size: int) -> int:
        """The number of windows on an axis of ``size``."""
        return (size + self.gain) // self.stride

    def front(self, size: int) -> int:
        """The padding in front of an axis of ``size``."""
        front, _, rule, lower, clamp = self.padding
        if rule != "same":
            return front
        total = same_total(size, self.kernel, self.stride, self.dilation, clamp=clamp)
        return same_front(total, lower=lower)

    @property
    def moves(self) -> bool:
        """Whether the padding in front may differ from size to size."""
        return self.padding.rule == "same" and self.stride > 1


KEPT = Fit()
"""An axis that stays what it is."""


def same_total(size: int, kernel: int, stride: int, dilation: int, *, clamp: bool = True) -> int:
    """The SAME padding of an axis on both sides together.

    ``(ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size``. Where the stride is
    larger than the kernel that may be negative; ``clamp`` then makes it 0.
    """
    total = (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size
    return max(total, 0) if clamp else total


def same_front(total: int, *, lower: bool = False) -> int:
    """The part of a SAME padding that lies in front: half of it, rounded towards zero.

    With ``lower`` an odd total has one more in front than behind.
    """
    return int((total + lower) / 2)
