"""Writes the folder of a survey that has looked at all its images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.records import json_text
from ..trace.network import Layer, Network
from . import tables
from .atlas import Album, Layout
from .bins import BINS, edges
from .field_table import field_rows
from .fields import LayerField
from .parts import Parts, write
from .plan import LAYOUT, Plan, channels_of, model_name
from .sources import Listing
from .tally import Tally


def write_result(
    folder: Path,
    plan: Plan,
    net: Network,
    layers: Sequence[Layer],
    listing: Listing,
    parts: Parts,
    boxes: Sequence[NDArray[np.int32]],
    album: Album,
    fields: Iterable[LayerField] | None,
) -> None:
    """Write the tables and sheets of a survey, and in the end what it is.

    ``boxes`` are the regions of each layer's strongest cells, ``album`` has their crops.
    ``fields`` are those of all layers, None where none were measured.
    """
    tallies = parts.tallies()
    atlas, strongest = list[list[dict[str, Any]]](), list[tables.Columns]()
    for number, (tally, regions) in enumerate(zip(tallies, boxes, strict=True)):
        own, columns = _write_sheets(folder / "atlas", number, tally, regions, album, parts)
        atlas.append(own)
        strongest.append(columns)
    tables.write(folder / "strongest.parquet", tables.STRONGEST, strongest)
    skipped = _write_images(folder, parts)
    used = len(listing.refs) - skipped
    tables.write(
        folder / "channels.parquet",
        tables.CHANNELS,
        (_channels(number, tally, used) for number, tally in enumerate(tallies)),
    )
    tables.write(
        folder / "histograms.parquet",
        tables.HISTOGRAMS,
        (_histograms(number, tally) for number, tally in enumerate(tallies)),
    )
    about = None if fields is None else _write_fields(folder, fields)
    record = {
        "survey": LAYOUT,
        "key": plan.key,
        "model": {"name": model_name(plan.model), "digest": plan.digest, **_options(plan)},
        "input": {
            "name": net.input.name,
            "shape": list(net.input.shape),
            "spatial_axes": list(net.input.spatial_axes),
        },
        "preparation": plan.preparation.record(),
        "images": {
            "number": len(listing.refs),
            "skipped": skipped,
            "ignored": listing.ignored,
            "digest": listing.digest,
        },
        "top": plan.top,
        "bin_edges": edges(),
        "layers": [
            {
                "name": layer.name,
                "title": layer.title,
                "op": layer.op,
                "shape": list(layer.shape),
                "grid": list(layer.extents),
                "channels": channels_of(layer),
                "exact": layer.exact,
                "sheets": own,
                **({"field": about[number]} if about else {}),
            }
            for number, (layer, own) in enumerate(zip(layers, atlas, strict=True))
        ],
    }
    write(folder / "survey.json", json_text(record).encode())


def _options(plan: Plan) -> dict[str, Any]:
    """The options of loading and tracing that are not as usual; of arrays only that they are."""
    options = {**plan.loading, **plan.tracing}
    plain = {name: value for name, value in options.items() if name != "feeds" and value}
    if options.get("feeds"):
        plain["feeds"] = sorted(options["feeds"])
    return {"options": plain}


def _write_sheets(
    folder: Path,
    number: int,
    tally: Tally,
    regions: NDArray[np.int32],
    album: Album,
    parts: Parts,
) -> tuple[list[dict[str, Any]], tables.Columns]:
    """Write the sheets of a layer; what they are, and the rows of its strongest cells."""
    folder.mkdir(exist_ok=True)
    files = {crops.number: parts.crops(crops.number) for crops in album.parts}
    own = []
    layout = Layout.of(tally, regions, album)
    for sheet in layout.draw(number, files):
        write(folder / sheet.name, sheet.content)
        own.append({"name": sheet.name, "height": sheet.height, "width": sheet.width})
    channels, top = tally.images.shape
    missing = (tally.images < 0).reshape(-1)

    def present(values: NDArray[Any]) -> np.ma.MaskedArray[Any, Any]:
        return np.ma.MaskedArray(values.reshape(-1), missing)

    return own, {
        "layer": np.full(channels * top, number, np.int32),
        "channel": np.repeat(np.arange(channels, dtype=np.int32), top),
        "rank": np.tile(np.arange(top, dtype=np.int32), channels),
        "value": present(tally.values),
        "image": present(tally.images),
        "cell": present(tally.cells),
        **{
            side: present(regions[..., i])
            for i, side in enumerate(("top", "left", "bottom", "right"))
        },
        "sheet": present(layout.sheets),
        **{
            f"sheet_{side}": present(layout.places[..., i])
            for i, side in enumerate(("top", "left", "height", "width"))
        },
    }


def _write_images(folder: Path, parts: Parts) -> int:
    """Write the table of images; returns how many were left out."""
    skipped = 0
    writer = tables.Writer(folder / "images.parquet", tables.IMAGES)
    for first, notes in _grouped(parts):
        skipped += sum(bool(note.skipped) for note in notes)
        writer.add(
            {
                "image": np.arange(first, first + len(notes)),
                "name": [note.name for note in notes],
                "height": [note.height for note in notes],
                "width": [note.width for note in notes],
                "skipped": [note.skipped for note in notes],
            }
        )
    writer.close()
    return skipped


def _write_fields(folder: Path, fields: Iterable[LayerField]) -> list[dict[str, Any]]:
    """Write the table of fields; returns what is said of each."""
    about = []
    writer = tables.Writer(folder / "fields.parquet", tables.FIELDS)
    for number, field in enumerate(fields):
        writer.add(field_rows(number, field.field))
        about.append(asdict(field.about))
    writer.close()
    return about


def _grouped(parts: Parts) -> Iterator[tuple[int, list[Any]]]:
    """The notes of all images, a row group's at a time, each with the number of the first."""
    first, held = 0, list[Any]()
    for notes in parts.notes():
        held += notes
        while len(held) >= tables.IMAGES_A_GROUP:
            yield first, held[: tables.IMAGES_A_GROUP]
            first += tables.IMAGES_A_GROUP
            held = held[tables.IMAGES_A_GROUP :]
    if held:
        yield first, held


def _channels(number: int, tally: Tally, images: int) -> tables.Columns:
    """The rows of a layer's channels."""
    empty = tally.count == 0
    count = np.maximum(tally.count, 1)
    mean = tally.total / count

    def present(values: NDArray[Any]) -> np.ma.MaskedArray[Any, Any]:
        return np.ma.MaskedArray(values, empty)

    return {
        "layer": np.full(len(count), number, np.int32),
        "channel": np.arange(len(count), dtype=np.int32),
        "count": tally.count,
        "invalid": tally.invalid,
        "min": present(tally.low),
        "max": present(tally.high),
        "mean": present(mean),
        "std": present(np.sqrt(np.maximum(tally.squares / count - mean**2, 0))),
        "fires_in_cells": present(tally.positive / count),
        "fires_in_images": present(tally.fired / max(images, 1)),
    }


def _histograms(number: int, tally: Tally) -> tables.Columns:
    """The rows of a layer's histograms: for each channel one a bin."""
    channels = len(tally.histogram)
    return {
        "layer": np.full(channels * BINS, number, np.int32),
        "channel": np.repeat(np.arange(channels, dtype=np.int32), BINS),
        "bin": np.tile(np.arange(BINS, dtype=np.int32), channels),
        "count": tally.histogram.reshape(-1),
    }
