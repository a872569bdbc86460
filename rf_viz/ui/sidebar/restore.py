"""The choices of the sidebar in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import streamlit as st

from ... import Network
from ...catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS, Sample
from ...inputs.images import PRESETS, Fit
from .. import cache
from ..address import size_of
from ..cache import File
from ..navigation import Destination, set_destination
from . import libraries
from .fed_input import HIGHEST, LOWEST, usual_preset
from .session import visitor
from .side_inputs import restore_side_inputs, to_address


def restore(address: Mapping[str, str]) -> None:
    """Makes the choices that an address holds, before the page is drawn.

    Where its model or image has to be uploaded first, the page asks for it.
    """
    visit, key = visitor(), address.get("model")
    if not key:
        return
    if key in visit.models:
        signature, training = address.get("signature"), address.get("training") == "shown"
        st.session_state[f"training {key}"] = training
        if signature in cache.load(visit.models[key]).signatures:
            st.session_state[f"signature {key}"] = signature
        digest = visit.models[key].read_as(signature, training).digest
    elif key in SAMPLE_MODELS:
        digest = File.at(SAMPLE_MODELS[key].path, "").digest
    elif libraries.has(key):
        digest = libraries.file_of(key).digest
        if address.get("trained") and key not in visit.trained:
            name = libraries.title(key)
            visit.problem = f"The link shows {name} with its trained weights: ask for them below."
    elif libraries.split(key):
        visit.problem = libraries.absent(key)
        return
    else:
        visit.missing = address
        return
    visit.missing = None
    st.session_state["model"] = key
    image = address.get("image")
    if image in SAMPLE_IMAGES or image in visit.images:
        st.session_state["image"] = image
        visit.image_chosen = True
    elif image:
        name = address.get("image-name", "its image")
        visit.problem = f"The link shows {name}, which is not here: upload it to see it there too."
    size = size_of(address)
    if size:
        visit.sizes[digest] = size
    st.session_state[f"weights {digest}"] = address.get("weights") == "aware"
    restore_side_inputs(address, digest)
    if "input" in address:
        st.session_state[f"input {digest}"] = address["input"]
    if address.get("preset") in PRESETS:
        st.session_state[f"preset {digest}"] = address["preset"]
    if address.get("fit") in get_args(Fit):
        st.session_state[f"fit {digest}"] = address["fit"]
    pitch = address.get("pitch", "")
    if pitch.isdecimal() and LOWEST <= int(pitch[:5]) <= HIGHEST:
        st.session_state["pitch"] = int(pitch)
    destination = Destination.from_address(address)
    if destination:
        set_destination(destination)


def chosen(file: File, net: Network, sample: Sample | None) -> dict[str, str]:
    """The choices as parameters of an address.

    Choices that the page makes by default are left out.
    """
    state, visit = st.session_state, visitor()
    parameters = {"model": state["model"]}
    if state["model"] in visit.models:
        parameters["name"] = file.name
        if file.signature:
            parameters["signature"] = file.signature
        if file.training_ops:
            parameters["training"] = "shown"
    elif state["model"] in visit.trained:
        parameters["trained"] = "yes"
    if f"Height {net.input.name} {file.digest}" in state:
        parameters["size"] = "x".join(map(str, net.input.size))
    if net.weight_aware:
        parameters["weights"] = "aware"
    if f"input {file.digest}" in state:
        parameters["input"] = state[f"input {file.digest}"]
    last = visit.trace_options.get((file.digest, state.get(f"input {file.digest}")))
    parameters |= to_address(last.feeds if last else ())
    preset, fit = (state.get(f"{what} {file.digest}", "") for what in ("preset", "fit"))
    if preset and preset != usual_preset(file, sample):
        parameters["preset"] = preset
    if fit and fit != ((sample and sample.fit) or get_args(Fit)[0]):
        parameters["fit"] = fit
    if len(net.input.size) == 2 and "image" in state:
        parameters["image"] = state["image"]
        if state["image"] in visit.images:
            parameters["image-name"] = visit.images[state["image"]].name
    if len(net.input.size) == 1:
        parameters["pitch"] = str(state["pitch"])
    return parameters
