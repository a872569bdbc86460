"""The choice of a model (a sample, one of Keras' own, or an upload) and of how to trace it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from ... import Model, ModelError, Network
from ...catalogue.keras_applications import KERAS_APPLICATIONS
from ...catalogue.samples import IMAGENET, SAMPLE_MODELS, Sample
from ...errors import MissingFilesError, SizeUnknownError
from ...inputs.images import KERAS_MODES
from .. import cache
from ..address import ignore_echo
from ..cache import File, TraceOptions
from ..text import (
    by,
    percent,
    plain,
    sentence,
)
from .restore import restore
from .session import KERAS, visitor
from .side_inputs import choose_side_inputs
from .upload import UPLOAD, row, uploader

_LARGEST_SIDE = (1_000_000, 2048, 256)
"""The largest input size on offer for signals, images and volumes: beyond it, a deep network takes
gigabytes to run."""

_FORMATS = "ONNX, PyTorch (.pt2), Keras, TensorFlow or TFLite; a SavedModel as zip or tar"


def choose_model() -> tuple[File, Sample | None]:
    """Draws the choice of a model and returns its file, with what goes with it where it has that.

    On offer are the samples, Keras' own networks, and uploads that load and can be traced.
    """
    visit = visitor()
    uploads = visit.models
    if visit.next_model:
        st.session_state["model"], visit.next_model = visit.next_model, ""
    ours = [f"{KERAS}{name}" for name in KERAS_APPLICATIONS]

    def name(key: str) -> str:
        if key in SAMPLE_MODELS:
            return SAMPLE_MODELS[key].title
        return uploads[key].name if key in uploads else f"{key.removeprefix(KERAS)} (Keras)"

    beside = row()
    key = beside.selectbox(
        "Model",
        [*SAMPLE_MODELS, *uploads, *ours],
        format_func=name,
        key="model",
        persist_state="session",
        on_change=_new_model,
    )
    with beside.popover(UPLOAD, help="Upload a model, along with its data files if it has any"):
        uploader(_FORMATS, "model", True, _accept_model)
    missing = visit.missing
    if missing:
        what, digest = (plain(text) for text in (missing.get("name", "a model"), missing["model"]))
        st.info(
            f"The link is about {what} (SHA-256 {digest}…), "
            "which is not here: upload it, and the page goes on where the link points.",
            icon=":material/link:",
        )
    if key in SAMPLE_MODELS:
        sample = SAMPLE_MODELS[key]
        st.caption(sample.about)
        return File.at(sample.path, sample.title), sample
    if key in uploads:
        return _as_read(uploads[key]), None
    return _keras_application(key.removeprefix(KERAS))


def _as_read(file: File) -> File:
    """Draws the choice of what of a file is read, where there is one, and returns it so."""
    model = cache.load(file)
    for remark in model.remarks:
        with st.popover(remark.title, icon=":material/warning:", width="stretch"):
            st.write(plain(f"{remark.text}{':' if remark.line else '.'}"))
            if remark.line:
                st.code(remark.line, language="python", wrap_lines=True)
    signature, training = None, False
    if len(model.signatures) > 1:
        chosen = st.selectbox(
            "Signature",
            model.signatures,
            index=model.signatures.index(model.signature),
            key=f"signature {file.digest}",
            persist_state="session",
            on_change=ignore_echo,
            help="The functions that this file offers; each has inputs and layers of its own.",
        )
        signature = None if chosen == model.signature else chosen
    if model.hidden:
        training = st.toggle(
            "Show training operations",
            key=f"training {file.digest}",
            persist_state="session",
            on_change=ignore_echo,
            help=f"Gradients, optimisers, summaries: {model.hidden} operations that only train the "
            "network.",
        )
    read = file.read_as(signature, training)
    try:
        cache.trace(read, TraceOptions())
    except SizeUnknownError:
        return read  # the page asks for the size
    except ModelError as error:
        visitor().problem = sentence(error)
        return file
    return read


def show_model(files: dict[str, bytes]) -> File:
    """Makes an uploaded model the one to show when a page is next drawn. Raises ModelError.

    Where it needs to be told its size, the page asks for that.
    """
    file = File.uploaded(files)
    with suppress(SizeUnknownError):
        cache.trace(file, TraceOptions())
    visit = visitor()
    visit.models[file.digest] = file
    visit.next_model = file.digest
    return file


def _show_with_earlier(files: dict[str, bytes]) -> File:
    """Shows an uploaded model, with the files of the upload before if the two go together.

    What lacks files, or consists of nothing but them, waits for the next upload.
    """
    visit = visitor()
    earlier, needed = visit.waiting, visit.needed
    visit.waiting, visit.needed = {}, frozenset()
    if not needed.isdisjoint(files):
        files = {**earlier, **files}
    while True:
        try:
            return show_model(files)
        except MissingFilesError as error:
            there = set(error.files) & (earlier.keys() - files.keys())
            if not there:
                visit.waiting, visit.needed = files, frozenset(error.files)
                raise
            files = {**earlier, **files}


def _accept_model(files: dict[str, bytes]) -> None:
    visit, file = visitor(), _show_with_earlier(files)
    missing, visit.missing = visit.missing, None
    if missing and missing["model"] == file.digest:
        restore(missing)
    elif missing:
        visit.problem = f"{file.name} is another file than the one that the link is about."


def _keras_application(name: str) -> tuple[File, Sample]:
    """One of Keras' own networks: with random weights until the person asks for the trained."""
    application, trained = KERAS_APPLICATIONS[name], name in visitor().trained
    about = f"{application.parameters / 1e6:.1f} million weights"
    if application.top1 is not None:
        about += f", trained right in {percent(application.top1)} of ImageNet"
    st.caption(f"{about}.")
    if not trained:
        st.caption("Its weights are random here: the regions hold, the values mean nothing.")
        st.button("Use the trained weights", key=f"trained {name}", on_click=_train, args=(name,))
    sample = Sample(
        title=name,
        about=about,
        preprocessing=KERAS_MODES[application.preprocessing],
        fit="crop",
        default_image="chelsea",
        default_layer=None,
        labels=IMAGENET if trained else None,
    )
    return File.of_keras(name, trained), sample


