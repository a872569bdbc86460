"""Many cases: handed to worker processes, which may end; what became of each."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

from tests.fuzz.cases import form_of, needs_tensorflow

CLASSES = ("ok", "sentence", "run ended", "fault")
"""What becomes of cases: "run ended" means that a native runtime ended its process, or ran on and
on, while it ran the model; or that libhdf5 read on and on in a damaged file. The app's workers end
both."""

_IN_HDF5 = re.compile(r'most recent call first\):\n  File "[^"]*/h5py/')

_PATIENCE = 300
"""Seconds without an answer after which a worker is taken for stuck. Its own limit is processor
time, which comes first unless it waits for something that never happens."""

_FEWER = 2000
"""Mebibytes that a process may have used: then a new one takes over."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case: one of ``CLASSES``, and its sentence or traceback."""

    number: int
    kind: str
    text: str = ""

    @property
    def form(self) -> str:
        """The case's format."""
        return form_of(self.number)

    @property
    def place(self) -> str:
        """Where a fault occurred: the innermost line of ours in the traceback, and the error."""
        lines = re.findall(r'File "[^"]*/(rf_viz/[^"]+)", line (\d+)', self.text)
        innermost = 0 if "most recent call first" in self.text else -1
        spot = ":".join(lines[innermost]) if lines else "nowhere in RF-Viz"
        last = self.text.strip().splitlines()[-1:] or [""]
        return f"{spot} {last[0][:120]}"


class _Worker:
    """A process that examines cases one after the other, and is started anew where it ends."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[Any] | None = None

    def examine(self, number: int) -> Outcome:
        """Examine a case. Where the process ends, the case is tried again in a new one."""
        outcome = self._attempt(number)
        if outcome.kind == "ended":  # what an earlier case did to the process may show late
            outcome = self._attempt(number)
        if outcome.kind == "ended":
            return Outcome(number, "fault", outcome.text)
        return outcome

    def _attempt(self, number: int) -> Outcome:
        process = self._running()
        assert process.stdin
        assert process.stdout
        stage = "start"
        try:
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
        except BrokenPipeError:
            return self._ended(number, stage)
        stuck = threading.Timer(_PATIENCE, process.kill)
        stuck.start()
        try:
            for line in process.stdout:
                message = json.loads(line)
                stage = message["at"]
                if stage == "end":
                    if message["peak"] > _FEWER:
                        self.close()
                    return Outcome(number, message["class"], message["text"])
        finally:
            stuck.cancel()
        return self._ended(number, stage)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker", str(self._seed)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
            )
        return self._process

    def _ended(self, number: int, stage: str) -> Outcome:
        """What is known of a case whose process ended, or is stuck."""
        process, log = self._process, self._log
        assert process
        assert log
        code, self._process = process.wait(), None
        why = f"ended with {code}"
        if code < 0:
            name = signal.Signals(-code).name
            why = {"SIGPROF": "hangs", "SIGKILL": "stuck"}.get(name, f"ended by {name}")
        log.seek(0)
        text = f"{log.read()[-6000:]}\nwhile at {stage}: {why}"
        native = stage == "run" or (why == "hangs" and _IN_HDF5.search(text))
        return Outcome(number, "run ended" if native else "ended", text)

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            assert self._process.stdin
            self._process.stdin.close()
            self._process.wait()
            self._process = None


def examine(
    seed: int, numbers: Iterable[int], jobs: int = 2, done: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """Examine the cases of these numbers, in as many processes as ``jobs``.

    ``done`` is called with each outcome as it comes.
    """
    # Those that take TensorFlow stand last, and one process begins there: the others need not
    # start it.
    waiting = deque(sorted(numbers, key=needs_tensorflow))
    outcomes: list[Outcome] = []
    lock = threading.Lock()

    def work(first: bool) -> None:
        worker = _Worker(seed)
        try:
            while True:
                with lock:
                    if not waiting:
                        return
                    number = waiting.pop() if first else waiting.popleft()
                outcome = worker.examine(number)
                with lock:
                    outcomes.append(outcome)
                    if done:
                        done(outcome)
        finally:
            worker.close()

    threads = [threading.Thread(target=work, args=(job == 0,)) for job in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes, key=lambda outcome: outcome.number)
