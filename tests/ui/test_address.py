"""What an address holds, what a new one changes, and what a session does with a bad one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.ui import address
from rf_viz.ui.address_choice import Form, between, one_of, several_of, words
from tests.pages.driver import go_through_history


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (one_of(["depth", "gflops"]), "gflops", "gflops"),
        (one_of({"own": False, "same": True}), True, "same"),
        (one_of(range(3)), 2, "2"),
        (several_of(["a", "b", "c"]), ["c", "a"], "c~a"),
        (several_of(["a", "b"], ["a"]), [], "none"),
        (between(1, 7, 3), 5, "5"),
        (words(), "conv 3", "conv 3"),
    ],
)
def test_a_choice_comes_back_as_it_was(form: Form, value: object, text: str) -> None:
    assert form.write(value) == text
    assert form.read(text) == value


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (one_of(["depth"]), "Depth"),
        (one_of(["depth"]), ""),
        (several_of(["a"]), "a~b"),
        (several_of(["a"]), ""),
        (between(1, 7, 3), "8"),
        (between(1, 7, 3), "0"),
        (between(1, 7, 3), "3.5"),
        (between(1, 7, 3), "9" * 5000),
    ],
)
def test_what_cannot_be_chosen_is_refused(form: Form, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        form.read(text)


def page() -> None:
    """A page with a choice, one that is closed at first, and a sentence of its own."""
    import streamlit as st

    from rf_viz.ui import address
    from rf_viz.ui.address_choice import between, kept, one_of

    address.begin(st.session_state.get("page", "Here"))
    st.slider("Size", 1, 9, **kept("size", "size", between(1, 9, 3)))
    if st.toggle("Open", key="open"):
        st.radio("Order", ["up", "down"], **kept("part.order", "order", one_of(["up", "down"])))
    address.put("layer", "conv")
    address.finish()


def opened(script: Callable[[], None] = page, **parameters: str) -> AppTest:
    """The page at an address."""
    app = AppTest.from_function(script)
    app.query_params.update(parameters)
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    assert not app.warning
    return app


def parameters(app: AppTest) -> dict[str, Any]:
    """The address; AppTest has lists of what a test put there."""
    return {
        name: value[0] if isinstance(value, list) else value
        for name, value in app.query_params.items()
    }


def test_the_address_holds_what_differs_from_the_default() -> None:
    app = opened()
    assert parameters(app) == {"layer": "conv"}
    app.slider[0].set_value(5)
    assert parameters(run(app)) == {"layer": "conv", "size": "5"}


def test_a_part_that_is_closed_keeps_its_place_in_the_address() -> None:
    app = opened(**{"size": "7", "part.order": "down"})
    assert app.slider[0].value == 7
    assert parameters(app) == {"layer": "conv", "size": "7", "part.order": "down"}
    app.toggle[0].set_value(True)
    run(app)
    assert app.radio[0].value == "down"
    app.toggle[0].set_value(False)
    assert parameters(run(app))["part.order"] == "down"


def test_a_new_address_resets_what_it_does_not_name() -> None:
    app = opened(size="7")
    app.query_params.clear()
    app.query_params.update({"layer": "conv", "extra.x": "1"})
    assert run(app).slider[0].value == 3


def test_bad_values_are_told_in_one_sentence_and_leave_the_address() -> None:
    app = opened(size="many", nothing="1")
    assert app.slider[0].value == 3
    (toast,) = app.toast
    assert toast.value == (
        "The address has values that are not possible here, and they were ignored: size=many, "
        "nothing=1"
    )
    assert parameters(app) == {"layer": "conv"}
    assert not run(app).toast


def test_an_address_that_lags_behind_a_choice_is_no_step_back() -> None:
    app = opened(size="7")
    app.slider[0].set_value(5)
    app.query_params.update({"size": "2"})  # of an earlier choice
    assert run(app).slider[0].value == 5
    assert parameters(app)["size"] == "5"


def test_an_address_that_lags_behind_a_run_without_a_choice_is_no_step_back() -> None:
    app = opened(size="7")
    before = parameters(app)
    app.slider[0].set_value(5)
    after = parameters(run(app))
    app.query_params.update(before)  # the browser is not there yet and, say, connects anew
    assert run(app).slider[0].value == 5
    assert parameters(app) == after
    assert go_through_history(app, before).slider[0].value == 7


def test_the_way_back_to_a_bare_address_stays_open() -> None:
    app = opened()
    app.slider[0].set_value(5)
    run(app)
    go_through_history(app, {})  # where the person came in
    assert parameters(app) == {}  # written out, it would be a step forward
    assert app.slider[0].value == 5
    app.slider[0].set_value(6)
    assert parameters(run(app))["size"] == "6"


def test_another_page_begins_without_the_parameters_of_the_last() -> None:
    app = opened(**{"size": "7", "part.order": "down"})
    app.session_state["page"] = "There"
    app.query_params.clear()
    assert parameters(run(app)) == {"layer": "conv", "size": "7"}  # the widget's own memory


def test_what_embeds_a_page_in_another_is_no_parameter_of_ours() -> None:
    app = opened(embed="true", size="5")
    assert app.slider[0].value == 5
    assert not app.toast


class Session:
    """Two runs of a page in threads of their own, and what Streamlit keeps for both.

    Streamlit begins a run while the one that it replaces may still be writing its address, which
    waits here until the newer run has had the time to come between.
    """

    def __init__(self, memory: address.Memory) -> None:
        self.session_state = {"address": memory}
        self.lock = threading.RLock()
        self.sent: list[Mapping[str, str]] = []
        self.writes = threading.Event()
        self.resumes = threading.Event()
        self.run = threading.local()

    @contextmanager
    def query_params(self) -> Iterator[None]:
        with self.lock:
            yield

    def context(self) -> SimpleNamespace:
        return SimpleNamespace(query_string=self.run.query_string, is_history_navigation=False)

    def from_dict(self, parameters: Mapping[str, str]) -> None:
        self.writes.set()
        self.resumes.wait(0.2)
        self.sent.append(parameters)

    def replaces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lets the address meet this session in place of Streamlit's."""
        seen = SimpleNamespace(session_state=self.session_state, query_params=self)
        monkeypatch.setattr(address, "st", seen)
        monkeypatch.setattr(address, "get_session_state", lambda: self)
        monkeypatch.setattr(address, "get_script_run_ctx", self.context)

    def start(self, query_string: str, *deeds: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            self.run.query_string = query_string
            for deed in deeds:
                deed()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread


def test_a_choice_holds_though_the_run_before_it_still_writes_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = address.Memory(page="Here", parameters={"figure": lambda: "branches"})
    session = Session(memory)
    session.replaces(monkeypatch)
    ending = session.start("figure=region", address.refresh)
    assert session.writes.wait(5)
    session.start(
        "figure=region",
        address.ignore_echo,
        session.resumes.set,
        ending.join,
        lambda: address.begin("Here"),
    ).join(5)
    assert not memory.opened, "the browser's address, which lags behind, is no step back"


def test_an_address_is_sent_that_only_a_replaced_run_has_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = address.Memory(page="Here", parameters={"figure": lambda: "dilation"})
    session = Session(memory)
    session.resumes.set()
    session.replaces(monkeypatch)
    for _ in range(2):  # What the first one sends does not reach the browser.
        session.start("figure=branches", address.refresh).join(5)
    assert session.sent == [{"figure": "dilation"}] * 2


def test_a_choice_does_not_wait_for_ever_for_a_run_that_reads_what_it_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = address.Memory(page="Here")
    session = Session(memory)
    session.resumes.set()
    session.replaces(monkeypatch)

    def callback() -> None:  # Streamlit holds the session's state as long as one takes.
        with session.query_params():
            chooses.set()
            address.ignore_echo()

    def value() -> str:
        reads.set()
        chooses.wait(0.2)
        with session.query_params():  # so does whoever reads it, for a moment
            return "5"

    reads, chooses = threading.Event(), threading.Event()
    memory.parameters["size"] = value
    writing = session.start("", address.refresh)
    assert reads.wait(5)
    choosing = session.start("", callback)
    for run in (writing, choosing):
        run.join(10)
        assert not run.is_alive()
    assert session.sent == [{"size": "5"}]
