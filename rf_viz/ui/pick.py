"""What the person picks: a model, what it is fed, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rf_viz import Model, ModelError, Network
from rf_viz.images import KERAS_MODES, PRESETS, Fit, ImageError, signal_tensor, to_tensor
from rf_viz.keras_applications import KERAS_APPLICATIONS, application_of
from rf_viz.samples import IMAGENET, SAMPLE_IMAGES, SAMPLE_MODELS, Sample, tone
from rf_viz.volumes import volume_tensor

from . import cache, link
from .cache import Asked, Fed, File
from .layer_list import Chosen, is_convolution, largest_region, layer_list
from .linked_view import Picture
from .outline import told
from .words import by, percent, sentence

_LARGEST_SIDE = (1_000_000, 2048, 256)
"""The largest input size on offer for signals, images and volumes: beyond it, a deep network takes
gigabytes to run."""

_UPLOAD = ":material/upload:"

_KERAS = "keras:"
"""How the keys of Keras' own networks begin."""

_PHANTOM = "Phantom"
"""The sample volume."""

_FORMATS = "ONNX, Keras, TensorFlow or TFLite; a SavedModel as zip or tar"


@dataclass
class Visit:
    """What a session remembers besides its widgets.

    Attributes:
        models, images: uploads that can be used, by digest.
        asked: how each model was last traced without trouble, by digest and input.
        layers: the layer that each model showed last, by digest.
        chosen: what was last chosen in each list of layers, by its key.
        trained: the networks of Keras that were given their trained weights.
        next_model: the model to show when a page is next drawn, if it is another one.
        image_chosen: whether the person chose an image, so that another model keeps it.
        next_image: the image to show when the page is next drawn, if it is another one.
        uploads: how many uploads were taken, by what they were.
        volumes, next_volume: the same of volumes.
        sizes: input sizes to take when the page is next drawn, by the model's digest.
        missing: an address whose model is not here.
        problem: what went wrong since the page was last drawn.
    """

    models: dict[str, File] = field(default_factory=dict)
    images: dict[str, File] = field(default_factory=dict)
    asked: dict[tuple[str, str | None], Asked] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)
    trained: set[str] = field(default_factory=set)
    next_model: str = ""
    image_chosen: bool = False
    next_image: str = ""
    uploads: Counter[str] = field(default_factory=Counter)
    volumes: dict[str, File] = field(default_factory=dict)
    next_volume: str = ""
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    missing: Mapping[str, str] | None = None
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


def restore(address: Mapping[str, str]) -> None:
    """Makes the choices that an address tells, before the page is drawn.

    Where its model or image has to be uploaded first, the page asks for it.
    """
    visit, key = _visit(), address.get("model")
    if not key:
        return
    if key in visit.models:
        digest = key
    elif key in SAMPLE_MODELS:
        digest = File.at(SAMPLE_MODELS[key].path, "").digest
    elif key.removeprefix(_KERAS) in KERAS_APPLICATIONS:
        name = key.removeprefix(_KERAS)
        digest = File.of_keras(name, name in visit.trained).digest
    else:
        visit.missing = address
        return
    visit.missing = None
    st.session_state["model"] = key
    image = address.get("image")
    if image in SAMPLE_IMAGES or image in visit.images:
        st.session_state["image"] = image
        visit.image_chosen = True
    elif image:
        name = address.get("image-name", "its image")
        visit.problem = f"The link shows {name}, which is not here: upload it to see it there too."
    size = link.size_of(address)
    if size:
        visit.sizes[digest] = size
    st.session_state[f"weights {digest}"] = address.get("weights") == "aware"
    if "input" in address:
        st.session_state[f"input {digest}"] = address["input"]
    if address.get("preset") in PRESETS:
        st.session_state[f"preset {digest}"] = address["preset"]
    if address.get("fit") in get_args(Fit):
        st.session_state[f"fit {digest}"] = address["fit"]
    link.follow(address)


