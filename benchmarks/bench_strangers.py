"""How long clicks take while another visitor opens a file that is made to hold up the server.

For each such file: the median click of one visitor while another uploads it and looks at its last
layer, beside the same visitor's clicks with nobody else there, in the same run. The limit is twice
that. Ends with exit code 1 where one is missed.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from contextlib import suppress
from pathlib import Path

from bench_interaction import report
from bench_sessions import server
from visitors import Visitor, layers_of

from tests.models.hungry import endless, gigabytes

HOSTILE = Path("tests/data/hostile")
FILES = {
    "func_laughs.onnx": (HOSTILE / "func_laughs.onnx").read_bytes(),
    "gigabytes.onnx": gigabytes(),
    "endless.onnx": endless(),
    "tf_while_forever.pb": (HOSTILE / "tf_while_forever.pb").read_bytes(),
    "k_unroll.json": (HOSTILE / "k_unroll.json").read_bytes(),
}
LIMITS = {"RF_VIZ_SECONDS": "8", "RF_VIZ_MEMORY_MB": "900"}
CLICKS, EVERY = 60, 0.2
"""How often the visitor clicks in a turn, and the seconds between: the turn outlasts the limit."""


async def clicks(visitor: Visitor) -> list[float]:
    """Layer after layer, and a cell of each."""
    layers, spent = layers_of(visitor), []
    for turn in range(CLICKS):
        if turn % 2:
            grid = visitor.header("linked view")["grid"]
            spent.append(await visitor.pin(tuple(n // 2 for n in grid), turn))
        else:
            spent.append(await visitor.choose_layer(layers[turn % len(layers)], turn))
        await asyncio.sleep(EVERY)
    return spent


async def intrude(url: str, name: str, content: bytes) -> None:
    """Upload a file and look at its last layer."""
    stranger = Visitor(url)
    await stranger.open()
    await stranger.upload("ONNX", name, content)
    with suppress(KeyError):  # there may be nothing to look at
        await stranger.choose_layer(layers_of(stranger)[-1], 1)
    await stranger.close()


async def main() -> int:
    good = True
    async with server(**LIMITS) as (_, url):
        visitor = Visitor(url)
        await visitor.open()
        await clicks(visitor)  # whatever is worked out once is now
        for name, content in FILES.items():
            usual = statistics.median(await clicks(visitor))
            both = await asyncio.gather(clicks(visitor), intrude(url, name, content))
            ratio = statistics.median(both[0]) / usual
            print(f"{name}: {usual * 1000:.0f} ms a click, the longest {max(both[0]) * 1000:.0f}")
            good &= report(f"click beside {name}", ratio, 2, "times")
        await visitor.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
