"""Which operators return a part of the memory of their first argument, and how writing to that
part changes the whole."""

from __future__ import annotations

from math import prod

import numpy as np

from .. import dtypes
from ..program import Argument, Name, TensorMeta
from ..site import Site, Untranslatable
from ..sizes import example
from .moves import numbered, order_of, picks
from .slices import bounds, put

_SAME = {"alias", "detach", "lift_fresh", "positive", "resolve_conj", "resolve_neg", "to_dense"}
_RESHAPES = {"view", "view_as", "_unsafe_view", "_reshape_alias", "squeeze", "unsqueeze",
             "unflatten", "atleast_1d", "atleast_2d", "atleast_3d"}  # fmt: skip
_ORDERS = {"permute", "transpose", "swapaxes", "swapdims", "t", "numpy_T", "mT", "movedim",
           "moveaxis"}  # fmt: skip
_PARTS = {"slice", "narrow", "select", "split", "split_with_sizes", "chunk", "tensor_split",
          "unbind", "unsafe_split", "unsafe_chunk", "unsafe_split_with_sizes"}  # fmt: skip
_PICKS = {"diagonal", "unfold", "as_strided"}
_SPREADS = {"expand", "broadcast_to", "expand_as"}
_OTHERS = {"view_as_real", "view_as_complex", "imag", "_neg_view", "adjoint",
           "matrix_H", "mH", "hsplit", "vsplit", "dsplit", "linalg_diagonal"}  # fmt: skip
"""Views that have no place in the whole here: after a write through them it is assumed."""

_OF_COMPLEX = {"real", "conj", "_conj", "conj_physical"}
"""Operators that hand on numbers without an imaginary part as they are, and others as a view."""

_OF_LISTS = {"broadcast_tensors", "meshgrid"}
"""Operators that return a view of each tensor of a list."""

_MAYBE = {"reshape", "reshape_as", "flatten", "ravel"}
"""Operators that return a view where the elements lie so that they can, else a copy."""

_IF_SAME_TYPE = {"to", "type_as", "contiguous"}
_IF_IDLE = {"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"}

_ALWAYS = _SAME | _OF_COMPLEX | _RESHAPES | _ORDERS | _PARTS | _PICKS | _SPREADS | _OTHERS


def viewed(site: Site, position: int) -> str | None:
    """The name of the tensor of which an output of a call is a view; None where it is of none.

    Args:
        site: the call.
        position: which of its outputs is meant.
    """
    home, _, rest = site.target.partition(".")
    op = rest.partition(".")[0]
    if home != "aten":
        return None
    base = next(iter(site.node.arguments.values()), None)
    if op in _OF_LISTS and isinstance(base, list) and position < len(base):
        base = base[position]
    elif op == "einsum":
        base = _rearranged(site)
    elif not _shows_first(site, op):
        return None
    return base.name if isinstance(base, Name) else None


def _rearranged(site: Site) -> Argument:
    """The only operand of an Einstein summation that sums nothing up; None for all others."""
    operands, equation = site.argument("tensors"), site.argument("equation")
    if not isinstance(operands, list) or len(operands) != 1 or not isinstance(equation, str):
        return None
    before, arrow, after = equation.replace(" ", "").replace("...", "").partition("->")
    if not arrow:
        after = "".join(letter for letter in before if before.count(letter) == 1)
    return operands[0] if set(before) == set(after) else None


def _shows_first(site: Site, op: str) -> bool:
    """Tell whether a call returns a view of its first argument."""
    if op in _ALWAYS:
        return True
    if op in _IF_IDLE:
        return not site.argument("train", False)
    if op in _MAYBE or op in _IF_SAME_TYPE:
        try:
            before, after = site.meta(next(iter(site.node.arguments), "")), site.result
        except Untranslatable:
            return False
        if op == "ravel":  # unlike flatten it copies whatever does not lie in order
            return _lies_in_order(before)
        if op in _MAYBE:
            return _lies_alike(before, after)
        same = before.dtype == after.dtype and not site.argument("copy", False)
        return same and [example(s) for s in before.strides] == [example(s) for s in after.strides]
    return False


def _lies_in_order(tensor: TensorMeta) -> bool:
    """Tell whether a tensor is contiguous, as far as the example shows."""
    expected = 1
    for length, stride in zip(reversed(tensor.sizes), reversed(tensor.strides), strict=True):
        size = example(length)
        if size is None:
            return True
        if size != 1 and example(stride) not in (expected, None):
            return size == 0
        expected *= size
    return True


def _lies_alike(before: TensorMeta, after: TensorMeta) -> bool:
    """Tell whether the elements of a tensor can be read in another shape where they lie."""
    sizes, steps = ([example(n) for n in listed] for listed in (before.sizes, before.strides))
    if None in sizes or None in steps or len(sizes) != len(steps):
        return True
    shape = [n for n in sizes if n is not None]
    strides = [n for n in steps if n is not None]
    if prod(shape) == 0 or not 0 <= min(shape, default=0) <= max(shape, default=0) < 2**40:
        return True
    wanted = [example(n) for n in after.sizes]
    base = np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), shape, strides, writeable=False)
    try:
        # A copy would read memory that the array does not have.
        np.reshape(base, tuple(n or 0 for n in wanted), copy=False)
    except ValueError:
        return False
    return True


def overlaps(site: Site) -> bool:
    """Tell whether a view can show an element of its argument in several places."""
    op = site.target.split(".")[1]
    if op == "unfold":
        step, size = site.argument("step"), site.argument("size")
        return not isinstance(step, int) or not isinstance(size, int) or step < size
    return op in _SPREADS | _OF_LISTS or op == "as_strided"


def put_back(site: Site, old: str, new: str, position: int) -> str:
    """The first argument of a view after another value was written to the view.

    Raises Untranslatable where the view's place in it is not told.

    Args:
        site: the call that makes the view.
        old: the first argument's value before.
        new: the view's value.
        position: which of the call's outputs the view is.
    """
    op = site.target.split(".")[1]
    if op in _OF_COMPLEX and dtypes.is_complex(site.dtype()):
        raise Untranslatable
    if op in _SAME | _IF_SAME_TYPE | _IF_IDLE | _OF_COMPLEX:
        return site.add("Identity", new)
    if site.target == "aten.view.dtype":
        raise Untranslatable
    if op in _RESHAPES or op in _MAYBE:
        return site.add("Reshape", new, site.add("Shape", old), allowzero=1)
    if op in _ORDERS:
        order = order_of(site)
        if not order:
            return site.add("Identity", new)
        return site.transpose(new, [order.index(a) for a in range(len(order))])
    if op in _PARTS:
        where = bounds(site, position)
        if op in ("select", "unbind"):
            new = site.unsqueeze(new, where[0])
        return put(site, old, new, where, site.shape()[where[0]])
    if op in _PICKS:
        return _put_picked(site, old, new, picks(site))
    if op in _SPREADS | _OF_LISTS:
        base, result = viewed(site, position), site.results[position]
        if base and result and site.meta_of(base).sizes == site.meta_of(result).sizes:
            return site.add("Identity", new)
    raise Untranslatable


def _put_picked(
    site: Site, old: str, new: str, places: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> str:
    """Elements written back to where they were picked."""
    flat = places.reshape(-1)
    if not flat.size:
        return site.add("Identity", old)
    if len(np.unique(flat)) != len(flat):
        raise Untranslatable
    written = site.add(
        "ScatterElements",
        site.reshape(old, [-1]),
        site.writer.constant(flat),
        site.reshape(new, [-1]),
        axis=0,
    )
    return site.reshape(written, numbered(site).shape)