def chosen(file: File, net: Network, sample: Sample | None) -> dict[str, str]:
    """The choices as an address tells them; those left out are what ``restore`` finds anyhow."""
    state, visit = st.session_state, _visit()
    found = {"model": state["model"]}
    if state["model"] in visit.models:
        found["name"] = file.name
    if f"Height {net.input.name} {file.digest}" in state:
        found["size"] = "x".join(map(str, net.input.size))
    if net.weight_aware:
        found["weights"] = "aware"
    if f"input {file.digest}" in state:
        found["input"] = state[f"input {file.digest}"]
    preset, fit = (state.get(f"{what} {file.digest}", "") for what in ("preset", "fit"))
    if preset and preset != _usual_preset(file, sample):
        found["preset"] = preset
    if fit and fit != ((sample and sample.fit) or get_args(Fit)[0]):
        found["fit"] = fit
    if len(net.input.size) == 2 and "image" in state:
        found["image"] = state["image"]
        if state["image"] in visit.images:
            found["image-name"] = visit.images[state["image"]].name
    return found


def choose_model() -> tuple[File, Sample | None]:
    """A sample, one of Keras' own networks, or an uploaded model that loads and can be traced."""
    visit = _visit()
    uploads = visit.models
    if visit.next_model:
        st.session_state["model"], visit.next_model = visit.next_model, ""
    ours = [f"{_KERAS}{name}" for name in KERAS_APPLICATIONS]

    def name(key: str) -> str:
        if key in SAMPLE_MODELS:
            return SAMPLE_MODELS[key].title
        return uploads[key].name if key in uploads else f"{key.removeprefix(_KERAS)} (Keras)"

    row = _row()
    key = row.selectbox(
        "Model",
        [*SAMPLE_MODELS, *uploads, *ours],
        format_func=name,
        key="model",
        persist_state="session",
        on_change=_new_model,
    )
    with row.popover(_UPLOAD, help="Upload a model, along with its data files if it has any"):
        _uploader(_FORMATS, "model", True, _take_model)
    missing = visit.missing
    if missing:
        st.info(
            f"The link is about {missing.get('name', 'a model')} (SHA-256 {missing['model']}…), "
            "which is not here: upload it, and the page goes on where the link points.",
            icon=":material/link:",
        )
    if key in SAMPLE_MODELS:
        sample = SAMPLE_MODELS[key]
        st.caption(sample.about)
        return File.at(sample.path, sample.title), sample
    if key in uploads:
        return uploads[key], None
    return _keras_application(key.removeprefix(_KERAS))


def show_model(files: dict[str, bytes]) -> File:
    """Makes an uploaded model the one to show when a page is next drawn. Raises ModelError."""
    file = File.uploaded(files)
    cache.trace(file, Asked())
    visit = _visit()
    visit.models[file.digest] = file
    visit.next_model = file.digest
    return file


def _take_model(files: dict[str, bytes]) -> None:
    visit, file = _visit(), show_model(files)
    missing, visit.missing = visit.missing, None
    if missing and missing["model"] == file.digest:
        restore(missing)
    elif missing:
        visit.problem = f"{file.name} is another file than the one that the link is about."


