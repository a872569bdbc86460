"""Looks at a chunk of images, in whatever process: what comes back is bytes.

Images go through the model one by one. A batch of them takes as long, and its sums may be taken in
another order, so that results would depend on how images were put together.
"""

from __future__ import annotations

import io
import json
import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ModelError
from ..figures.maps import by_channel
from ..inputs.images import ImageError
from ..trace.network import Layer
from .measure import Series, measured
from .plan import Chunk, Plan, channels_of
from .sources import Reader, Ref
from .tally import Count, Tally

SIDE = 512
"""Crops are kept with at most so many pixels along a side."""

Box = tuple[int, int, int, int]
"""A box of input pixels: top, left, bottom, right, half-open."""


class Note(NamedTuple):
    """An image's name, its own height and width, and why it was left out; empty where it was not.

    An image that was left out has no size.
    """

    name: str
    height: int
    width: int
    skipped: str


class Crops(NamedTuple):
    """Boxes to cut out of the images of a chunk: for each its number, its place and its boxes."""

    number: int
    images: tuple[tuple[int, Ref, tuple[Box, ...]], ...]


class Looker:
    """A model, traced and ready to look at images one after the other."""

    def __init__(self, plan: Plan) -> None:
        """Load and trace the model. Raises ModelError."""
        self._plan = plan
        self._model, net = plan.opened()
        self._model.tune()
        self._source, self._feeds = net.input, net.feeds
        self._layers = [net[name] for name in plan.layers]
        self._blind = [blind_cells(layer) for layer in self._layers]
        self._reader = Reader(plan.sources)

    def look(self, chunk: Chunk) -> tuple[list[Note], list[Tally]]:
        """Look at the images of a chunk."""
        counts = [
            Count(channels_of(layer), self._plan.top, blind)
            for layer, blind in zip(self._layers, self._blind, strict=True)
        ]
        notes = []
        for image, ref in enumerate(chunk.refs, chunk.first):
            name = self._reader.name(ref)
            try:
                name, content = self._reader.read(ref)
                pixels, (height, width) = self._pixels(content)
            except ImageError as error:
                notes.append(Note(name, 0, 0, str(error).replace("The file", name, 1)))
                continue
            notes.append(Note(name, height, width, ""))
            for layer, count, values in zip(self._layers, counts, self._run(pixels), strict=True):
                count.add(by_channel(values, layer).reshape(channels_of(layer), -1), image)
        return notes, [count.tally() for count in counts]

    def cut(self, crops: Crops) -> list[NDArray[np.uint8]]:
        """Cut boxes out of images, in their order; large ones are scaled down to ``SIDE``."""
        cuts = []
        for _, ref, boxes in crops.images:
            pixels = self._again(ref)
            cuts += [_scaled(pixels[top:bottom, left:right]) for top, left, bottom, right in boxes]
        return cuts

    def measure(self, series: Series) -> bytes:
        """Measure the field of a layer over images (see ``measure.Sum``)."""
        prepare = self._plan.preparation.tensor
        images = (
            (number, prepare(self._again(ref), self._source)) for number, ref in series.images
        )
        return measured(self._model, self._layers[series.layer], images).packed()

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def _pixels(self, content: bytes) -> tuple[NDArray[np.uint8], tuple[int, int]]:
        height, width = self._source.size
        return self._plan.preparation.pixels(content, (height, width))

    def _again(self, ref: Ref) -> NDArray[np.uint8]:
        """The pixels of an image that was looked at. Raises ModelError where it is gone."""
        name = self._reader.name(ref)
        try:
            name, content = self._reader.read(ref)
            return self._pixels(content)[0]
        except ImageError as error:
            raise ModelError(
                f"{name} cannot be read any more ({error}): start the survey anew"
            ) from error

    def _run(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The values of the layers for an image. Raises ModelError."""
        tensor = self._plan.preparation.tensor(pixels, self._source)
        names = [layer.name for layer in self._layers]
        values = self._model.activations(tensor, names, input=self._source.name, feeds=self._feeds)
        for layer in self._layers:
            if values[layer.name].shape != layer.shape:
                raise ModelError(
                    f"{layer.name} has the shape {list(values[layer.name].shape)} when the model "
                    f"runs, and {list(layer.shape)} by its graph: it cannot be surveyed"
                )
        return [values[name] for name in names]


def blind_cells(layer: Layer) -> NDArray[np.bool_] | None:
    """The cells that see nothing of an image, (channels, cells); None where all see something."""
    channels = range(channels_of(layer)) if layer.channel_axis is not None else [None]
    rows = []
    for channel in channels:
        blind = np.zeros(layer.extents, bool)
        for start, stop in layer.spans(channel):
            blind |= np.asarray(stop <= start)
        rows.append(blind.reshape(-1))
    blind = np.stack(rows)
    return blind if blind.any() else None


def scaled_size(height: int, width: int) -> tuple[int, int]:
    """The height and width at which a crop of this size is kept."""
    largest = max(height, width)
    if largest <= SIDE:
        return height, width
    return max(1, round(height * SIDE / largest)), max(1, round(width * SIDE / largest))


def _scaled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = scaled_size(*pixels.shape[:2])
    if (height, width) == pixels.shape[:2]:
        return pixels
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=None))


# ---- tasks: what processes and clusters are handed


_kept = threading.local()


def _looker(plan: Plan) -> Looker:
    """This thread's looker, kept from task to task."""
    if getattr(_kept, "key", None) != plan.key:
        forget()
        _kept.looker, _kept.key = Looker(plan), plan.key
    looker: Looker = _kept.looker
    return looker


def forget() -> None:
    """Drop what this thread keeps from task to task."""
    if hasattr(_kept, "looker"):
        _kept.looker.close()
    vars(_kept).clear()


def look(plan: Plan, chunk: Chunk) -> bytes:
    """Look at a chunk; the notes and tallies as bytes (see ``unpack``)."""
    return pack(*_looker(plan).look(chunk))


def cut(plan: Plan, crops: Crops) -> bytes:
    """Cut boxes out of images; their pixels one after the other."""
    return b"".join(crop.tobytes() for crop in _looker(plan).cut(crops))


def measure(plan: Plan, series: Series) -> bytes:
    """Measure the field of a layer over images, as bytes (see ``measure.Sum``)."""
    return _looker(plan).measure(series)


def pack(notes: list[Note], tallies: list[Tally]) -> bytes:
    """Notes and tallies as the content of a file."""
    arrays: dict[str, NDArray[Any]] = {}
    for number, tally in enumerate(tallies):
        arrays |= tally.arrays(f"{number}/")
    arrays["notes"] = np.frombuffer(json.dumps(notes).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def unpack(content: bytes, layers: int) -> tuple[list[Note], list[Tally]]:
    """Notes and tallies out of such a file."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        notes = [Note(*note) for note in json.loads(arrays["notes"].tobytes())]
        return notes, [Tally.of_arrays(arrays, f"{number}/") for number in range(layers)]
