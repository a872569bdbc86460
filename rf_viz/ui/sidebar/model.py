"""Which model to look at: a sample, one of Keras' own, or an upload; and how to trace it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from ... import Model, ModelError, Network
from ...catalogue.keras_applications import KERAS_APPLICATIONS
from ...catalogue.samples import IMAGENET, SAMPLE_MODELS, Sample
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
from .upload import UPLOAD, row, uploader

_LARGEST_SIDE = (1_000_000, 2048, 256)
"""The largest input size on offer for signals, images and volumes: beyond it, a deep network takes
gigabytes to run."""

_FORMATS = "ONNX, Keras, TensorFlow or TFLite; a SavedModel as zip or tar"


def choose_model() -> tuple[File, Sample | None]:
    """A sample, one of Keras' own networks, or an uploaded model that loads and can be traced."""
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
        uploader(_FORMATS, "model", True, _take_model)
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
        return uploads[key], None
    return _keras_application(key.removeprefix(KERAS))


def show_model(files: dict[str, bytes]) -> File:
    """Makes an uploaded model the one to show when a page is next drawn. Raises ModelError."""
    file = File.uploaded(files)
    cache.trace(file, TraceOptions())
    visit = visitor()
    visit.models[file.digest] = file
    visit.next_model = file.digest
    return file


def _take_model(files: dict[str, bytes]) -> None:
    visit, file = visitor(), show_model(files)
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
    """The input to look from, its size where the model leaves it open, and what counts.

    A size that the model cannot take is reported, and the last good one stays.
    """
    model = cache.load(file)
    source = None
    if len(model.inputs) > 1:
        names = [i.name for i in model.inputs]
        source = st.selectbox(
            "Input",
            names,
            key=f"input {file.digest}",
            persist_state="session",
            on_change=ignore_echo,
        )
    usual, asked = _trace(file, TraceOptions(source), TraceOptions())
    size = _choose_size(model, usual, file.digest)
    weight_aware = st.toggle(
        "Ignore zero weights",
        key=f"weights {file.digest}",
        persist_state="session",
        on_change=ignore_echo,
        help="Kernel positions whose weights are all exactly zero do not count, "
        "as in masked or pruned kernels.",
    )
    last = visitor().asked
    net, asked = _trace(
        file,
        replace(asked, size=size, weight_aware=weight_aware),
        last.get((file.digest, asked.input), asked),
    )
    last[file.digest, asked.input] = asked
    return net, asked


def _trace(file: File, asked: TraceOptions, other: TraceOptions) -> tuple[Network, TraceOptions]:
    """The model traced as asked; where that fails, the problem is told and the other way taken."""
    try:
        return cache.trace(file, asked), asked
    except ModelError as error:
        visitor().problem = sentence(error)
        return cache.trace(file, other), other


def _choose_size(model: Model, usual: Network, digest: str) -> tuple[int, ...] | None:
    given = usual.input
    shape = next(i.shape for i in model.inputs if i.name == given.name)
    if all(shape[axis] is not None for axis in given.spatial_axes):
        st.caption(f"Input size {by(given.size)}, fixed by the model")
        return None
    names = ("Depth", "Height", "Width")[-len(given.size) :] if len(given.size) > 1 else ("Length",)
    wanted = visitor().sizes.pop(digest, ())
    largest = _LARGEST_SIDE[len(given.size) - 1]
    for name, axis, n in zip(names, given.spatial_axes, wanted, strict=False):
        if shape[axis] is None and n <= largest:
            st.session_state[f"{name} {given.name} {digest}"] = n
    columns = st.columns(len(given.size))
    sizes = [
        column.number_input(
            name,
            min_value=1,
            max_value=largest,
            value=size,
            disabled=shape[axis] is not None,
            key=f"{name} {given.name} {digest}",
            persist_state="session",
            on_change=ignore_echo,
        )
        for column, name, axis, size in zip(
            columns, names, given.spatial_axes, given.size, strict=False
        )
    ]
    return None if tuple(sizes) == given.size else tuple(sizes)
