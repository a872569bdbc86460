"""An hour with a class that comes and goes: does the memory of the app stay flat?

Visitors choose layers, pin cells, upload models and images of their own, change pages, lose their
connection and come back, and leave for others. Each minute a line tells how long clicks took, and
what the app takes: memory, processes, temporary files. At the end everybody leaves, and the app has
some minutes to forget them. Ends with exit code 1 where memory grew or temporary files are left.

    make soak MINUTES=60 VISITORS=20
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import statistics
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import numpy as np
from bench_interaction import report
from bench_sessions import memory, processes, server
from PIL import Image
from visitors import Visitor, layers_of, own_model

PAGES = ("network", "compare", "build", "learn")
EVERY = 3.0
FORGETS = 5.0
"""Minutes until the app has forgotten who left: Streamlit keeps a session for two."""

numbers = count()


def own_image(chance: random.Random) -> bytes:
    """A photograph that nobody else has."""
    size = chance.randrange(300, 1500), chance.randrange(300, 1500)
    noise = np.random.default_rng(next(numbers)).integers(0, 255, (20, 20, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize(size).save(file, "JPEG")
    return file.getvalue()


class Member:
    """A member of the class, who is replaced by another from time to time."""

    def __init__(self, url: str, seed: int, clicks: list[float]) -> None:
        """Prepare; the seconds that clicks take go to ``clicks``."""
        self._url, self._chance, self._clicks = url, random.Random(seed), clicks
        self._visitor = Visitor(url)
        self._turn = 0

    async def stay(self, until: float) -> None:
        """Do one thing after the other."""
        chance = self._chance
        await asyncio.sleep(chance.random() * EVERY)
        await self._visitor.open()
        deeds = (self._look, self._upload_model, self._upload_image, self._turn_pages)
        deeds += (self._reconnect, self._leave)
        while time.monotonic() < until:
            await chance.choices(deeds, (100, 3, 3, 4, 4, 1))[0]()
            await asyncio.sleep(EVERY * (0.7 + 0.6 * chance.random()))
        await self._visitor.close()

    async def _look(self) -> None:
        visitor, chance = self._visitor, self._chance
        self._turn += 1
        if self._turn % 2:
            name = chance.choice(layers_of(visitor))
            self._clicks.append(await visitor.choose_layer(name, self._turn))
        elif "linked view" in visitor.components:
            grid = visitor.header("linked view")["grid"]
            cell = tuple(chance.randrange(n) for n in grid)
            self._clicks.append(await visitor.pin(cell, self._turn))

    async def _upload_model(self) -> None:
        await self._visitor.upload("ONNX", "own.onnx", own_model(next(numbers)))

    async def _upload_image(self) -> None:
        await self._visitor.upload("Any image", "own.jpg", own_image(self._chance))

    async def _turn_pages(self) -> None:
        await self._visitor.go_to(self._chance.choice(PAGES))
        await asyncio.sleep(EVERY)
        await self._visitor.go_to("")

    async def _reconnect(self) -> None:
        await self._visitor.close()
        await asyncio.sleep(self._chance.random() * EVERY)
        await self._visitor.open()

    async def _leave(self) -> None:
        await self._visitor.close()
        self._visitor = Visitor(self._url)
        await self._visitor.open()


class Watch:
    """What the app takes, minute by minute."""

    def __init__(self, process: int, folder: Path) -> None:
        """Watch a server and its folder for temporary files."""
        self._process, self._folder = process, folder
        self.megabytes: list[float] = []
        self.begun = time.monotonic()

    def look(self, clicks: list[float]) -> None:
        """Print a line, and forget the clicks."""
        took = "no clicks"
        if len(clicks) > 1:
            ranks = statistics.quantiles(clicks, n=20)
            took = f"{len(clicks)} clicks, median {ranks[9]:.3f} s, 95 % {ranks[18]:.3f} s"
        clicks.clear()
        self.megabytes.append(memory(self._process))
        alone = Path(f"/proc/{self._process}/smaps_rollup").read_text()
        server = next(int(line.split()[1]) for line in alone.splitlines() if "Pss:" in line) / 1024
        files = sum(len(names) for _, _, names in os.walk(self._folder))
        print(
            f"{(time.monotonic() - self.begun) / 60:5.1f} min: {took}; "
            f"{self.megabytes[-1]:.0f} MB, {server:.0f} of them the server's; "
            f"{len(processes(self._process))} processes, {files} temporary files",
            flush=True,
        )

    async def keep_looking(self, clicks: list[float], minutes: float) -> None:
        until = time.monotonic() + 60 * minutes
        while time.monotonic() < until:
            await asyncio.sleep(min(60, max(1, until - time.monotonic())))
            self.look(clicks)


async def main(minutes: float = 60, visitors: int = 20) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with server(TMPDIR=name) as (process, url):
            watch, clicks = Watch(process, folder), list[float]()
            until = watch.begun + 60 * minutes
            members = [Member(url, seed, clicks).stay(until) for seed in range(int(visitors))]
            await asyncio.gather(watch.keep_looking(clicks, minutes), *members)
            print("everybody has left")
            await watch.keep_looking(clicks, FORGETS)
        left = sum(len(names) for _, _, names in os.walk(folder))
    used = watch.megabytes[: -round(FORGETS)]
    third = max(len(used) // 3, 1)
    early, late = statistics.median(used[third : 2 * third]), statistics.median(used[-third:])
    print(f"median of the second third {early:.0f} MB, of the last {late:.0f} MB")
    good = report("memory of the last third beside the second", 100 * late / early, 115, "%")
    good &= report("memory after everybody has left", watch.megabytes[-1], early, "MB")
    good &= report("temporary files after the end", left, 0, "files")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*map(float, sys.argv[1:]))))
