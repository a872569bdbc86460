"""The cue: the server's message about the pinned cell to the components on the page.

It is apart from the linked view's own data, which is large and need not travel again at each click.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....analysis.seen import Influence
from ....figures import overlays
from ....trace.network import Layer
from ...browser.component import component, pack
from ...pictures import Pinned
from ..seen import seen_by

_RESTYLED = ("name", "x0", "y0", "zmax", "colorscale", "showscale")
_TICKS = ("tickvals", "ticktext")
"""The attributes of the trace of marks, and of its colour bar, that change from cell to cell."""

_component = component(__file__, styles=[])  # it shows nothing


def cue(
    layer: Layer,
    channel: int | None,
    pinned: Pinned,
    order: int,
    near: NDArray[np.int32],
    played: int = 0,
    questions: int = 0,
    influence: Influence | None = None,
    *,
    key: str = "cue",
) -> None:
    """Tells the components what is pinned.

    ``channel`` is the one whose regions show. ``order`` counts how often the page went elsewhere by
    itself: a new number makes the components follow. ``near`` holds, for every stop of the depth
    strip, the region of its cell nearest to the pinned point; the strip plays all of them whenever
    ``played`` has risen. The page scrolls to its answer whenever ``questions`` has. ``influence``
    is what was measured of the cell so far.
    """
    header: dict[str, Any] = {
        "view": pinned.view,
        "layer": layer.name,
        "cell": pinned.cell,
        "pixel": pinned.pixel,
        "mode": pinned.mode,
        "order": order,
        "played": played,
        "questions": questions,
    }
    arrays: dict[str, NDArray[Any]] = {"near": near}
    if pinned.mode != "box" and (pinned.mode != "influence" or influence is not None):
        seen = seen_by(layer, pinned.cell, channel)
        start = seen.region.start
        header |= {"count": seen.count, "start": start}
        arrays["marks"] = seen.marks(pinned.mode, influence)
        limits = (0.0, 0.0) if influence is None else seen.limits(influence)
        blank = np.zeros((1, 1), np.uint8)  # a view knows where its panes cut the marks
        trace = overlays.marks_trace(start[-2:], blank, pinned.mode, limits).to_plotly_json()
        header["trace"] = {name: part for name, part in trace.items() if name in _RESTYLED}
        header["trace"] |= {f"colorbar.{name}": trace["colorbar"][name] for name in _TICKS}
    if pinned.pixel is not None:
        arrays["seen"] = layer.seeing(pinned.pixel, channel).astype(np.uint8).reshape(-1)
    _component(key=key, data=pack(header, arrays))
