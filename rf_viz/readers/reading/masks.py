"""Constant masks: elements that can never matter, whatever the input holds.

A mask is part of a network's structure, as padding is. Two facts are followed from operation to
operation: what constants have been added to a tensor's elements (its ``bias``), and which elements
are ``zero``. A bias of -inf, -1e9 or -100 among others of about 0 makes the softmax's weight 0, and
a weight of 0 hides the value it is multiplied by. Weights of a network do not count by their
values; a constant factor counts as a mask only where it holds nothing but 0 and 1 along at least
two axes, or where it multiplies the weights of an attention.

Masks that are computed from the input are ordinary dependences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...relation import Edge, MaskedMix, Only, Output, Relation, Shape
from ...relation.common.basic import broadcast, normalise, reshape
from ...relation.common.products import masked_einsum
from .maskings import NOTHING, Bias, Mask, Masking, of_rank
from .node import BaseNode

GAP = 80.0
"""How far below all others a bias must lie to hide an element from a softmax.

``exp(-80)`` is 2e-35, which vanishes beside the other weights in float32, unless the scores
themselves differ by nearly as much. Masks of -100 (Swin Transformers), -1e4, -1e9 and -inf are all
beyond it; a relative position bias, or ALiBi, whose values fall step by step, has no such gap.
"""

_DEEP = 5000.0
"""How far below all others a bias must lie to hide an element from a maximum.

A maximum weighs nothing down, so that any value of an image may make up for less.
"""

_BOTTOMLESS = 1000.0
"""How far below the others an exponential is 0 even in float64, whose smallest is exp(-745)."""


def masking(node: BaseNode[Any], i: int) -> Masking:
    """What is known of the elements of input ``i``."""
    return node.reading.maskings.of(node.inputs[i] if i < len(node.inputs) else None)


def _sum(node: BaseNode[Any], inputs: Sequence[int]) -> Masking:
    parts = [masking(node, i) for i in inputs]
    return Masking(
        _total([m.bias for m in parts]),
        None if any(m.zero is None for m in parts) else _every([m.zero for m in parts]),
    )


def _total(biases: Sequence[Bias | None]) -> Bias | None:
    total: Bias | None = None
    for bias in biases:
        if bias is not None:
            total = bias if total is None else total + bias
    return total


def _every(masks: Sequence[Mask | None]) -> Mask | None:
    result: Mask | None = None
    for mask in masks:
        if mask is not None:
            result = mask if result is None else result & mask
    return result


def _any(masks: Sequence[Mask | None]) -> Mask | None:
    result: Mask | None = None
    for mask in masks:
        if mask is not None:
            result = mask if result is None else result | mask
    return result


def _difference(node: BaseNode[Any], inputs: Sequence[int]) -> Masking:
    one, two = (masking(node, i) for i in inputs)
    return Masking(_total([one.bias, None if two.bias is None else -two.bias]))


def _scaled(
    node: BaseNode[Any], inputs: Sequence[int], scale: Callable[[Any, Any], Any]
) -> Bias | None:
    """The bias of a tensor that is multiplied or divided by constants."""
    first, *others = inputs
    if len(others) != 1:
        return None
    (second,) = others
    if not node.depends(first) and scale is np.multiply:
        first, second = second, first
    factor = masking(node, second).bias
    bias = masking(node, first).bias
    if node.depends(second) or bias is None or factor is None:
        return None
    return np.asarray(scale(bias, factor))


def _product(node: BaseNode[Any], inputs: Sequence[int]) -> Masking:
    zero = _any([masking(node, i).zero for i in inputs])
    return Masking(_scaled(node, inputs, np.multiply), zero)


def _quotient(node: BaseNode[Any], inputs: Sequence[int]) -> Masking:
    return Masking(_scaled(node, inputs, np.divide), masking(node, inputs[0]).zero)


def _extreme(
    node: BaseNode[Any], inputs: Sequence[int], choose: Callable[[Any, Any], Any]
) -> Masking:
    """The larger or smaller of a tensor and constants."""
    if sum(node.depends(i) for i in inputs) != 1:
        return NOTHING
    biases = [masking(node, i).bias for i in inputs]
    chosen = np.zeros((), np.float32) if biases[0] is None else biases[0]
    for bias in biases[1:]:
        chosen = choose(chosen, np.zeros((), np.float32) if bias is None else bias)
    return Masking(chosen)


def _larger(node: BaseNode[Any], inputs: Sequence[int]) -> Masking:
    return _extreme(node, inputs, np.maximum)


def _smaller(node: BaseNode[Any], inputs: Sequence[int]) -> Masking:
    return _extreme(node, inputs, np.minimum)


def _choice(node: BaseNode[Any], inputs: Sequence[int]) -> Masking:
    condition = _condition(node, inputs[0], len(node.shape(inputs[1])))
    one, two = (masking(node, i) for i in inputs[1:])
    if condition is None:
        both = None if one.zero is None or two.zero is None else one.zero & two.zero
        return Masking(None, both)
    return Masking(_chosen(condition, one.bias, two.bias), _chosen(condition, one.zero, two.zero))


def _chosen(condition: Mask, one: Any, two: Any) -> Any:  # noqa: ANN401
    if one is None and two is None:
        return None
    return np.where(condition, 0 if one is None else one, 0 if two is None else two).astype(
        (two if one is None else one).dtype
    )


def _condition(node: BaseNode[Any], i: int, rank: int) -> Mask | None:
    """A constant condition; one for each row gets axes behind, as TensorFlow's Select has it."""
    values = None if node.depends(i) else node.value(i)
    if values is None:
        return None
    if node.op == "Select":
        values = values.reshape(values.shape + (1,) * (rank - values.ndim))
    return values.astype(bool)


