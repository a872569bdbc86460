"""Living figures: small networks that follow their sliders in the browser, with all equations.

The browser works out everything that shows. Python names the controls and keeps their values in the
page's address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from ... import address
from ...address_choice import Form, between, one_of, restored
from ...browser.component import THEME, component

_component = component(__file__, styles=[THEME, Path(__file__).with_name("drawing.css")])


@dataclass(frozen=True)
class Slider:
    """Slider for a whole number: from ``low`` to ``high``, at first ``start``.

    ``name`` is its name in the figure and, after that of the figure, in the address. Sliders of the
    same ``group`` stand together.
    """

    name: str
    label: str
    low: int
    high: int
    start: int
    group: str = ""

    @property
    def form(self) -> Form:
        """How the address spells the value."""
        return between(self.low, self.high, self.start)

    def describe(self) -> dict[str, Any]:
        """Describe the control for the browser."""
        return _described("slider", self) | {"low": self.low, "high": self.high}


@dataclass(frozen=True)
class Choice:
    """Choice between ``options``, labels by their names in the address; at first the first."""

    name: str
    label: str
    options: Mapping[str, str] = field(hash=False)
    group: str = ""

    @property
    def form(self) -> Form:
        """How the address spells the choice."""
        return one_of(self.options.keys())

    def describe(self) -> dict[str, Any]:
        """Describe the control for the browser."""
        return _described("choice", self) | {"options": dict(self.options)}


@dataclass(frozen=True)
class Steps:
    """Steps to walk through, from 0 to at most ``last``."""

    name: str
    label: str
    last: int
    group: str = ""

    @property
    def form(self) -> Form:
        """How the address spells the step."""
        return between(0, self.last, 0)

    def describe(self) -> dict[str, Any]:
        """Describe the control for the browser."""
        return _described("steps", self) | {"high": self.last}


Control = Slider | Choice | Steps


def _described(kind: str, control: Control) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": control.name,
        "label": control.label,
        "group": control.group,
    }


def living_figure(
    figure: str,
    controls: Sequence[Control],
    *,
    key: str = "figure",
    name: str = "",
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Draws a living figure with the values of its controls that the address names.

    ``figure`` is what the browser draws, and ``name``, by default the same, what the address calls
    it; ``details`` is what the browser needs to know besides. Figures with the same ``key`` take
    each other's place, which is faster than to begin with an empty one.

    Returns the values of the controls, as they were when the last movement ended, and as ``unit``
    the pinned unit, if there is one: how many rows lie above its own, and its place there.
    """
    name = name or figure
    forms = {control.name: control.form for control in controls} | {"unit": _UNIT}
    keys = {
        control: restored(f"{name}.{control}", f"learn {name} {control}", form)
        for control, form in forms.items()
    }
    values = {control: st.session_state[key] for control, key in keys.items()}
    _component(
        key=key,
        data={
            "name": name,
            "figure": figure,
            "controls": [control.describe() for control in controls],
            "defaults": {control.name: control.form.default for control in controls},
            "details": details,
            "values": {control: value for control, value in values.items() if value is not None},
            "turn": _turn(name, values),
        },
        default={"values": None},
        on_values_change=partial(_take, key, name, forms, keys),
    )
    return values


def _turn(name: str, values: Mapping[str, Any]) -> int:
    """The number of the latest change: Python's own, where the address brought other values."""
    turn, sent = st.session_state.get(f"turn of {name}", (0, None))
    if sent is not None and sent != values:
        turn += 1
    st.session_state[f"turn of {name}"] = turn, dict(values)
    return int(turn)


def _take(key: str, name: str, forms: Mapping[str, Form], keys: Mapping[str, str]) -> None:
    """Takes over the values that the browser reports."""
    report = st.session_state[key]["values"]
    if not report or report["name"] != name:
        return
    address.ignore_echo()
    for control, value in accepted(forms, report["values"]).items():
        st.session_state[keys[control]] = value
    values = {control: st.session_state[key] for control, key in keys.items()}
    st.session_state[f"turn of {name}"] = report["turn"], values


def accepted(forms: Mapping[str, Form], reported: Mapping[str, Any]) -> dict[str, Any]:
    """Picks the values that the controls can have: a browser may send anything."""
    values = {}
    for control, form in forms.items():
        with suppress(KeyError, TypeError, ValueError):
            values[control] = form.read(form.write(reported[control]))
    return values


def _read_unit(text: str) -> tuple[int, int]:
    numbers = address.numbers(text)
    if numbers is None or len(numbers) != 2 or min(numbers) < 0:
        raise ValueError(text)
    return numbers[0], numbers[1]


_UNIT = Form(None, _read_unit, lambda unit: ",".join(map(str, unit)))
"""The pinned unit: how many rows lie above its own, and its place there."""
