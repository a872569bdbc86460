"""A survey of many images for their strongest cells, one image after the other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...errors import ModelError
from ...figures.maps import by_channel
from ...inputs.images import ImageError, fit, open_image
from .. import cache
from ..inspector.scene import Scene
from ..text import sentence
from .strongest_cells import Find, find, strongest_of

Look = Callable[[int, bytes], list[Find]]
"""Finds the strongest cells of an image: its number among the files, and its content."""


@dataclass
class Survey:
    """A survey's images, its progress, and its result.

    Attributes:
        files: names and contents of the images.
        of: stands for the subject of the search; empty before the first one.
        done: how many were looked at.
        best: the strongest cells in these.
        skipped: why some could not be used, a sentence each.
        running: whether there is more to do, and nobody cancelled.
    """

    files: list[tuple[str, bytes]] = field(default_factory=list)
    of: str = ""
    done: int = 0
    best: list[Find] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    running: bool = False

    def begin(self, of: str) -> None:
        """Starts afresh."""
        self.of, self.done, self.best, self.skipped = of, 0, [], []
        self.running = True

    def go_on(self) -> None:
        """Goes on with the remaining images."""
        self.running = True

    def cancel(self) -> None:
        """Stops; what was found stays."""
        self.running = False

    def work(self, look: Look, seconds: float) -> None:
        """Looks at one image at least, and at more while there is time."""
        end = time.monotonic() + seconds
        while self.running:
            self._look_at_next(look)
            self.running = self.done < len(self.files)
            if time.monotonic() > end:
                break

    def _look_at_next(self, look: Look) -> None:
        number = self.done
        name, content = self.files[number]
        try:
            self.best = strongest_of([*self.best, *look(number, content)])
        except ImageError as error:
            self.skipped.append(str(error).replace("The file", name, 1))
        except ModelError as error:
            self.skipped.append(f"{name}: {sentence(error)}")
        self.done += 1


def look_like_page(scene: Scene, *, apart: bool) -> Look:
    """Makes a look that prepares images as the page does its own, and takes the same channel."""
    model, layer = cache.load(scene.file), scene.layer
    height, width = scene.net.input.size

    def look(number: int, content: bytes) -> list[Find]:
        pixels = fit(open_image(content), (height, width), scene.fed.fit)
        tensor = scene.fed.prepare(pixels)
        values = model.activations(
            tensor, [layer.name], input=scene.fed.input, feeds=scene.fed.feeds
        )[layer.name]
        shown = by_channel(values, layer)[scene.shown]
        return find(shown, layer, scene.feature_map.channel, pixels, apart=apart, file=number)

    return look


def subject(scene: Scene, *, apart: bool) -> str:
    """Names all that the result depends on besides the images."""
    height, width = scene.net.input.size
    probe = np.arange(height * width * 3).astype(np.uint8).reshape(height, width, 3)
    prepared = hashlib.sha256(scene.fed.prepare(probe).tobytes()).hexdigest()[:16]
    what = [scene.file.digest, scene.fed.input, scene.layer.name, scene.shown, apart]
    what += [f"{name} {value.tolist()}" for name, value in scene.fed.feeds.items()]
    return " ".join(map(str, [*what, height, width, scene.fed.fit, prepared]))
