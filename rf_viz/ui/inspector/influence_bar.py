"""Influence: how it is measured, how far the measurement is, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ...analysis.seen import Influence
from ...errors import ModelError
from ...influence import Method
from .. import cache
from ..address_choice import Form, between, kept, one_of, restored
from ..again import offer_again
from ..text import by, count, percent, plain, sentence
from .measurement import (
    FEWEST,
    MEAN,
    MOST,
    Measurement,
    Settings,
    concentration,
    gradient_of,
    measurement_of,
)
from .replacements import PICTURES, SIGNALS, VOLUMES
from .scene import Scene

_PAUSE = 0.1
"""Seconds from one step to the next; in between the page answers."""

METHODS: dict[str, Method] = {
    "Gradient": "gradient",
    "Gradient \N{MULTIPLICATION SIGN} input": "gradient x input",
    "Occlusion": "occlusion",
}
"""The methods, by what the page calls them."""

_TEXTS = {"gradient": "gradient", "gradient x input": "times-input", "occlusion": "occlusion"}
"""The methods as an address spells them."""

_FILLERS = {MEAN: "mean", "Black": "black", "Silence": "silence", "Blur": "blur", "Noise": "noise"}
"""The fillers as an address spells them."""

ABOUT = """
The region says which pixels *can* move the cell, on any image. **Influence** says how much they
move it on **this image with these weights**.

