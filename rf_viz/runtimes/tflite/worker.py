"""The program that runs a TFLite model in a process of its own, for ``runtime``.

LiteRT trusts a file's numbers: a damaged one can take down the process that runs it. So this module
is a program. It reads messages from standard input, the model's bytes first, and answers each on
standard output. It imports nothing of RF-Viz, which would take longer than the run.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Message = dict[str, NDArray[Any]]
"""Named arrays, as they pass between the processes."""

THREADS = 2
"""Processor threads that one run may use."""

_INPUTS, _OUTPUTS, _OPERATORS = 6, 8, 10
"""Slots in which a SubGraph of the schema keeps its inputs, its outputs and its operators."""

_SUBGRAPHS, _SIGNATURES = 8, 18
"""Slots in which a Model of the schema keeps its graphs and its signatures."""

_AXIS = 16
"""Slot in which a QuantizationParameters of the schema keeps its quantised dimension."""


def send(pipe: BinaryIO, message: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays."""
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **message)
    pipe.write(struct.pack("<Q", packed.tell()))
    pipe.write(packed.getbuffer())
    pipe.flush()


def receive(pipe: BinaryIO) -> Message | None:
    """Read what ``send`` has written; None where the other side has ended."""
    head = pipe.read(8)
    if len(head) < 8:
        return None
    size = struct.unpack("<Q", head)[0]
    body = pipe.read(size)
    if len(body) < size:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return dict(arrays)


class ComplaintError(Exception):
    """Raised where LiteRT refuses a model, with LiteRT's own words."""


@contextmanager
def _complaining() -> Iterator[None]:
    """Let LiteRT work, which complains in exceptions of several kinds. Raises ComplaintError."""
    try:
        yield
    except Exception as error:
        raise ComplaintError(str(error) or type(error).__name__) from error


class Beginning:
    """Operators of a graph up to the one that makes the last of the tensors ``wanted``.

    ``graph`` is its number in the model ``data``. The tensors ``fed`` are not computed.

    Raises ComplaintError where LiteRT does not take them.
    """

    def __init__(self, data: bytes, graph: int, wanted: Sequence[int], fed: Sequence[int]) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._wanted = wanted
        shorter = cut(data, graph, wanted, fed)
        with _complaining():
            self._interpreter = Interpreter(
                model_content=shorter,
                num_threads=THREADS,
                # Delegates would fuse tensors away.
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                experimental_preserve_all_tensors=True,
            )
        self._allocated = False

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Message:
        """Compute the wanted tensors for these inputs, both by number and as they are stored.

        Raises ComplaintError where LiteRT does not.
        """
        model = self._interpreter
        with _complaining():
            inputs = {details["index"]: details["shape"] for details in model.get_input_details()}
        arrays = {number: feeds[str(number)] for number in inputs}
        with _complaining():
            for number, array in arrays.items():
                if tuple(inputs[number]) != array.shape:
                    model.resize_tensor_input(number, list(array.shape))
                    self._allocated = False
            if not self._allocated:
                model.allocate_tensors()
                self._allocated = True
            for number, array in arrays.items():
                model.set_tensor(number, array)
            model.reset_all_variables()
            model.invoke()
            values = {str(n): np.asarray(model.get_tensor(n)) for n in self._wanted}
        if any(value.dtype.hasobject for value in values.values()):
            raise ComplaintError("it makes a text, not numbers")
        return values


def cut(data: bytes, number: int, wanted: Sequence[int], fed: Sequence[int] = ()) -> bytes:
    """End a graph after the operator that makes the last of the tensors ``wanted``; make it main.

    The vector of operators stays where it is, with a smaller length; that of outputs, which are
    the wanted tensors now, is written anew at the end of the file. LiteRT leaves out what a loop
    returns in vain. A graph that is not the main one changes places with it, and the signatures,
    which name graphs by their places, go.
    """
    from ai_edge_litert.schema_py_generated import Model

    model = Model.GetRootAs(data, 0)
    graph = model.Subgraphs(number)
    last = max(
        i
        for i in range(graph.OperatorsLength())
        if not set(wanted).isdisjoint(graph.Operators(i).OutputsAsNumpy().tolist())
    )
    table = graph._tab  # the only way to where in the bytes a vector lies
    shorter = bytearray(data)
    struct.pack_into("<I", shorter, table.Vector(table.Offset(_OPERATORS)) - 4, last + 1)
    _replace(graph, _OUTPUTS, wanted, shorter)
    if number:
        at = [_entries(model, _SUBGRAPHS) + 4 * i for i in (0, number)]
        for target, source in zip(at, reversed(at), strict=True):
            offset = struct.unpack_from("<I", data, source)[0]
            struct.pack_into("<I", shorter, target, source + offset - target)
        if model._tab.Offset(_SIGNATURES):
            struct.pack_into("<I", shorter, _entries(model, _SIGNATURES) - 4, 0)
    _mend_axes(graph, shorter)
    if fed:
        _feed(graph, shorter, last + 1, wanted, fed)
    return bytes(shorter)


