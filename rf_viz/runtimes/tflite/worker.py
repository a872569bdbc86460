"""Runs a TFLite model in a process of its own, for ``tflite_runtime``.

LiteRT trusts a file's numbers: a damaged one can take down the process that runs it. So this
module is a program. It reads messages from standard input, the model's bytes first, and answers
each on standard output.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Message = dict[str, NDArray[Any]]

THREADS = 2
_OUTPUTS, _OPERATORS = 8, 10
"""Where a SubGraph of the schema keeps its outputs and its operators."""


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


class Part:
    """The operators of a model up to the one that makes the last of the tensors ``wanted``."""

    def __init__(self, data: bytes, wanted: Sequence[int]) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._wanted = wanted
        self._interpreter = Interpreter(
            model_content=cut(data, wanted),
            num_threads=THREADS,
            # Delegates would fuse tensors away.
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        self._allocated = False

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Message:
        """What the wanted tensors hold for these inputs; both by number, as they are stored."""
        model = self._interpreter
        inputs = model.get_input_details()
        for given in inputs:
            feed = feeds[str(given["index"])]
            if tuple(given["shape"]) != feed.shape:
                model.resize_tensor_input(given["index"], list(feed.shape))
                self._allocated = False
        if not self._allocated:
            model.allocate_tensors()
            self._allocated = True
        for given in inputs:
            model.set_tensor(given["index"], feeds[str(given["index"])])
        model.reset_all_variables()
        model.invoke()
        return {str(number): np.asarray(model.get_tensor(number)) for number in self._wanted}


def cut(data: bytes, wanted: Sequence[int]) -> bytes:
    """The file with its main graph ended after the operator that makes the last one wanted."""
    from ai_edge_litert.schema_py_generated import Model

    graph = Model.GetRootAs(data, 0).Subgraphs(0)
    last = max(
        i
        for i in range(graph.OperatorsLength())
        if not set(wanted).isdisjoint(graph.Operators(i).OutputsAsNumpy().tolist())
    )
    table = graph._tab
    shorter = bytearray(data)
    struct.pack_into("<I", shorter, table.Vector(table.Offset(_OPERATORS)) - 4, last + 1)
    for i in range(graph.OutputsLength()):
        at = table.Vector(table.Offset(_OUTPUTS)) + 4 * i
        struct.pack_into("<i", shorter, at, wanted[0])
    return bytes(shorter)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are no more. What fails is answered with its ``error``."""
    first = receive(requests)
    if first is None:
        return
    data = first["model"].tobytes()
    latest: tuple[list[int], Part] | None = None
    while (request := receive(requests)) is not None:
        wanted = request.pop("wanted").tolist()
        try:
            if latest is None or latest[0] != wanted:
                latest = None
                latest = wanted, Part(data, wanted)
            reply = latest[1].run(request)
            if any(a.dtype.hasobject for a in reply.values()):
                raise ValueError("it makes a text, not numbers")
        except Exception as error:  # LiteRT's complaints are of several kinds
            latest = None
            reply = {"error": np.array(str(error) or type(error).__name__)}
        send(replies, reply)


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # so that nothing else is printed among the replies
    serve(sys.stdin.buffer, out)