- **Gradient**: how fast the value changes with a small change of the pixel. It is blind where a
  unit is saturated: a pixel can matter and yet have no gradient
  ([Sundararajan et al. 2017](https://arxiv.org/abs/1703.01365)). Some gradient maps hardly depend
  on the weights ([Adebayo et al. 2018](https://arxiv.org/abs/1810.03292)); this one is the plain
  gradient, which does.
- **Gradient \N{MULTIPLICATION SIGN} input**: what a pixel adds to the value, if the network were
  linear around this image. Red raises the value, blue lowers it.
- **Occlusion**: a patch is covered, and the value is read again
  ([Zeiler and Fergus 2014](https://arxiv.org/abs/1311.2901)). The answer depends on the size of the
  patch and on what covers it
  ([Sturmfels et al. 2020](https://distill.pub/2020/attribution-baselines/)). Pixels that
  stand in for one another are missed: covering one of them changes nothing.

None of them says *why* the network reacts. Outside the region, influence is exactly zero.
"""


@dataclass(frozen=True)
class Measured:
    """What is known of the influence on the scene's cell so far.

    Attributes:
        settings: how it is measured.
        influence: that of each pixel; None before the first result.
        outside: the share of it, by magnitude, that lies outside the region.
        measurement: the measurement by occlusion, if it is one.
        error: why there is none.
    """

    settings: Settings
    influence: Influence | None = None
    outside: float = 0.0
    measurement: Measurement | None = None
    error: ModelError | None = None


def measured(scene: Scene) -> Measured:
    """Measure by the gradient, or look up how far the measurement by occlusion is."""
    settings = _settings(scene)
    try:
        if settings.method == "occlusion":
            measurement = measurement_of(scene, settings)
            return Measured(settings, measurement.influence, measurement=measurement)
        return Measured(settings, *gradient_of(scene, settings.method))
    except ModelError as error:
        return Measured(settings, error=error)


def influence_bar(scene: Scene, state: Measured, send: Callable[[Influence], object]) -> None:
    """Draws how influence is measured, and goes on with it while there is work.

    ``send`` tells the views what is measured so far.
    """
    with st.container(key="influence", horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Measured by",
            list(_methods(scene)),
            required=True,
            label_visibility="collapsed",
            **kept(*_method_choice(scene)),
        )
        if state.settings.method == "occlusion":
            with st.popover("Patches", icon=":material/tune:"):
                _choose_patches(scene)
        if state.error is not None:
            st.caption(plain(sentence(state.error)), width="stretch")
            offer_again(scene.file, state.error, "influence")
        elif state.measurement is not None:
            # While there is work, the fragment calls itself; the page's other parts stay usable.
            running = state.measurement.running
            watch = st.fragment(_watch, run_every=_PAUSE if running else None)
            with st.container(width="stretch"):
                watch(scene, state.measurement, running, send)
        else:
            st.caption(_outcome(scene, state), width="stretch")
        with st.popover("What is this?", icon=":material/help:"):
            st.markdown(ABOUT)
            if not cache.load(scene.file).facts.has_gradients:
                st.caption(
                    "The runtime of this model computes no gradients. Those of Keras, TensorFlow "
                    "and PyTorch do."
                )


def _watch(
    scene: Scene, measurement: Measurement, ticking: bool, send: Callable[[Influence], object]
) -> None:
    """Works for a moment, and shows how far the measurement is."""
    if measurement.running != ticking:
        st.rerun(scope="app")  # nothing else begins or ends the ticking
    if measurement.influence is not None:
        send(measurement.influence)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if measurement.running:
            done, total = measurement.done, measurement.total
            st.progress(
                done / total, text=f"{done} of {count(total, 'patch', 'patches')}", width="stretch"
            )
            st.button("Cancel", key="influence cancel", on_click=measurement.cancel)
        elif measurement.error is None:
            st.caption(_progress(scene, measurement), width="stretch")
        else:
            st.caption(plain(sentence(measurement.error)), width="stretch")
        if measurement.levels and not measurement.running:
            st.button("Go on", key="influence go on", on_click=_go_on, args=(scene, measurement))
    if measurement.running:
        # At the end: the next tick would end this run at whatever is drawn after the work.
        model = cache.load(scene.file)
        cache.start_runtime(model)
        measurement.work(model)


def _go_on(scene: Scene, measurement: Measurement) -> None:
    cache.try_again(scene.file)
    measurement.go_on()


def _methods(scene: Scene) -> dict[str, Method]:
    """The methods that the model's runtime has, by what the page calls them."""
    gradients = cache.load(scene.file).facts.has_gradients
    return {
        title: method for title, method in METHODS.items() if gradients or method == "occlusion"
    }


def _method_choice(scene: Scene) -> tuple[str, str, Form]:
    """Parameter, key and form of the method."""
    methods = _methods(scene)
    options = {_TEXTS[method]: title for title, method in methods.items()}
    return "influence.by", f"influence by {len(methods)}", one_of(options)


def _filler_choice(scene: Scene) -> tuple[str, str, Form]:
    """Parameter, key and form of what covers the patches."""
    kind = scene.picture.kind
    fillers = {"signal": SIGNALS, "image": PICTURES, "volume": VOLUMES}[kind]
    options = {text: title for title, text in _FILLERS.items() if title in (MEAN, *fillers)}
    return "influence.cover", f"influence cover {kind}", one_of(options)


_ACROSS = "influence.patches", "influence patches", between(FEWEST, MOST, 16)
_OVERLAP = "influence.overlap", "influence overlap", one_of({"none": False, "half": True})
"""Parameter, key and form of the other settings."""


def _settings(scene: Scene) -> Settings:
    """The settings that the session has, whether or not they show."""
    choices = (_method_choice(scene), _ACROSS, _OVERLAP, _filler_choice(scene))
    method, across, overlaps, filler = (st.session_state[restored(*choice)] for choice in choices)
    return Settings(METHODS[method], across, overlaps, filler)


def _choose_patches(scene: Scene) -> None:
    st.slider(
        "Patches along each side of the region",
        FEWEST,
        MOST,
        help="More patches are smaller. Their number grows with the square for an image.",
        **kept(*_ACROSS),
    )
    st.toggle("Overlap by half", **kept(*_OVERLAP))
    parameter, key, form = _filler_choice(scene)
    titles = [title for title in _FILLERS if form.write(title) != title]
    st.segmented_control("Covered by", titles, required=True, **kept(parameter, key, form))


def _progress(scene: Scene, measurement: Measurement) -> str:
    """What a measurement by occlusion has come to."""
    if measurement.levels:
        total = count(measurement.total, "patch", "patches")
        return f"Cancelled after {measurement.done} of {total}."
    if measurement.influence is None:
        return "The cell sees no pixel, so there is nothing to cover."
    return f"Patches of {by(measurement.size)}. {_half(scene, measurement.influence)}"


def _outcome(scene: Scene, state: Measured) -> str:
    """What the gradient has come to."""
    if state.influence is None:
        return ""
    text = _half(scene, state.influence)
    if state.outside:
        text += (
            f" {percent(state.outside)} of all influence comes from outside the region, through "
            "global context."
        )
    return text


def _half(scene: Scene, influence: Influence) -> str:
    share = concentration(scene, influence)
    if not share:
        return "No pixel moves this cell: its value stays the same on this image."
    unit = {"signal": "samples", "image": "pixels", "volume": "voxels"}[scene.picture.kind]
    return f"Half of the influence lies on {percent(share)} of the {unit} that count."