_Combine = Callable[[BaseNode[Any], Sequence[int]], Masking]

_JOINS: dict[str, _Combine] = {
    **dict.fromkeys(("Add", "AddV2", "AddN", "Sum"), _sum),
    "Sub": _difference,
    **dict.fromkeys(("And", "LogicalAnd", "Mul", "MulNoNan"), _product),
    **dict.fromkeys(("Div", "DivNoNan", "RealDiv"), _quotient),
    **dict.fromkeys(("Max", "Maximum"), _larger),
    **dict.fromkeys(("Min", "Minimum"), _smaller),
    **dict.fromkeys(("Select", "SelectV2", "Where"), _choice),
}
"""What is known of arithmetic's results, by the operator's name in any format."""


def masked_join(node: BaseNode[Any], inputs: Sequence[int], output: Output) -> Output:
    """The output of element-wise arithmetic without the elements that masks hide.

    Raises ModelError where a choice lacks one of its sides.
    """
    combine = _JOINS.get(node.op)
    if combine is None:
        return output
    if combine is _choice and len(inputs) < 3:
        raise node.missing(f"input {len(inputs)}")
    maskings = node.reading.maskings
    node.masking = lambda: combine(node, inputs)
    if combine is _choice:
        condition = _condition(node, inputs[0], len(output.shape))
        if condition is not None:
            maskings.zeros = True
            sides = {inputs[1]: condition, inputs[2]: ~condition}
            output.edges = [_only(e, sides[e.input], len(output.shape)) for e in output.edges]
    elif combine is _product:
        zero: Mask | None = None
        for i in inputs:
            if maskings.zeros if node.depends(i) else _is_mask(node, i):
                zero = _any((zero, masking(node, i).zero))
        if zero is not None:
            maskings.zeros = True
            output.edges = [_only(e, ~zero, len(output.shape)) for e in output.edges]
    elif combine is _quotient and maskings.zeros:
        zero = masking(node, inputs[0]).zero
        if zero is not None:
            output.edges = [_only(e, ~zero, len(output.shape)) for e in output.edges]
    return output


