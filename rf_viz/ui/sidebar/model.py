"""The choice of a model (the host's, a sample, a library's, an upload) and of how to trace it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from ... import ModelError, Network
from ...catalogue.samples import SAMPLE_MODELS, Sample
from ...errors import MissingFilesError, SizeUnknownError
from ...readers import looks_like_model
from ...workers import EndedError, WorkerModel
from .. import address, cache
from ..address import ignore_echo
from ..address_choice import kept, one_of, restored
from ..cache import File, TraceOptions
from ..text import by, listed, plain, sentence
from . import host_models, libraries
from .session import remember, visitor
from .side_inputs import choose_side_inputs
from .upload import receive, upload_button, uploader

_LARGEST_SIDE = (1_000_000, 2048, 256)
"""The largest input size on offer for signals, images and volumes: beyond it, a deep network takes
gigabytes to run."""

FORMATS = "ONNX, PyTorch (.pt2), Keras, TensorFlow or TFLite; a SavedModel as zip or tar"


def choose_model() -> tuple[File, Sample | None]:
    """Draws the choice of a model and returns its file, with what goes with it where it has that.

    On offer are the host's models, samples, uploads that load and can be traced, and networks of
    libraries.
    """
    receive("model")
    visit = visitor()
    uploads, hosted = visit.models, host_models.every_key()
    keys = [*hosted, *SAMPLE_MODELS, *uploads, *libraries.every_key()]
    libraries.read_address()
    host_models.read_address()
    host_models.leave_missing()
    first = host_models.start_key() or next(iter(SAMPLE_MODELS))
    restored("model", "model", one_of(keys, first), always=True)
    if visit.next_model:
        st.session_state["model"], visit.next_model = visit.next_model, ""

    def name(key: str) -> str:
        if key in SAMPLE_MODELS:
            return SAMPLE_MODELS[key].title
        if key in hosted:
            return host_models.title(key)
        return uploads[key].name if key in uploads else libraries.title(key)

    key = st.selectbox(
        "Model",
        keys,
        format_func=name,
        key="model",
        persist_state="session",
        on_change=_new_model,
        help=libraries.hint(),
    )
    with upload_button("model", "Along with its data files, if it has any"):
        uploader(FORMATS, "model", True, accept_model)
    if key in hosted or libraries.split(key):
        _check(key, host_models.file_of(key) if key in hosted else libraries.file_of(key))
    visit.shown_model = key
    address.read("name")
    if key in SAMPLE_MODELS:
        sample = SAMPLE_MODELS[key]
        st.caption(sample.about)
        return File.at(sample.path, sample.title), sample
    if key in uploads:
        address.put("name", uploads[key].name)
        return _as_read(uploads[key]), None
    if key in hosted:
        return _as_read(host_models.file_of(key)), None
    network = libraries.choose_network(key)
    _show_remarks(cache.load(network[0]))
    return network


def _check(key: str, file: File) -> None:
    """Goes back to the model before, and says why, where one cannot be shown."""
    visit, sample = visitor(), next(iter(SAMPLE_MODELS))
    try:
        cache.trace(file, TraceOptions())
    except SizeUnknownError:
        pass  # the page asks for the size
    except ModelError as error:
        visit.problem = sentence(error)
        before = visit.shown_model or sample
        visit.next_model = sample if before == key else before
        st.rerun()


def _show_remarks(model: WorkerModel) -> None:
    """Draws what is worth knowing of a model's file."""
    for remark in model.facts.remarks:
        with st.popover(remark.title, icon=":material/warning:", width="stretch"):
            st.write(plain(f"{remark.text}{':' if remark.line else '.'}"))
            if remark.line:
                st.code(remark.line, language="python", wrap_lines=True)


