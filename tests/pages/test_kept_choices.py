"""Every choice on every page is in the address, or there is a reason why it is not."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.ui.explore.questions import QUESTIONS
from tests.pages.driver import SCRIPT

WIDGETS = (
    *("selectbox", "multiselect", "slider", "select_slider", "number_input", "text_input"),
    *("toggle", "checkbox", "radio", "button_group"),
)

FIGURES = ("layer", "size", "branches", "dilation", "upsampling", "field")

NOT_KEPT = {
    "finding ": "a click that opens a layer in Explore",
    "channel ": "the page writes it with the cell",
    "Height ": "they are the size, in one parameter",
    "Width ": "they are the size, in one parameter",
    "Length ": "they are the size, in one parameter",
    "exercise ": "level and number are the exercise, in one parameter",
    "answer ": "an answer is for the person alone, and others get the link",
    "own ": "a form that is filled in, until it is added",
    "preset": "a command: it begins another network, which the address holds",
    "take ": "how to make a file, not what the page shows",
    "survey from": "a way to upload",
    "surveyed layer ": "a click that opens a layer",
    "$$ID": "File or Camera: a way to upload",
}
"""What is no parameter of its own, by the beginnings of keys."""


def opened(page: str, address: dict[str, str]) -> AppTest:
    app = AppTest.from_file(str(SCRIPT), default_timeout=120)
    if page:
        app.switch_page(f"pages/{page}.py")
    app.query_params.update(address)
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("page", "address"),
    [
        *(("", {"model": "squeezenet", "ask": ask}) for _, ask in QUESTIONS.values()),
        ("", {"model": "crepe", "ask": "prove"}),
        ("", {"model": "selfie", "ask": "prove", "prove.by": "photograph"}),
        ("", {"model": "squeezenet", "layer": "fire2/concat", "mode": "influence"}),
        ("network", {"model": "squeezenet"}),
        ("network", {"model": "crepe"}),
        *(("compare", {"part": part}) for part in ("side", "accuracy", "libraries", "table")),
        ("build", {}),
        *(("learn", {"figure": f}) for f in FIGURES),
        *(("learn", {"step": step}) for step in ("0", "2", "10")),
        ("learn", {"exercise": "1-1"}),
        ("learn", {"part": "exercises", "set": "1-1~2-1"}),
        *(("learn", {"part": "teaching", "by": by}) for by in ("levels", "list")),
        ("learn", {"part": "lab"}),
        ("learn", {"part": "playground"}),
    ],
)  # fmt: skip
def test_every_choice_is_kept_or_there_is_a_reason(page: str, address: dict[str, str]) -> None:
    app = opened(page, address)
    kept = app.session_state["address"].values
    keys = {widget.key or "" for kind in WIDGETS for widget in app.get(kind)}
    left = {key for key in keys if key and key not in kept and not key.startswith(tuple(NOT_KEPT))}
    assert left == set()
    assert not app.toast


@pytest.mark.parametrize(
    ("page", "address", "ignored"),
    [
        ("network", {"folds": "x", "coverage": "x", "kinds": "x"}, ["folds=x", "kinds=x"]),
        ("compare", {"part": "x", "with": "x", "growth.over": "x"}, ["part=x", "with=x"]),
        ("build", {"row": "999", "goal": "-1", "mode": "x"}, ["row=999", "goal=-1", "mode=x"]),
        ("learn", {"figure": "layer", "layer.k": "99", "layer.unit": "9,9"}, ["layer.k=99"]),
        ("learn", {"part": "x"}, ["part=x"]),
        ("learn", {"part": "exercises", "set": "1-1~x"}, ["set=1-1~x"]),
        ("learn", {"part": "teaching", "n1": "99", "plan": "x"}, ["n1=99", "plan=x"]),
        (
            "learn",
            {
                "part": "playground",
                "playground.k": "9",
                "playground.w": "1~2",
                "playground.cell": "x",
            },
            ["playground.k=9", "playground.w=1~2", "playground.cell=x"],
        ),
    ],
)
def test_bad_values_are_told_in_one_sentence(
    page: str, address: dict[str, str], ignored: list[str]
) -> None:
    app = opened(page, address)
    (toast,) = app.toast
    assert [value for value in ignored if value not in toast.value.replace("\\", "")] == []
