"""The pool of workers: it gives out jobs, keeps models warm, and ends what takes too long."""

from __future__ import annotations

import hashlib
import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import DefectError
from .jobs import EndedError, Job, Outcome, Source
from .limits import Limits
from .messages import TooLargeError, answer_of, receive, send
from .processes import Kind, Nursery, Process, start

_log = logging.getLogger(__name__)

_REST = 10.0
"""Seconds between two looks at idle workers."""

_LOOK = 0.1
"""Seconds between two looks at what runs, and at whether anybody still waits for it."""

_GRACE = 2.0
"""Seconds for which a job goes on that nobody waits for: who clicks elsewhere comes back for it."""

_LONG = 1.0
"""Seconds after which a job steps back behind all others, and whoever waits may give up."""

_BUSY = 0.5
"""Seconds for which a job waits for a worker that has its model, before another loads that too."""

_IDLE = 600.0
"""Seconds for which a worker without a job is kept."""

_PART = 4
"""An answer may take one in so many parts of the memory that its worker may take."""


class _Worker:
    """A process with a model, and the job that it does.

    Attributes:
        source, kind: the model that it has or will load, and what is loaded beforehand.
        process: None before its first job.
        job: None while it is idle.
        since: when it began with its job, or has become idle.
    """

    def __init__(self, source: Source, kind: Kind) -> None:
        self.source, self.kind = source, kind
        self.process: Process | None = None
        self.job: Job | None = None
        self.since = time.monotonic()


