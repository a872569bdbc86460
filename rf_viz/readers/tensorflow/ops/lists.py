"""Lists and arrays of tensors, as loops collect them: followed item by item.

A list is what its handle holds, an array what its flow holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import Edge, Output, Shape, Taps
from ....relation.common.basic import everything, reshape
from ....relation.common.picks import cut
from ....relation.common.products import concatenated
from ...reading.outputs import concatenation
from ...reading.rows import one_row, row_tensor, rows
from ...reading.values import DataDependent, Filled, Outputs, Value
from ..node import Node, operator
from .inputs import needed, needed_number, ranked, tensor

MOST_ITEMS = 2**20
"""The most items that a list may have: a file may ask for any number."""


def items(node: Node, i: int) -> list[Value]:
    """Return the items of a list. Raises DataDependent where they are not known one by one."""
    value = node.inputs[i] if i < len(node.inputs) else None
    if value is not None and value.rows is not None:
        return rows(node, value.rows)
    if value is None or value.items is None:
        raise DataDependent(f"the items of the list that {node.op} {node.name} takes")
    return list(value.items)


def _filled(node: Node, i: int) -> Filled | None:
    """A list that the loop around fills; None for every other."""
    value = node.inputs[i] if i < len(node.inputs) else None
    return value if isinstance(value, Filled) else None


def _listed(values: Sequence[Value]) -> Value:
    return Value(None, items=values)


def _zeros(shape: Shape | None) -> Value:
    """An item that nothing was put into."""
    if shape is None or -1 in shape:
        return Value(None)
    return Value(shape, value=np.broadcast_to(np.float32(0), shape))


def _element(node: Node, i: int) -> Shape | None:
    """The shape of items that an input holds; None where it does not say it."""
    shape = node.value(i)
    if shape is None or shape.ndim != 1 or (shape < 0).any():
        return None
    return tuple(shape.tolist())


def _count(node: Node, i: int) -> int:
    """The number of items in an input. Raises ModelError where they are too many."""
    return _within(node, max(needed_number(node, i), 0))


def _within(node: Node, count: int) -> int:
    if count > MOST_ITEMS:
        raise ModelError(f"{node.op} {node.name!r} makes a list of {count:,} items: too many")
    return count


def _item(node: Node, held: Sequence[Value], at: int) -> Value:
    if not 0 <= at < len(held):
        raise ModelError(f"{node.op} {node.name!r} takes item {at} of {len(held)}")
    return held[at]


@operator("EmptyTensorList", category="other")
def empty(node: Node) -> Value:
    """A list without items."""
    return _listed([])


@operator("TensorListReserve", category="other")
def reserve(node: Node) -> Value:
    """A list of so many items, all of zeros."""
    return _listed([_zeros(_element(node, 0))] * _count(node, 1))


@operator("TensorArrayV3", category="other")
def array(node: Node) -> list[Value]:
    """The handle, and the flow that holds the items."""
    shape = node.attribute("element_shape")
    return [Value(None), _listed([_zeros(shape)] * _count(node, 0))]


@operator("TensorListLength", category="other")
def length(node: Node) -> Output:
    """The number of items of a list."""
    return _length(node, 0)


@operator("TensorArraySizeV3", category="other")
def array_length(node: Node) -> Output:
    """The number of items of an array."""
    return _length(node, 1)


def _length(node: Node, i: int) -> Output:
    tensor = row_tensor(node, i)
    count = len(items(node, i)) if tensor is None else (tensor.shape or (0,))[0]
    return Output((), value=np.array(count, np.int32))


@operator("TensorListElementShape", category="other")
def element_shape(node: Node) -> Output:
    """The shape that all items have."""
    whole = row_tensor(node, 0)
    if whole is not None and whole.shape:
        return Output((len(whole.shape) - 1,), value=np.array(whole.shape[1:], np.int32))
    shapes = {v.shape for v in items(node, 0)}
    shape = shapes.pop() if len(shapes) == 1 else None
    if shape is None:
        raise DataDependent(f"the shapes of the items that {node.op} {node.name} takes")
    return Output((len(shape),), value=np.array(shape, np.int32))


@operator("TensorListGetItem", category="other")
def get(node: Node) -> Output | Value:
    """One item of a list, as it was put in."""
    if row_tensor(node, 0) is not None:
        return one_row(node, 0, 1)
    item = _item(node, items(node, 0), needed_number(node, 1))
    return item if item.shape is not None or item.tensor >= 0 else _zeros(_element(node, 2))


@operator("TensorArrayReadV3", category="other")
def read(node: Node) -> Output | Value:
    """One item of an array, as it was put in."""
    if row_tensor(node, 2) is not None:
        return one_row(node, 2, 1)
    return _item(node, items(node, 2), needed_number(node, 1))


def _put(node: Node, held: list[Value], at: int, item: Value) -> None:
    """Replace an item of a list, which grows where there is none there yet."""
    if at < 0:
        raise ModelError(f"{node.op} {node.name!r} puts in item {at}")
    held += [Value(None)] * (_within(node, at + 1) - len(held))
    held[at] = item


def _place(node: Node, i: int) -> int:
    """The place in a list that a loop fills; -1 where it is not known."""
    return -1 if node.value(i) is None else needed_number(node, i)


@operator("TensorListSetItem", category="other")
def put(node: Node) -> Value:
    """A list with one item replaced."""
    filled = _filled(node, 0)
    if filled is not None:
        return filled.put(_place(node, 1), tensor(node, 2))
    held = items(node, 0)
    _put(node, held, needed_number(node, 1), tensor(node, 2))
    return _listed(held)


@operator("TensorArrayWriteV3", category="other")
def write(node: Node) -> Value:
    """An array with one item replaced."""
    filled = _filled(node, 3)
    if filled is not None:
        return filled.put(_place(node, 1), tensor(node, 2))
    held = items(node, 3)
    _put(node, held, needed_number(node, 1), tensor(node, 2))
    return _listed(held)


@operator("TensorListPushBack", category="other")
def push(node: Node) -> Value:
    """A list with one more item."""
    filled = _filled(node, 0)
    if filled is not None:
        return filled.put(None, tensor(node, 1))
    return _listed([*items(node, 0), tensor(node, 1)])


@operator("TensorListPopBack", category="other")
def pop(node: Node) -> list[Value]:
    """A list without its last item, and that item."""
    held = items(node, 0)
    if not held:
        raise ModelError(f"{node.op} {node.name!r} takes from an empty list")
    return [_listed(held[:-1]), held[-1]]


@operator("TensorListResize", category="other")
def resize(node: Node) -> Value:
    """The first items of a list, with empty ones behind where they are too few."""
    held, count = items(node, 0), _count(node, 1)
    return _listed([*held[:count], *[Value(None)] * (count - len(held))])


@operator("TensorListConcatLists", category="join")
def joined_lists(node: Node) -> Value:
    """The items of one list, then those of another."""
    return _listed(items(node, 0) + items(node, 1))


def _listed_rows(node: Node, i: int) -> Value:
    """A list of the rows of a tensor."""
    shape, value = ranked(node, i, 1, or_more=True), tensor(node, i)
    _within(node, shape[0])
    return Value(None, rows=value) if value.tensor >= 0 else _listed(rows(node, value))


@operator("TensorListFromTensor", category="layout")
def from_tensor(node: Node) -> Value:
    """A list of a tensor's rows."""
    return _listed_rows(node, 0)


