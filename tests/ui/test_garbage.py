"""Garbage is searched for while nobody clicks, and what stays is set aside and freed in the end."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.ui.garbage import Collector


class Ring:
    """Refers to itself: only a search finds that nobody else does."""

    def __init__(self) -> None:
        self.ring = self


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector from time 0; Python does not search by itself meanwhile."""
    gc.collect()
    gc.disable()
    yield Collector(0, 0)
    gc.enable()
    gc.unfreeze()


def drop_ring() -> weakref.ref[Ring]:
    return weakref.ref(Ring())


def test_garbage_is_freed_soon_once_the_server_is_idle(collector: Collector) -> None:
    gone = drop_ring()
    collector.look(0.9, 1, idle=True)
    assert gone() is not None
    collector.look(1.1, 1, idle=True)
    assert gone() is None


def test_a_busy_server_searches_less_often(collector: Collector) -> None:
    gone = drop_ring()
    collector.look(4.9, 1, idle=False)
    assert gone() is not None
    collector.look(5.1, 1, idle=False)
    assert gone() is None


def test_a_server_without_visitors_does_nothing(collector: Collector) -> None:
    gone = drop_ring()
    collector.look(5.1, 0.05, idle=True)
    collector.look(121, 0.05, idle=True)
    assert gone() is not None


def test_what_lives_long_is_not_searched_each_time(collector: Collector) -> None:
    ring = Ring()
    collector.look(121, 1, idle=True)
    gone = weakref.ref(ring)
    del ring
    collector.look(130, 2, idle=True)
    assert gone() is not None


@pytest.mark.parametrize(("idle", "at"), [(True, 242), (False, 362)])
def test_what_lived_long_is_freed_in_the_end(collector: Collector, idle: bool, at: float) -> None:
    ring = Ring()
    collector.look(121, 1, idle=True)
    gone = weakref.ref(ring)
    del ring
    collector.look(at - 2, 2, idle=idle)
    assert gone() is not None
    collector.look(at, 3, idle=idle)
    assert gone() is None


def test_streamlit_does_not_search_after_every_run() -> None:
    settings = (Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text()
    assert "postScriptGC = false" in settings


PAGE = """
import streamlit as st
from rf_viz.ui.garbage import forget_widgets

turn = st.session_state["turn"] = st.session_state.get("turn", 0) + 1
picture = st.session_state["make"]()
st.session_state["made"].append(picture.gone)
clicked = st.session_state["clicked"]
st.button("Stay", key="stay", on_click=clicked.append, args=(turn,))
st.button("Go", key=f"go {turn}", on_click=picture.click, args=(clicked, -turn))
forget_widgets()
"""


class Shown:
    """What a button of a page is about."""

    def __init__(self) -> None:
        self.gone = weakref.ref(self)

    def click(self, clicked: list[int], number: int) -> None:
        clicked.append(number)


@pytest.fixture
def page() -> AppTest:
    """A page that draws one button again and another anew at each run."""
    page = AppTest.from_string(PAGE)
    state = page.session_state
    state["make"], state["made"], state["clicked"] = Shown, [], []
    return page.run()


def test_what_a_button_was_about_goes_with_the_button_and_others_still_work(page: AppTest) -> None:
    for _ in range(7):
        page.button(key="stay").click().run()
    assert page.session_state["clicked"] == [1, 2, 3, 4, 5, 6, 7]
    gc.collect()
    assert [each() for each in page.session_state["made"][:-3]] == [None] * 5
