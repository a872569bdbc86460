"""Components of our own: HTML, CSS and JavaScript kept in files, and arrays sent as bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

_THEME = Path(__file__).with_name("theme.css").read_text(encoding="utf-8")

_MODULE_SYNTAX = re.compile(r"^import .*?;\n|^export (?!default)", re.MULTILINE | re.DOTALL)


def component(module: str, *scripts: str, styles: Sequence[str] = ()) -> ComponentRenderer:
    """Registers the component of a module, given as its ``__file__``.

    Its HTML and CSS lie beside it, named alike. ``scripts`` are its JavaScript modules, each after
    those it imports: Streamlit takes one script, so they are joined, with the imports between them
    taken out. ``styles`` come before those of its own, and ``theme.css``, which all components
    share, before both.
    """
    folder, name = Path(module).parent, Path(module).stem

    def read(file: str) -> str:
        return (folder / file).read_text(encoding="utf-8")

    return st.components.v2.component(
        f"rf_viz.{name}",
        html=read(f"{name}.html"),
        css="\n".join([_THEME, *map(read, [*styles, f"{name}.css"])]),
        js="\n".join(_MODULE_SYNTAX.sub("", read(script)) for script in scripts),
    )


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
