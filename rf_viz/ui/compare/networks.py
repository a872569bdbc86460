"""The networks that are compared: which ones they are, and how each of them grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import streamlit as st

from ...analysis.effective import expected_sizes
from ...analysis.growth import End, Growth, growth
from ...catalogue.samples import SAMPLE_MODELS
from ...errors import ModelError, SizeUnknownError
from ...trace.network import Layer, Region
from .. import cache, sidebar
from ..address_choice import BETWEEN, NONE, Form, kept, several_of
from ..cache import File, TraceOptions
from ..inspector.depth.depth import nearest
from ..navigation import Destination, set_destination
from ..outline import telling
from ..pictures import Cell
from ..sharing import shared
from ..sidebar import host_models, libraries
from ..text import plain, sentence

MOST = 8
"""Number of networks that are compared at once, at most."""

_FIRST = ("efficientnet-lite0", "onnx-light:resnet50", "onnx-light:vgg19", "onnx-light:densenet121")
"""Keys of the networks that are compared with at first, as far as they are available."""

LIGHT = "onnx-light:"
"""Beginning of the keys of the structures that onnx brings along."""

_MOST_TRACES = 100
"""Number of networks whose results are kept, at most."""


@dataclass(frozen=True)
class Contender:
    """Network to compare: ``key`` as in the choice of the model, ``title`` for people.

    ``number`` counts the networks that are compared, and gives each its colour.
    """

    key: str
    title: str
    file: File
    number: int = 0


@dataclass(frozen=True)
class ContenderTrace:
    """Result of tracing a contender.

    Attributes:
        growth: how its receptive field grows, up to the last layer with more than one cell.
        cell: the central cell of that layer, or the one that looks at the input's middle.
        region: the input region of that cell.
        picture: whether the network takes a picture.
    """

    growth: Growth
    cell: Cell
    region: Region
    picture: bool


def choose_networks(file: File) -> list[Contender]:
    """Lets the person choose up to seven networks; returns the current model and these."""
    current = st.session_state["model"]
    choices = offered()
    title = choices[current].title if current in choices else file.name
    others = [key for key in choices if key != current]
    first = [key for key in _FIRST if key in others]
    arguments = kept("with", "compared", _several(others, first))
    st.session_state["compared"] = [key for key in st.session_state["compared"] if key in others][
        : MOST - 1
    ]
    keys = st.multiselect(
        "Compare with",
        others,
        format_func=lambda key: choices[key].title,
        max_selections=MOST - 1,
        placeholder="Choose up to seven",
        select_all=False,  # else Enter in the search adds every match
        **arguments,
    )
    contenders = [Contender(current, title, file), *(choices[key] for key in keys)]
    return [replace(contender, number=number) for number, contender in enumerate(contenders)]


def _several(keys: Sequence[str], first: list[str]) -> Form:
    """The form of the networks that are compared; uploads have their names beside them."""
    models = sidebar.visitor().models
    named = {key: f"{sidebar.NAMED}{file.name}" for key, file in models.items()}
    by_text = {f"{key}{named.get(key, '')}".replace(BETWEEN, "-"): key for key in keys}
    form = several_of(by_text, first)

    def read(text: str) -> list[str]:
        """Reads the keys, whatever names are beside them, without those of absent uploads."""
        texts = {text.partition(sidebar.NAMED)[0]: text for text in by_text}
        parts = [part.partition(sidebar.NAMED)[0] for part in text.split(BETWEEN)]
        there = [part for part in parts if part in texts or not sidebar.is_digest(part)]
        chosen: list[str] = form.read(BETWEEN.join(texts.get(part, part) for part in there) or NONE)
        return chosen

    return replace(form, read=read)


def offered() -> dict[str, Contender]:
    """Networks to choose from by key: those of samples, host, uploads, onnx and libraries."""
    uploads = sidebar.visitor().models
    samples = [Contender(m.key, m.title, File.at(m.path, m.title)) for m in SAMPLE_MODELS.values()]
    uploaded = [Contender(key, file.name, file) for key, file in uploads.items()]
    hosted = [
        Contender(key, host_models.title(key), host_models.file_of(key))
        for key in host_models.every_key()
    ]
    # One that was opened in Explore is an upload since, and listed there.
    light = [c for c in _light_models() if c.file.digest not in uploads]
    named = [
        Contender(key, libraries.title(key), libraries.file_of(key))
        for key in libraries.every_key()
    ]
    every = (*samples, *hosted, *uploaded, *light, *named)
    return {contender.key: contender for contender in every}


@st.cache_resource(show_spinner=False)
def _light_models() -> list[Contender]:
    """Models that the package onnx brings along for its tests: real structures, equal weights."""
    models = []
    package = find_spec("onnx")
    for folder in (package and package.submodule_search_locations) or ():
        for path in sorted(Path(folder).glob("backend/test/data/light/light_*.onnx")):
            name = path.stem.removeprefix("light_")
            title = f"ONNX light: {name}"
            models.append(Contender(f"{LIGHT}{name}", title, File.at(path, title)))
    return models


@st.cache_resource(show_spinner=False)
def _trace_cache() -> dict[str, ContenderTrace]:
    """Results by digest; they stay longer than the traced networks, which take far more room.

    They hold no network, only names and numbers, and those are the same at each load of a file.
    """
    return {}


def trace_contender(contender: Contender) -> ContenderTrace:
    """Traces a network and follows its growth. Raises ModelError."""
    traces, file = _trace_cache(), contender.file
    if file.digest not in traces:
        net = cache.trace(file, TraceOptions())
        with cache.reported(file, "followed"):
            curve = growth(net)
            cell: Cell = ()
            region = Region((), ())
            if curve.end is not None:
                layer = net[curve.end.layer]
                cell = _central_cell(layer, net.input.size)
                region = layer.region(cell)
            picture = len(net.input.size) == 2 and not sidebar.unfit(net)
            traces[file.digest] = ContenderTrace(curve, cell, region, picture)
        while len(traces) > _MOST_TRACES:
            traces.pop(next(iter(traces)), None)
    return traces[file.digest]


def expected_of(contender: Contender) -> Mapping[str, float | None]:
    """The effective sizes of its layers to expect of random weights, by name. Raises ModelError."""
    return _expected(contender.file.digest, contender)


@shared(2**22, len, "Working out effective sizes ...")
def _expected(digest: str, _contender: Contender) -> Mapping[str, float | None]:
    net = cache.trace(_contender.file, TraceOptions())
    with cache.reported(_contender.file, "followed"):
        return {layer.name: size for layer, size in expected_sizes(net.layers).items()}


def _central_cell(layer: Layer, extents: Sequence[int]) -> Cell:
    """Middle of the grid; of tokens and the like, the cell that looks at the input's middle."""
    if len(layer.grid) == len(extents):
        return tuple(n // 2 for n in layer.extents)
    return nearest(layer, [(n - 1) / 2 for n in extents])


def trace_all(contenders: Sequence[Contender]) -> dict[Contender, ContenderTrace]:
    """Traces all networks that can be read, and says of the others why they are left out."""
    traces = {}
    slot = st.empty()
    for number, contender in enumerate(contenders):
        if contender.file.digest not in _trace_cache():
            slot.progress(
                number / len(contenders),
                text=f"Tracing {plain(contender.title)}, {number + 1} of {len(contenders)}",
            )
        try:
            traces[contender] = trace_contender(contender)
        except SizeUnknownError:
            problem = f"{contender.title} is left out: Explore asks for the size that it needs."
            st.error(plain(problem), icon=":material/error:")
        except ModelError as error:
            problem = f"{contender.title} is left out: {sentence(error)}"
            st.error(plain(problem), icon=":material/error:")
    slot.empty()
    return traces


def end_name(end: End) -> str:
    """The name of a network's last layer with cells, told by its place where it says nothing."""
    name = telling(end.title, end.op)
    if name == end.title:
        return name
    return f"last {end.op} before {end.feeds} ({end.title})" if end.feeds else f"last {name}"


def open_end(contender: Contender) -> None:
    """Opens a network's last layer with cells on the Explore page. Raises ModelError."""
    end, cell = trace_contender(contender).growth.end, trace_contender(contender).cell
    if end is None:
        raise ModelError(f"{contender.title} has no layer whose cells see a part of its input")
    open_in_explore(contender, end.layer, cell)


def open_in_explore(contender: Contender, layer: str, cell: Cell | None) -> None:
    """Opens a layer of a network on the Explore page."""
    key = contender.key
    if key.startswith(LIGHT):  # Explore does not list these: there it is an upload.
        key = contender.file.digest
        sidebar.remember("model", key, contender.file)
    sidebar.visitor().next_model = key
    set_destination(Destination(layer, cell))
    st.switch_page("streamlit_app.py")
