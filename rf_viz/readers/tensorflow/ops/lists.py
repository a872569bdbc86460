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
from ....relation.common.basic import reshape
from ....relation.common.picks import cut
from ....relation.common.products import concatenated
from ...reading.outputs import concatenation
from ...reading.values import DataDependent, Outputs, Value
from ..node import Node, operator
from .moves import needed


def items(node: Node, i: int) -> list[Value]:
    """The items of a list. Raises DataDependent where they are not known one by one."""
    given = node.inputs[i] if i < len(node.inputs) else None
    if given is None or given.items is None:
        raise DataDependent(f"the items of the list that {node.op} {node.name} takes")
    return list(given.items)


def _listed(values: Sequence[Value]) -> Value:
    return Value(None, items=values)


def _zeros(shape: Shape | None) -> Value:
    """An item that nothing was put into."""
    if shape is None or -1 in shape:
        return Value(None)
    return Value(shape, value=np.broadcast_to(np.float32(0), shape))


def _element(node: Node, i: int) -> Shape | None:
    """A shape of items as an input tells it; None where it does not."""
    given = node.value(i)
    if given is None or given.ndim != 1 or (given < 0).any():
        return None
    return tuple(given.tolist())


def _place(node: Node, i: int, count: int) -> int:
    at = needed(node, i)[0]
    if not 0 <= at < count:
        raise ModelError(f"{node.op} {node.name!r} takes item {at} of {count}")
    return at


@operator("EmptyTensorList")
def empty(node: Node) -> Value:
    return _listed([])


@operator("TensorListReserve")
def reserve(node: Node) -> Value:
    return _listed([_zeros(_element(node, 0))] * max(needed(node, 1)[0], 0))


@operator("TensorArrayV3")
def array(node: Node) -> list[Value]:
    """The handle, and the flow that holds the items."""
    shape = node.attribute("element_shape")
    return [Value(None), _listed([_zeros(shape)] * needed(node, 0)[0])]


@operator("TensorListLength")
def length(node: Node) -> Output:
    return Output((), value=np.array(len(items(node, 0)), np.int32))


@operator("TensorArraySizeV3")
def array_length(node: Node) -> Output:
    return Output((), value=np.array(len(items(node, 1)), np.int32))


@operator("TensorListElementShape")
def element_shape(node: Node) -> Output:
    shapes = {v.shape for v in items(node, 0)}
    shape = shapes.pop() if len(shapes) == 1 else None
    if shape is None:
        raise DataDependent(f"the shapes of the items that {node.op} {node.name} takes")
    return Output((len(shape),), value=np.array(shape, np.int32))


@operator("TensorListGetItem")
def get(node: Node) -> Value:
    held = items(node, 0)
    item = held[_place(node, 1, len(held))]
    return item if item.shape is not None or item.tensor >= 0 else _zeros(_element(node, 2))


@operator("TensorArrayReadV3")
def read(node: Node) -> Value:
    held = items(node, 2)
    return held[_place(node, 1, len(held))]


def _with(node: Node, held: list[Value], at: int, item: Value | None) -> Value:
    if at >= len(held):
        held += [Value(None)] * (at + 1 - len(held))
    held[at] = item or Value(None)
    return _listed(held)


@operator("TensorListSetItem")
def put(node: Node) -> Value:
    return _with(node, items(node, 0), needed(node, 1)[0], node.inputs[2])


@operator("TensorArrayWriteV3")
def write(node: Node) -> Value:
    return _with(node, items(node, 3), needed(node, 1)[0], node.inputs[2])


@operator("TensorListPushBack")
def push(node: Node) -> Value:
    return _listed([*items(node, 0), node.inputs[1] or Value(None)])


@operator("TensorListPopBack")
def pop(node: Node) -> list[Value]:
    held = items(node, 0)
    if not held:
        raise ModelError(f"{node.op} {node.name!r} takes from an empty list")
    return [_listed(held[:-1]), held[-1]]


@operator("TensorListResize")
def resize(node: Node) -> Value:
    held, count = items(node, 0), needed(node, 1)[0]
    return _listed([*held[:count], *[Value(None)] * (count - len(held))])


@operator("TensorListConcatLists")
def joined_lists(node: Node) -> Value:
    return _listed(items(node, 0) + items(node, 1))


