"""How long the members of a class wait, all at once, and how much memory the app then takes.

One session, then twenty-five, then fifty on one model, then fifty that upload a model of their own,
each with a layer chosen or a cell pinned every three seconds, in the same run. Prints each figure
beside its limit; ends with exit code 1 where one is missed.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bench_interaction import ROOT, free_port, report
from visitors import Visitor, click, own_model

EVERY, LASTING = 3.0, 40.0


def processes(first: int) -> list[int]:
    """A process and all that it has started."""
    numbers, pending = list[int](), [first]
    while pending:
        numbers.append(pending.pop())
        for task in Path(f"/proc/{numbers[-1]}/task").glob("*/children"):
            with suppress(OSError):  # it has just ended
                pending += map(int, task.read_text().split())
    return numbers


def memory(first: int) -> float:
    """The megabytes of a process and all that it has started; what they share counts once."""
    total = 0
    for number in processes(first):
        with suppress(OSError):
            text = Path(f"/proc/{number}/smaps_rollup").read_text()
            total += next(int(n.split()[1]) for n in text.splitlines() if n.startswith("Pss:"))
    return total / 1024


@asynccontextmanager
async def server(**environment: str) -> AsyncIterator[tuple[int, str]]:
    """A server of the app, in this environment: its process and its address."""
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", "streamlit_app.py"),
            *(f"--server.port={port}", "--server.headless=true"),
            "--browser.serverAddress=127.0.0.1",
        ],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/_stcore/health")
        yield process.pid, url
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str) -> None:
    """Wait until a server answers."""
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


async def measure(url: str, count: int, *, own: bool) -> list[float]:
    """The seconds of each click of so many visitors, each perhaps with a model of its own."""
    visitors = [Visitor(url) for _ in range(count)]
    for number, visitor in enumerate(visitors):
        await visitor.open()
        if own:
            await visitor.upload("ONNX", "own.onnx", own_model(number))
    until = time.monotonic() + LASTING
    spent = await asyncio.gather(
        *(click(visitor, EVERY, until, seed) for seed, visitor in enumerate(visitors))
    )
    for visitor in visitors:
        await visitor.close()
    return [seconds for each in spent for seconds in each]


async def main() -> int:
    good = True
    async with server() as (process, url):
        for count, own in ((1, False), (25, False), (50, False), (50, True)):
            what = f"{count} sessions{', own models' if own else ''}"
            spent = await measure(url, count, own=own)
            ranks = statistics.quantiles(spent, n=20)
            print(f"{what}: {len(spent)} clicks, median {ranks[9]:.3f} s")
            good &= report(f"{what}, 95th percentile", ranks[18] * 1000, 500, "ms")
            good &= report(f"{what}, memory", memory(process), 1000, "MB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
