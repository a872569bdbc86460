"""Tasks on a cluster: Dask hands them to its workers, and again where one is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import ModelError
from ..runtimes.extras import install_line
from .plan import Plan
from .processes import P, Task

_AHEAD = 2
"""So many tasks wait for each thread of the cluster: none is idle, and not all are sent at once."""

_PATIENCE = 30
"""The seconds in which a scheduler answers, and has a worker."""


class Cluster:
    """Does tasks by the workers of a Dask scheduler.

    They need RF-Viz, and see the model and the images under the same paths.
    """

    def __init__(self, address: str) -> None:
        """Join the scheduler at an address. Raises ModelError where that cannot be."""
        try:
            from distributed import Client
        except ImportError as error:
            raise ModelError(f"a scheduler needs Dask: {install_line('cluster')}") from error
        try:
            self._client: Any = Client(address, timeout=_PATIENCE, set_as_default=False)
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except (OSError, ValueError, TypeError, TimeoutError) as error:
            raise ModelError(
                f"there is no Dask scheduler with a worker at {address}: begin both first"
            ) from error

    def close(self) -> None:
        """Leave the cluster; what is not done is given up."""
        self._client.close()

    def results(
        self, task: Task[P], plan: Plan, parts: Iterable[P]
    ) -> Iterator[tuple[P, bytes | None]]:
        """Do the task with all parts, see ``processes.Workers``."""
        from distributed import KilledWorker, as_completed
        from distributed.client import FutureCancelledError

        left = iter(parts)
        running: dict[Any, P] = {}
        pending = as_completed([], loop=self._client.loop)

        def begin() -> None:
            for part in left:
                future = self._client.submit(task, plan, part, pure=False)
                running[future.key] = part
                pending.add(future)
                return

        for _ in range(_AHEAD * sum(self._client.nthreads().values())):
            begin()
        for future in pending:
            part = running.pop(future.key)
            begin()
            try:
                result = future.result()
            except KilledWorker:
                result = None
            except (FutureCancelledError, OSError) as error:
                raise ModelError(
                    "the Dask scheduler is gone: begin it, and call the survey again to go on"
                ) from error
            future.release()
            yield part, result
