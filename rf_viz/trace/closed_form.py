"""The closed form of a receptive field, and whether the paths through a graph agree on it.

Size, effective stride, effective padding and centre as in Araujo, Norris and Sim, "Computing
Receptive Fields of Convolutional Neural Networks", Distill 2019 (doi 10.23915/distill.00021):
for cell ``u``, ``start = -padding + u * stride``, ``stop = start + size`` (half-open) and
``centre = start + (size - 1) / 2``. It counts padding and may reach outside the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..relation import AxisMap, Relation


class Form(NamedTuple):
    """The closed form along one input axis, in input pixels.

    ``axis`` is the tensor axis whose index is the cell ``u``; ``start`` is where cell 0 begins,
    None where that depends on an unknown input size. Where a reshape has merged the axis with
    others, ``u`` is ``index // inner % extent``; ``extent`` is None where ``u`` is the index
    itself.
    """

    axis: int
    size: int
    stride: int
    start: int | None
    inner: int = 1
    extent: int | None = None


class NoForm(NamedTuple):
    """The lack of a closed form, and ``why``.

    ``disagreement`` names the property in which paths disagree; it is empty where that is not the
    reason.
    """

    why: str
    disagreement: str = ""

    @classmethod
    def misaligned(cls, disagreement: str) -> NoForm:
        """No closed form, because paths disagree."""
        return cls(f"branches misaligned: {disagreement}", disagreement)


REGROUPED = NoForm("no affine form: rearranged into another grid")
"""An axis of the image was merged with others or cut, and no tensor axis counts its positions."""

Forms = tuple[Form | NoForm, ...]
"""The closed forms along the spatial axes of the input, in its order."""


def advance(form: Form, relation: Relation, where: str, any_size: bool) -> Form | NoForm:
    """Advance the form by one more operation; ``where`` names it in the reason for having none.

    With ``any_size`` the result must hold for every input size.
    """
    for step in relation:
        step_map = step.affine(form.axis)
        if form.extent is None and isinstance(step_map, AxisMap):
            axis, stride, offset, reach, varies = step_map
            if stride == reach == 1 and not offset and not varies:
                form = form if axis == form.axis else form._replace(axis=axis)
                continue
            form = Form(
                axis,
                form.size + (reach - 1) * abs(form.stride),
                form.stride * stride,
                None
                if form.start is None or (varies and any_size)
                else form.start + min(offset * form.stride, (offset + reach - 1) * form.stride),
            )
            continue
        merged = form.extent is not None
        if merged or isinstance(step_map, AxisMap) or step_map.kind == "regrouped":
            index = step.follow_index(form.axis, form.inner, form.extent)
            if index is not None:
                form = form._replace(axis=index.axis, inner=index.inner, extent=index.extent)
                continue
        if isinstance(step_map, AxisMap):
            return REGROUPED
        if step_map.kind == "mixed":
            return NoForm(f"mixed within blocks by {where}")
        return NoForm(f"no affine form: {step_map.why}")
    return form


def meet(forms: Sequence[Form | NoForm], where: str) -> Form | NoForm:
    """Join the forms of several paths: the largest, if their strides and centres agree.

    These are the two alignment criteria of the article. ``where`` names the operation in the reason
    for having none.
    """
    first, *others = forms
    for other in others:
        if other == first or isinstance(first, NoForm):
            continue
        if isinstance(other, NoForm):
            first = other
            continue
        if (first.axis, *first[4:]) != (other.axis, *other[4:]):
            return NoForm(f"paths run along different axes at {where}")
        if first.stride != other.stride:
            return NoForm.misaligned(f"strides {first.stride} and {other.stride} meet at {where}")
        if first.start is None or other.start is None:
            first = first._replace(size=max(first.size, other.size), start=None)
            continue
        apart = abs(2 * (first.start - other.start) + first.size - other.size) / 2
        if apart:
            return NoForm.misaligned(f"centres {apart:g} px apart at {where}")
        first = max(first, other, key=lambda f: f.size)
    return first


def common(one: Form | NoForm, two: Form | NoForm) -> Form | NoForm:
    """The form that holds at two input sizes, of the forms at each."""
    if isinstance(one, NoForm) or one == two:
        return one
    if isinstance(two, NoForm):
        return two
    if one._replace(start=None) == two._replace(start=None):
        return one._replace(start=None)
    return NoForm("no affine form: it depends on the input's size")


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The closed form of a layer, one number for each spatial axis of the input, in its order.

    ``size`` is the receptive field size r, ``stride`` the effective stride S and ``padding`` the
    effective padding P of Araujo, Norris and Sim (Distill 2019, doi 10.23915/distill.00021), all in
    input pixels. Cell ``u`` covers ``u * S - P`` up to, not including, ``u * S - P + r``.
    ``padding`` is None along an axis where it depends on an unknown input size.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int | None, ...]

    def start(self, cell: Sequence[int]) -> tuple[int, ...]:
        """The first pixel of the cell's box along each axis; negative in the padding.

        ``cell`` has one index for each spatial axis. Raises ValueError where the padding depends on
        an unknown input size.
        """
        if None in self.padding:
            raise ValueError("the padding depends on the input's size: trace with one")
        return tuple(
            u * s - p  # type: ignore[operator]
            for u, s, p in zip(cell, self.stride, self.padding, strict=True)
        )

    def stop(self, cell: Sequence[int]) -> tuple[int, ...]:
        """The pixel after the last of the cell's box along each axis; raises as ``start`` does."""
        return tuple(b + r for b, r in zip(self.start(cell), self.size, strict=True))

    def centre(self, cell: Sequence[int]) -> tuple[float, ...]:
        """The middle of the cell's box along each axis; pixel ``i`` has its centre at ``i``.

        Raises as ``start`` does.
        """
        return tuple(b + (r - 1) / 2 for b, r in zip(self.start(cell), self.size, strict=True))