def _feed(
    graph: Any,  # noqa: ANN401
    data: bytearray,
    count: int,
    wanted: Sequence[int],
    fed: Sequence[int],
) -> None:
    """Make inputs of the tensors ``fed``, and take out what only leads to them.

    The graph has ``count`` operators. Its vector of operators stays where it is, that of inputs is
    written anew at the end of the file.
    """
    needed = set(wanted)
    kept: list[int] = []
    for i in reversed(range(count)):
        operator = graph.Operators(i)
        outputs = operator.OutputsAsNumpy().tolist() if operator.OutputsLength() else []
        if not outputs or not needed.difference(fed).isdisjoint(outputs):
            kept.insert(0, i)
            needed.update(operator.InputsAsNumpy().tolist() if operator.InputsLength() else [])
    table = graph._tab
    entries = table.Vector(table.Offset(_OPERATORS))
    at = [entries + 4 * i for i in kept]
    targets = [place + struct.unpack_from("<I", data, place)[0] for place in at]
    struct.pack_into("<I", data, entries - 4, len(kept))
    for i, target in enumerate(targets):
        struct.pack_into("<I", data, entries + 4 * i, target - entries - 4 * i)
    own = graph.InputsAsNumpy().tolist() if graph.InputsLength() else []
    inputs = [i for i in dict.fromkeys([*own, *fed]) if i in needed]
    _replace(graph, _INPUTS, inputs, data)


def _replace(graph: Any, slot: int, numbers: Sequence[int], data: bytearray) -> None:  # noqa: ANN401
    """Replace one of a graph's vectors of numbers, if it has that, by one at the file's end."""
    table = graph._tab
    if not table.Offset(slot):
        return
    data.extend(bytes(-len(data) % 4))
    field = table.Pos + table.Offset(slot)
    struct.pack_into("<I", data, field, len(data) - field)
    data.extend(struct.pack(f"<I{len(numbers)}i", len(numbers), *numbers))


def _entries(model: Any, slot: int) -> int:  # noqa: ANN401
    """Where in a file the entries of one of the model's vectors begin."""
    table = model._tab
    return int(table.Vector(table.Offset(slot)))


def _mend_axes(graph: Any, data: bytearray) -> None:  # noqa: ANN401
    """Correct quantised dimensions beyond a tensor's rank, as real files have them.

    LiteRT refuses these, though no kernel of a bias reads them.
    """
    axes: dict[int, set[int]] = {}
    for i in range(graph.TensorsLength()):
        tensor = graph.Tensors(i)
        quantised = tensor.Quantization()
        if quantised is None or quantised.ScaleLength() < 2:
            continue
        table = quantised._tab
        field = table.Offset(_AXIS)
        if not field:
            continue
        shape = tensor.ShapeAsNumpy().tolist() if tensor.ShapeLength() else []
        axis = quantised.QuantizedDimension()
        if not 0 <= axis < len(shape):
            count = quantised.ScaleLength()
            axis = shape.index(count) if count in shape else 0
        axes.setdefault(table.Pos + field, set()).add(axis)
    for at, wanted in axes.items():
        if len(wanted) == 1:  # else tensors that share it disagree
            struct.pack_into("<i", data, at, *wanted)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are no more.

    An error of LiteRT is answered with its message as ``error``, a defect of RF-Viz with its
    traceback as ``defect``.
    """
    first = receive(requests)
    if first is None:
        return
    data = first["model"].tobytes()
    latest: dict[int, tuple[tuple[list[int], list[int]], Beginning]] = {}
    while (request := receive(requests)) is not None:
        graph = int(request.pop("graph"))
        wanted = request.pop("wanted").tolist()
        fed = request.pop("fed").tolist()
        try:
            if graph not in latest or latest[graph][0] != (wanted, fed):
                latest.pop(graph, None)
                latest[graph] = (wanted, fed), Beginning(data, graph, wanted, fed)
            reply = latest[graph][1].run(request)
        except ComplaintError as complaint:
            latest.pop(graph, None)
            reply = {"error": np.array(str(complaint))}
        except Exception:
            latest.pop(graph, None)
            reply = {"defect": np.array(traceback.format_exc())}
        send(replies, reply)


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # so that nothing else is printed among the replies
    serve(sys.stdin.buffer, out)
