"""Surveys: what they cost beside the bare forward pass over the same images, and their memory.

SqueezeNet looks at generated JPEGs of 224 to 320 pixels a side, in two processes of one thread
each. The bare pass runs the whole model over the prepared images, and only the runs are counted;
the survey opens and prepares them, searches some layers, cuts crops and writes its folder. It may
take at most 1.5 times as long.

    python benchmarks/bench_survey.py [IMAGES [FOLDER [LAYER ...]]]

The images are kept in FOLDER if one is named. Beside the time that passes, that of the processors
is told, which other work on the machine disturbs less.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image
from timing import tell

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.survey import survey
from rf_viz.survey.preparation import Preparation
from rf_viz.survey.sources import Reader, list_images

MODEL = SAMPLE_MODELS["squeezenet"].path
LAYERS = ("fire5/concat", "fire9/concat")
PROCESSES = 2
LIMIT = 1.5


def images(count: int, path: Path) -> None:
    """Write a zip of so many JPEGs: patches and slopes in any colours, always the same."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            rng = np.random.default_rng(number)
            height, width, rows, columns = (*rng.integers(224, 321, 2), *rng.integers(3, 40, 2))
            patches = rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
            how = (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)[number % 2]
            stream = io.BytesIO()
            picture = Image.fromarray(patches).resize((int(width), int(height)), how)
            picture.save(stream, "JPEG", quality=88)
            archive.writestr(f"{number:06}.jpg", stream.getvalue())


def bare(path: Path, part: int) -> tuple[float, float]:
    """How long the model runs over every second image, prepared beforehand.

    Returns the seconds that pass, and those of the processor.
    """
    model = rf_viz.load(MODEL)
    net, output = model.trace(), "prob"
    model.tune()
    preparation = Preparation("RGB minus mean", "crop")
    listing = list_images([path])
    height, width = net.input.size
    passed = worked = 0.0
    with closing(Reader(listing.sources)) as reader:
        for number, ref in enumerate(listing.refs[part::PROCESSES]):
            pixels, _ = preparation.pixels(reader.read(ref)[1], (height, width))
            tensor = preparation.tensor(pixels, net.input)
            begun, idle = time.perf_counter(), time.process_time()
            model.activations(tensor, [output])
            if number:  # the first makes the session
                passed += time.perf_counter() - begun
                worked += time.process_time() - idle
    return passed, worked


def descendants(pid: int) -> Iterator[int]:
    """A process and all that it has begun."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from descendants(int(child))


def proportional(pid: int) -> int:
    """The bytes that a process has, what it shares with others counted in part."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return 1024 * int(line.split()[1])
    return 0


@contextmanager
def watching() -> Iterator[list[int]]:
    """Note the memory of this process and all that it begins, once a second."""
    import os

    noted, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(1):
            total = 0
            try:
                for pid in descendants(os.getpid()):
                    total += proportional(pid)
            except OSError:  # one has just ended
                continue
            noted.append(total)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield noted
    finally:
        over.set()
        thread.join()


def main() -> None:
    """Measure both, and tell."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    layers = sys.argv[3:] or LAYERS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        path = folder / f"{count}.zip"
        if not path.exists():
            images(count, path)
        with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
            passes = list(pool.map(bare, [path] * PROCESSES, range(PROCESSES)))
        peer, worked = max(passed for passed, _ in passes), sum(worked for _, worked in passes)
        with watching() as noted:
            begun, before = time.perf_counter(), sum(os.times()[:4])
            survey(MODEL, path, layers, Path(temporary) / "survey", workers=PROCESSES)
            ours, all_work = time.perf_counter() - begun, sum(os.times()[:4]) - before
    print(
        f"{count} images: {count / peer:.0f} a second in the bare pass, {count / ours:.0f} in the "
        f"survey; {max(noted) / 2**20:.0f} MB at most in all processes"
    )
    tell(f"survey of {count} images", ours, peer, LIMIT)
    tell("  time of processors", all_work, worked, LIMIT)


if __name__ == "__main__":
    main()
