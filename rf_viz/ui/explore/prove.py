"""Prove it: the model runs with all outside the region replaced, then with all inside."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ... import ModelError
from ...catalogue.samples import SAMPLE_IMAGES
from ...trace.network import Index
from ...verify.proof import Proof, Trial
from ...verify.report import Report
from ...verify.whole import prove_whole, verify_whole
from .. import cache
from ..address_choice import between, kept, one_of, restored
from ..again import offer_again
from ..cache import File
from ..inspector.replacements import (
    PHOTOGRAPH,
    PICTURES,
    SIGNALS,
    VOLUMES,
    replacement,
)
from ..inspector.scene import Scene
from ..pictures import Picture
from ..text import sentence
from .boxed_picture import boxed_picture
from .prove_text import (
    Verdict,
    exact_text,
    inside_verdict,
    outside_verdict,
    report_text,
)

_TEXTS = {
    "Noise": "noise",
    "Blur": "blur",
    "Black": "black",
    PHOTOGRAPH: "photograph",
    "Silence": "silence",
    "Another tone": "tone",
}
"""The fillers as an address spells them."""

_MOST_TIMES = 1_000_000
"""More noises than anybody draws."""

_LEAD = (
    "Everything outside the region is replaced and the model runs again: the cell must keep its "
    "value. Then everything inside is replaced: the value must change."
)
_WITH_CONTEXT = {
    False: "With its global context, the cell sees the whole image: nothing is left outside.",
    True: "With its global context, the cell sees more. The same test with all that it sees then:",
}
"""What follows, by whether that leaves anything outside."""


def prove(scene: Scene) -> None:
    """Draws the button and, once it was pressed for this model, the proof for the pinned cell."""
    st.html(Path(__file__).with_suffix(".css"))
    fillers = {"signal": SIGNALS, "image": PICTURES, "volume": VOLUMES}[scene.picture.kind]
    pressed = restored("proved", f"proved {scene.file.digest}", between(0, _MOST_TIMES, 0))
    offered = [filler for filler in fillers if filler != PHOTOGRAPH or not scene.picture.within]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        filler = st.segmented_control(
            "Replace by",
            offered,
            required=True,
            **kept(
                "prove.by",
                f"filler {len(scene.picture.extent)}",
                one_of({_TEXTS[filler]: filler for filler in offered}),
            ),
        )
        assert filler is not None  # it is required
        photograph = _choose_photograph(scene.picture) if filler == PHOTOGRAPH else None
        if st.button("Prove it", type="primary", key="prove"):
            st.session_state[pressed] = st.session_state[pressed] + 1
    times = st.session_state[pressed]
    if not times:
        st.caption(_LEAD)
        return
    if photograph:
        height, width = scene.picture.extent
        values: NDArray[Any] = cache.pixels(photograph, (height, width), scene.fed.fit)
    else:
        values = replacement(filler, scene.picture, seed=times)
    stands_for = f"{filler} {times} {photograph and photograph.digest}"
    try:
        proofs = _proofs(_key(scene), scene.element, stands_for, scene, values)
    except ModelError as error:
        st.info(sentence(error), icon=":material/info:")
        offer_again(scene.file, error, "proof")
        return
    for proof in proofs:
        _show(proof, scene.picture, values, fillers[filler])
        if proof.context:
            _note(_WITH_CONTEXT[len(proofs) > 1], "context")
    _check_more(scene)


def _choose_photograph(picture: Picture) -> File:
    others = {key: image for key, image in SAMPLE_IMAGES.items() if image.title != picture.title}
    key = st.selectbox(
        "Photograph",
        list(others),
        format_func=lambda key: others[key].title,
        width=200,
        **kept("prove.photograph", f"photograph beside {picture.title}", one_of(others.keys())),
    )
    return File.at(others[key].path, others[key].title)


def _check_more(scene: Scene) -> None:
    """A button that verifies the whole layer, and the result."""
    pressed = f"verified {scene.file.digest} {scene.layer.name}"
    if st.button("Check more cells of this layer", type="tertiary", key="check more"):
        st.session_state[pressed] = True
    if st.session_state.get(pressed):
        try:
            text = report_text(_report(_key(scene), scene))
            if scene.layer.global_context:
                text += " Global context counts here, as it does in the model."
        except ModelError as error:
            text = sentence(error)
            offer_again(scene.file, error, "report")
        _note(text, "report")


def _note(text: str, key: str) -> None:
    st.html(f'<p class="rf-prove-note" data-of="{key}">{escape(text)}</p>')


def _key(scene: Scene) -> str:
    """A key that stands for the layer of the traced model and for its input."""
    fed, layer = scene.fed, scene.layer
    of = cache.identity(cache.load(scene.file))
    return f"{of} {scene.net.weight_aware} {fed.input} {fed.key} {layer.name}"


@st.cache_resource(max_entries=32, show_spinner="Running the model ...", show_time=True)
def _proofs(
    key: str, at: tuple[Index, ...], values: str, _scene: Scene, _values: NDArray[Any]
) -> list[Proof]:
    """The proof; a second one with global context, where that leaves anything outside."""
    scene, model = _scene, cache.load(_scene.file)
    tensor, other = scene.fed.tensor, scene.fed.prepare(_values)
    cache.start_runtime(model)
    proofs: list[Proof] = model.run(
        "run", prove_whole, scene.layer, at, tensor, other, scene.fed.feeds
    )
    return proofs


@st.cache_resource(max_entries=12, show_spinner="Checking more cells ...", show_time=True)
def _report(key: str, _scene: Scene) -> Report:
    model = cache.load(_scene.file)
    cache.start_runtime(model)
    report: Report = model.run("checked", verify_whole, _scene.layer)
    return report


def _show(proof: Proof, picture: Picture, values: NDArray[Any], name: str) -> None:
    what, mask, depth = picture.kind, proof.mask, 0
    if what == "volume":
        depth = int(np.argwhere(mask)[:, 0].mean()) if mask.any() else len(mask) // 2
        mask = mask[depth]
    figures = []
    for side, trial, pixels, nothing in (
        ("outside", proof.outside, ~proof.mask, f"The cell sees the whole {what}"),
        ("inside", proof.inside, proof.mask, "The cell sees no pixel"),
    ):
        if trial is None:
            figures.append(
                f'<figure data-of="{side}"><figcaption><b>{nothing}</b>'
                f"<p>Nothing lies {side}, so there is nothing to replace.</p></figcaption></figure>"
            )
            continue
        verdict = (outside_verdict if side == "outside" else inside_verdict)(proof, trial)
        title = f"{side.capitalize()} replaced by {name}"
        spread = pixels.reshape(picture.extent + (1,) * (picture.values.ndim - pixels.ndim))
        replaced = np.where(spread, values, picture.values)
        figures.append(
            f'<figure data-of="{side}">'
            f"{boxed_picture(picture.drawable(replaced, depth), mask, title)}"
            f"<figcaption><b>{escape(title)}</b>{_values(proof, trial)}{_judged(verdict)}"
            "</figcaption></figure>"
        )
    st.html(f'<section class="rf-prove">{"".join(figures)}</section>')


def _values(proof: Proof, trial: Trial) -> str:
    if proof.value is None or trial.value is None:
        return ""
    return (
        f'<dl><dt>Before</dt><dd data-of="before">{exact_text(proof.value)}</dd>'
        f'<dt>After</dt><dd data-of="after">{exact_text(trial.value)}</dd></dl>'
    )


def _judged(verdict: Verdict) -> str:
    tone = {True: "holds", False: "fails", None: "open"}[verdict.holds]
    return (
        f'<p class="verdict {tone}" data-of="verdict">{verdict.sign} {verdict.word}</p>'
        f"<p>{escape(verdict.text)}</p>"
    )
