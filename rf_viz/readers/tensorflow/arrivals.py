"""Arrivals: tensors that come into a graph from outside other than by a placeholder.

A queue hands them out, an iterator, a decoder of bytes, a parser of records. What happens before,
such as reading a file, is no part of the network: it is read from them on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np

from ...model import ANY_RANK, ModelInput
from ...runtimes.tensorflow.graph_names import PLACEHOLDERS, data_inputs, maker
from .call import dims
from .protobuf.tensors import decoded, dtype

_UINT8, _INT32, _FLOAT, _STRING = 4, 3, 1, 7
"""Types, by their number in the enumeration DataType."""


class _Part(NamedTuple):
    """An output of a node: its number, its type in DataType, and its shape as ``call.dims``."""

    number: int
    kind: int
    shape: tuple[int, ...] | None


_Nodes = Mapping[str, Any]
_Parts = Callable[[Any, _Nodes], Iterable[_Part]]


def arrivals(nodes: Collection[Any]) -> dict[str, tuple[ModelInput, ...]]:
    """Find the nodes of a graph whose outputs arrive from outside; returns these by node name.

    What only goes into another queue does not count. Where bytes are decoded in a loop, the
    loop's result is what arrives.
    """
    by_op = {op: way for op in {node.op for node in nodes} for way in [_way(op)] if way}
    ways = {n.name: by_op[n.op] for n in nodes if n.op in by_op} if by_op else {}
    texts = {n.name for n in nodes if n.op in PLACEHOLDERS and n.attr["dtype"].type == _STRING}
    if not ways and not texts:
        return {}
    by_name = {node.name: node for node in nodes}
    readers = _readers(nodes)
    coming = {name: _inputs(by_name[name], way, by_name) for name, way in ways.items()}
    coming = {n: i for n, i in coming.items() if i and not _only_queued(n, readers, by_name)}
    for node in nodes:
        if node.op in _GATHERED:
            before = _before(node, by_name)
            numbers = (n for n in before if by_name[n].op in PLACEHOLDERS and n not in texts)
            if not before.isdisjoint({*texts, *coming}) and not any(numbers):
                gathered = _inputs(node, _LOOP, by_name)
                if gathered:
                    coming = {n: i for n, i in coming.items() if n not in before}
                    coming[node.name] = gathered
    return coming


class _Way(NamedTuple):
    """A way for tensors to arrive: what it is to a person, and the outputs of a node.

    ``batched`` says whether their first axis counts examples.
    """

    origin: str
    parts: _Parts
    batched: bool = True


def _listed(kinds: str, shapes: str = "") -> _Parts:
    """The outputs whose types, and perhaps shapes, are listed in attributes of these names."""

    def parts(node: Any, nodes: _Nodes) -> Iterator[_Part]:  # noqa: ANN401
        declared = node.attr[shapes].list.shape if shapes and shapes in node.attr else ()
        for number, kind in enumerate(node.attr[kinds].list.type):
            shape = dims(declared[number]) if number < len(declared) else _noted(node, number)
            yield _Part(number, kind, shape)

    return parts


def _dequeued(node: Any, nodes: _Nodes) -> Iterator[_Part]:  # noqa: ANN401
    """What a queue hands out: its elements, or several of them as one."""
    queue = nodes.get(maker(node.input[0])) if node.input else None
    shapes = [] if queue is None else list(queue.attr["shapes"].list.shape)
    many = "Many" in node.op or "UpTo" in node.op
    for number, kind in enumerate(node.attr["component_types"].list.type):
        shape = dims(shapes[number]) if number < len(shapes) else None
        if shape is not None and many:
            shape = (-1, *shape)
        yield _Part(number, kind, _noted(node, number) if shape is None else shape)


def _image(node: Any, nodes: _Nodes) -> Iterator[_Part]:  # noqa: ANN401
    """A decoded image: rows, columns and channels; of several frames, these first."""
    kind = node.attr["dtype"].type if "dtype" in node.attr else _UINT8
    channels = node.attr["channels"].i if "channels" in node.attr else 0
    frames = (-1,) if node.op == "DecodeGif" else ()
    yield _Part(0, kind, (*frames, -1, -1, channels or 3))


def _sound(node: Any, nodes: _Nodes) -> Iterator[_Part]:  # noqa: ANN401
    """Decoded sound, samples and channels, and its sample rate."""
    wanted = [node.attr[name].i for name in ("desired_samples", "desired_channels")]
    samples, channels = (n if n > 0 else -1 for n in wanted)
    yield _Part(0, _FLOAT, (samples, max(channels, 1)))
    yield _Part(1, _INT32, ())


def _numbers(node: Any, nodes: _Nodes) -> Iterator[_Part]:  # noqa: ANN401
    """Numbers as they lie in bytes: in a row, as many as they are folded into."""
    shape = _noted(node, 0)
    readers = _readers(nodes.values())
    reader = node
    while shape is None and len(readers.get(reader.name, ())) == 1:
        reader = nodes[readers[reader.name][0]]
        if reader.op == "Reshape":
            folded = nodes.get(maker(reader.input[1]))
            if folded is not None and folded.op == "Const":
                extents = decoded(folded.attr["value"].tensor)
                if extents is not None and extents.min(initial=1) > 0:
                    shape = (int(np.prod(extents)),)
            break
    yield _Part(0, node.attr["out_type"].type, shape or (-1,))


def _parsed(node: Any, nodes: _Nodes) -> Iterator[_Part]:  # noqa: ANN401
    """The dense values of parsed records, which come after three outputs for each sparse one."""
    sparse = "num_sparse" if "num_sparse" in node.attr else "Nsparse"
    first = 3 * node.attr[sparse].i
    shapes = node.attr["dense_shapes"].list.shape
    batch = () if node.op == "ParseSingleExample" else (-1,)
    for i, (kind, shape) in enumerate(zip_longest(node.attr["Tdense"].list.type, shapes)):
        if kind is not None:
            extents = None if shape is None else dims(shape)
            yield _Part(first + i, kind, None if extents is None else (*batch, *extents))


def _gathered(node: Any, nodes: _Nodes) -> Iterator[_Part]:  # noqa: ANN401
    """What the turns of a loop made, as one tensor."""
    kind = node.attr["element_dtype" if "element_dtype" in node.attr else "dtype"].type
    shape = _noted(node, 0)
    if shape is None and "element_shape" in node.attr:
        element = dims(node.attr["element_shape"].shape)
        shape = None if element is None else (-1, *element)
    yield _Part(0, kind, shape)


def _noted(node: Any, number: int) -> tuple[int, ...] | None:  # noqa: ANN401
    """The shape that the graph's writer noted down of an output; None where it did not."""
    if "_output_shapes" not in node.attr:
        return None
    shapes = node.attr["_output_shapes"].list.shape
    return dims(shapes[number]) if number < len(shapes) else None


