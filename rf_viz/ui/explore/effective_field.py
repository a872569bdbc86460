"""The effective receptive field of a layer: what to expect, and what its own weights do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ...analysis.effective import EffectiveField, central_cell, centre_of, expected_field
from ...errors import ModelError
from ...figures.effective import STYLES, field_figure, profile_figure
from ...influence.effective import Averaging, of_image
from ...influence.occlusion import Patches
from ...trace.network import Layer
from .. import cache
from ..chart.chart import chart
from ..inspector.measurement import network_key, subject_of
from ..inspector.scene import Scene
from ..measuring.inputs import inputs_of, noise_like
from ..sharing import kept_with_it
from ..text import MISSING, by, count, number, percent, plain, position, sentence

_PAUSE = 0.1
"""Seconds from one image to the next; in between the page answers."""

_SHARES = (0.2, 0.3, 0.5, 0.99)
"""The shares of the influence whose squares are told, as published tables have them."""

_STATE = "effective field"

_ABOUT = """
Most of what a cell sees has hardly any influence on it: the influence forms a bell in the middle of
the region, the **effective receptive field**
([Luo et al. 2016](https://arxiv.org/abs/1701.04128)).

- **To expect of random weights**: worked out from the graph alone, the root of the mean square of
  the gradient over all random weights.
- **Measured**: the mean influence over images with the model's own weights, each image by its sum,
  so that all count alike. Where the runtime computes gradients it is the gradient of a random sum
  of all channels, else occlusion by patches of a sixteenth of the region.
- **Share of paths**: the path counts, as if all weights were equal.

*Size*: the side of a square of as many pixels as have more than 4.55% of the largest influence.
*Square of 50%*: the smallest square around the centre that holds half of the influence
([Ding et al. 2022](https://arxiv.org/abs/2203.06717) give such squares as shares of the image).
"""


@dataclass
class Measuring:
    """A session's measurement over images.

    Attributes:
        of: stands for the layer and how its input is prepared; empty before the first one.
        averaging: the average so far.
        done, total: images that were measured, and all there are.
        running: whether there is more to do, and nobody cancelled.
        error: why it could not go on.
    """

    of: str = ""
    averaging: Averaging | None = None
    done: int = 0
    total: int = 0
    running: bool = False
    error: ModelError | None = None

    def cancel(self) -> None:
        """Stop; what was measured stays."""
        self.running = False


def effective_field(scene: Scene) -> None:
    """Draws the field of the layer's middle cell, to expect and as far as it was measured."""
    layer = scene.layer
    cell = central_cell(layer)
    if not layer.extents or layer.region(cell).empty:
        st.caption("The middle cell of this layer sees nothing of the input.")
        return
    state: Measuring = st.session_state.setdefault(_STATE, Measuring())
    of = _subject_key(scene)
    if state.of != of:
        state = st.session_state[_STATE] = Measuring(of)
    # While there is work, the fragment calls itself; the page's other parts stay usable.
    watch = st.fragment(_watch, run_every=_PAUSE if state.running else None)
    watch(scene, state, state.running)


def _watch(scene: Scene, state: Measuring, ticking: bool) -> None:
    """Shows what is measured so far, and measures one more image."""
    if state.running != ticking or state is not st.session_state[_STATE]:
        st.rerun(scope="app")  # nothing else begins or ends the ticking
    _control(scene, state)
    measured = None
    if state.averaging is not None and state.done:
        measured = state.averaging.field
    draw_fields(scene, measured)
    if state.running:
        # At the end: the next tick would end this run at whatever is drawn after the work.
        _measure_next(scene, state)


def draw_fields(scene: Scene, measured: EffectiveField | None) -> None:
    """Draws the layer's field as it was measured, beside the one to expect and the path counts."""
    expected, paths = _without_running(scene.layer)
    fields = {"paths": paths, "expected": expected}
    if measured is not None:
        fields["measured"] = measured
    shown = "measured" if measured is not None else "expected"
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.caption(f"{STYLES[shown][0].capitalize()}; the square holds half of it.")
        chart(field_figure(fields[shown]), "Effective field", key=f"field map {shown}")
    with right:
        chart(profile_figure(fields), "Influence by distance", key="field profile")
    _table(scene, fields)


def _control(scene: Scene, state: Measuring) -> None:
    cell = position(central_cell(scene.layer)) or "the only one"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if state.running:
            text = f"{state.done} of {count(state.total, 'image')}"
            st.progress(state.done / max(state.total, 1), text=text, width=320)
            st.button("Cancel", key="effective cancel", on_click=state.cancel)
        else:
            st.button(
                "Measure it",
                type="primary",
                key="effective begin",
                on_click=_begin,
                args=(scene, state),
            )
            st.caption(_outcome(scene, state, cell), width="stretch")
        with st.popover("What is this?", icon=":material/help:"):
            st.markdown(_ABOUT)


def _outcome(scene: Scene, state: Measuring, cell: str) -> str:
    if state.error is not None:
        return plain(sentence(state.error))
    inputs = inputs_of(scene.picture, scene.fed).words
    if not state.done or state.averaging is None:
        return f"Cell {cell}, in the middle of the layer, all channels. To measure: {inputs}."
    field = state.averaging.field
    still = f", {field.still} of which did not move it at all" if field.still else ""
    return f"Cell {cell}, in the middle of the layer, over {count(state.done, 'image')}{still}."


def _begin(scene: Scene, state: Measuring) -> None:
    layer = scene.layer
    state.averaging = Averaging(layer, central_cell(layer), None)
    state.done, state.total, state.error = 0, len(inputs_of(scene.picture, scene.fed).makers), None
    state.running = True


def _measure_next(scene: Scene, state: Measuring) -> None:
    layer, averaging = scene.layer, state.averaging
    assert averaging is not None
    model = cache.load(scene.file)
    cache.start_runtime(model)
    make = inputs_of(scene.picture, scene.fed).makers[state.done]
    at = layer.index(central_cell(layer))
    patches = None if model.facts.has_gradients else Patches.over(layer.region_of(at))
    try:
        subject = subject_of(scene, at, make())
        influence = model.run(
            "measured", of_image, subject, averaging.mask, patches, state.done + 1
        )
        averaging.add(influence)
    except ModelError as error:
        state.error, state.running = error, False
        return
    state.done += 1
    state.running = state.running and state.done < state.total


@kept_with_it("Working out the field ...")
def _without_running(layer: Layer) -> tuple[EffectiveField, EffectiveField]:
    """The field to expect of random weights, and the share of paths."""
    cell, expected = central_cell(layer), expected_field(layer)
    return expected, EffectiveField(layer.paths(cell), expected.mask, centre_of(layer, cell), 0)


def _subject_key(scene: Scene) -> str:
    """Stands for the layer, and for how its input is prepared."""
    probe = scene.fed.prepare(noise_like(scene.picture.values, 0)).tobytes()
    return f"{network_key(scene)} {scene.layer.name} {scene.fed.fit} {hash(probe)}"


def _table(scene: Scene, fields: dict[str, EffectiveField]) -> None:
    unit = {"signal": "samples", "image": "px", "volume": "voxels"}[scene.picture.kind]
    rows = []
    for key in ("measured", "expected", "paths"):
        if key in fields:
            rows.append(_row(STYLES[key][0], fields[key]))
    st.dataframe(rows, hide_index=True, placeholder=MISSING)
    region = scene.layer.region(central_cell(scene.layer))
    st.caption(f"The region is {by(region.size)} {unit}. Sizes and squares are in {unit}.")


def _row(title: str, field: EffectiveField) -> dict[str, Any]:
    pixels = int(np.count_nonzero(field.mask)) or 1
    half = field.pixels(0.5) / pixels
    return {
        "Field": title[0].upper() + title[1:],
        "Size": number(field.size),
        "Deviation": by([round(n, 1) for n in field.deviation]),
        **{f"Square of {share:.0%}": field.side(share) for share in _SHARES},
        "Pixels that hold half": percent(half),
    }
