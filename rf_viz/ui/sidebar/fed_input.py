"""The choice of the model's input: an image, a signal or a volume."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any, get_args

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ... import Network
from ...catalogue.preprocessing import usual_preset
from ...catalogue.samples import SAMPLE_IMAGES, Sample, tone
from ...inputs.images import (
    PRESETS,
    Fit,
    signal_tensor,
    to_tensor,
)
from ...inputs.signals import fit_signal
from ...inputs.volumes import volume_tensor
from .. import address, cache
from ..address import ignore_echo
from ..address_choice import between, kept, one_of, restored
from ..cache import Fed, File
from ..pictures import Picture
from ..text import by, count
from .session import remember, visitor
from .upload import hand_over, receive, upload_button, uploader

_LOWEST, _HIGHEST = 60, 1000
"""Pitches of the sample signal, in Hz."""

_LARGEST = 2**26
"""The most numbers of an input that is drawn and fed: four channels of the largest volume."""

_TONE = "Tone"
"""The sample signal."""

_PHANTOM = "Phantom"
"""The sample volume."""


def unfit(net: Network) -> str:
    """Explains why no picture, signal or volume fits a network's input; empty where one does."""
    source = net.input
    shape = by(source.shape)
    if prod(source.shape) > _LARGEST:
        return (
            f"The input {source.name} ({shape}) has more than {_LARGEST:,} numbers, which is too "
            "much to draw: choose a smaller size. What its layers depend on is below."
        )
    if source.size and len(source.size) == 1 and not source.guessed:
        return ""
    if len(source.size) == 2:
        others = [n for axis, n in enumerate(source.shape) if axis not in source.spatial_axes]
        channels = others[-1] if others else 1
        if channels in (1, 3, 4):
            return ""
        return (
            f"The input {source.name} ({shape}) has {channels} channels; an image has 1, 3 or 4. "
            "There is no image to point at, but the regions of all layers are below."
        )
    if len(source.size) == 3 and not source.guessed:
        return ""
    return (
        f"No window slides over the input {source.name} ({shape}), so there is no image or signal "
        "to point at. What its layers depend on is below."
    )


def misfit(file: File, net: Network) -> str:
    """Explains why no input that people look at fits a model; empty where one does."""
    source = net.input
    dtype = cache.load(file).source(source.name).dtype
    if len(source.size) == 1 and "int" in dtype:
        return (
            f"The input {source.name} ({by(source.shape)}) takes whole numbers, such as those of "
            "words, so there is no signal to point at. What its layers depend on is below."
        )
    return unfit(net)


def choose_input(file: File, net: Network, sample: Sample | None) -> tuple[Picture, Fed]:
    """Draws the choice of a picture, signal or volume and returns it, also as the network takes it.

    With it go the values of the other inputs that the network was traced with.
    """
    picture, fed = _choose_input(file, net, sample)
    if not net.feeds:
        return picture, fed
    others = [f"{name} {array.shape} {array.tobytes()!r}" for name, array in net.feeds.items()]
    digest = hashlib.sha256(" ".join(others).encode()).hexdigest()[:16]
    return picture, replace(fed, key=f"{fed.key} {digest}", feeds=net.feeds)


def _choose_input(file: File, net: Network, sample: Sample | None) -> tuple[Picture, Fed]:
    if len(net.input.size) == 1:
        return _signal(net)
    if len(net.input.size) == 3:
        return _volume(net)
    image = choose_image(sample)
    preset, how = _choose_preprocessing(file, sample)
    return _as_image(net, image, preset, how)


def usual_input(file: File, net: Network, sample: Sample | None) -> tuple[Picture, Fed]:
    """The input that a network shows at first, preprocessed as the person chose it; draws nothing.

    For networks that some input fits (see ``misfit``).
    """
    size = net.input.size
    if len(size) == 1:
        title, values = "A tone", tone(size[0])
        picture, fed = _as_signal(net, f"usual tone {size[0]}", title, values)
    elif len(size) == 3:
        picture, fed = _as_volume(net, f"{_PHANTOM} {size}", _PHANTOM, cache.phantom_volume(size))
    else:
        first = next(iter(SAMPLE_IMAGES.values()))
        preset, how = preprocessing_of(file, sample)
        picture, fed = _as_image(net, File.at(first.path, first.title), preset, how)
    return picture, replace(fed, feeds=net.feeds)


def preprocessing_of(file: File, sample: Sample | None) -> tuple[str, Fit]:
    """What becomes of an image's pixels, as the person chose it or as usual: preset and fit."""
    usual, _ = usual_preset(cache.load(file).facts.title, sample)
    preset: str = st.session_state.get(_preset_key(file), usual)
    how: Fit = st.session_state.get(_fit_key(file), _usual_fit(sample))
    return preset, how