_LOOP = _Way("what a loop over encoded examples makes", _gathered)

_GATHERED = ("TensorArrayGatherV3", "TensorListStack")

_WAYS: tuple[tuple[tuple[str, ...], _Way], ...] = (
    (("QueueDequeue", "QueueDequeueMany", "QueueDequeueUpTo"),
     _Way("what a queue hands out", _dequeued)),
    (("IteratorGetNext", "IteratorGetNextSync", "DatasetToSingleElement", "OptionalGetValue"),
     _Way("what an iterator hands out", _listed("output_types", "output_shapes"))),
    (("Unstage", "OrderedMapUnstage", "MapUnstage"), _Way("what is unstaged", _listed("dtypes"))),
    (("DecodeJpeg", "DecodePng", "DecodeBmp", "DecodeImage", "DecodeAndCropJpeg", "DecodeWebP"),
     _Way("the decoded image", _image, batched=False)),
    (("DecodeGif",), _Way("the decoded frames", _image)),
    (("DecodeWav",), _Way("the decoded sound", _sound, batched=False)),
    (("DecodeRaw", "DecodePaddedRaw"), _Way("the decoded numbers", _numbers, batched=False)),
    (("ParseExample", "ParseExampleV"), _Way("what records are parsed to", _parsed)),
    (("ParseSingleExample",), _Way("what a record is parsed to", _parsed, batched=False)),
)  # fmt: skip
"""The ways, by the operators' names without the number of a version."""

_BY_OP = {op: way for ops, way in _WAYS for op in ops}


def _way(op: str) -> _Way | None:
    return _BY_OP.get(op) or _BY_OP.get(op.rstrip("0123456789").removesuffix("V"))


def _inputs(node: Any, way: _Way, nodes: _Nodes) -> tuple[ModelInput, ...]:  # noqa: ANN401
    """The outputs of a node that are numbers, as inputs of the model."""
    inputs = []
    for number, kind, shape in way.parts(node, nodes):
        name = dtype(kind)
        if name is not None:
            extents = (
                (None,) * ANY_RANK if shape is None else tuple(n if n > 0 else None for n in shape)
            )
            tensor = f"{node.name}:{number}" if number else str(node.name)
            inputs.append(ModelInput(tensor, extents, name, batched=way.batched, origin=way.origin))
    return tuple(inputs)


def _readers(nodes: Iterable[Any]) -> dict[str, list[str]]:
    """The names of the nodes that read from each node."""
    readers: dict[str, list[str]] = {}
    for node in nodes:
        for name in data_inputs(node):
            readers.setdefault(maker(name), []).append(node.name)
    return readers


def _only_queued(name: str, readers: Mapping[str, list[str]], nodes: _Nodes) -> bool:
    """Whether all that follows from a node goes into a queue, and nowhere else."""
    pending, reached = [name], {name}
    ends = set()
    while pending:
        node = pending.pop()
        behind = readers.get(node, [])
        if not behind:
            ends.add(nodes[node].op)
        pending.extend(set(behind) - reached)
        reached.update(behind)
    return bool(ends) and all("Enqueue" in op or op.endswith("Stage") for op in ends)


def _before(node: Any, nodes: _Nodes) -> set[str]:  # noqa: ANN401
    """The names of the nodes that a node is computed from, itself not among them."""
    before: set[str] = set()
    pending = [maker(name) for name in data_inputs(node)]
    while pending:
        name = pending.pop()
        if name in nodes and name not in before:
            before.add(name)
            pending.extend(maker(i) for i in data_inputs(nodes[name]))
    return before
