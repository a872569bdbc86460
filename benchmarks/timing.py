"""Times things against each other: alternating runs, so that a busy machine slows all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
"""Real architectures that the onnx package ships, with made-up weights."""


@contextmanager
def _no_collection() -> Iterator[None]:
    """As timeit does: garbage of the one is not collected on the other's account."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(work: Callable[[], object]) -> float:
    """How long one run takes."""
    with _no_collection():
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun


def compare(
    *works: Callable[[], object], runs: int = 7, before: Callable[[], object] = lambda: None
) -> list[float]:
    """The median seconds of each, run in turn; ``before`` prepares each round."""
    for work in works:
        work()
    times = []
    for _ in range(runs):
        before()
        times.append([seconds(work) for work in works])
    return [statistics.median(column) for column in zip(*times, strict=True)]


def tell(name: str, ours: float, peer: float, limit: float) -> None:
    """One line: what was measured, and how far it is from its limit."""
    ratio = ours / peer
    verdict = "ok" if ratio <= limit else "OVER"
    print(
        f"{name:32} {1e3 * ours:9.1f} ms {1e3 * peer:9.1f} ms   "
        f"ratio {ratio:5.2f}  limit {limit:g}  {verdict}",
        flush=True,
    )
