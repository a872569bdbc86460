"""Networks that libraries have by name: Keras', and torchvision's and timm's where installed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ... import ModelError
from ...catalogue.keras_applications import KERAS_APPLICATIONS, KerasApplication
from ...catalogue.samples import IMAGENET, Sample
from ...catalogue.torchvision_models import TORCHVISION_MODELS, TorchvisionModel
from ...inputs.images import KERAS_MODES
from ...readers.pytorch import networks as pytorch
from ...runtimes.extras import install_line
from .. import address, cache
from ..cache import File
from ..text import percent, scaled, sentence
from .session import visitor

_KERAS = "keras"

LIBRARIES = (_KERAS, *pytorch.LIBRARIES)
"""The libraries; the key of a network is its library's name, a colon and its own."""

_TITLES = {_KERAS: "Keras"}
"""Names for people, where they differ."""


def every_key() -> list[str]:
    """List the keys of all networks that are on offer, library by library."""
    return [f"{library}:{name}" for library in LIBRARIES for name in _names(library)]


def split(key: str) -> tuple[str, str] | None:
    """Tell the library and the name that a key stands for; None for a key of another kind."""
    library, colon, name = key.partition(":")
    return (library, name) if colon and library in LIBRARIES else None


def has(key: str) -> bool:
    """Whether a key stands for a network that is on offer."""
    parts = split(key)
    return parts is not None and parts[1] in _names(parts[0])


def title(key: str) -> str:
    """Write a network's name for people, its library's in brackets."""
    library, _, name = key.partition(":")
    return f"{name} ({_TITLES.get(library, library)})"


def entry_of(key: str) -> KerasApplication | TorchvisionModel | None:
    """What a table of the project tells of a network; None where none has it."""
    library, _, name = key.partition(":")
    if library == _KERAS:
        return KERAS_APPLICATIONS.get(name)
    return TORCHVISION_MODELS.get(name) if library == "torchvision" else None


def file_of(key: str) -> File:
    """The network of a key, with its trained weights where the person asked for them."""
    library, _, name = key.partition(":")
    return File.of_library(library, name, key in visitor().trained)


def hint() -> str:
    """Say what the list of models holds, and which packages would add to it."""
    missing = [library for library in pytorch.LIBRARIES if not pytorch.is_installed(library)]
    there = [_TITLES.get(library, library) for library in LIBRARIES if library not in missing]
    text = f"Samples, uploads, and the networks of {_joined(there)}: type to search."
    if missing:
        text += (
            f" Those of {_joined(missing)} are added by `{install_line('pytorch')}` in the "
            "environment that RF-Viz runs in."
        )
    return text


def _joined(names: Sequence[str]) -> str:
    """Names as a person lists them: with "and" before the last."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def read_address() -> None:
    """Says what of the address cannot be shown: a network that is not there, or its weights."""
    visit, key = visitor(), address.unread().get("model", "")
    trained = address.read("trained")
    if not split(key):
        return
    if not has(key):
        visit.problem = absent(key)
        address.give_up()
    elif trained and key not in visit.trained:
        visit.problem = f"The link shows {title(key)} with its trained weights: ask for them below."


def absent(key: str) -> str:
    """Say why a network of a library is not on offer, and which package brings it."""
    library, _, name = key.partition(":")
    if library != _KERAS and not pytorch.is_installed(library):
        return (
            f"{name} is a network of {library}, which is not installed here: "
            f"{install_line('pytorch')} brings it."
        )
    return f"The installed {_TITLES.get(library, library)} lacks {name}."


def choose_network(key: str) -> tuple[File, Sample]:
    """Draw what is known of a network that can be shown, and offer its trained weights.

    Until the person asks for them, its weights are random.
    """
    library, _, name = key.partition(":")
    file, trained = file_of(key), key in visitor().trained
    if trained:
        address.put("trained", "yes")
    about = _about(library, name)
    if about:
        st.caption(f"{about}.")
    if not trained:
        there = library == _KERAS or pytorch.has_weights(library, name)
        missing = "" if there else f" No trained ones are in {library}'s cache."
        random = "Its weights are random here: the regions hold, the values mean nothing."
        st.caption(random + missing)
        if there:
            wish = "Use the trained weights"
            st.button(wish, key=f"trained {name}", on_click=_train, args=(key,))
    return file, sample_of(key)


def sample_of(key: str) -> Sample:
    """How to look at a network of a library first."""
    library, _, name = key.partition(":")
    trained = key in visitor().trained
    return Sample(
        title=name,
        about=_about(library, name),
        preprocessing=_preprocessing(library, name),
        fit="crop",
        default_image="chelsea",
        default_layer=None,
        labels=IMAGENET if trained and _tells_classes(library, name) else None,
    )


def _names(library: str) -> list[str]:
    return list(KERAS_APPLICATIONS if library == _KERAS else pytorch.names(library))


def _about(library: str, name: str) -> str:
    """A network's weights and accuracy, where a table has them."""
    entry = entry_of(f"{library}:{name}")
    if entry is None:
        return ""
    about = scaled(entry.parameters, "weights")
    if entry.top1 is not None:
        about += f", top-1 accuracy on ImageNet {percent(entry.top1)} when trained"
    return about


def _preprocessing(library: str, name: str) -> str:
    """The preset of the pixels that a network expects."""
    if library == _KERAS:
        return KERAS_MODES[KERAS_APPLICATIONS[name].preprocessing]
    if library == "timm":
        mean, std = pytorch.normalisation(library, name)
        if (mean, std) == ((0.5,) * 3, (0.5,) * 3):
            return "-1..1"
        if (mean, std) == ((0.0,) * 3, (1.0,) * 3):
            return "0..1"
    return "ImageNet mean/std"


def _tells_classes(library: str, name: str) -> bool:
    """Whether a trained network names the thousand classes of ImageNet."""
    return library == _KERAS or name in TORCHVISION_MODELS


def _train(key: str) -> None:
    address.ignore_echo()
    visit = visitor()
    library, _, name = key.partition(":")
    try:
        cache.load(File.of_library(library, name, trained=True))
    except ModelError as error:
        visit.problem = f"{sentence(error)} Until then its weights are random."
    else:
        visit.trained.add(key)