def _keras_application(name: str) -> tuple[File, Sample]:
    """One of Keras' own networks: with random weights until the person asks for the trained."""
    application, trained = KERAS_APPLICATIONS[name], name in _visit().trained
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
    visit = _visit()
    try:
        cache.load(File.of_keras(name, trained=True))
    except ModelError as error:
        visit.problem = f"{sentence(error)} Until then its weights stay random."
    else:
        visit.trained.add(name)


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
    wanted = _visit().sizes.pop(digest, ())
    for name, axis, n in zip(names, given.spatial_axes, wanted, strict=False):
        if shape[axis] is None:
            st.session_state[f"{name} {given.name} {digest}"] = n
    columns = st.columns(len(given.size))
    sizes = [
        column.number_input(
            name,
            min_value=1,
            max_value=_LARGEST_SIDE[len(given.size) - 1],
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
        return ""
    return (
        f"Nothing slides over the input {given.name} ({shape}): it is no picture and no signal "
        "to point at. What its layers depend on is below."
    )


def choose_input(
    file: File, net: Network, sample: Sample | None, options: DeltaGenerator
) -> tuple[Picture, Fed]:
    """A picture or a signal, as this network takes it; how it is prepared goes to ``options``."""
    if len(net.input.size) == 1:
        return _signal(net)
    if len(net.input.size) == 3:
        return _volume(net)
    image = _choose_image(sample)
    with options:
        preset = st.selectbox(
            "Preprocessing",
            list(PRESETS),
            index=list(PRESETS).index(_usual_preset(file, sample)),
            key=f"preset {file.digest}",
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
            key=f"fit {file.digest}",
            persist_state="session",
        )
    (height, width), (y, x) = net.input.size, net.input.spatial_axes
    pixels = cache.pixels(image, (height, width), how)
    key = f"{image.digest} {height}x{width} {how}"

    def prepare(values: NDArray[Any]) -> NDArray[np.float32]:
        return to_tensor(values, net.input.shape, (y, x), PRESETS[preset])

    fed = Fed(
        f"{key} {preset} {net.input.shape}", net.input.name, prepare(pixels), prepare, fit=how
    )
    return Picture(key, image.name, pixels), fed


def _signal(net: Network) -> tuple[Picture, Fed]:
    (length,), (axis,) = net.input.size, net.input.spatial_axes
    pitch = st.slider("Pitch of the tone", 60, 1000, 440, format="%d Hz", key="pitch")
    values = tone(length, hz=pitch)
    key = f"tone {pitch} {length}"

    def prepare(values: NDArray[Any]) -> NDArray[np.float32]:
        return signal_tensor(values, net.input.shape, axis)

    fed = Fed(f"{key} {net.input.shape}", net.input.name, prepare(values), prepare)
    return Picture(key, f"A plucked tone of {pitch} Hz", values), fed


def _volume(net: Network) -> tuple[Picture, Fed]:
    visit, size = _visit(), net.input.size
    if visit.next_volume:
        st.session_state["volume"], visit.next_volume = visit.next_volume, ""
    row = _row()
    key = row.selectbox(
        "Volume",
        [_PHANTOM, *visit.volumes],
        format_func=lambda key: key if key == _PHANTOM else visit.volumes[key].name,
        key="volume",
        persist_state="session",
    )
    with row.popover(_UPLOAD, help="Upload a volume"):
        _uploader("A NumPy array (.npy), or a TIFF or GIF of slices", "volume", False, _take_volume)
    if key == _PHANTOM:
        values, title, stands_for = cache.phantom_volume(size), "A made-up phantom", _PHANTOM
    else:
        file = visit.volumes[key]
        values, title, stands_for = cache.volume(file, size), file.name, key
    key = f"{stands_for} {size}"

    def prepare(values: NDArray[Any]) -> NDArray[np.float32]:
        return volume_tensor(values, net.input.shape, net.input.spatial_axes)

    fed = Fed(f"{key} {net.input.shape}", net.input.name, prepare(values), prepare)
    return Picture(key, title, values), fed


def _take_volume(files: dict[str, bytes]) -> None:
    file = File.uploaded(files)
    cache.open_volume(file)
    visit = _visit()
    visit.volumes[file.digest] = file
    visit.next_volume = file.digest


def _usual_preset(file: File, sample: Sample | None) -> str:
    """What the network was trained with, as far as that can be told."""
    if sample and sample.preprocessing:
        return sample.preprocessing
    application = application_of(cache.load(file).title)
    return KERAS_MODES[application.preprocessing] if application else "ImageNet mean/std"


def _choose_image(sample: Sample | None) -> File:
    visit = _visit()
    uploads = visit.images
    if visit.next_image:
        st.session_state["image"], visit.next_image = visit.next_image, ""
    elif "image" not in st.session_state and sample and sample.default_image:
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
    show_image(files)
    _keep_image()


def show_image(files: dict[str, bytes]) -> None:
    """Makes an uploaded image the page's when it is next drawn. Raises ImageError."""
    file = File.uploaded(files)
    cache.open_image(file)
    visit = _visit()
    visit.images[file.digest] = file
    visit.next_image = file.digest


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


def choose_layer(
    net: Network, sample: Sample | None, digest: str, wanted: str | None, *, key: str
) -> str:
    """A layer by name: the ``wanted`` one, else what the person chose, else the last one shown."""
    visit, names = _visit(), {layer.name for layer in net.layers}
    if wanted in names:
        visit.layers[digest] = wanted
    elif visit.layers.get(digest) not in names:
        visit.layers[digest] = (sample and sample.default_layer) or _telling(net)
    chosen = layer_list(net, visit.layers[digest], key=key)
    if chosen and chosen != visit.chosen.get(key):
        visit.chosen[key] = chosen
        visit.layers[digest] = chosen.layer
    return visit.layers[digest]


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