def _as_image(net: Network, image: File, preset: str, how: Fit) -> tuple[Picture, Fed]:
    """An image, and how a network takes it."""
    (height, width), (y, x) = net.input.size, net.input.spatial_axes
    pixels = cache.pixels(image, (height, width), how)
    key = f"{image.digest} {height}x{width} {how}"

    def prepare(values: NDArray[Any]) -> NDArray[np.float32]:
        return to_tensor(values, net.input.shape, (y, x), PRESETS[preset])

    fed = Fed(
        f"{key} {preset} {net.input.shape}",
        net.input.name,
        partial(prepare, pixels),
        prepare,
        fit=how,
    )
    return Picture(key, image.name, pixels), fed


def _preset_key(file: File) -> str:
    return f"preset {file.digest}"


def _fit_key(file: File) -> str:
    return f"fit {file.digest}"


def _usual_fit(sample: Sample | None) -> Fit:
    return (sample and sample.fit) or get_args(Fit)[0]


def _choose_preprocessing(file: File, sample: Sample | None) -> tuple[str, Fit]:
    """Draws what becomes of the image's pixels, to be changed: the preset's name, and the fit."""
    # What is a sample need not be a file: networks that are being designed are none.
    title = "" if sample and sample.preprocessing else cache.load(file).facts.title
    usual, sure = usual_preset(title, sample)
    fits = get_args(Fit)
    visit, key, fit_key = visitor(), _preset_key(file), _fit_key(file)
    if visit.next_preparation:
        st.session_state[key], st.session_state[fit_key] = visit.next_preparation
        visit.next_preparation = None
    restored("preset", key, one_of(PRESETS.keys(), usual))
    preset = st.session_state[key]
    guessed = "" if sure or preset != usual else " (a guess)"
    with st.popover(
        f"Pixels: {preset}{guessed}",
        icon=":material/tune:",
        help="How the image is preprocessed. Click to change it.",
        width="stretch",
    ):
        preset = st.selectbox(
            "Preprocessing",
            list(PRESETS),
            help="What the network was trained with.",
            key=key,
            on_change=ignore_echo,
            persist_state="session",
        )
        how: Fit = st.selectbox(
            "Fit",
            fits,
            format_func={
                "crop": "Crop to the centre",
                "stretch": "Stretch",
                "pad": "Pad with borders",
            }.__getitem__,
            **kept("fit", fit_key, one_of(fits, _usual_fit(sample))),
        )
    return preset, how


def _signal(net: Network) -> tuple[Picture, Fed]:
    receive("signal")
    visit, (length,) = visitor(), net.input.size
    keys = [_TONE, *visit.signals]
    restored("signal", "signal", one_of(keys, _first(visit.signals, _TONE)))
    address.read("signal-name")
    if visit.next_signal:
        st.session_state["signal"], visit.next_signal = visit.next_signal, ""
    chosen = st.selectbox(
        "Signal",
        keys,
        format_func=lambda key: key if key == _TONE else visit.signals[key].name,
        key="signal",
        persist_state="session",
        on_change=ignore_echo,
    )
    with upload_button("signal", "A sound, or numbers"):
        uploader(
            "A sound (WAV), numbers (CSV) or a NumPy array (.npy)", "signal", False, accept_signal
        )
    if chosen == _TONE:
        key, title, values = _tone(length)
    else:
        key, title, values = _part(visit.signals[chosen], length)
    return _as_signal(net, key, title, values)


def _as_signal(
    net: Network, key: str, title: str, values: NDArray[np.float32]
) -> tuple[Picture, Fed]:
    """A signal, and how a network takes it."""
    (axis,) = net.input.spatial_axes

    def prepare(values: NDArray[Any]) -> NDArray[np.float32]:
        return signal_tensor(values, net.input.shape, axis)

    fed = Fed(f"{key} {net.input.shape}", net.input.name, partial(prepare, values), prepare)
    return Picture(key, title, values), fed


def _tone(length: int) -> tuple[str, str, NDArray[np.float32]]:
    """The sample signal: its key, its title and its values."""
    pitch = st.slider(
        "Pitch of the tone",
        _LOWEST,
        _HIGHEST,
        format="%d Hz",
        **kept("pitch", "pitch", between(_LOWEST, _HIGHEST, 440), always=True),
    )
    return f"tone {pitch} {length}", f"A plucked tone of {pitch} Hz", tone(length, hz=pitch)


def _part(file: File, length: int) -> tuple[str, str, NDArray[np.float32]]:
    """The part of an uploaded signal that the network takes: its key, its title and its values."""
    address.put("signal-name", file.name)
    signal = cache.open_signal(file)
    spare, start = len(signal.values) - length, 0
    if spare > 0:
        start = st.slider(
            "From sample",
            0,
            spare,
            **kept("from-sample", f"from sample {file.digest} {length}", between(0, spare, 0)),
        )
    notes = [signal.note] if signal.note else []
    if spare < 0:
        notes.append(f"{count(-spare, 'zero')} at the end")
    if notes:
        st.caption(f"{'; '.join(notes)}.".capitalize())
    values = fit_signal(signal.values, length, start)
    return f"{file.digest} {start} {length}", file.name, values


