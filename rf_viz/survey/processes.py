"""Tasks on one machine: here, or in processes of their own, which may be lost and are replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeVar

from .look import forget
from .plan import Plan

P = TypeVar("P")

Task = Callable[[Plan, P], bytes]
"""What is done with each part of the work."""

TRIES = 3
"""A part that has ended so many processes is given up."""


class Workers(Protocol):
    """Whatever does tasks: processes here, or those of a cluster."""

    def close(self) -> None:
        """End what is begun."""
        ...

    def results(
        self, task: Task[P], plan: Plan, parts: Iterable[P]
    ) -> Iterator[tuple[P, bytes | None]]:
        """Do the task with all parts; yields each with its result, in any order.

        The result is None where the part ended the process that it was done in, again and again.
        Raises what the task raises.
        """
        ...


class Here:
    """Does tasks in this very process."""

    def close(self) -> None:
        """End what is begun."""
        forget()

    def results(
        self, task: Task[P], plan: Plan, parts: Iterable[P]
    ) -> Iterator[tuple[P, bytes | None]]:
        """Do the task with all parts, see ``Workers``."""
        for part in parts:
            yield part, task(plan, part)


class Processes:
    """Does tasks in so many processes.

    Each is a pool of one, so that it is plain which part a lost process was at.
    """

    def __init__(self, count: int) -> None:
        self._lanes = [_Lane() for _ in range(count)]

    def close(self) -> None:
        """End what is begun."""
        for lane in self._lanes:
            lane.stop()

    def results(
        self, task: Task[P], plan: Plan, parts: Iterable[P]
    ) -> Iterator[tuple[P, bytes | None]]:
        """Do the task with all parts, see ``Workers``."""
        fresh, again = iter(parts), deque[tuple[P, int]]()
        idle = list(self._lanes)
        running: dict[Future[bytes], tuple[_Lane, P, int]] = {}
        while True:
            while idle:
                if again:
                    part, losses = again.popleft()
                else:
                    try:
                        part, losses = next(fresh), 0
                    except StopIteration:
                        break
                lane = idle.pop()
                running[lane.begin(task, plan, part)] = lane, part, losses
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                lane, part, losses = running.pop(future)
                idle.append(lane)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lane.stop()
                    if losses + 1 < TRIES:
                        again.append((part, losses + 1))
                    else:
                        yield part, None
                else:
                    yield part, result


class _Lane:
    """A process that is begun when there is work, and after it was lost."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._pid: Future[int] | None = None

    def begin(self, task: Task[P], plan: Plan, part: P) -> Future[bytes]:
        """Begin a task."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_end_with_parent)
            with _interruptions_kept_back():
                self._pid = self._pool.submit(os.getpid)
        try:
            return self._pool.submit(task, plan, part)
        except BrokenProcessPool:  # lost while it was idle
            self.stop()
            return self.begin(task, plan, part)

    def stop(self) -> None:
        """End the process, whatever it is at."""
        pool, pid, self._pool = self._pool, self._pid, None
        if pool is None or pid is None:
            return
        with suppress(Exception):  # it is gone already
            os.kill(pid.result(), signal.SIGTERM)
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interruptions_kept_back() -> Iterator[None]:
    """Let a process that is begun inherit that Ctrl-C is not for it: this one ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """End this process as soon as the one that began it is gone, however that came."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(parent: Any = parent) -> None:  # noqa: ANN401
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