def _train(name: str) -> None:
    visit = visitor()
    try:
        cache.load(File.of_keras(name, trained=True))
    except ModelError as error:
        visit.problem = f"{sentence(error)} Until then its weights stay random."
    else:
        visit.trained.add(name)


def _new_model() -> None:
    """Shows the image that goes with a sample, unless the person chose one."""
    ignore_echo()
    sample = SAMPLE_MODELS.get(st.session_state["model"])
    if sample and sample.default_image and not visitor().image_chosen:
        st.session_state["image"] = sample.default_image


def choose_options(file: File) -> tuple[Network, TraceOptions]:
    """Draws the options of the trace and returns the traced model, with those it was traced by.

    They are the input to look from, its size where the model leaves it open, and what counts. A
    size that the model cannot take is reported, and the last good one stays.
    """
    model = cache.load(file)
    source, image = None, model.image_within
    names = [*([image] if image else []), *(i.name for i in model.inputs)]
    if len(names) > 1:
        source = st.selectbox(
            "Input",
            names,
            key=f"input {file.digest}",
            persist_state="session",
            on_change=ignore_echo,
        )
    beside = None if source == image else source
    feeds = choose_side_inputs(model, beside, dict(file.shapes), file.digest)
    usual, options = _trace(file, TraceOptions(source, feeds=feeds), TraceOptions(source))
    if usual.input.name == image:
        st.caption(
            f"{plain(model.inputs[0].name)} holds an image in a row: what shows is "
            f"{plain(image)}, the image that it is folded into."
        )
    origin = model.source(usual.input.name).origin
    if origin:
        st.caption(
            f"The input is {origin}, {plain(usual.input.name)}. Under From, any layer can be "
            "chosen to look from."
        )
    size = _choose_size(model, usual, file.digest)
    weight_aware = st.toggle(
        "Ignore zero weights",
        key=f"weights {file.digest}",
        persist_state="session",
        on_change=ignore_echo,
        help="Kernel positions whose weights are all exactly zero do not count, "
        "as in masked or pruned kernels.",
    )
    last = visitor().trace_options
    net, options = _trace(
        file,
        replace(options, size=size, weight_aware=weight_aware),
        last.get((file.digest, options.input), options),
    )
    last[file.digest, options.input] = options
    return net, options


def _trace(file: File, options: TraceOptions, other: TraceOptions) -> tuple[Network, TraceOptions]:
    """The traced model; where it cannot be traced so, the problem shows and ``other`` holds."""
    try:
        return cache.trace(file, options), options
    except ModelError as error:
        visitor().problem = sentence(error)
        return cache.trace(file, other), other


def _choose_size(model: Model, usual: Network, digest: str) -> tuple[int, ...] | None:
    source = usual.input
    shape = model.source(source.name).shape
    if all(shape[axis] is not None for axis in source.spatial_axes):
        st.caption(f"Input size {by(source.size)}, fixed by the model")
        return None
    names = ("Depth", "Height", "Width")[-len(source.size) :]
    if len(source.size) == 1:
        names = ("Length",)
    sizes_of_link = visitor().sizes.pop(digest, ())
    largest = _LARGEST_SIDE[len(source.size) - 1]
    for name, axis, n in zip(names, source.spatial_axes, sizes_of_link, strict=False):
        if shape[axis] is None and n <= largest:
            st.session_state[f"{name} {source.name} {digest}"] = n
    columns = st.columns(len(source.size))
    sizes = [
        column.number_input(
            name,
            min_value=1,
            max_value=largest,
            value=size,
            disabled=shape[axis] is not None,
            key=f"{name} {source.name} {digest}",
            persist_state="session",
            on_change=ignore_echo,
        )
        for column, name, axis, size in zip(
            columns, names, source.spatial_axes, source.size, strict=False
        )
    ]
    return None if tuple(sizes) == source.size else tuple(sizes)