def accept_signal(files: dict[str, bytes]) -> None:
    """Takes over an uploaded signal. Raises ImageError."""
    ignore_echo()
    file = File.uploaded(files)
    cache.open_signal(file)
    remember("signal", file.digest, file)
    visitor().next_signal = file.digest


def _volume(net: Network) -> tuple[Picture, Fed]:
    receive("volume")
    visit, size = visitor(), net.input.size
    volumes = [_PHANTOM, *visit.volumes]
    restored("volume", "volume", one_of(volumes, _first(visit.volumes, _PHANTOM)))
    address.read("volume-name")
    if visit.next_volume:
        st.session_state["volume"], visit.next_volume = visit.next_volume, ""
    key = st.selectbox(
        "Volume",
        volumes,
        format_func=lambda key: key if key == _PHANTOM else visit.volumes[key].name,
        key="volume",
        persist_state="session",
        on_change=ignore_echo,
    )
    with upload_button("volume", "Slices, or an array"):
        uploader("A NumPy array (.npy), or a TIFF or GIF of slices", "volume", False, accept_volume)
    if key == _PHANTOM:
        values, title, stands_for = cache.phantom_volume(size), "A made-up phantom", _PHANTOM
    else:
        file = visit.volumes[key]
        address.put("volume-name", file.name)
        values, title, stands_for = cache.volume(file, size), file.name, key
    return _as_volume(net, f"{stands_for} {size}", title, values)


def _as_volume(
    net: Network, key: str, title: str, values: NDArray[np.float32]
) -> tuple[Picture, Fed]:
    """A volume, and how a network takes it."""

    def prepare(values: NDArray[Any]) -> NDArray[np.float32]:
        return volume_tensor(values, net.input.shape, net.input.spatial_axes)

    fed = Fed(f"{key} {net.input.shape}", net.input.name, partial(prepare, values), prepare)
    return Picture(key, title, values), fed


def accept_volume(files: dict[str, bytes]) -> None:
    """Takes over an uploaded volume. Raises ImageError."""
    file = File.uploaded(files)
    cache.open_volume(file)
    remember("volume", file.digest, file)
    visitor().next_volume = file.digest


def choose_image(sample: Sample | None) -> File:
    """Draws the choice of an image: a sample, or one of the person's own."""
    receive("image")
    receive("photo")
    visit = visitor()
    uploads = visit.images
    keys = [*SAMPLE_IMAGES, *uploads]
    first = _first(uploads, (sample and sample.default_image) or keys[0])
    visit.image_chosen |= address.unread().get("image") in keys
    restored("image", "image", one_of(keys, first), always=True)
    address.read("image-name")
    if visit.next_image:
        st.session_state["image"], visit.next_image = visit.next_image, ""

    def name(key: str) -> str:
        return SAMPLE_IMAGES[key].title if key in SAMPLE_IMAGES else uploads[key].name

    key = st.selectbox(
        "Image",
        keys,
        format_func=name,
        key="image",
        persist_state="session",
        on_change=_keep_image,
    )
    with upload_button("image", "A file, or a photo taken now"):
        way = st.segmented_control(
            "From",
            ["File", "Camera"],
            default="File",
            required=True,
            label_visibility="collapsed",
            on_change=ignore_echo,
        )
        if way == "File":
            uploader("Any image", "image", False, accept_image)
        else:
            st.camera_input(
                "Camera", key="camera", on_change=hand_over, args=("camera", "photo", _accept_photo)
            )
    if key in uploads:
        address.put("image-name", uploads[key].name)
        return uploads[key]
    chosen = SAMPLE_IMAGES[key]
    return File.at(chosen.path, chosen.title)


def accept_image(files: dict[str, bytes]) -> None:
    """Takes over an uploaded image. Raises ImageError."""
    show_image(files)
    visitor().image_chosen = True


def show_image(files: dict[str, bytes]) -> None:
    """Makes an uploaded image the page's when it is next drawn. Raises ImageError."""
    file = File.uploaded(files)
    cache.open_image(file)
    remember("image", file.digest, file)
    visitor().next_image = file.digest


def prepare_by(preset: str, fit: str) -> None:
    """Has images prepared like that when the page is next drawn, if there is such a way."""
    if preset in PRESETS and fit in get_args(Fit):
        visitor().next_preparation = preset, fit


def _accept_photo(files: dict[str, bytes]) -> None:
    (content,) = files.values()
    accept_image({f"Photo {visitor().uploads['photo']}": content})


def _first(uploads: Mapping[str, File], usual: str) -> str:
    """The key of what shows at first: the host's own, if it is of this kind, else the usual one."""
    start = visitor().start
    return start if start in uploads else usual


def _keep_image() -> None:
    ignore_echo()
    visitor().image_chosen = True