def rows(node: Node, i: int) -> list[Value]:
    """The rows of a tensor, each an item."""
    shape, given = node.shape(i), node.inputs[i]
    single, after = (1, *shape[1:]), shape[1:]
    if given is not None and given.tensor < 0:
        return [_constant_row(given, at, after) for at in range(shape[0])]
    made = []
    for at in range(shape[0]):
        step = Taps(0, shape[0], np.array([[at]]), slides=True, why="single positions are taken")
        relation = (step, *reshape(single, after))
        made.append(node.add(f"{node.name}[{at}]", Output(after, [Edge(i, relation)])))
    return made


def _constant_row(given: Value, at: int, after: Shape) -> Value:
    def row() -> NDArray[Any] | None:
        known = given.value()
        return None if known is None else known[at]

    return Value(after, get=row, after=(given,))


@operator("TensorListFromTensor")
def from_tensor(node: Node) -> Value:
    return _listed(rows(node, 0))


@operator("TensorListScatter", "TensorListScatterV2")
def scatter(node: Node) -> Value:
    at = needed(node, 1)
    count = needed(node, 3)[0] if node.has(3) else max(at, default=-1) + 1
    held = [_zeros(_element(node, 2))] * max(count, max(at, default=-1) + 1)
    return _scattered(node, held, at, 0)


@operator("TensorListScatterIntoExistingList")
def scatter_into(node: Node) -> Value:
    return _scattered(node, items(node, 0), needed(node, 2), 1)


@operator("TensorArrayScatterV3")
def array_scatter(node: Node) -> Value:
    return _scattered(node, items(node, 3), needed(node, 1), 2)


def _scattered(node: Node, held: list[Value], at: Sequence[int], tensor: int) -> Value:
    for place, row in zip(at, rows(node, tensor), strict=True):
        held += [Value(None)] * (place + 1 - len(held))
        held[place] = row
    return _listed(held)


@operator("TensorListSplit")
def split(node: Node) -> Value:
    return _split(node, 0, needed(node, 2))


@operator("TensorArraySplitV3")
def array_split(node: Node) -> Value:
    return _split(node, 1, needed(node, 2))


def _split(node: Node, i: int, sizes: Sequence[int]) -> Value:
    shape = node.shape(i)
    parts: list[Value] = []
    start = 0
    for n in sizes:
        output = Output((n, *shape[1:]), [Edge(i, cut(0, shape[0], start, 1, n))])
        parts.append(node.add(f"{node.name}[{len(parts)}]", output))
        start += n
    return _listed(parts)


@operator("TensorListStack")
def stack(node: Node) -> Outputs:
    return stacked(node, items(node, 0), _element(node, 1))


@operator("TensorListGather")
def gather(node: Node) -> Outputs:
    held = items(node, 0)
    return stacked(node, [held[i] for i in needed(node, 1)], _element(node, 2))


@operator("TensorArrayGatherV3")
def array_gather(node: Node) -> Outputs:
    held = items(node, 2)
    return stacked(node, [held[i] for i in needed(node, 1)], node.attribute("element_shape"))


def stacked(node: Node, values: Sequence[Value], element: Shape | None) -> Outputs:
    """Items of one shape, one after another along a new first axis. They become the inputs."""
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
    known = {v.shape for v in values if v.shape is not None}
    if len(known) != 1 or any(v.shape is None and v.tensor >= 0 for v in values):
        if not values:
            return []
        raise DataDependent(f"the shapes of the items that {node.op} {node.name} puts together")
    return [next(iter(known))] * len(values)


def _constants(shape: Shape, values: Sequence[Value], join: Any) -> Value:  # noqa: ANN401
    def get() -> NDArray[Any] | None:
        known = [v.value() for v in values]
        return None if any(v is None for v in known) else join(known)

    return Value(shape, get=get, after=values)


@operator("TensorListConcat", "TensorListConcatV2")
def concat(node: Node) -> list[Output | Value]:
    return _concatenated(node, items(node, 0))


@operator("TensorArrayConcatV3")
def array_concat(node: Node) -> list[Output | Value]:
    return _concatenated(node, items(node, 1))


def _concatenated(node: Node, values: list[Value]) -> list[Output | Value]:
    """Items one after another along their first axis, and how long each is."""
    if not values or any(v.shape is None for v in values):
        raise DataDependent(f"the shapes of the items that {node.op} {node.name} puts together")
    node.inputs = values
    lengths = np.array([node.shape(i)[0] for i in range(len(values))], np.int64)
    output = concatenation(node, range(len(values)), 0)
    joined: Output | Value = output
    if not output.edges:
        joined = _constants(output.shape, values, np.concatenate)
    return [joined, Value(lengths.shape, value=lengths)]
