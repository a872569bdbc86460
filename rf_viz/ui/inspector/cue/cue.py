"""The cue: what the server says about the pinned cell to the components that are on the page.

It is apart from the linked view's own data, which is large and need not travel again at each click.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....trace.network import Layer
from ...browser.component import component, pack
from ..linked_view.linked_view import (
    Cell,
    Mode,
    Pinned,
    colours,
)

_component = component(__file__, "../../browser/packet.js", "../../browser/bus.js", "cue.js")


def cue(
    layer: Layer, channel: int | None, pinned: Pinned, order: int, near: NDArray[np.int32]
) -> None:
    """Tells the components of what is pinned.

    ``channel`` is the one whose regions show. ``order`` is the number of times that the page went
    somewhere by itself: another one makes the components follow. ``near`` says, for every stop of
    the depth strip, what its cell nearest to the pinned point sees.
    """
    header: dict[str, Any] = {
        "view": pinned.view,
        "layer": layer.name,
        "cell": pinned.cell,
        "pixel": pinned.pixel,
        "mode": pinned.mode,
        "order": order,
    }
    arrays: dict[str, NDArray[Any]] = {"near": near}
    if pinned.mode != "box":
        start, values, count = overlay(layer, pinned.cell, channel, pinned.mode)
        header |= {"overlay": {"start": start, "shape": values.shape}, "count": count}
        arrays |= {"overlay": values, "heat": colours("Inferno")}
    if pinned.pixel is not None:
        arrays["seen"] = layer.seeing(pinned.pixel, channel).astype(np.uint8).reshape(-1)
    _component(key="cue", data=pack(header, arrays))


def overlay(
    layer: Layer, cell: Cell, channel: int | None, mode: Mode
) -> tuple[tuple[int, ...], NDArray[np.uint8], int]:
    """What counts within a cell's region: where it starts, its pixels, and how many of them count.

    By "pixels" they are 1 where the cell depends on them. By "paths" they are 1 to 255 by the
    number of paths, the most at 255, and 0 where there is none.
    """
    region = layer.region(cell, channel)
    mask = layer.mask(cell, channel)[region.slices]
    count = int(mask.sum())
    if mode == "pixels":
        return region.start, mask.astype(np.uint8), count
    paths = layer.paths(cell, channel)[region.slices]
    scaled = np.ceil(255 * paths / max(float(paths.max(initial=0)), np.finfo(float).tiny))
    # Of very deep networks some counts are too small a part of the most for any float.
    return region.start, np.where(mask, scaled.clip(1, 255), 0).astype(np.uint8), count
