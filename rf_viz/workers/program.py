"""The program of the workers: it loads the libraries once, and then copies itself for each model.

It is started as ``python -m rf_viz.workers.program KIND FD``. A copy (``os.fork``) has everything
loaded within milliseconds, and shares that memory with the others. Where a process cannot copy
itself, ``python -m rf_viz.workers.program KIND`` is a single worker, which talks by its standard
input and output.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import logging
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from ..errors import ModelError
from .jobs import Outcome
from .messages import packed, receive, send, unpacked

PRELOADED = {
    "light": ("rf_viz.verify.whole", "rf_viz.readers.onnx", "rf_viz.runtimes.onnx.twin"),
    "tensorflow": ("rf_viz.verify.whole", "rf_viz.readers.tensorflow.keras.reader"),
    "torch": ("rf_viz.verify.whole", "rf_viz.readers.pytorch.memory"),
}
"""The kinds of workers, by what they have loaded when they start."""

_NICE = 5
"""How far workers step back behind the app, which answers clicks."""

_WANTS_MEMORY = re.compile(
    "bad.?alloc|OOM when|resource.?exhausted|failed to allocate|allocate memory|not enough memory",
    re.IGNORECASE,
)
"""What runtimes and readers say where there is not enough memory."""

_PR_SET_PDEATHSIG = 1
"""The option of Linux' prctl(2) by which a process ends with its parent."""


def preload(kind: str) -> None:
    """Load what workers of a kind need; what is not installed is told by the reader that wants it.

    TensorFlow and Keras are loaded by the function that also quietens them.
    """
    for name in PRELOADED[kind]:
        with contextlib.suppress(ImportError, ModelError):
            importlib.import_module(name)
    if kind == "tensorflow":
        from ..runtimes.tensorflow.imports import import_tensorflow

        with contextlib.suppress(ImportError, ModelError):
            import_tensorflow()
    elif kind == "torch":
        from ..runtimes.pytorch.imports import import_pytorch

        with contextlib.suppress(ImportError, ModelError):
            import_pytorch()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more.

    The first is a function that loads a model or a survey; each later one is a function of it. An
    answer is an outcome and what goes with it (see ``jobs.Outcome``).
    """
    loaded: Any = None
    while (parts := receive(requests)) is not None:
        try:
            function, arguments = unpacked(parts)
            if loaded is None:
                loaded, value = function(*arguments), None
            else:
                value = function(loaded, *arguments)
            answer = packed((int(Outcome.VALUE), value))
        except ModelError as error:
            wants = _WANTS_MEMORY.search(str(error))
            answer = packed((int(Outcome.MEMORY), None) if wants else (int(Outcome.REFUSAL), error))
        except MemoryError:
            answer = packed((int(Outcome.MEMORY), None))
        except Exception as error:
            logging.getLogger(__name__).exception("A worker met what nobody foresaw")
            answer = packed((int(Outcome.DEFECT), type(error).__name__))
        send(answers, answer)


class Nursery:
    """A warm process that copies itself for each worker.

    By its ``control`` socket it takes b"start", the bytes of memory that the worker may take and
    the socket that it is to talk by, and answers with the number of the process. At b"end" and a
    number it kills that worker, with all that it has started, removes its temporary files, and
    answers with its exit status. ``folder`` is where these files go.
    """

    def __init__(self, control: socket.socket, folder: Path) -> None:
        self._control, self._folder = control, folder
        self._workers: set[int] = set()

    def run(self) -> None:
        """Serve until the app has ended, and end the workers."""
        while True:
            data, handles, _, _ = socket.recv_fds(self._control, 64, 1)
            if not data:
                break
            word, _, text = data.decode().partition(" ")
            number = int(text)
            answer = self._start(handles[0], number) if word == "start" else self._end(number)
            self._control.send(str(answer).encode())
        for worker in list(self._workers):
            self._end(worker)

    def _start(self, handle: int, memory: int) -> int:
        child = os.fork()
        if child == 0:
            self._be_worker(handle, memory)
        os.close(handle)
        self._workers.add(child)
        return child

    def _end(self, child: int) -> int:
        for kill in (os.killpg, os.kill):  # it may not have its group yet
            with contextlib.suppress(ProcessLookupError):
                kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        self._workers.discard(child)
        shutil.rmtree(self._folder / str(child), ignore_errors=True)
        return os.waitstatus_to_exitcode(status)

    def _be_worker(self, handle: int, memory: int) -> NoReturn:
        """Work as one, in the copied process, and end."""
        status = 1
        try:
            self._control.close()
            os.setpgid(0, 0)
            end_with_parent()
            folder = self._folder / str(os.getpid())
            folder.mkdir()
            _keep_files_in(str(folder))
            bound(memory)
            with socket.socket(fileno=handle) as talk:
                serve(talk.makefile("rb"), talk.makefile("wb"))
            status = 0
        except BrokenPipeError:  # the app has ended
            status = 0
        except BaseException:
            logging.getLogger(__name__).exception("A worker broke down")
        finally:
            os._exit(status)


def end_with_parent() -> None:
    """Have Linux end this process with its parent, also while it computes."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def bound(memory: int) -> None:
    """Let this process take only so many more bytes of memory, and let the app go before it."""
    import resource  # which Windows does not have

    os.nice(_NICE)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # if memory runs out, a worker is ended, and not the app
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = _data() + memory
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _data() -> int:
    """The bytes of memory of its own that this process has, as Linux counts them for its limit."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def log_like_server() -> None:
    """Write what the library logs to the server's error stream, as the server itself does."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("rf_viz").addHandler(handler)


def main(kind: str, control: str = "") -> None:
    """Be a nursery that listens to the socket of this number, or a single worker."""
    log_like_server()
    if not control:
        preload(kind)
        answers = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # so that nothing else is printed among the answers
        serve(sys.stdin.buffer, answers)
        return
    with (
        socket.socket(fileno=int(control)) as talk,
        tempfile.TemporaryDirectory(prefix="rf_viz_", ignore_cleanup_errors=True) as folder,
    ):
        _keep_files_in(folder)  # libraries leave some when they are loaded
        preload(kind)
        talk.send(b"ready")
        Nursery(talk, Path(folder)).run()


def _keep_files_in(folder: str) -> None:
    """Have all temporary files of this process made in a folder."""
    tempfile.tempdir = os.environ["TMPDIR"] = folder


if __name__ == "__main__":
    main(*sys.argv[1:])