def _is_mask(node: BaseNode[Any], i: int) -> bool:
    """Whether a constant holds nothing but 0 and 1, along at least two axes.

    Such a factor is a mask; a row of them may be one number a channel, which are weights.
    """
    value = node.inputs[i]
    if value is None or not value.shape or len(value.shape) - value.shape.count(1) < 2:
        return False
    if value.fed:  # to ask for its values would read the weights on the way to it, in vain
        return False
    constant = value.value()
    if constant is None or constant.dtype.kind not in "bf":
        return False
    return bool(np.isin(constant, (0, 1)).all())


def _only(edge: Edge, kept: Mask, rank: int) -> Edge:
    """An edge to the elements that a mask keeps."""
    if kept.all():
        return edge
    return edge._replace(relation=(*edge.relation, Only(of_rank(kept, rank))))


@np.errstate(all="ignore")
def _above_gap(bias: Bias, axis: int | None, gap: float = GAP) -> Mask | None:
    """The elements that lie above the first gap, from the largest down along an axis, or in all.

    None where there is no gap. Rows of -inf alone make no numbers, so that nothing is kept.
    """
    if axis is None:
        flat = _above_gap(bias.reshape(-1), 0, gap)
        return None if flat is None else flat.reshape(bias.shape)
    if np.isposinf(bias).any():
        return None
    bias = np.where(np.isnan(bias), -np.inf, bias)
    top = bias.max(axis=axis, keepdims=True)
    if not (top - bias.min(axis=axis, keepdims=True) >= gap).any() and np.isfinite(top).all():
        return None
    kept = bias >= top - gap
    lowest = np.where(kept, bias, np.inf).min(axis=axis, keepdims=True)
    if (np.where(kept, -np.inf, bias) > lowest - gap).any():  # values that fall step by step
        ordered = -np.sort(-bias, axis=axis)
        before, behind = (
            np.take(ordered, range(start, ordered.shape[axis] - 1 + start), axis)
            for start in (0, 1)
        )
        gaps = np.where(np.isneginf(behind) & np.isneginf(before), 0.0, before - behind) >= gap
        below = np.logical_or.accumulate(gaps, axis=axis)
        lowest = np.where(below, np.inf, behind).min(axis=axis, keepdims=True)
        lowest = np.minimum(lowest, top)
        kept = bias >= lowest
    above: Mask = kept & np.isfinite(top)
    return above


def softmax(node: BaseNode[Any], shape: Shape, axes: Sequence[int]) -> Output:
    """Every element of input 0 by the sum over axes, without those that a mask hides."""
    plain = Output(shape, normalise(0, shape, tuple(axes)))
    bias = masking(node, 0).bias
    if bias is None or len(axes) != 1 or not node.depends(0):
        return plain
    bias = of_rank(bias, len(shape))
    kept = _above_gap(bias, axes[0])
    if kept is None or kept.all():
        return plain
    if node.op == "LogSoftmax":
        relative = bias - bias.max(axis=axes[0], keepdims=True)
        node.masking = lambda: Masking(relative)
        return Output(shape, masked_normalise(shape, axes[0], kept, after=False))
    node.reading.maskings.zeros = True
    node.masking = lambda: Masking(None, ~kept)
    return Output(shape, masked_normalise(shape, axes[0], kept))


def masked_normalise(shape: Shape, axis: int, kept: Mask, *, after: bool = True) -> list[Edge]:
    """Edges of a softmax over an axis, of which a mask keeps some elements.

    With ``after`` the others come out as zeros; else each still depends on its own.
    """
    mixed = MaskedMix(shape, axis, kept)
    only: Relation = (Only(kept),) if after else ()
    return [
        Edge(0, (mixed, *broadcast(mixed.after, shape), *only)),
        Edge(0, only),
    ]


def exponential(node: BaseNode[Any]) -> Output:
    """Every element by itself; an exponential of what lies far below the others is zero."""
    shape = node.shape()
    bias = masking(node, 0).bias if node.depends(0) else None
    kept = None if bias is None else _not_vanishing(of_rank(bias, len(shape)))
    if kept is None or kept.all():
        return Output(shape, [Edge(0)])
    node.reading.maskings.zeros = True
    node.masking = lambda: Masking(None, ~kept)
    return Output(shape, [Edge(0, (Only(kept),))])


