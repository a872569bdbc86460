"""What the person picks: a model, what it is fed, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rf_viz import Model, ModelError, Network
from rf_viz.images import PRESETS, Fit, ImageError, signal_tensor, to_tensor
from rf_viz.samples import SAMPLE_IMAGES, SAMPLE_MODELS, SampleModel, tone

from . import cache
from .cache import Asked, Fed, File
from .layer_list import is_convolution, largest_region, layer_list
from .linked_view import Picture
from .outline import told
from .words import by, sentence

LARGEST_SIDE = 2048
"""The largest input size on offer: beyond it, a deep network takes gigabytes to run."""

_UPLOAD = ":material/upload:"

_FORMATS = "ONNX, Keras, TensorFlow or TFLite; a SavedModel as zip or tar"


@dataclass
class Visit:
    """What a session remembers besides its widgets.

    Attributes:
        models, images: uploads that can be used, by digest.
        asked: how each model was last traced without trouble, by digest and input.
        layers: the layer that each model showed last, by digest.
        image_chosen: whether the person chose an image, so that another model keeps it.
        uploads: how many uploads were taken, by what they were.
        problem: what went wrong since the page was last drawn.
    """

    models: dict[str, File] = field(default_factory=dict)
    images: dict[str, File] = field(default_factory=dict)
    asked: dict[tuple[str, str | None], Asked] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    image_chosen: bool = False
    uploads: Counter[str] = field(default_factory=Counter)
    problem: str = ""


def _visit() -> Visit:
    visit: Visit = st.session_state.setdefault("visit", Visit())
    return visit


def problem() -> None:
    """Says once what went wrong with the last upload or choice; what was shown before stays."""
    visit = _visit()
    if visit.problem:
        st.error(visit.problem, icon=":material/error:")
        visit.problem = ""


def choose_model() -> tuple[File, SampleModel | None]:
    """A sample or an uploaded model that loads and can be traced."""
    uploads = _visit().models

    def name(key: str) -> str:
        return SAMPLE_MODELS[key].title if key in SAMPLE_MODELS else uploads[key].name

    row = _row()
    key = row.selectbox(
        "Model",
        [*SAMPLE_MODELS, *uploads],
        format_func=name,
        key="model",
        persist_state="session",
        on_change=_new_model,
    )
    with row.popover(_UPLOAD, help="Upload a model, along with its data files if it has any"):
        _uploader(_FORMATS, "model", True, _take_model)
    sample = SAMPLE_MODELS.get(key)
    if sample:
        st.caption(sample.about)
        return File.at(sample.path, sample.title), sample
    return uploads[key], None


def _take_model(files: dict[str, bytes]) -> None:
    file = File.uploaded(files)
    cache.trace(file, Asked())
    _visit().models[file.digest] = file
    st.session_state["model"] = file.digest


def _new_model() -> None:
    """Shows the image that goes with a sample, unless the person chose one."""
    sample = SAMPLE_MODELS.get(st.session_state["model"])
    if sample and sample.default_image and not _visit().image_chosen:
        st.session_state["image"] = sample.default_image


def choose_options(file: File) -> tuple[Network, Asked]:
    """The input to look from, its size where the model leaves it open, and what counts.

    A size that the model cannot take is reported, and the last good one stays.
    """
    model = cache.load(file)
    source = None
    if len(model.inputs) > 1:
        names = [i.name for i in model.inputs]
        source = st.selectbox("Input", names, key=f"input {file.digest}", persist_state="session")
    usual, asked = _trace(file, Asked(source), Asked())
    size = _choose_size(model, usual, file.digest)
    weight_aware = st.toggle(
        "Ignore zero weights",
        key=f"weights {file.digest}",
        persist_state="session",
        help="Kernel positions whose weights are all exactly zero do not count, "
        "as in masked or pruned kernels.",
    )
    last = _visit().asked
    net, asked = _trace(
        file,
        replace(asked, size=size, weight_aware=weight_aware),
        last.get((file.digest, asked.input), asked),
    )
    last[file.digest, asked.input] = asked
    return net, asked


def _trace(file: File, asked: Asked, other: Asked) -> tuple[Network, Asked]:
    """The model traced as asked; where that fails, the problem is told and the other way taken."""
    try:
        return cache.trace(file, asked), asked
    except ModelError as error:
        _visit().problem = sentence(error)
        return cache.trace(file, other), other


def _choose_size(model: Model, usual: Network, digest: str) -> tuple[int, ...] | None:
    given = usual.input
    shape = next(i.shape for i in model.inputs if i.name == given.name)
    if all(shape[axis] is not None for axis in given.spatial_axes):
        st.caption(f"Input size {by(given.size)}, fixed by the model")
        return None
    names = ("Depth", "Height", "Width")[-len(given.size) :] if len(given.size) > 1 else ("Length",)
    columns = st.columns(len(given.size))
    sizes = [
        column.number_input(
            name,
            min_value=1,
            max_value=LARGEST_SIDE if len(given.size) > 1 else 1_000_000,
            value=size,
            disabled=shape[axis] is not None,
            key=f"{name} {given.name} {digest}",
            persist_state="session",
        )
        for column, name, axis, size in zip(
            columns, names, given.spatial_axes, given.size, strict=False
        )
    ]
    return None if tuple(sizes) == given.size else tuple(sizes)


def unfit(net: Network) -> str:
    """Why no picture or signal can be fed to this network; empty where one can."""
    given = net.input
    shape = by(given.shape)
    if given.size and len(given.size) == 1 and not given.guessed:
        return ""
    if len(given.size) == 2:
        others = [n for axis, n in enumerate(given.shape) if axis not in given.spatial_axes]
        channels = others[-1] if others else 1
        if channels in (1, 3, 4):
            return ""
        return (
            f"The input {given.name} ({shape}) has {channels} channels, and a picture fills 1, 3 "
            "or 4. There is no picture to point at, but the regions of all layers are below."
        )
    if len(given.size) == 3 and not given.guessed:
        return (
            f"The input {given.name} ({shape}) is a volume, and this page shows pictures and "
            "signals. The regions of all layers are below."
        )
    return (
        f"Nothing slides over the input {given.name} ({shape}): it is no picture and no signal "
        "to point at. What its layers depend on is below."
    )


def choose_input(
    net: Network, sample: SampleModel | None, digest: str, options: DeltaGenerator
) -> tuple[Picture, Fed]:
    """A picture or a signal, as this network takes it; how it is prepared goes to ``options``."""
    if len(net.input.size) == 1:
        return _signal(net)
    image = _choose_image(sample)
    with options:
        preset = st.selectbox(
            "Preprocessing",
            list(PRESETS),
            index=list(PRESETS).index((sample and sample.preprocessing) or "ImageNet mean/std"),
            key=f"preset {digest}",
            persist_state="session",
            help="What the network was trained with.",
        )
        fits = get_args(Fit)
        how: Fit = st.selectbox(
            "Fit",
            fits,
            index=fits.index(sample.fit) if sample and sample.fit else 0,
            format_func={
                "crop": "Crop to the centre",
                "stretch": "Stretch",
                "pad": "Pad with borders",
            }.__getitem__,
            key=f"fit {digest}",
            persist_state="session",
        )
    (height, width), (y, x) = net.input.size, net.input.spatial_axes
    pixels = cache.pixels(image, (height, width), how)
    key = f"{image.digest} {height}x{width} {how}"
    tensor = to_tensor(pixels, net.input.shape, (y, x), PRESETS[preset])
    fed = Fed(f"{key} {preset} {net.input.shape}", net.input.name, tensor)
    return Picture(key, image.name, pixels), fed


def _signal(net: Network) -> tuple[Picture, Fed]:
    (length,), (axis,) = net.input.size, net.input.spatial_axes
    pitch = st.slider("Pitch of the tone", 60, 1000, 440, format="%d Hz", key="pitch")
    values = tone(length, hz=pitch)
    key = f"tone {pitch} {length}"
    fed = Fed(
        f"{key} {net.input.shape}", net.input.name, signal_tensor(values, net.input.shape, axis)
    )
    return Picture(key, f"A plucked tone of {pitch} Hz", values), fed


def _choose_image(sample: SampleModel | None) -> File:
    uploads = _visit().images
    if "image" not in st.session_state and sample and sample.default_image:
        st.session_state["image"] = sample.default_image

    def name(key: str) -> str:
        return SAMPLE_IMAGES[key].title if key in SAMPLE_IMAGES else uploads[key].name

    row = _row()
    key = row.selectbox(
        "Image",
        [*SAMPLE_IMAGES, *uploads],
        format_func=name,
        key="image",
        persist_state="session",
        on_change=_keep_image,
    )
    with row.popover(_UPLOAD, help="Upload an image or take a photo"):
        way = st.segmented_control(
            "From", ["File", "Camera"], default="File", required=True, label_visibility="collapsed"
        )
        if way == "File":
            _uploader("Any image", "image", False, _take_image)
        else:
            st.camera_input(
                "Camera", key="camera", on_change=_took, args=("camera", "photo", _take_photo)
            )
    if key in uploads:
        return uploads[key]
    chosen = SAMPLE_IMAGES[key]
    return File.at(chosen.path, chosen.title)


def _take_image(files: dict[str, bytes]) -> None:
    file = File.uploaded(files)
    cache.open_image(file)
    _visit().images[file.digest] = file
    st.session_state["image"] = file.digest
    _keep_image()


def _take_photo(files: dict[str, bytes]) -> None:
    (content,) = files.values()
    _take_image({f"Photo {_visit().uploads['photo']}": content})


def _keep_image() -> None:
    _visit().image_chosen = True


Take = Callable[[dict[str, bytes]], None]


def _uploader(label: str, what: str, several: bool, take: Take) -> None:
    """An uploader that hands over what it gets and, under a new key, is empty again afterwards."""
    key = f"{what} upload {_visit().uploads[what]}"
    st.file_uploader(
        label,
        accept_multiple_files=several,
        key=key,
        on_change=_took,
        args=(key, what, take),
    )


def _row() -> DeltaGenerator:
    """Where a choice and the button to bring one's own stand side by side."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall")


