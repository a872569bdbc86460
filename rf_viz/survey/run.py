"""Runs a survey: chunks of images are looked at, what they tell is merged, crops are cut out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import load
from ..catalogue.preprocessing import usual_preset
from ..catalogue.samples import SAMPLE_MODELS
from ..errors import ModelError
from ..inputs.images import Fit
from ..model import Model
from ..trace.network import Layer
from .atlas import Album, regions
from .fields import FieldWork, check_fields
from .folder import Survey, finished_key, image_file, open_survey
from .look import Note, cut, look, pack
from .parts import Parts, plan_key, write
from .plan import MOST_TOP, Chunk, Chunks, Plan, channels_of, choose_layers, content_digest
from .preparation import Preparation, check_input
from .processes import TRIES, Here, Processes, Workers
from .result import write_result
from .sources import Reader, list_images
from .tally import Count

CHUNK = 32
"""So many images are looked at in one go: little is lost with a process, and little told."""

_OWN = ("survey.json", "*.parquet", "*.html", "*.new")
"""What a survey writes beside its folders, as patterns."""

_FOLDERS = ("parts", "atlas", "images")

Progress = Callable[[int, int], None]


def survey(
    model: str | os.PathLike[str],
    images: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    layers: Sequence[str],
    out: str | os.PathLike[str],
    *,
    top: int = 9,
    fields: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    preprocessing: str | None = None,
    fit: Fit | None = None,
    chunk: int = CHUNK,
    keep_images: bool = False,
    restart: bool = False,
    loading: Mapping[str, Any] | None = None,
    tracing: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Look what the channels of some layers respond to, over a set of images.

    For each channel the strongest cells are kept, at most one of each image, with their exact
    regions and crops, and how the values of all cells lie. The result is a folder (see ``Survey``).
    It is the same to the last bit for any number of processes. A survey that was stopped goes on
    when it is called again in the same way; one that is finished is opened.

    Args:
        model: the path of a model's file, or of a SavedModel's folder.
        images: folders, patterns, images, zip archives and Parquet files of images.
        layers: names of layers, patterns such as "conv*", or "all".
        out: the folder for the result.
        top: so many strongest cells of each channel are kept.
        fields: over so many of the images each layer's effective field is measured: that of the
            cell in the middle, all channels together, by the gradient where the model's runtime
            computes it, else by occlusion (see ``influence.effective.effective_field``). The images
            lie evenly among those that can be used.
        workers: so many processes look at images; 1 is this one (default: one for each core). More
            than one need what Python's ``multiprocessing`` asks of a script: that it runs nothing
            when it is imported.
        scheduler: the address of a Dask scheduler, whose workers look at images instead. They see
            the model and the images under the same paths.
        preprocessing: a key of ``rf_viz.inputs.images.PRESETS`` (default: what the network is known
            to want, else that of ImageNet).
        fit: how an image of another shape fills the input: crop, stretch or pad (default: crop,
            or what the sample model wants).
        chunk: so many images are looked at in one go. Sums are taken over these first, so that
            another number may change the last digits of means.
        keep_images: copies each image that a crop is of into the folder, so that it can be shown
            wherever the folder goes (see ``Survey.image_content``).
        restart: drops what an earlier survey left in the folder.
        loading, tracing: options of ``rf_viz.load`` and of ``Model.trace``.
        progress: called with the number of images that are done, and of all. With ``fields``, an
            image counts once more for each layer that is measured on it.

    Raises:
        ModelError: the model, the images or the folder cannot be used; the message says why.
    """
    places = [images] if isinstance(images, str | os.PathLike) else list(images)
    path, folder = os.path.abspath(model), Path(out).absolute()
    if chunk < 1:
        raise ModelError(f"chunk is a positive number, not {chunk}")
    if not 1 <= top <= MOST_TOP:
        raise ModelError(f"top is a number from 1 to {MOST_TOP}, not {top}")
    loaded = load(path, **(loading or {}))
    net = loaded.trace(**(tracing or {}))
    if net.any_size:
        raise ModelError("a survey needs an input size: give one, not unknown")
    check_input(net.input)
    check_fields(fields, net)
    chosen = choose_layers(net, layers)
    listing = list_images(places)
    plan = Plan(
        path,
        content_digest(path),
        loading or {},
        tracing or {},
        tuple(layer.name for layer in chosen),
        _preparation(path, loaded, preprocessing, fit),
        listing.sources,
        top,
        fields,
    )
    plan = replace(plan, key=plan.fingerprint(listing, chunk, keep_images))
    if _is_finished(folder, plan.key, restart):
        return open_survey(folder)
    parts = Parts(folder / "parts", len(chosen))
    parts.begin(plan.key)
    chunks = Chunks(listing.refs, chunk)
    count, tell = len(listing.refs), progress or (lambda done, count: None)
    work = FieldWork(loaded, chosen, fields, count)
    with closing(_workers(workers, scheduler, max(len(chunks), work.processes))) as crew:
        _look(plan, chunks, parts, crew, chosen, lambda done, _: tell(done, count + work.runs))
        measured = None
        if fields:
            measured = work.measure(
                plan, listing.refs, parts, crew, lambda done, runs: tell(count + done, count + runs)
            )
        tallies = parts.tallies()
        boxes = [regions(layer, tally) for layer, tally in zip(chosen, tallies, strict=True)]
        album = Album(listing.refs, chunk, list(zip(tallies, boxes, strict=True)))
        _cut(plan, album, parts, crew)
    if keep_images:
        _keep_images(folder / "images", plan, album)
    write_result(folder, plan, net, chosen, listing, parts, boxes, album, measured)
    parts.drop()
    return open_survey(folder)