class Pool:
    """Workers under limits, shared by all sessions.

    A worker has one model and stays with it. A job goes to an idle worker that has its model; if
    all of these are busy for a while, another one loads it. Where there are as many workers as
    there may be, the one that is idle for longest makes room.
    """

    def __init__(
        self, limits: Limits | None = None, while_waiting: Callable[[], object] = int
    ) -> None:
        """Prepare a pool; nothing is started before it is needed.

        ``while_waiting`` is called in the thread that waits for a job, ten times a second once that
        has taken a second. It may raise, so that the wait ends; a job for which nobody waits any
        more is ended.
        """
        self.limits = limits or Limits.of_environment()
        self._while_waiting = while_waiting
        self._nurseries: dict[Kind, Nursery] = {}
        self._workers: list[_Worker] = []
        self._queue: list[Job] = []
        self._jobs: dict[tuple[Source, bytes], Job] = {}
        self._changed = threading.Condition(threading.RLock())
        self._watches = False

    def nursery(self, kind: Kind) -> Nursery:
        """The warm process that workers of a kind are copied from."""
        with self._changed:
            return self._nurseries.setdefault(kind, Nursery(kind))

    def do(self, source: Source, kind: Kind, request: list[Any], what: str) -> Any:  # noqa: ANN401
        """Have a worker do something with a model, and wait for it.

        Args:
            source: the model.
            kind: what the worker has loaded beforehand.
            request: the parts of the message that asks for it.
            what: what is done with the model, in a participle, for messages.

        Raises:
            ModelError: what the model's own code raises.
            EndedError: it took too long or too much memory, or its process broke down. It is
                raised again at once for the same request, until ``Source.forgive``.
            DefectError: for any other exception in the worker, whose traceback is in the log.
        """
        digest = hashlib.blake2b(digest_size=16)
        for part in request:
            digest.update(part)
        key = source, digest.digest()
        with self._changed:
            if key[1] in source.ended:
                raise EndedError(source.ended[key[1]])
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = Job(source, kind, request, what, key[1])
                self._queue.append(job)
                self._assign()
                self._watch()
            job.waiting += 1
        begun = time.monotonic()
        try:
            while not job.done.wait(_LOOK):
                if time.monotonic() - begun > _LONG:
                    self._while_waiting()
        finally:
            with self._changed:
                job.waiting -= 1
                job.left = time.monotonic()
        return job.value()

    def close(self) -> None:
        """End all workers, and the warm processes."""
        with self._changed:
            workers, self._workers = self._workers, []
            nurseries, self._nurseries = self._nurseries, {}
        for worker in workers:
            if worker.process is not None:
                worker.process.kill()
        for nursery in nurseries.values():
            nursery.close()

    def _watch(self) -> None:
        """Have a thread look after what runs."""
        if not self._watches:
            self._watches = True
            threading.Thread(target=self._look_after, name="rf_viz workers", daemon=True).start()
        self._changed.notify_all()

    def _look_after(self) -> None:
        while True:
            time.sleep(_LOOK)
            with self._changed:
                now = time.monotonic()
                for job in [job for job in self._queue if self._is_forsaken(job, now)]:
                    self._queue.remove(job)
                    del self._jobs[job.source, job.key]
                for worker in self._workers:
                    self._check(worker, now)
                self._assign()
                for worker in [w for w in self._workers if w.job is None]:
                    if worker.source.dropped or now - worker.since > _IDLE:
                        self._dismiss(worker)
                while not (self._queue or any(worker.job for worker in self._workers)):
                    if not self._changed.wait(_REST):
                        break

    def _check(self, worker: _Worker, now: float) -> None:
        """End the job of a worker where that has to be."""
        job, process = worker.job, worker.process
        if job is None or process is None:
            return
        if now - worker.since > self.limits.seconds:
            job.cause = "time"
            process.kill()
        elif self._is_forsaken(job, now):
            job.cause = "left"
            process.kill()
        elif now - worker.since > _LONG:
            process.step_back()

    @staticmethod
    def _is_forsaken(job: Job, now: float) -> bool:
        return not job.waiting and now - job.left > _GRACE

    def _assign(self) -> None:
        """Give jobs to workers, the first come first."""
        for job in list(self._queue):
            worker = self._worker_for(job)
            if worker is not None:
                self._queue.remove(job)
                worker.job, worker.since = job, time.monotonic()
                threading.Thread(target=self._work, args=(worker, job), daemon=True).start()

    def _worker_for(self, job: Job) -> _Worker | None:
        """A worker that may begin with a job now; None where it has to wait."""
        now = time.monotonic()
        able = [w for w in self._workers if w.source is job.source and w.kind == job.kind]
        for worker in able:
            if worker.job is None:
                return worker
        if any(now - worker.since < _BUSY for worker in able):
            return None
        if len(self._workers) >= self.limits.workers:
            idle = [worker for worker in self._workers if worker.job is None]
            if not idle:
                return None
            self._dismiss(min(idle, key=lambda worker: worker.since))
        worker = _Worker(job.source, job.kind)
        self._workers.append(worker)
        return worker

    def _dismiss(self, worker: _Worker) -> None:
        """End an idle worker."""
        self._workers.remove(worker)
        if worker.process is not None:
            threading.Thread(target=worker.process.end, daemon=True).start()

    def _work(self, worker: _Worker, job: Job) -> None:
        """Have a worker do its job, and see to what becomes of both."""
        stays = again = False
        try:
            stays, again = self._carry_out(worker, job)
        except Exception as error:  # nobody shall wait for ever
            _log.exception("%s could not be %s", job.source.name, job.what)
            job.fail(_defect(job, type(error).__name__))
            _end_process(worker)
        finally:
            with self._changed:
                worker.job, worker.since = None, time.monotonic()
                if not stays and worker in self._workers:  # the pool may have been closed
                    self._workers.remove(worker)
                if again:
                    self._queue.insert(0, job)
                else:
                    del self._jobs[job.source, job.key]
                self._assign()
                self._changed.notify_all()

    def _carry_out(self, worker: _Worker, job: Job) -> tuple[bool, bool]:
        """Do a job; tell whether its worker can do others, and whether it has to be done again."""
        try:
            outcome, value = self._load(worker, job)
            stays = outcome == Outcome.VALUE
            if stays:
                outcome, value = _exchange(worker, job.request, self._most)
        except (OSError, EOFError):
            return False, self._has_broken(worker, job)
        except TooLargeError:
            self._end(job, f"the result takes more than {self._most // 2**20:,} MB, the limit here")
            _end_process(worker)
            return False, False
        if outcome == Outcome.VALUE:
            job.succeed(value)
        elif outcome == Outcome.REFUSAL:
            job.fail(value)
        elif outcome == Outcome.DEFECT:
            job.fail(_defect(job, value))
        else:
            self._end(job, f"it needs more than {self._memory}")
            stays = False
        if job.cause or not stays:
            _end_process(worker)
            return False, False
        return True, False

    def _load(self, worker: _Worker, job: Job) -> tuple[Outcome, Any]:
        """See to it that a worker has its model. Raises OSError and EOFError."""
        if worker.process is not None and worker.process.has_ended():
            _end_process(worker)
        if worker.process is not None:
            return Outcome.VALUE, None
        process = start(worker.kind, self.nursery(worker.kind), self.limits.memory_mb * 2**20)
        with self._changed:
            worker.process, worker.since = process, time.monotonic()
        return _exchange(worker, job.source.message(), self._most)

    def _has_broken(self, worker: _Worker, job: Job) -> bool:
        """Clear up after a process that has ended; tell whether its job has to be done again."""
        status = _end_process(worker)
        with self._changed:
            if job.cause == "left" and job.waiting:  # somebody came back at the last moment
                job.cause = ""
                return True
        if job.cause == "time":
            self._end(job, f"it took longer than {self.limits.seconds:g} seconds, the limit here")
        elif job.cause == "left" or status in (None, -signal.SIGKILL):
            job.fail(_ended(job, "its process was ended from outside"))
        else:
            signalled = f" ({signal.Signals(-status).name})" if status and status < 0 else ""
            self._end(job, f"its process broke down{signalled}: the file may be damaged")
        return False

    @property
    def _most(self) -> int:
        """The most bytes of an answer."""
        return self.limits.memory_mb * 2**20 // _PART

    @property
    def _memory(self) -> str:
        return f"{self.limits.memory_mb:,} MB of memory, the limit here"

    def _end(self, job: Job, why: str) -> None:
        """End a job so that it is not begun again unasked."""
        error = _ended(job, why)
        job.source.ended[job.key] = str(error)
        job.fail(error)


def _defect(job: Job, kind: str) -> DefectError:
    return DefectError(
        f"{job.source.name} could not be {job.what}: that is a defect of RF-Viz itself ({kind}), "
        "please report it"
    )


def _ended(job: Job, why: str) -> EndedError:
    return EndedError(f"{job.source.name} could not be {job.what}: {why}")


def _exchange(worker: _Worker, message: list[Any], most: int) -> tuple[Outcome, Any]:
    """Ask a worker, and return its answer.

    Raises OSError and EOFError where it has ended, TooLargeError for more than ``most`` bytes.
    """
    assert worker.process is not None
    send(worker.process.requests, message)
    parts = receive(worker.process.answers, most)
    if parts is None:
        raise EOFError
    outcome, value = answer_of(parts)
    return Outcome(outcome), value


def _end_process(worker: _Worker) -> int | None:
    """End a worker's process, and return its exit status; None where it has none."""
    process, worker.process = worker.process, None
    return None if process is None else process.end()
