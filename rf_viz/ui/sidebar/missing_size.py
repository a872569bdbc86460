"""The question for the size of a model that opens at none of the usual ones."""

from __future__ import annotations

import streamlit as st

from ...errors import ModelError, SizeUnknownError
from ...workers import EndedError
from .. import address, cache
from ..again import offer_again
from ..cache import File, TraceOptions
from ..text import by, plain, sentence
from . import host_models
from .session import problem, remember, visitor

_SIDES = (16_000, 224, 64)
"""The sizes of signals, images and volumes that the fields begin with."""

_LARGEST = 1_000_000

_NAMES = {1: ("Length",), 2: ("Height", "Width"), 3: ("Depth", "Height", "Width")}
"""What the free axes of signals, images and volumes are called."""


def asks_size(file: File) -> bool:
    """Draws fields for the size of a model that needs to be told one; returns whether it does.

    The rest of the page has nothing to show then, nor where the model was ended before it was read
    or traced, which is then said. Any other model can still be chosen.
    """
    try:
        cache.trace(file, TraceOptions())
    except SizeUnknownError as unknown:
        _ask(file, unknown)
        return True
    except EndedError as ended:
        st.error(plain(sentence(ended)), icon=":material/error:")
        offer_again(file, ended, "model")
        return True
    except ModelError:
        pass  # whoever traces it with all its options reports that
    return False


def _ask(file: File, unknown: SizeUnknownError) -> None:
    st.header("Which size?", anchor=False)
    shape = by([n or ("?" if axis else 1) for axis, n in enumerate(unknown.shape)])
    st.markdown(
        f"{plain(file.name)} leaves the size of its input {plain(unknown.input)} open ({shape}), "
        "but works at none of the usual sizes. Enter the size that it was made for."
    )
    free = [axis for axis, n in enumerate(unknown.shape) if n is None and axis]
    names = _NAMES.get(len(free), ()) if len(unknown.shape) == len(free) + 2 else ()
    keys = {axis: f"size {axis} {unknown.input} {file.digest}" for axis in free}
    link = address.read_numbers("size", "x") or ()
    usual = (_SIDES[min(len(free), 3) - 1],) * len(free)
    for key, n in zip(keys.values(), link if len(link) == len(free) else usual, strict=True):
        st.session_state.setdefault(key, min(max(n, 1), _LARGEST))
    with st.form(f"size {file.digest}", border=False):
        fields = st.container(horizontal=True)
        for number, axis in enumerate(free):
            fields.number_input(
                names[number] if names else _axis(unknown, axis),
                min_value=1,
                max_value=_LARGEST,
                key=keys[axis],
                width=140,
            )
        st.form_submit_button(
            "Open at this size", type="primary", on_click=_open, args=(file, unknown, keys)
        )
    if visitor().problem:
        problem()
    else:
        st.caption(f"Why the usual sizes fail: {plain(sentence(unknown.__cause__ or unknown))}")


def _axis(unknown: SizeUnknownError, axis: int) -> str:
    """An axis by its number, and by its own name if it has one."""
    symbol = unknown.symbols[axis] if unknown.symbols else ""
    return f"Axis {axis} ({plain(symbol)})" if symbol else f"Axis {axis}"


def _open(file: File, unknown: SizeUnknownError, keys: dict[int, str]) -> None:
    """Keeps the size that was entered if the model works at it; else the page says why not."""
    address.ignore_echo()
    shape = tuple(
        int(st.session_state[keys[axis]]) if axis in keys else n or 1
        for axis, n in enumerate(unknown.shape)
    )
    sized = file.with_shape(unknown.input, shape)
    visit, key = visitor(), st.session_state["model"]
    try:
        cache.trace(sized, TraceOptions())
    except SizeUnknownError:
        pass  # now another input needs a size
    except ModelError as error:
        sides = by([shape[axis] for axis in keys])
        visit.problem = f"It does not work at {sides}: {sentence(error)}"
        return
    if host_models.is_key(key):
        host_models.keep_shape(key, unknown.input, shape)
    else:
        remember("model", key, visit.models[key].with_shape(unknown.input, shape))
