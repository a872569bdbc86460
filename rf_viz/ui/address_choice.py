"""Choices that the page's address holds, so that a link or a reload restores them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import streamlit as st

from . import address

BETWEEN = "~"
"""Stands between several values: it needs no escape in an address."""

NONE = "none"
"""Stands for no value at all, where several could be."""

_FIRST = object()


@dataclass(frozen=True)
class Form:
    """How an address spells a choice.

    Attributes:
        default: the choice that the address leaves out.
        read: reads a text. Raises ValueError if no choice is spelled like that.
        write: spells a choice.
    """

    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


class Kept(TypedDict):
    """The arguments of a widget whose value is kept: its key, and what belongs to it."""

    key: str
    on_change: Callable[[], None]
    persist_state: Literal["session"]


def restored(parameter: str, key: str, form: Form, *, always: bool = False) -> str:
    """Gives a choice the value that the address names, and returns its key.

    Call it before the widget of that key is drawn; the widget takes no default of its own. Without
    a value in the address the choice stays as it is, at first the default. With ``always`` the
    address holds the default too.
    """
    mine, state = address.memory(), st.session_state
    text = address.read(parameter)
    if text is not None:
        state[key] = form.default
        try:
            state[key] = form.read(text)
        except ValueError:
            address.ignore(parameter, text)
    elif mine.opened and parameter not in mine.settled:
        state[key] = form.default
    elif key not in state:
        state[key] = mine.values.get(key, form.default)
    mine.settled.add(parameter)

    def spelled() -> str:
        value = mine.values[key] = state.get(key, mine.values.get(key, form.default))
        return form.write(value) if always or value != form.default else ""

    address.put(parameter, spelled)
    return key


def kept(parameter: str, key: str, form: Form, *, always: bool = False) -> Kept:
    """Does the same as ``restored``, and returns the arguments of the widget.

    Write ``st.number_input("Goal", 2, 99, **kept("goal", "goal size", between(2, 99, 8)))``.
    """
    return {
        "key": restored(parameter, key, form, always=always),
        "on_change": address.ignore_echo,
        "persist_state": "session",
    }


def one_of(options: Mapping[str, Any] | Iterable[Any], default: object = _FIRST) -> Form:
    """One of some options, by default the first.

    A mapping has them by the texts that stand for them; other options are their own texts.
    """
    by_text = _by_text(options)

    def read(text: str) -> object:
        if text not in by_text:
            raise ValueError(text)
        return by_text[text]

    first = next(iter(by_text.values()), None)
    return Form(first if default is _FIRST else default, read, _spelled(by_text))


def several_of(options: Mapping[str, Any] | Iterable[Any], default: Iterable[Any] = ()) -> Form:
    """Several of some options; ``options`` as in ``one_of``."""
    by_text = _by_text(options)
    spelled = _spelled(by_text)

    def read(text: str) -> list[object]:
        texts = [] if text == NONE else text.split(BETWEEN)
        if not by_text.keys() >= set(texts):
            raise ValueError(text)
        return [by_text[part] for part in dict.fromkeys(texts)]

    def write(values: Iterable[object]) -> str:
        return BETWEEN.join(map(spelled, values)) or NONE

    return Form(list(default), read, write)


def between(low: int, high: int, default: int) -> Form:
    """A whole number from ``low`` to ``high``."""

    def read(text: str) -> int:
        number = int(text[:12])
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return Form(default, read)


def words() -> Form:
    """Any text, by default none."""
    return Form("", str)


def address_choice(
    parameter: str,
    options: Mapping[str, str],
    draw: Callable[..., str | None],
    default: str | None = None,
) -> str:
    """Lets the person choose one of the options, by default the first, and returns the choice.

    ``options`` are labels by their values in the address, which always holds the choice. ``draw``
    is ``st.pills`` or ``st.segmented_control``.
    """
    key = f"address {parameter}"
    chosen = draw(
        parameter.capitalize(),
        list(options),
        required=True,
        format_func=options.get,
        label_visibility="collapsed",
        **kept(parameter, key, one_of(options.keys(), default or next(iter(options))), always=True),
    )
    assert chosen is not None  # it is required, and has a value from the first
    return chosen


def in_short(text: str) -> str:
    """A text as a part of a parameter's name: letters, digits and hyphens, in lower case."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _by_text(options: Mapping[str, Any] | Iterable[Any]) -> dict[str, Any]:
    if isinstance(options, Mapping):
        return dict(options)
    return {str(option): option for option in options}


def _spelled(by_text: Mapping[str, Any]) -> Callable[[object], str]:
    def write(value: object) -> str:
        return next((text for text, option in by_text.items() if option == value), str(value))

    return write
