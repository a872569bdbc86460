"""The linked view as one HTML file, which needs no server and no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from numpy.typing import NDArray

from ....figures.plotly_js import plotly_js
from ....trace.network import Layer
from ...browser.component import CELL_VIEW, THEME, bundle, read, unpack
from ...inspector.certainty import certainty
from ...inspector.linked_view.linked_view import packet
from ...outline import title_of
from ...pictures import Cell, FeatureMap, Picture
from ...text import by

_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Chosen:
    """A layer of the page.

    Attributes:
        maps: its channels, the first to be shown first.
        labels: what to call each of them in a word; empty for the only one.
        pinned: the cell to pin at first; None for the strongest.
    """

    maps: Sequence[FeatureMap]
    labels: Sequence[str]
    pinned: Cell | None = None

    @property
    def layer(self) -> Layer:
        """The layer that the maps are of."""
        return self.maps[0].layer


def offline_page(
    title: str, credit: str, picture: Picture, chosen: Sequence[Chosen], first: int = 0
) -> str:
    """Writes the page as HTML: the picture, the layers with their maps, the bounds of every cell.

    ``first`` is the layer to show at first. ``credit`` says whom to thank for the picture.
    """
    arrays = _ArrayPool()
    layers = [_entry(one, [arrays.pool(data) for data in _packets(picture, one)]) for one in chosen]
    content = json.dumps({"arrays": arrays.texts, "layers": layers, "first": first})
    rounded = any(m.values is not None and m.values.ndim > 1 for one in chosen for m in one.maps)
    return Template(read(_HERE / "offline_page.html")).substitute(
        _parts(),
        title=escape(title),
        credit=escape(credit),
        rounded="Values are rounded to 256 steps." if rounded else "",
        content=content.replace("<", "\\u003c"),  # else a name could end the script
    )


def estimate(picture: Picture, layers: Sequence[Layer], channels: int) -> int:
    """Estimates the bytes of a page with so many channels of each layer."""
    image = total = texts = 0
    for layer in layers:
        header, arrays = unpack(packet(picture, FeatureMap(layer, None, "", None), ""))
        image = arrays.pop("image").nbytes
        texts += channels * len(json.dumps(header))
        total += (channels - 1) * arrays["map"].nbytes
        total += sum(array.nbytes for array in arrays.values())
    return sum(map(len, _parts().values())) + texts + (image + total) * 4 // 3


class _ArrayPool:
    """Arrays in base64, each once: the maps of a layer share the bounds of its cells."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[bytes, int] = {}

    def pool(self, packed: tuple[dict[str, Any], dict[str, NDArray[Any]]]) -> dict[str, Any]:
        """Takes in a packet's arrays; returns its header and their numbers in their order."""
        header, arrays = packed
        return {"header": header, "arrays": [self._number(a.tobytes()) for a in arrays.values()]}

    def _number(self, content: bytes) -> int:
        number = self._numbers.setdefault(content, len(self.texts))
        if number == len(self.texts):
            self.texts.append(base64.b64encode(content).decode())
        return number


def _packets(
    picture: Picture, chosen: Chosen
) -> list[tuple[dict[str, Any], dict[str, NDArray[Any]]]]:
    packets = []
    for feature_map in chosen.maps:
        header, arrays = unpack(packet(picture, feature_map, chosen.layer.name))
        packets.append((header | {"pinned": chosen.pinned or header["pinned"]}, arrays))
    return packets


def _entry(chosen: Chosen, packets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A layer and its maps as the page's script reads them."""
    layer = chosen.layer
    name, what = title_of(layer)
    field = layer.receptive_field
    closed = []
    if field is not None:
        closed = [
            ("r", "Size r", by(field.size)),
            ("S", "Stride S", by(field.stride)),
            ("P", "Padding P", by(field.padding)),
        ]
    return {
        "name": name,
        "about": f"{what} · {by(layer.shape)}",
        "closed": closed,
        "sure": [text for _, text in certainty(layer, cell="each cell")],
        "maps": [
            {"label": label, "title": feature_map.title, **packed}
            for label, feature_map, packed in zip(chosen.labels, chosen.maps, packets, strict=True)
        ],
    }


@cache
def _parts() -> dict[str, str]:
    """The parts that are the same on every page."""
    view = _HERE.parents[1] / "inspector" / "linked_view" / "linked_view.js"
    return {
        "page_css": read(THEME) + read(_HERE / "offline_page.css"),
        "view_css": read(CELL_VIEW) + read(view.with_suffix(".css")),
        "view_html": read(view.with_suffix(".html")),
        "plotly_js": plotly_js(),
        "script": bundle(_HERE / "offline_page.js", {view.name: "linkedView"}),
    }
