"""The processes of workers, as the app sees them: started, talked to, and ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from abc import ABC, abstractmethod
from pathlib import Path
from typing import BinaryIO, Literal
from typing import cast as typed

_PROGRAM = [sys.executable, "-P", "-m", "rf_viz.workers.program"]

_HERE = str(Path(__file__).resolve().parents[2])
"""Where this package is found."""

_LAST = 19
"""The rank of a process that all others go before."""

Kind = Literal["light", "tensorflow", "torch"]
"""What a worker has loaded when it starts: what reads and runs ONNX files, or a framework too."""

_PATIENCE = 5.0
"""Seconds that a warm process may take to end."""

CAN_COPY = sys.platform == "linux"
"""Whether a process with these libraries loaded may copy itself."""


class Process(ABC):
    """A worker's process.

    Attributes:
        number: the system's number of it.
        requests, answers: where it reads and where it writes messages.
    """

    number: int
    requests: BinaryIO
    answers: BinaryIO

    @abstractmethod
    def has_ended(self) -> bool:
        """Whether it has ended by itself, or was ended from outside; asked while it is idle."""

    @abstractmethod
    def kill(self) -> None:
        """Kill it, so that whoever reads its answers meets their end."""

    @abstractmethod
    def step_back(self) -> None:
        """Let all other processes go before it."""

    def end(self) -> int:
        """Kill it if it runs, and return its exit status, negative for the signal that ended it."""
        status = self._reap()
        for pipe in (self.requests, self.answers):
            with contextlib.suppress(OSError):  # what was still to be written
                pipe.close()
        return status

    @abstractmethod
    def _reap(self) -> int:
        """Kill it if it runs, and return its exit status."""


class Copy(Process):
    """A copy of a warm process."""

    def __init__(self, nursery: Nursery, memory: int) -> None:
        self._nursery = nursery
        self._talk, its = socket.socketpair()
        with its:
            self.number = nursery.start(its, memory)
        self.requests, self.answers = self._talk.makefile("wb"), self._talk.makefile("rb")

    def has_ended(self) -> bool:
        """Whether there is the end of its answers to be read."""
        return bool(select.select([self._talk], [], [], 0)[0])  # it says nothing unasked

    def kill(self) -> None:
        """Kill it, and all that it has started."""
        with contextlib.suppress(OSError):
            os.killpg(self.number, signal.SIGKILL)

    def step_back(self) -> None:
        """Let all others go before its threads."""
        with contextlib.suppress(OSError):  # it has ended
            os.setpriority(os.PRIO_PGRP, self.number, _LAST)

    def _reap(self) -> int:
        self._talk.close()
        return self._nursery.end(self.number)


class Single(Process):
    """A process of its own, which loads the libraries for itself."""

    def __init__(self, kind: Kind) -> None:
        self._process = subprocess.Popen(
            [*_PROGRAM, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        self.number = self._process.pid
        self.requests = typed(BinaryIO, self._process.stdin)
        self.answers = typed(BinaryIO, self._process.stdout)

    def has_ended(self) -> bool:
        """Whether the system says so."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """Kill it alone."""
        self._process.kill()

    def step_back(self) -> None:
        """Do nothing: only Linux changes the rank of a process with all its threads."""

    def _reap(self) -> int:
        self._process.kill()
        return self._process.wait()


class Nursery:
    """A warm process, from which workers are copied; it is started again if it has ended.

    May be shared between threads.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def is_warm(self) -> bool:
        """Whether it has loaded all."""
        return self._control is not None

    def warm(self) -> None:
        """Start it unless it runs, and wait until all is loaded."""
        with self._lock:
            self._running()

    def start(self, talk: socket.socket, memory: int) -> int:
        """Start a worker that talks by this socket, and return its process' number."""
        with self._lock:
            control = self._running()
            socket.send_fds(control, [b"start %d" % memory], [talk.fileno()])
            return int(control.recv(64))

    def end(self, number: int) -> int:
        """Kill a worker if it runs, and return its exit status, negative for a signal."""
        with self._lock:
            if self._process is None or self._control is None:
                return -signal.SIGKILL
            try:
                self._control.send(b"end %d" % number)
                return int(self._control.recv(64))
            except (OSError, ValueError):  # it has ended, and its workers with it
                self._stop()
                return -signal.SIGKILL

    def close(self) -> None:
        """End it, and with it its workers."""
        with self._lock:
            self._stop()

    def _running(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        if self._control is None:
            mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with its:
                process = subprocess.Popen(
                    [*_PROGRAM, self._kind, str(its.fileno())],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[its.fileno()],
                    env=_environment(),
                    start_new_session=True,  # Ctrl-C is for the app
                )
            weakref.finalize(self, _stop, process, mine)
            if mine.recv(64) != b"ready":
                _stop(process, mine)
                raise OSError("the process for workers did not start")
            self._process, self._control = process, mine
        return self._control

    def _stop(self) -> None:
        if self._process is not None and self._control is not None:
            _stop(self._process, self._control)
        self._process = self._control = None


def _environment() -> dict[str, str]:
    """The environment of the program, in which it finds this package."""
    paths = [_HERE, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _stop(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    """End a warm process, which ends its workers and removes their files."""
    control.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start(kind: Kind, nursery: Nursery, memory: int) -> Process:
    """Start a worker of a kind, which may take so many bytes of memory."""
    return Copy(nursery, memory) if CAN_COPY else Single(kind)
