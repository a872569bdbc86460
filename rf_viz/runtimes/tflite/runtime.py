"""Run a TFLite model with LiteRT and fetch any tensor of one of its graphs.

LiteRT runs in a process of its own (see ``worker``), which is started when it is first asked and
ends with this one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import weakref
from collections.abc import Collection, Mapping, Sequence
from threading import Lock, Timer
from typing import Any, BinaryIO
from typing import cast as typed

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError, defect
from ..values import as_float, cast, neutral
from .inner import Graph, TensorSlot, fetch, not_computed, slot_of
from .worker import Message, receive, send

PATIENCE = 120.0
"""Seconds that a run may take."""

_WORKER = os.path.join(os.path.dirname(__file__), "worker.py")
"""The worker's program: run as a file and not as a module, so that it loads only what it needs."""


class TfliteRuntime:
    """Activations of a TFLite model, computed by LiteRT; may be shared between threads.

    ``data`` is the file, ``graph`` the graph in it to run; ``shown`` are the names of its tensors
    that may be fetched and fed.
    """

    def __init__(self, data: bytes, graph: Graph, shown: Collection[str]) -> None:
        self._data, self._graph, self._shown = data, graph, shown
        self._worker: tuple[subprocess.Popen[bytes], BinaryIO, BinaryIO] | None = None
        self._lock = Lock()

    def activations(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Sequence[int]],
    ) -> dict[str, NDArray[np.float32]]:
        """Compute the named tensors as real numbers, float32, for these inputs (by name).

        An input of a quantised type takes integers as they are stored, and floats as real numbers.
        Any tensor may be fed; then it is not computed. Missing inputs are filled with ones where
        their name says that they are a mask, else with zeros, in the shape that ``shapes`` says.
        A tensor within a loop has the number of a turn in its name, or none for all turns, which
        are then in front. Raises ModelError where the model cannot be run that far.
        """
        graph = self._graph
        wanted = tuple(name for name in dict.fromkeys(names) if name not in feeds)
        for name in wanted:
            if name in graph.slots and name not in self._shown:
                raise not_computed(name)
        slots = {name: slot_of(graph, name) for name in wanted}
        stored = {
            name: _stored(name, graph.slots[name], feeds.get(name), shapes)
            for name in (*graph.inputs, *(n for n in self._shown if n in feeds))
        }
        values = fetch(graph, stored, wanted, self._run)
        real = {
            name: values[name] if slot.quantised is None else slot.quantised.real(values[name])
            for name, slot in slots.items()
        }
        return {n: as_float(n, real[n] if n in real else feeds[n]) for n in names}

    def _run(
        self, graph: Graph, feeds: Mapping[str, NDArray[Any]], names: Sequence[str]
    ) -> list[NDArray[Any]]:
        """Run one of the file's graphs (see ``Run``). Raises ModelError."""
        numbers = [graph.slots[name].number for name in names]
        request: Message = {str(graph.slots[name].number): a for name, a in feeds.items()}
        request["graph"], request["wanted"] = np.array(graph.number), np.array(numbers)
        within = [graph.slots[name].number for name in feeds if name in graph.computed]
        request["fed"] = np.array(within, int)
        with self._lock:
            reply = self._ask(request)
        if "defect" in reply:
            raise defect("run this model with LiteRT", RuntimeError(reply["defect"]))
        if "error" in reply:
            raise ModelError(_refusal(names, str(reply["error"])))
        return [reply[str(number)] for number in numbers]

    def _ask(self, request: Message) -> Message:
        """Send the worker a request and wait for its reply. Raises ModelError where none comes."""
        worker, requests, replies = self._started()
        late: list[bool] = []

        def give_up() -> None:
            """End a worker that takes too long, so that the wait for its reply ends too."""
            late.append(True)
            worker.kill()

        timer = Timer(PATIENCE, give_up)
        timer.daemon = True
        timer.start()
        try:
            send(requests, request)
            reply = receive(replies)
        except OSError:
            reply = None
        finally:
            timer.cancel()
        if reply is None:
            worker.kill()
            self._worker = None
            if late:
                raise ModelError(f"LiteRT did not finish this model in {PATIENCE:.0f} seconds")
            raise ModelError(
                "LiteRT broke down on this model, so it has no activations: "
                "its file is damaged, or asks for more memory than there is"
            )
        return reply

    def _started(self) -> tuple[subprocess.Popen[bytes], BinaryIO, BinaryIO]:
        """The worker, where it takes requests and where it replies."""
        if self._worker is None:
            worker = subprocess.Popen(
                [sys.executable, "-P", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            weakref.finalize(self, _end, worker)
            self._worker = worker, typed(BinaryIO, worker.stdin), typed(BinaryIO, worker.stdout)
            model = np.frombuffer(self._data, np.uint8)
            send(self._worker[1], {"model": model})
        return self._worker


def _end(worker: subprocess.Popen[bytes]) -> None:
    """End a worker, and close its pipes."""
    worker.kill()
    worker.communicate()


def _stored(
    name: str,
    slot: TensorSlot,
    value: NDArray[np.generic] | None,
    shapes: Mapping[str, Sequence[int]],
) -> NDArray[np.generic]:
    """An input as its tensor stores it. Raises ModelError where it cannot be fed."""
    if not slot.dtype:
        raise ModelError(f"input {name} is of a type that cannot be fed here")
    dtype = np.dtype(slot.dtype)
    if value is None:
        return neutral(name, shapes[name], dtype)
    if slot.quantised is not None and value.dtype.kind == "f":
        value = slot.quantised.stored(value)
    return cast(value, dtype)


def _refusal(names: Sequence[str], text: str) -> str:
    """LiteRT's error message as one sentence."""
    custom = re.search(r"unresolved custom op: (\w+)", text)
    if custom:
        return (
            f"the model uses the operator {custom[1]}, which is not LiteRT's own, up to this "
            "layer: its regions are shown, its activations cannot be"
        )
    if "Select TensorFlow op" in text:
        return (
            "the model keeps TensorFlow operations that LiteRT alone does not run up to this "
            "layer: convert it with TFLITE_BUILTINS only to see activations"
        )
    text = " ".join(re.sub(r"\S+\.(?:cc|h|py):\d+ ", "", text).split())
    where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return f"LiteRT cannot run this model up to {where}: {text[:300].rstrip('.')}"