def _preparation(
    path: str, model: Model, preprocessing: str | None, fit: Fit | None
) -> Preparation:
    """How images are prepared: as told, else as the app does it at first."""
    sample = next((s for s in SAMPLE_MODELS.values() if _is_same(path, s.path)), None)
    usual, _ = usual_preset(model.title, sample)
    return Preparation(preprocessing or usual, fit or (sample and sample.fit) or "crop")


def _is_same(path: str, other: Path) -> bool:
    return other.exists() and os.path.samefile(path, other)


def _is_finished(folder: Path, key: str, restart: bool) -> bool:
    """Whether the folder holds this very survey, whole. Makes room for it where it does not.

    Raises ModelError where the folder holds another survey, or something else.
    """
    if restart:
        _clear(folder)
    finished, begun = finished_key(folder), plan_key(folder / "parts")
    if key in (finished, begun):
        return not begun
    if finished or begun:
        raise ModelError(
            f"{folder} holds a survey of other images, or one with other options: choose another "
            "folder, or start anew with --restart"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ModelError(f"{folder} holds something else: choose a folder that is new or empty")
    return False


def _clear(folder: Path) -> None:
    """Remove what a survey left in a folder, and nothing else."""
    if not (folder / "survey.json").exists() and not (folder / "parts" / "plan.json").exists():
        return
    for name in _FOLDERS:
        if (folder / name).is_dir() and not (folder / name).is_symlink():
            shutil.rmtree(folder / name)
    for pattern in _OWN:
        for path in folder.glob(pattern):
            path.unlink()


def _workers(count: int | None, scheduler: str | None, chunks: int) -> Workers:
    """Whoever looks at so many chunks."""
    if scheduler is not None:
        from .cluster import Cluster

        return Cluster(scheduler)
    count = min(count or os.cpu_count() or 1, chunks)
    return Here() if count == 1 else Processes(count)


def _look(
    plan: Plan,
    chunks: Chunks,
    parts: Parts,
    crew: Workers,
    layers: Sequence[Layer],
    progress: Progress,
) -> None:
    """Look at all chunks that are not done yet. Raises ModelError."""
    before = parts.resume()
    images = len(chunks.refs)
    done = sum(len(chunks[number].refs) for number in before)
    progress(done, images)
    left = (chunks[number] for number in range(len(chunks)) if number not in before)
    some = bool(before)
    for chunk, result in crew.results(look, plan, left):
        if result is None and not some:
            raise ModelError(
                f"the process that looks at images ended {TRIES} times before it was done with "
                f"{len(chunk.refs)} of them: the model may need more memory than there is"
            )
        some = True
        parts.add(chunk.number, result or _given_up(plan, chunk, layers))
        done += len(chunk.refs)
        progress(done, images)


def _given_up(plan: Plan, chunk: Chunk, layers: Sequence[Layer]) -> bytes:
    """What a chunk tells that ended every process which looked at it: nothing of any image."""
    reader = Reader(plan.sources)
    notes = []
    for ref in chunk.refs:
        name = reader.name(ref)
        why = f"{name} and its neighbours ended the process that looked at them, {TRIES} times"
        notes.append(Note(name, 0, 0, why))
    return pack(notes, [Count(channels_of(layer), plan.top).tally() for layer in layers])


def _cut(plan: Plan, album: Album, parts: Parts, crew: Workers) -> None:
    """Cut out all crops that are not there yet. Raises ModelError."""
    left = (crops for crops in album.parts if not parts.crops(crops.number).exists())
    for crops, result in crew.results(cut, plan, left):
        if result is None or len(result) != album.lengths[crops.number]:
            raise ModelError(
                "the process that cuts out crops ended before it was done: call the survey again"
            )
        write(parts.crops(crops.number), result)


def _keep_images(folder: Path, plan: Plan, album: Album) -> None:
    """Copy the images that crops are of."""
    folder.mkdir(exist_ok=True)
    with closing(Reader(plan.sources)) as reader:
        for crops in album.parts:
            for number, ref, _ in crops.images:
                path = folder / image_file(number)
                if not path.exists():
                    write(path, reader.read(ref)[1])