def _as_read(file: File) -> File:
    """Draws the choice of what of a file is read, where there is one, and returns it so."""
    try:
        model = cache.load(file)
    except EndedError:
        return file  # the page says so
    _show_remarks(model)
    facts = model.facts
    signature, training = None, False
    if len(facts.signatures) > 1:
        chosen = st.selectbox(
            "Signature",
            facts.signatures,
            help="The functions that this file offers; each has inputs and layers of its own.",
            **kept(
                "signature",
                f"signature {file.digest}",
                one_of(facts.signatures, facts.signature),
            ),
        )
        signature = None if chosen == facts.signature else chosen
    if facts.hidden:
        training = st.toggle(
            "Show training operations",
            help=f"Gradients, optimisers, summaries: {facts.hidden} operations that only train the "
            "network.",
            **kept(
                "training",
                f"training {file.digest}",
                one_of({"hidden": False, "shown": True}),
            ),
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
    remember("model", file.digest, file)
    visitor().next_model = file.digest
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


def _show_each(files: dict[str, bytes], models: Sequence[str]) -> File:
    """Opens several uploaded models, each with the files that are none, and shows the first.

    The page then names all of them. A model may need another's file: that one is none by itself.
    Raises ModelError where none opens.
    """
    visit = visitor()
    others = {name: content for name, content in files.items() if name not in models}
    opened: dict[str, File] = {}
    failures: dict[str, ModelError] = {}
    needed: set[str] = set()
    for name in models:
        own = {name: files[name], **others}
        while name not in opened and name not in failures:
            try:
                opened[name] = show_model(own)
            except ModelError as error:
                lacks = error.files if isinstance(error, MissingFilesError) else ()
                there = {lack: files[lack] for lack in lacks if lack in files and lack not in own}
                if not there:
                    failures[name] = error
                own |= there
                needed |= there.keys()
    failures = {name: error for name, error in failures.items() if name not in needed}
    shown = next((name for name in opened if name not in needed), None)
    if shown is None:
        raise next(iter(failures.values()))
    visit.next_model = opened[shown].digest
    rest = [name for name in opened if name not in needed and name != shown]
    if rest:
        verb = "is" if len(rest) == 1 else "are"
        visit.note = f"{shown} is shown; {listed(rest, len(rest))} {verb} in the list of models."
    if failures:
        reasons = {name: sentence(error) for name, error in failures.items()}
        visit.problem = " ".join(
            reason if name in reason else f"{name} was not opened: {reason}"
            for name, reason in reasons.items()
        )
    return opened[shown]


def accept_model(files: dict[str, bytes]) -> None:
    """Takes over uploaded models, with the files that they need. Raises ModelError."""
    models = [name for name, content in files.items() if looks_like_model(content, name)]
    if len(models) > 1:
        _show_each(files, models)
    else:
        _show_with_earlier(files)


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
    source, image = None, model.facts.image_within
    names = [*([image] if image else []), *(i.name for i in model.facts.inputs)]
    if len(names) > 1:
        source = st.selectbox(
            "Input",
            names,
            **kept("input", f"input {file.digest}", one_of(names)),
        )
    beside = None if source == image else source
    feeds = choose_side_inputs(model, beside, dict(file.shapes), file.digest)
    usual, options = _trace(file, TraceOptions(source, feeds=feeds), TraceOptions(source))
    if usual.input.name == image:
        st.caption(
            f"{plain(model.facts.inputs[0].name)} is a flattened image. What shows is "
            f"{plain(image)}, the image that it is reshaped to."
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
        help="Kernel positions whose weights are all exactly zero do not count, "
        "as in masked or pruned kernels.",
        **kept("weights", f"weights {file.digest}", one_of({"structural": False, "aware": True})),
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


def _choose_size(model: WorkerModel, usual: Network, digest: str) -> tuple[int, ...] | None:
    source = usual.input
    shape = model.source(source.name).shape
    if all(shape[axis] is not None for axis in source.spatial_axes):
        st.caption(f"Input size {by(source.size)}, fixed by the model")
        return None
    names = ("Depth", "Height", "Width")[-len(source.size) :]
    if len(source.size) == 1:
        names = ("Length",)
    largest = _LARGEST_SIDE[len(source.size) - 1]
    open_axes = [shape[axis] is None for axis in source.spatial_axes]
    keys = [f"{name} {source.name} {digest}" for name in names]
    _restore_size(keys, source.size, open_axes, largest)
    columns = st.columns(len(source.size))
    sizes = [
        int(
            column.number_input(
                name,
                min_value=1,
                max_value=largest,
                disabled=not is_open,
                key=key,
                persist_state="session",
                on_change=ignore_echo,
            )
        )
        for column, name, key, is_open in zip(columns, names, keys, open_axes, strict=False)
    ]
    address.put("size", "x".join(map(str, sizes)))
    return None if tuple(sizes) == source.size else tuple(sizes)


def _restore_size(
    keys: Sequence[str], usual: Sequence[int], open_axes: Sequence[bool], largest: int
) -> None:
    """Fills in the size that the address names, where the model leaves it open."""
    size = address.read_numbers("size", "x")
    for key, n in zip(keys, usual, strict=False):
        st.session_state.setdefault(key, n)
    if size is None:
        return
    fits = len(size) == len(usual) and all(
        1 <= n <= largest if is_open else n == own
        for n, own, is_open in zip(size, usual, open_axes, strict=True)
    )
    if fits:
        st.session_state.update(zip(keys, size, strict=False))
    else:
        address.ignore("size", "x".join(map(str, size)))
