"""Components of our own: HTML, CSS and JavaScript kept in files, and arrays sent as bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import prod
from operator import is_
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

THEME = Path(__file__).with_name("theme.css")
"""The styles that all pages and components share."""

CELL_VIEW = Path(__file__).with_name("cell_view.css")
"""The styles that the views of a cell share."""

_IMPORT = re.compile(r'^import [^;]*? from "(.*?)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_ENTRY = re.compile(r"^export default ", re.MULTILINE)


def component(
    module: str, *, styles: Sequence[Path] = (THEME,), isolated: bool = True
) -> ComponentRenderer:
    """Registers the component of a module, given as its ``__file__``.

    Its HTML, CSS and JavaScript lie beside it, named alike. ``styles`` are style sheets that come
    before its own. ``isolated`` puts the component into a shadow root, where the page's theme does
    not reach; Plotly.js needs to be outside of one.
    """
    path = Path(module)
    return st.components.v2.component(
        f"rf_viz.{path.stem}",
        html=read(path.with_suffix(".html")),
        css="\n".join(map(read, [*styles, path.with_suffix(".css")])),
        js=bundle(path.with_suffix(".js")),
        isolate_styles=isolated,
    )


def bundle(script: Path, entry: Mapping[str, str] | None = None) -> str:
    """Joins a JavaScript module and all that it imports into one script.

    Streamlit takes a component as one script, and so does a page that works from the disk. Each
    module comes once, after those that it imports, and all share one scope. ``entry`` names the
    default exports of imported modules, by the module's file name.
    """
    return "\n".join(_parts(script.resolve(), entry or {}, set()))


def _parts(script: Path, entry: Mapping[str, str], seen: set[Path]) -> list[str]:
    if script in seen:
        return []
    seen.add(script)
    text = read(script)
    parts = []
    for name in _IMPORT.findall(text):
        parts += _parts((script.parent / name).resolve(), entry, seen)
    text = _EXPORT.sub("", _IMPORT.sub("", text))
    if script.name in entry:
        text = _ENTRY.sub(f"const {entry[script.name]} = ", text)
    return [*parts, text]


@cache
def read(file: Path) -> str:
    """The text of a file that belongs to the app."""
    return file.read_text(encoding="utf-8")


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Packs a header and arrays into one run of bytes, as ``packet.js`` reads it.

    The arrays may be of type uint8, int32 or float32.
    """
    places, blobs, offset = {}, [], 0
    for name, array in arrays.items():
        blob = np.ascontiguousarray(array).tobytes()
        places[name] = {
            "dtype": str(array.dtype),
            "shape": array.shape,
            "offset": offset,
            "length": len(blob),
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps({**header, "arrays": places}).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *blobs])


def pack_once(key: str, packet: Callable[..., bytes], *sources: object) -> bytes:
    """The packet of some sources; as long as these are the same objects it is not made again.

    While one clicks about in a view they stay the same. ``key`` is that of the component.
    """
    latest, data = st.session_state.get(f"packet {key}", ((), b""))
    if not (len(latest) == len(sources) and all(map(is_, latest, sources))):
        data = packet(*sources)
        st.session_state[f"packet {key}"] = sources, data
    return bytes(data)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Unpacks a packet into its header and its arrays by name."""
    body = 4 + int.from_bytes(data[:4], "little")
    header = json.loads(data[4:body])
    arrays = {
        name: np.frombuffer(
            data, place["dtype"], prod(place["shape"]), body + place["offset"]
        ).reshape(place["shape"])
        for name, place in header["arrays"].items()
    }
    return header, arrays
