"""The limits on what a model may take, which whoever hosts the app sets in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits on workers. The defaults suit two processors and 8 GB of memory.

    Attributes:
        seconds: how long one job may take: to read a model, to trace it, to run it once.
        memory_mb: how much memory a worker may take beyond that of the libraries, in megabytes
            (2**20 bytes). It holds on Linux only.
        workers: how many workers there may be at once, idle ones included.
    """

    seconds: float = 60
    memory_mb: int = 2048
    workers: int = 6

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] | None = None) -> Limits:
        """Read ``RF_VIZ_SECONDS``, ``RF_VIZ_MEMORY_MB`` and ``RF_VIZ_WORKERS``.

        Raises ValueError for what is no number from 1 on.
        """
        environment = os.environ if environment is None else environment
        return cls(
            _number(environment, "RF_VIZ_SECONDS", cls.seconds),
            int(_number(environment, "RF_VIZ_MEMORY_MB", cls.memory_mb)),
            int(_number(environment, "RF_VIZ_WORKERS", cls.workers)),
        )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip()
    try:
        number = float(text or default)
    except ValueError:
        number = 0
    if not 1 <= number < 1e9:
        raise ValueError(f"{name} is a number from 1 on, not {text!r}")
    return number
