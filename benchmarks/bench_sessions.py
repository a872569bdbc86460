"""How long the members of a class wait, all at once, and how much memory the app then takes.

One session, then twenty-five, then fifty, each with a layer chosen or a cell pinned every three
seconds, in the same run. Prints each figure beside its limit; ends with exit code 1 where one is
missed.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from bench_interaction import ROOT, free_port, report
from visitors import Visitor, click

EVERY, LASTING = 3.0, 40.0


def memory(process: int) -> float:
    """The megabytes of a process and all that it has started; what they share counts once."""
    total = 0
    pending = [process]
    while pending:
        number = pending.pop()
        try:
            text = Path(f"/proc/{number}/smaps_rollup").read_text()
            tasks = Path(f"/proc/{number}/task").glob("*/children")
            pending += [int(child) for task in tasks for child in task.read_text().split()]
        except OSError:
            continue  # it has just ended
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def wait_for(url: str) -> None:
    """Wait until a server answers."""
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


async def measure(url: str, count: int) -> list[float]:
    visitors = [Visitor(url) for _ in range(count)]
    for visitor in visitors:
        await visitor.open()
    until = time.monotonic() + LASTING
    spent = await asyncio.gather(
        *(click(visitor, EVERY, until, seed) for seed, visitor in enumerate(visitors))
    )
    for visitor in visitors:
        await visitor.close()
    return [seconds for each in spent for seconds in each]


def main() -> int:
    good = True
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", "streamlit_app.py"),
            *(f"--server.port={port}", "--server.headless=true"),
            "--browser.serverAddress=127.0.0.1",
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/_stcore/health")
        for count in (1, 25, 50):
            spent = asyncio.run(measure(url, count))
            ranks = statistics.quantiles(spent, n=20)
            print(f"{count:>3} sessions: {len(spent)} clicks, median {ranks[9]:.3f} s")
            good &= report(f"{count} sessions, 95th percentile", ranks[18] * 1000, 500, "ms")
            good &= report(f"{count} sessions, memory", memory(process.pid), 1000, "MB")
    finally:
        process.terminate()
        process.wait(20)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
