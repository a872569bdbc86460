"""The question for uploads that an address needs and that are not here any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import streamlit as st

from .. import address
from ..address_choice import BETWEEN
from ..text import plain
from .fed_input import accept_image, accept_signal, accept_volume
from .model import FORMATS, accept_model
from .session import problem, uploads, visitor
from .upload import receive, uploader

_DIGEST = 16
"""The length of a digest."""

NAMED = "*"
"""Stands between the digest and the name of an upload that the address lists among others."""

_KINDS = {
    "model": (FORMATS, True, accept_model),
    "image": ("Any image", False, accept_image),
    "signal": ("A sound (WAV), numbers (CSV) or a NumPy array (.npy)", False, accept_signal),
    "volume": ("A NumPy array (.npy), or a TIFF or GIF of slices", False, accept_volume),
}


@dataclass(frozen=True)
class _Missing:
    """An upload that the address needs: what it is ("model", "image" ...), its key, its name."""

    what: str
    key: str
    name: str


def asks_files() -> bool:
    """Asks for the uploads that the address needs and that are not here; returns whether it does.

    Call it before anything of the address is read, and stop the page then: the address stays as it
    is, and the page goes on where it points once the files are there.
    """
    for what in _KINDS:
        receive(what)
    visit = visitor()
    missing = [one for one in dict.fromkeys(_missing()) if one.key not in visit.declined]
    if not missing:
        return False
    first = missing[0]  # one after the other
    st.info(
        f"This address shows {plain(first.name)} (SHA-256 {first.key}…), an uploaded file that is "
        "not here any more. Upload it again to go on.",
        icon=":material/link:",
    )
    label, several, accept = _KINDS[first.what]

    def take(files: dict[str, bytes]) -> None:
        accept(files)
        if first.key in uploads(first.what):
            # The address says which is shown.
            visit.next_model = visit.next_image = visit.next_volume = visit.next_signal = ""
        else:
            visit.problem = f"{next(iter(files))} is not the same file as {first.name}."

    uploader(label, first.what, several, take)
    problem()
    them = "them" if len(missing) > 1 else "it"
    st.button(f"Go on without {them}", on_click=_go_on, args=(missing,))
    return True


def _go_on(missing: Sequence[_Missing]) -> None:
    """Goes on without uploads; without the model, nothing else in the address means anything."""
    visitor().declined.update(one.key for one in missing)
    link = address.unread()
    if any(one.key == link.get("model") for one in missing):
        address.give_up()
    for what in _KINDS:
        if link.get(what) in visitor().declined:
            address.leave_out(what)


def is_digest(key: str) -> bool:
    """Whether a key is that of an upload."""
    return len(key) == _DIGEST and set(key) <= set("0123456789abcdef")


def _missing() -> Iterator[_Missing]:
    link = address.unread()
    for what in _KINDS:
        key = link.get(what, "")
        if is_digest(key) and key not in uploads(what):
            name = link.get("name" if what == "model" else f"{what}-name", f"the {what}")
            yield _Missing(what, key, name)
    for entry in link.get("with", "").split(BETWEEN):  # the networks that are compared
        key, _, name = entry.partition(NAMED)
        if is_digest(key) and key not in uploads("model"):
            yield _Missing("model", key, name or "a model")