@operator("TensorListScatter", "TensorListScatterV2", category="layout")
def scatter(node: Node) -> Value:
    """A list of a tensor's rows in the places that input 1 holds."""
    places = needed(node, 1)
    last = max(places, default=-1) + 1
    count = max(_count(node, 3) if node.has(3) else 0, _within(node, last))
    return _scattered(node, [_zeros(_element(node, 2))] * count, places, 0)


@operator("TensorListScatterIntoExistingList", category="layout")
def scatter_into(node: Node) -> Value:
    """A list with a tensor's rows in the places that input 2 holds."""
    return _scattered(node, items(node, 0), needed(node, 2), 1)


@operator("TensorArrayScatterV3", category="layout")
def array_scatter(node: Node) -> Value:
    """An array with a tensor's rows in the places that input 1 holds."""
    return _scattered(node, items(node, 3), needed(node, 1), 2)


def _scattered(node: Node, held: list[Value], places: Sequence[int], i: int) -> Value:
    count = ranked(node, i, 1, or_more=True)[0]
    if list(places) == list(range(count)) and len(held) <= count:
        return _listed_rows(node, i)
    for place, row in zip(places, rows(node, tensor(node, i)), strict=True):
        _put(node, held, place, row)
    return _listed(held)


@operator("TensorListSplit", category="layout")
def split(node: Node) -> Value:
    """A list of runs of a tensor's rows."""
    return _split(node, 0, needed(node, 2))


@operator("TensorArraySplitV3", category="layout")
def array_split(node: Node) -> Value:
    """An array of runs of a tensor's rows."""
    return _split(node, 1, needed(node, 2))


def _split(node: Node, i: int, sizes: Sequence[int]) -> Value:
    shape = ranked(node, i, 1, or_more=True)
    if sum(sizes) > shape[0] or min(sizes, default=0) < 0:
        raise ModelError(f"{node.op} {node.name!r} cannot cut {shape[0]} rows into {list(sizes)}")
    parts: list[Value] = []
    start = 0
    for n in sizes:
        output = Output((n, *shape[1:]), [Edge(i, cut(0, shape[0], start, 1, n))])
        parts.append(node.add(f"{node.name}[{len(parts)}]", output))
        start += n
    return _listed(parts)


