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
from ..relation.fit import KEPT, Fit


class AnySize(NamedTuple):
    """What a form needs to hold at every size of the input.

    The tensor's axis is ``(n + gain) // stride`` long for an input axis of n, ``gain`` None where
    that is not known. ``starts`` are the first pixels of cell 0 for the sizes that leave 0, 1, 2
    ... when divided by their number. They are counted from pixels of which no more is known than by
    which operations they are chosen, ``since`` these.
    """

    gain: int | None = 0
    starts: tuple[int, ...] = (0,)
    since: tuple[str, ...] = ()

    @property
    def start(self) -> int | None:
        """The first pixel of cell 0, if it is the same at every size."""
        return self.starts[0] if len(self.starts) == 1 and not self.since else None


class Form(NamedTuple):
    """The closed form along one input axis, in input pixels.

    ``axis`` is the tensor axis whose index is the cell ``u``; ``start`` is where cell 0 begins,
    None where that depends on an unknown input size, of which ``any_size`` then tells more. Where a
    reshape has merged the axis with others, ``u`` is ``index // inner % extent``; ``extent`` is
    None where ``u`` is the index itself.
    """

    axis: int
    size: int
    stride: int
    start: int | None
    inner: int = 1
    extent: int | None = None
    any_size: AnySize | None = None

    @classmethod
    def of_input(cls, axis: int, any_size: bool) -> Form:
        """The form of an axis of the input itself; with ``any_size`` it holds at every size."""
        return cls(axis, 1, 1, 0, any_size=AnySize() if any_size else None)


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

BY_SIZE = NoForm("no affine form: it depends on the input's size")
"""Two sizes of the input give two forms, or only one of them any."""

WHOLE, EVERY = "the whole image", "every position"
"""How a reason calls what was mixed: the second where the image's border does not reach it."""

Forms = tuple[Form | NoForm, ...]
"""The closed forms along the spatial axes of the input, in its order."""


def advance(form: Form, relation: Relation, where: str) -> Form | NoForm:
    """Advance the form by one more operation; ``where`` names it in the reason for having none."""
    for step in relation:
        step_map = step.affine(form.axis)
        if form.extent is None and isinstance(step_map, AxisMap):
            if step_map.moves and (form.any_size is None or step_map.fit == KEPT):
                axis = step_map.axis
                form = form if axis == form.axis else form._replace(axis=axis)
            elif form.any_size is None:
                form = _slid(form, step_map)
            else:
                form = _slid_at_any_size(form, step_map, form.any_size, where)
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


def _slid(form: Form, step_map: AxisMap) -> Form:
    """The form behind one more window, at the traced size."""
    axis, stride, offset, reach, _, _ = step_map
    return Form(
        axis,
        form.size + (reach - 1) * abs(form.stride),
        form.stride * stride,
        None if form.start is None else form.start + _first(offset, reach, form.stride),
    )


def _first(offset: int, reach: int, stride: int) -> int:
    """The first pixel of a window on cells that lie ``stride`` pixels apart."""
    return min(offset * stride, (offset + reach - 1) * stride)


_LONGEST_PERIOD = 4096
"""At most so many sizes in a row are told apart by where their cells begin."""


def _slid_at_any_size(form: Form, step_map: AxisMap, any_size: AnySize, where: str) -> Form:
    """The form behind one more window, at every size."""
    gain, _, since = any_size
    fit = None if step_map.fit == KEPT else step_map.fit
    starts = _starts(any_size, form.stride, step_map, fit)
    if starts is None:
        starts, since = any_size.starts, (*since, where)
    if gain is not None:
        gain = None if fit is None else gain + fit.gain * abs(form.stride)
    after = AnySize(gain, starts, since)
    return _slid(form, step_map)._replace(start=after.start, any_size=after)


def _starts(
    any_size: AnySize, stride: int, step_map: AxisMap, fit: Fit | None
) -> tuple[int, ...] | None:
    """The starts behind one more window; None where they do not follow from those before it."""
    gain, starts, _ = any_size
    offset, reach = step_map.offset, step_map.reach
    if not step_map.varies:
        first = _first(offset, reach, stride)
        return tuple([start + first for start in starts])
    apart = abs(stride)
    if fit is None or gain is None or apart * fit.stride > _LONGEST_PERIOD:
        return None
    period = apart * fit.stride
    behind = []
    for size in range(period, 2 * period):
        moved = offset + fit.padding.front - fit.front((size + gain) // apart)
        behind.append(starts[size % len(starts)] + _first(moved, reach, stride))
    return tuple(behind) if len(set(behind)) > 1 else (behind[0],)


def meet(forms: Sequence[Form | NoForm], where: str) -> Form | NoForm:
    """Join the forms of several paths: the largest, if their strides and centres agree.

    These are the two alignment criteria of the article. ``where`` names the operation in the reason
    for having none. Forms that hold at every size must agree at every size.
    """
    first, *others = forms
    for other in others:
        if other == first or isinstance(first, NoForm):
            continue
        if isinstance(other, NoForm):
            first = other
            continue
        if (first.axis, *first[4:6]) != (other.axis, *other[4:6]):
            return NoForm(f"paths run along different axes at {where}")
        if first.stride != other.stride:
            return NoForm.misaligned(f"strides {first.stride} and {other.stride} meet at {where}")
        gaps = _gaps(first, other)
        if not gaps or (0 in gaps and len(gaps) > 1):
            return NoForm(
                f"alignment unknown: the padding of the branches that meet at {where} depends on "
                "the input's size"
            )
        if gaps != {0}:
            apart = f"{min(gaps) / 2:g}"
            if len(gaps) > 1:
                apart += f" to {max(gaps) / 2:g}"
            return NoForm.misaligned(f"centres {apart} px apart at {where}")
        first = max(first, other, key=lambda f: f.size)
    return first


def _gaps(one: Form, two: Form) -> set[int]:
    """Twice the distances between the centres of two forms of the same stride.

    Several where they depend on the input's size, none where they are not known.
    """
    if one.start is not None and two.start is not None:
        return {abs(2 * (one.start - two.start) + one.size - two.size)}
    if one.any_size is None or two.any_size is None:
        return set()
    (gain, starts, since), (other_gain, other_starts, other_since) = one.any_size, two.any_size
    if since != other_since:
        return set()
    period = abs(one.stride)  # which all periods of starts divide
    sizes: Sequence[int] = range(period)
    if gain is not None and other_gain is not None:
        # Branches of different extents do not meet: the model does not work at such a size.
        meeting = [n for n in sizes if (n + gain) // period == (n + other_gain) // period]
        sizes = meeting or sizes
    wider = one.size - two.size
    starting = [(starts[n % len(starts)], other_starts[n % len(other_starts)]) for n in sizes]
    return {abs(2 * (start - other_start) + wider) for start, other_start in starting}


def common(one: Form | NoForm, two: Form | NoForm) -> Form | NoForm:
    """The form that holds at two input sizes, of the forms at each."""
    if one == two:
        return one
    if isinstance(one, NoForm) or isinstance(two, NoForm):
        return BY_SIZE
    either = one._replace(start=None, any_size=None)
    if either != two._replace(start=None, any_size=None):
        return BY_SIZE
    return either if one.start != two.start else one


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
