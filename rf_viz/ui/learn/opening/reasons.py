"""Three reasons why it matters what a cell gets, each with a photograph and two boxes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import streamlit as st

from ....catalogue.samples import SAMPLE_IMAGES
from ....figures.encode import jpeg, picture
from ....trace.network import Region
from ...text import by
from ..sample import network, photograph


@dataclass(frozen=True)
class Reason:
    """Reason why it matters: ``cells`` are two cells, each with its layer, whose boxes show."""

    title: str
    says: str
    image: str
    cells: tuple[tuple[str, tuple[int, int]], tuple[str, tuple[int, int]]]


REASONS = (
    Reason(
        "Small objects",
        "A galaxy fits into the small box. In the large box it is one dot among many. So a "
        "detector looks for small objects in layers with small boxes, and for large objects in "
        "layers with large ones.",
        "hubble_deep_field",
        (("fire2/concat", (29, 42)), ("fire6/concat", (7, 9))),
    ),
    Reason(
        "What belongs together",
        "Segmentation asks of each pixel what it is a part of. The small box is black all over: "
        "it could be anything. The large box has the context, and the black is a helmet.",
        "astronaut",
        (("fire2/concat", (43, 43)), ("fire6/concat", (9, 9))),
    ),
    Reason(
        "Where it is",
        "Two neighbouring cells: their boxes lie 16 pixels apart. A cell can tell that something "
        "is in its box, and not where in the box. To show on the picture what a cell has found, "
        "we must know where its box lies.",
        "camera",
        (("pool5", (3, 5)), ("pool5", (3, 6))),
    ),
)


def reasons() -> None:
    """Draws the reasons side by side, or one below the other where it is narrow."""
    st.markdown("### Why it matters")
    st.html(_cards())
    credits = (f"{SAMPLE_IMAGES[r.image].title}: {SAMPLE_IMAGES[r.image].credit}" for r in REASONS)
    st.caption(f"The boxes are those of cells of SqueezeNet. Photographs: {'; '.join(credits)}.")


@st.cache_resource(show_spinner=False)
def _cards() -> str:
    """All reasons in HTML; they are the same for everybody."""
    return f'<div class="rf-reasons">{"".join(map(_card, REASONS))}</div>'


def _card(reason: Reason) -> str:
    pixels, net = photograph(reason.image), network()
    regions = [net[name].region(cell) for name, cell in reason.cells]
    height, width = pixels.shape[:2]
    crops = "".join(
        f'<figure><img alt="" src="{picture(pixels[region.slices]).data_url}">'
        f"<figcaption>{by(region.size)} pixels</figcaption></figure>"
        for region in regions
    )
    marks = "".join(_mark(region, (height, width)) for region in regions)
    title = escape(SAMPLE_IMAGES[reason.image].title)
    return (
        f"<article><h4>{escape(reason.title)}</h4><div>"
        f'<div class="whole"><img alt="{title}" src="{jpeg(pixels).data_url}">{marks}</div>{crops}'
        f"</div><p>{escape(reason.says)}</p></article>"
    )


def _mark(region: Region, extent: tuple[int, int]) -> str:
    """The outline of a region over the photograph, in percent of its height and width."""
    top, left = (100 * start / n for start, n in zip(region.start, extent, strict=True))
    height, width = (100 * size / n for size, n in zip(region.size, extent, strict=True))
    return f'<i style="top:{top:g}%;left:{left:g}%;height:{height:g}%;width:{width:g}%"></i>'