@operator("TensorListStack", category="join")
def stack(node: Node) -> Outputs:
    """The items of a list, one after another along a new first axis."""
    whole = row_tensor(node, 0)
    if whole is not None and whole.shape is not None:
        node.inputs = [whole]
        return Output(whole.shape, [Edge(0)])
    return stacked(node, items(node, 0), _element(node, 1))


@operator("TensorListGather", category="join")
def gather(node: Node) -> Outputs:
    """Items of a list, stacked along a new first axis."""
    if row_tensor(node, 0) is not None:
        return _chosen_rows(node, 0, needed(node, 1))
    return stacked(node, _chosen(node, items(node, 0)), _element(node, 2))


@operator("TensorArrayGatherV3", category="join")
def array_gather(node: Node) -> Outputs:
    """Items of an array, stacked along a new first axis."""
    if row_tensor(node, 2) is not None:
        return _chosen_rows(node, 2, needed(node, 1))
    element = node.attribute("element_shape")
    flow = tensor(node, 2)
    if flow.items is None and flow.tensor >= 0 and element is not None and -1 not in element:
        shape = (len(needed(node, 1)), *element)
        why = f"the items of the array that {node.op} {node.name} takes are not known one by one"
        return Output(shape, [Edge(2, everything((), shape))], why)
    return stacked(node, _chosen(node, items(node, 2)), node.attribute("element_shape"))


def _chosen_rows(node: Node, i: int, places: Sequence[int]) -> Output:
    """Rows of the tensor whose rows a list holds."""
    whole = row_tensor(node, i)
    shape = None if whole is None else whole.shape
    if whole is None or not shape or not all(0 <= at < shape[0] for at in places):
        raise ModelError(f"{node.op} {node.name!r} takes items that its list does not have")
    node.inputs = [whole]
    if list(places) == list(range(shape[0])):
        return Output(shape, [Edge(0)])
    table = np.array(places, int).reshape(-1, 1)
    step = Taps(0, shape[0], table, slides=True, why="single positions are taken")
    return Output((len(places), *shape[1:]), [Edge(0, (step,))])


def _chosen(node: Node, held: Sequence[Value]) -> list[Value]:
    """The items whose numbers input 1 holds."""
    return [_item(node, held, i) for i in needed(node, 1)]


def stacked(node: Node, values: Sequence[Value], element: Shape | None) -> Outputs:
    """Describe items of one shape, one after another along a new first axis.

    The items become the node's inputs. Raises DataDependent where their shapes are not known.
    """
    shapes = _shapes(node, values)
    if element is None or -1 in element:
        element = shapes[0] if shapes else None
    if element is None or any(s != element for s in shapes):
        raise DataDependent(f"the shapes of the items that {node.op} {node.name} puts together")
    if all(v.tensor < 0 for v in values):
        return _constants((len(values), *element), values, np.stack)
    wide = (1, *element)
    node.inputs = values
    edges = [
        Edge(i, reshape(element, wide) + relation)
        for i, relation in enumerate(concatenated([wide] * len(values), 0))
        if values[i].tensor >= 0
    ]
    return Output((len(values), *element), edges)


def _shapes(node: Node, values: Sequence[Value]) -> list[Shape]:
    """The shapes of items; what nothing was put into is like the others."""
    shapes = {v.shape for v in values if v.shape is not None}
    if len(shapes) != 1 or any(v.shape is None and v.tensor >= 0 for v in values):
        if not values:
            return []
        raise DataDependent(f"the shapes of the items that {node.op} {node.name} puts together")
    return [next(iter(shapes))] * len(values)


def _constants(shape: Shape, values: Sequence[Value], join: Any) -> Value:  # noqa: ANN401
    def get() -> NDArray[Any] | None:
        arrays = [v.value() for v in values]
        return None if any(a is None for a in arrays) else join(arrays)

    return Value(shape, get=get, after=values)


@operator("TensorListConcat", "TensorListConcatV2", category="join")
def concat(node: Node) -> list[Output | Value]:
    """The items of a list, one after another along their first axis."""
    return _concatenated(node, items(node, 0))


@operator("TensorArrayConcatV3", category="join")
def array_concat(node: Node) -> list[Output | Value]:
    """The items of an array, one after another along their first axis."""
    return _concatenated(node, items(node, 1))


def _concatenated(node: Node, values: list[Value]) -> list[Output | Value]:
    """Items one after another along their first axis, and how long each is."""
    if not values or any(v.shape is None for v in values):
        raise DataDependent(f"the shapes of the items that {node.op} {node.name} puts together")
    node.inputs = values
    lengths = [ranked(node, i, 1, or_more=True)[0] for i in range(len(values))]
    output = concatenation(node, range(len(values)), 0)
    whole: Output | Value = output
    if not output.edges:
        whole = _constants(output.shape, values, np.concatenate)
    return [whole, Value((len(lengths),), value=np.array(lengths, np.int64))]
