"""Tiles: small pictures to look over and to choose from, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ....figures.colours import colours
from ...browser.component import component, pack

Box = tuple[float, float, float, float]
"""Left, top, width and height, as shares of a tile's picture area."""

Drawn = bytes | str | tuple[float, float]
"""A tile's picture, see ``Tile.picture``."""

WHOLE: Box = (0, 0, 1, 1)
"""All of a tile's picture area."""

_POINTS = 300
"""A line has at most so many: a page of lines stays below 300 kB."""

_component = component(__file__)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A picture and its texts.

    Attributes:
        picture: an encoded image, the path of a line (see ``line``), or the filled part of a bar,
            from 0 to 1.
        title, figure, note: short texts below the picture: left, right, and on lines of their own.
        spoken: the text for screen readers.
        frame: where in the picture area the picture lies.
        around: a hatched box behind it, where there is nothing to see.
        mark: the part of the picture that is marked as pinned.
    """

    picture: Drawn
    title: str
    figure: str
    note: str = ""
    spoken: str
    frame: Box = WHOLE
    around: Box | None = None
    mark: Box | None = None


@dataclass(frozen=True)
class Scale:
    """The values that the first and the last colour stand for."""

    low: str
    high: str


def tiles(
    shown: Sequence[Tile],
    *,
    of: str,
    title: str,
    key: str,
    shape: Literal["small", "wide", "large"] = "small",
    aspect: float = 1.0,
    current: int | None = None,
    page: int = 0,
    pages: int = 1,
    where: str = "",
    scale: Scale | None = None,
) -> int | None:
    """Draws one page of tiles and returns which of them was just chosen.

    Args:
        shown: the tiles of this page.
        of: stands for what all pages are of; the page holds as long as it is the same.
        title: what the tiles are, for screen readers.
        key: of the component; ``page_of`` takes it too.
        shape: how many stand side by side: the small ones are many, the large ones few.
        aspect: width by height of the pictures.
        current: which tile is the one that the page shows.
        page, pages, where: which page it is, of how many, and what it holds.
        scale: what the colours mean, where all tiles have the same.
    """
    state = _component(
        key=key,
        data=packet(
            shown,
            {
                "of": of,
                "title": title,
                "shape": shape,
                "aspect": aspect,
                "current": current,
                "page": page,
                "pages": pages,
                "where": where,
                "scale": scale and {"low": scale.low, "high": scale.high, "ramp": _ramp()},
            },
        ),
        default={"page": None},
        on_page_change=lambda: None,
        on_chosen_change=lambda: None,
    )
    chosen = state.chosen
    if chosen and chosen["of"] == of and chosen["page"] == page and chosen["tile"] < len(shown):
        return int(chosen["tile"])
    return None


def page_of(key: str, of: str, first: int = 0) -> int:
    """The page that the person turned to in the tiles of that key; ``first`` before that."""
    state = st.session_state.get(key)
    turned = state and state.get("page")
    return int(turned["page"]) if turned and turned["of"] == of else first


def packet(shown: Sequence[Tile], header: dict[str, Any]) -> bytes:
    """Packs all that the component shows."""
    arrays: dict[str, NDArray[Any]] = {
        f"image{i}": np.frombuffer(tile.picture, np.uint8)
        for i, tile in enumerate(shown)
        if isinstance(tile.picture, bytes)
    }
    entries = [
        {
            "title": tile.title,
            "figure": tile.figure,
            "note": tile.note,
            "spoken": tile.spoken,
            "line": tile.picture if isinstance(tile.picture, str) else None,
            "bar": tile.picture if isinstance(tile.picture, tuple) else None,
            "frame": tile.frame,
            "around": tile.around,
            "mark": tile.mark,
        }
        for tile in shown
    ]
    return pack({**header, "tiles": entries}, arrays)


def line(values: NDArray[Any], low: float, high: float) -> str:
    """Draws values as a line, an SVG path in the unit square; of very many, the extremes.

    Args:
        values: one-dimensional; what is not finite lies at ``low``.
        low, high: what the lower and the upper edge stand for.
    """
    span = (high - low) or 1
    finite = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    if high == low:
        finite = np.full(finite.shape, low + 0.5)
    heights = 0.95 - 0.9 * (finite - low) / span
    count = len(heights)
    if count > _POINTS:
        edges = np.linspace(0, count, _POINTS // 2, endpoint=False).astype(int)
        lows, highs = np.minimum.reduceat(heights, edges), np.maximum.reduceat(heights, edges)
        across = np.repeat(edges / count, 2)
        heights = np.stack([lows, highs], axis=1).reshape(-1)
    else:
        across = (np.arange(count) + 0.5) / count
    points = (f"{x:.4f} {y:.3f}" for x, y in zip(across, heights, strict=True))
    return "M" + "L".join(points)


def _ramp() -> str:
    """The colours of the feature maps, as CSS."""
    stops = ", ".join(f"rgb({r} {g} {b})" for r, g, b in colours("Viridis")[::17].tolist())
    return f"linear-gradient(to right, {stops})"
