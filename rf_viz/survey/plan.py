"""What a survey does: with which model, at which layers, over which images, prepared how."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from .. import load
from ..errors import ModelError
from ..model import Model
from ..readers.content import beside
from ..trace.network import Layer, Network
from .preparation import Preparation
from .sources import Listing, Ref, Source

LAYOUT = 1
"""The version of how a survey's folder is laid out."""

MOST_TOP = 100
"""The most strongest cells of a channel that are kept."""

MOST_FIELDS = 1_000
"""The most images that effective fields are measured over."""

MOST_PIXELS = 2**22
"""The most pixels of an input whose layers' fields are measured; each is a number in a table."""

MOST_CHANNELS = 2**16
"""The most channels of a layer; each takes some kilobytes."""

_MAGIC = "*?["


class Chunk(NamedTuple):
    """Successive images, which are looked at in one go: their numbers from ``first`` on."""

    number: int
    first: int
    refs: tuple[Ref, ...]


@dataclass(frozen=True)
class Plan:
    """All that whoever looks at images has to know. It can be pickled.

    Attributes:
        model: the absolute path of the model.
        digest: of its content.
        loading: how it is loaded, as ``rf_viz.load`` has it.
        tracing: how it is traced, as ``Model.trace`` has it.
        layers: the names of the tensors to survey.
        preparation: how images are prepared.
        sources: where they are.
        top: so many strongest cells of each channel are kept.
        fields: over so many images the layers' effective fields are measured.
        key: stands for all that partial results depend on (see ``fingerprint``).
    """

    model: str
    digest: str
    loading: Mapping[str, Any]
    tracing: Mapping[str, Any]
    layers: tuple[str, ...]
    preparation: Preparation
    sources: tuple[Source, ...]
    top: int
    fields: int = 0
    key: str = ""

    def opened(self) -> tuple[Model, Network]:
        """The model and its trace.

        Raises ModelError, also where the file is another than the survey began with.
        """
        if content_digest(self.model) != self.digest:
            raise ModelError(
                f"{self.model} is another model here than the survey began with: every process "
                "must see the same file"
            )
        model = load(self.model, **self.loading)
        return model, model.trace(**self.tracing)

    def fingerprint(self, listing: Listing, chunk: int, keep_images: bool) -> str:
        """Stands for all that partial results depend on."""
        tracing = {name: _told(value) for name, value in sorted(self.tracing.items())}
        parts = [LAYOUT, self.digest, sorted(self.loading.items()), sorted(tracing.items())]
        parts += [self.layers, self.preparation, self.top, chunk, keep_images, listing.state]
        parts += [self.fields] if self.fields else []
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _told(value: Any) -> Any:  # noqa: ANN401
    """An option as a text that is the same whenever it is."""
    if isinstance(value, Mapping):
        return sorted((name, _told(inner)) for name, inner in value.items())
    return (value.shape, value.tobytes()) if hasattr(value, "tobytes") else value


def content_digest(path: str) -> str:
    """The SHA-256 of a file with its data files, or of a folder's files with their names."""
    digest = hashlib.sha256()
    try:
        for part in _files(path):
            if os.path.isdir(path):
                digest.update(os.path.relpath(part, path).encode() + b"\0")
            with open(part, "rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _files(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        yield from map(str, beside(Path(path)))
        return
    for here, folders, files in os.walk(path):
        folders.sort()
        yield from (os.path.join(here, name) for name in sorted(files))


def choose_layers(net: Network, names: Sequence[str]) -> list[Layer]:
    """The layers of these names, each once; "all" means all, and patterns all that they match.

    Patterns leave out layers that have no channels to survey. Raises ModelError for a name that no
    layer has.
    """
    chosen: dict[str, Layer] = {}
    for name in [names] if isinstance(names, str) else names:
        if name in net:
            layer = net[name]
            if problem := unfit(layer):
                raise ModelError(problem)
            chosen[layer.name] = layer
        elif name == "all" or any(sign in name for sign in _MAGIC):
            pattern = "*" if name == "all" else name
            matches = {
                layer.name: layer
                for layer in net.layers
                if (fnmatchcase(layer.name, pattern) or fnmatchcase(layer.title, pattern))
                and not unfit(layer)
            }
            if not matches:
                raise ModelError(f"no layer is called like {name}: see rf-viz layers")
            chosen.update(matches)
        else:
            try:
                net[name]
            except KeyError as error:
                raise ModelError(str(error.args[0])) from None
    if not chosen:
        raise ModelError("say which layers to survey, by name, by pattern, or all")
    return list(chosen.values())


def channels_of(layer: Layer) -> int:
    """The number of a layer's channels, as a survey counts them (see ``figures.maps``)."""
    if layer.channel_axis is not None:
        return int(layer.shape[layer.channel_axis] or 0)
    return prod(n or 0 for axis, n in enumerate(layer.shape) if axis not in layer.grid_axes)


def unfit(layer: Layer) -> str:
    """Why a layer cannot be surveyed, in a sentence; empty where it can."""
    channels = channels_of(layer)
    if not channels or not prod(layer.extents):
        return f"{layer.name} of shape {list(layer.shape)} has no cells to survey"
    if channels > MOST_CHANNELS:
        return (
            f"{layer.name} has {channels:,} channels, and a survey takes at most "
            f"{MOST_CHANNELS:,}: choose another layer"
        )
    return ""


@dataclass(frozen=True)
class Chunks:
    """The images of a listing, so many at a time."""

    refs: Sequence[Ref] = field(repr=False)
    size: int

    def __len__(self) -> int:
        return -(-len(self.refs) // self.size)

    def __getitem__(self, number: int) -> Chunk:
        first = number * self.size
        return Chunk(number, first, tuple(self.refs[first : first + self.size]))


def model_name(path: str) -> str:
    """A model's name, for people."""
    return Path(path).name