def _took(key: str, what: str, take: Take) -> None:
    given: Any = st.session_state.get(key)
    files: list[UploadedFile] = given if isinstance(given, list) else [given] if given else []
    if not files:
        return
    visit = _visit()
    visit.uploads[what] += 1
    try:
        take({file.name: file.getvalue() for file in files})
    except ModelError as error:
        visit.problem = sentence(error)
    except ImageError as error:
        visit.problem = str(error).replace("The file", files[0].name, 1)


def choose_layer(net: Network, sample: SampleModel | None, digest: str, *, key: str) -> str:
    """A layer by name; a model shows the one that it showed last."""
    last = _visit().layers
    if not any(layer.name == last.get(digest) for layer in net.layers):
        last[digest] = sample.default_layer if sample else _telling(net)
    last[digest] = layer_list(net, last[digest], key=key)
    return last[digest]


def _telling(net: Network) -> str:
    """What to show first: the deepest layer whose cells see no more than a third of the image."""
    layers = [layer for _, layer in net.groups] or net.layers
    local = [
        layer
        for layer in layers
        if all(3 * n <= size for n, size in zip(largest_region(layer), net.input.size, strict=True))
    ]
    convolutions = [layer for layer in local if is_convolution(told(layer)[1])]
    return (convolutions or local or layers)[-1 if local else 0].name