def _not_vanishing(bias: Bias) -> Mask | None:
    """The elements that do not vanish in an exponential beside the others; None for all.

    A row (along the last axis) of which all elements lie low may yet be divided by its sum, and
    counts, unless it is so low that its exponentials are 0 in any precision.
    """
    kept = _above_gap(bias, None)
    if kept is None:
        return None
    top = bias[kept].max(initial=-np.inf)
    kept = kept | (bias.max(axis=-1, keepdims=True) <= top - GAP) | (bias > -GAP)
    left: Mask = kept & ~(bias < min(top, 0) - _BOTTOMLESS) & ~np.isnan(bias)
    return left


def keeping(node: BaseNode[Any], shape: Shape, kept: Mask) -> Output:
    """Input 0, of which a mask keeps some elements; the others are zero."""
    if kept.all():
        return Output(shape, [Edge(0)])
    wide = of_rank(kept, len(shape))
    node.reading.maskings.zeros = True
    node.masking = lambda: Masking(None, _any([masking(node, 0).zero, ~wide]))
    return Output(shape, [Edge(0, (Only(wide),))])


_LARGEST = {"Max", "ReduceMax"}
_TOTALS = {"Mean", "ReduceL1", "ReduceL2", "ReduceMean", "ReduceSum", "ReduceSumSquare", "Sum"}


def masked_reduction(node: BaseNode[Any], axes: Sequence[int], keep: bool) -> Relation | None:
    """The relation of a reduction along one axis, of which a mask hides some elements.

    None where no mask is known.
    """
    shape = node.shape()
    if len(axes) != 1 or not node.depends(0):
        return None
    (axis,) = axes
    kept: Mask | None = None
    if node.op in _LARGEST:
        bias = masking(node, 0).bias
        if bias is not None:
            wide = of_rank(bias, len(shape))
            kept = _above_gap(wide, axis, _DEEP)
            top = wide.max(axis=axis, keepdims=True)
            node.masking = lambda: Masking(top if keep else top.squeeze(axis))
    elif node.op in _TOTALS and node.reading.maskings.zeros:
        zero = masking(node, 0).zero
        kept = None if zero is None else of_rank(~zero, len(shape))
    if kept is None or kept.all():
        return None
    mixed = MaskedMix(shape, axis, kept)
    return mixed, *reshape(
        mixed.after, mixed.after if keep else (*shape[:axis], *shape[axis + 1 :])
    )


def masked_product(
    node: BaseNode[Any], numbers: Sequence[int], equation: str, output: Output
) -> Output:
    """A product of two inputs by an Einstein summation, without what zeros of one of them hide."""
    if not node.reading.maskings.zeros or len(numbers) != 2 or not all(map(node.depends, numbers)):
        return output
    shapes = tuple(node.shape(i) for i in numbers)
    for which, i in enumerate(numbers):
        zero = masking(node, i).zero
        if zero is None or not zero.any():
            continue
        kept = ~of_rank(zero, len(shapes[which]))
        relations = masked_einsum(equation, shapes, which, kept)
        if relations is not None:
            edges = [Edge(n, r) for n, r in zip(numbers, relations, strict=True)]
            edges += [e for e in output.edges if e.input not in numbers]
            return Output(output.shape, edges, output.assumed)
    return output


def seen_keys(bias: NDArray[Any]) -> Mask | None:
    """The keys that each query may see by a constant mask, whose last axis are the keys.

    Booleans say so; numbers are added to the scores. None where the mask hides none.
    """
    if bias.dtype == bool:
        bias = np.where(bias, 0.0, -np.inf)
    kept = _above_gap(bias.astype(np.float64), bias.ndim - 1)
    return None if kept is None or kept.all() else kept
