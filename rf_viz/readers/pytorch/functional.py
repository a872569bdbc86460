"""Tensors that share a storage: what is written to one of them, all readers see.

An exported program may write in place, also through views (``x[:, 0].add_(1)``). ONNX knows values
only. So each tensor of the program knows which part of which storage it is. A write makes a new
value of the whole storage; views that are read after it are derived from that again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .program import TensorMeta


class Storage:
    """The memory of one or more tensors: the ONNX name of its present value.

    ``version`` counts the writes. A ``value`` that is a function is made when it is first read.
    ``meta`` says how the tensor that fills it lies in it; None where that is unknown. ``kin`` are
    other weights' storages in the same memory, which a write can change.
    """

    def __init__(self, value: str | Callable[[], str], meta: TensorMeta | None = None) -> None:
        self._value, self.meta = value, meta
        self._first = ""
        self.version = 0
        self.kin: list[Storage] = []

    @property
    def first(self) -> str:
        """The ONNX name of the value before anything was written."""
        return self._first or self.value

    @property
    def value(self) -> str:
        """The ONNX name of the present value."""
        if not isinstance(self._value, str):
            self._value = self._value()
        return self._value

    def rename(self, value: str) -> None:
        """Call the present value by another name."""
        self._value = value

    def overwrite(self, value: str) -> None:
        """Put another value in."""
        self._first = self.first
        self._value = value
        self.version += 1


@dataclass(eq=False)
class View:
    """How a tensor lies in another one.

    ``derive`` makes its value from the other's, ``put`` the other's value from its old value and
    the new value of this one. It ``overlaps`` if an element may be in it several times.
    """

    base: Alias
    overlaps: bool
    derive: Callable[[str], str]
    put: Callable[[str, str], str]


@dataclass(eq=False)
class Alias:
    """A tensor of the program: the whole of a storage, or a view of another tensor."""

    storage: Storage
    view: View | None = None
    _value: str = ""
    _version: int = field(default=-1)

    @classmethod
    def of_view(cls, view: View, value: str) -> Alias:
        """Make a tensor that is a view, with its present value."""
        storage = view.base.storage
        return cls(storage, view, value, storage.version)

    @property
    def value(self) -> str:
        """The ONNX name of the present value."""
        if self.view is None:
            return self.storage.value
        if self._version != self.storage.version:
            self._value = self.view.derive(self.view.base.value)
            self._version = self.storage.version
        return self._value

    def overwrite(self, value: str) -> None:
        """Write a value of the same shape and type in place."""
        chain = [self]
        while (view := chain[-1].view) is not None:
            chain.append(view.base)
        values = [value]
        for tensor in chain[:-1]:
            if tensor.view is not None:
                values.append(tensor.view.put(tensor.view.base.value, values[-1]))
        self.storage.overwrite(values[-1])
        safe = False  # an element that is shown in several places is known in one of them only
        for tensor, new in zip(chain[::-1], values[::-1], strict=True):
            safe = not (tensor.view and tensor.view.overlaps) and (safe or tensor.view is None)
            if safe or tensor is self:
                tensor._value, tensor._version = new, self.storage.version
