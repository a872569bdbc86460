"""The networks that are compared: which ones, and what is told of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import streamlit as st

from ...analysis.growth import Growth, growth
from ...catalogue.keras_applications import KERAS_APPLICATIONS, KerasApplication
from ...catalogue.samples import SAMPLE_MODELS
from ...errors import ModelError
from ...trace.network import Layer, Region
from .. import cache, sidebar
from ..cache import File, TraceOptions
from ..inspector.depth.depth import nearest
from ..navigation import Destination, set_destination
from ..pictures import Cell
from ..text import plain, sentence

MOST = 8
"""How many networks are compared at once."""

_FIRST = ("efficientnet-lite0", "onnx-light:resnet50", "onnx-light:vgg19", "onnx-light:densenet121")
"""What the current model is compared with at first, as far as it is there."""

_KERAS, _LIGHT = "keras:", "onnx-light:"

_KEPT = 100


@dataclass(frozen=True)
class Contender:
    """A network to compare: ``key`` as in the choice of the model, ``title`` for people.

    ``number`` is its place among those that are compared, and gives its colour.
    """

    key: str
    title: str
    file: File
    number: int = 0

    @property
    def application(self) -> KerasApplication | None:
        """What is known of one of Keras' own without building it."""
        return KERAS_APPLICATIONS.get(self.key.removeprefix(_KERAS))


@dataclass(frozen=True)
class Traced:
    """How a network grows, and what the central cell of its last layer with cells sees.

    ``picture`` says whether it takes one.
    """

    growth: Growth
    cell: Cell
    region: Region
    picture: bool


def choose(file: File) -> list[Contender]:
    """The current model and up to seven others, which a list offers."""
    current = st.session_state["model"]
    offered = _offered()
    title = offered[current].title if current in offered else file.name
    others = [key for key in offered if key != current]
    if "compared" not in st.session_state:
        st.session_state["compared"] = [key for key in _FIRST if key in others]
    kept = [key for key in st.session_state["compared"] if key in others]
    st.session_state["compared"] = kept[: MOST - 1]
    keys = st.multiselect(
        "Compare with",
        others,
        format_func=lambda key: offered[key].title,
        key="compared",
        max_selections=MOST - 1,
        persist_state="session",
        placeholder="Choose up to seven",
    )
    chosen = [Contender(current, title, file), *(offered[key] for key in keys)]
    return [replace(contender, number=number) for number, contender in enumerate(chosen)]


def _offered() -> dict[str, Contender]:
    """All there is to choose from, by key."""
    uploads = sidebar.visitor().models
    found = [Contender(m.key, m.title, File.at(m.path, m.title)) for m in SAMPLE_MODELS.values()]
    found += [Contender(key, file.name, file) for key, file in uploads.items()]
    light = {key: c for key, c in _light().items() if c.file.digest not in uploads}
    found += light.values()
    found += [
        Contender(f"{_KERAS}{name}", f"{name} (Keras)", File.of_keras(name, trained=False))
        for name in KERAS_APPLICATIONS
    ]
    return {contender.key: contender for contender in found}


@st.cache_resource(show_spinner=False)
def _light() -> dict[str, Contender]:
    """The models that the package onnx brings along for its tests: structure, and weights alike."""
    found = {}
    package = find_spec("onnx")
    for folder in (package and package.submodule_search_locations) or ():
        for path in sorted(Path(folder).glob("backend/test/data/light/light_*.onnx")):
            name = path.stem.removeprefix("light_")
            title = f"ONNX light: {name}"
            found[f"{_LIGHT}{name}"] = Contender(f"{_LIGHT}{name}", title, File.at(path, title))
    return found


@st.cache_resource(show_spinner=False)
def _kept() -> dict[str, Traced]:
    """What was told of networks, by digest: their traces take far more room."""
    return {}


def traced(contender: Contender) -> Traced:
    """Follows a network from its input on. Raises ModelError."""
    kept, file = _kept(), contender.file
    if file.digest not in kept:
        net = cache.trace(file, TraceOptions())
        with cache.reported(file, "followed"):
            grown = growth(net)
            cell: Cell = ()
            region = Region((), ())
            if grown.end is not None:
                layer = net[grown.end.layer]
                cell = _central(layer, net.input.size)
                region = layer.region(cell)
            picture = len(net.input.size) == 2 and not sidebar.unfit(net)
            kept[file.digest] = Traced(grown, cell, region, picture)
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)), None)
    return kept[file.digest]


def _central(layer: Layer, extents: Sequence[int]) -> Cell:
    """The middle of the grid; of tokens and the like, the cell that looks at the input's middle."""
    if len(layer.grid) == len(extents):
        return tuple(n // 2 for n in layer.grid)
    return nearest(layer, [(n - 1) / 2 for n in extents])


def trace_all(contenders: Sequence[Contender]) -> dict[Contender, Traced]:
    """All that can be read; what cannot be is told."""
    found = {}
    for contender in contenders:
        try:
            found[contender] = traced(contender)
        except ModelError as error:
            problem = f"{contender.title} is left out: {sentence(error)}"
            st.error(plain(problem), icon=":material/error:")
    return found


def explore(contender: Contender, layer: str, cell: Cell | None) -> None:
    """Opens a layer of a network on the Explore page."""
    key = contender.key
    if key.startswith(_LIGHT):  # there it is like an upload
        key = contender.file.digest
        sidebar.visitor().models[key] = contender.file
    sidebar.visitor().next_model = key
    set_destination(Destination(layer, cell))
    st.switch_page("streamlit_app.py")
