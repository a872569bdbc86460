"""One step of the recurrence in numbers: how a layer's r, S and P follow from those before it.

The recurrence is that of Araujo, Norris and Sim, Distill 2019 (doi 10.23915/distill.00021), counted
upwards from the input: ``r = r' + (k - 1) S'``, ``S = S' s`` and ``P = P' + p S'`` for a window of
kernel k, stride s and padding p on a layer with r', S' and P'. Where paths meet, the largest r
counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .closed_form import Form, advance, meet
from .tensors import Source


class PathStep(NamedTuple):
    """The step along one axis and one path to a layer.

    ``size``, ``stride`` and ``padding`` are r', S' and P' of the layer ``source`` ("" for the
    input); ``kernel`` and ``step`` are k, dilation included, and s of what lies between; ``front``
    is its padding p. The paddings are None where they depend on an unknown input size.
    """

    source: str
    size: int
    stride: int
    padding: int | None
    kernel: int
    step: int
    front: int | None

    @property
    def after(self) -> tuple[int, int, int | None]:
        """The r, S and P behind the step."""
        padding = None
        if self.padding is not None and self.front is not None:
            padding = self.padding + self.front * self.stride
        return self.size + (self.kernel - 1) * abs(self.stride), self.stride * self.step, padding


class AxisStep(NamedTuple):
    """The step along one axis: that of each path, and what it comes to."""

    paths: tuple[PathStep, ...]
    size: int
    stride: int
    padding: int | None

    def texts(self, dilation: int = 1) -> tuple[str, ...]:
        """The step as equations for r, S and P, such as ``r = 47 + (3 - 1) x 8 = 63``.

        ``dilation`` is that of the kernel, to be written as a factor. Nothing is written that a
        layer leaves as it is.
        """
        path, *others = self.paths
        if others:
            sizes = dict.fromkeys(str(path.after[0]) for path in self.paths)
            return (f"r = max({', '.join(sizes)}) = {self.size}",) if len(sizes) > 1 else ()
        texts = []
        if path.kernel > 1:
            wider = f"({path.kernel} - 1)"
            if dilation > 1 and (path.kernel - 1) % dilation == 0:
                wider = f"{dilation} x ({(path.kernel - 1) // dilation + 1} - 1)"
            texts.append(f"r = {path.size} + {wider} x {abs(path.stride)} = {self.size}")
        if path.step != 1:
            texts.append(f"S = {path.stride} x {path.step} = {self.stride}")
        if path.padding is not None and path.front:
            sign, front = ("+", path.front) if path.front > 0 else ("-", -path.front)
            texts.append(f"P = {path.padding} {sign} {front} x {path.stride} = {self.padding}")
        return tuple(texts)


def axis_step(layer: Form, paths: Sequence[tuple[str, Form, Source]], node: str) -> AxisStep | None:
    """The step along one axis to a layer whose form there is ``layer``.

    ``paths`` have the name, the form and the edge of each source that has a closed form. Returns
    None where the layer's form does not follow from theirs.
    """
    forms, steps = [], []
    for name, before, source in paths:
        after = advance(before, source.relation, node)
        if not isinstance(after, Form):
            return None
        forms.append(after)
        front = None
        if before.start is not None and after.start is not None:
            front = (before.start - after.start) // before.stride
        steps.append(
            PathStep(
                name,
                before.size,
                before.stride,
                None if before.start is None else -before.start,
                (after.size - before.size) // abs(before.stride) + 1,
                after.stride // before.stride,
                front,
            )
        )
    met = meet(forms, node) if forms else None
    if not isinstance(met, Form) or (met.size, met.stride) != (layer.size, layer.stride):
        return None
    return AxisStep(
        tuple(dict.fromkeys(steps)),
        layer.size,
        layer.stride,
        None if layer.start is None else -layer.start,
    )
