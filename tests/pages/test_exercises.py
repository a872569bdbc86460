"""The exercises on the Learn page, without a browser."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.lessons.exercises import LEVELS, exercise
from rf_viz.ui.learn.network_stack import network_html
from tests.pages.driver import SCRIPT, components

PAGE = "pages/learn.py"


def visit(link: str) -> AppTest:
    """Opens an exercise by its link."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page(PAGE)
    app.query_params["exercise"] = link
    app.run()
    assert not app.exception
    return app


def answer(app: AppTest, *numbers: int) -> AppTest:
    """Fills in the numbers and checks them."""
    for field, number in zip(fields(app), numbers, strict=True):
        field.set_value(number)
    return press(app, "Check")


def fields(app: AppTest) -> list:
    """Fields of the answer."""
    return [n for n in app.number_input if (n.key or "").startswith("answer")]


def press(app: AppTest, label: str) -> AppTest:
    """Presses a button."""
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def buttons(app: AppTest) -> list[str]:
    """Labels of all buttons."""
    return [button.label for button in app.button]


def text(app: AppTest) -> str:
    """Text of the page."""
    return " ".join(m.value for m in app.markdown)


def score(app: AppTest) -> str:
    """Caption that begins with the score."""
    return next(c.value for c in app.caption if "address of this page" in c.value)


@pytest.mark.parametrize("level", range(1, len(LEVELS) + 1))
def test_every_level_can_be_asked_solved_and_looked_up(level: int) -> None:
    app = visit(f"{level}-2")
    chosen = exercise(level, 2)
    assert chosen.question in text(app)
    assert [f.label for f in fields(app)] == [part.label for part in chosen.parts]
    assert not components(app, "solution")
    answer(app, *chosen.answer)
    assert str(chosen.parts[0].answer) in app.success[0].value
    assert len(components(app, "solution")) == 1
    assert len(app.latex) == len(chosen.solution)


def test_a_wrong_answer_is_explained_and_a_right_one_praised() -> None:
    app = answer(visit("3-3"), 7, 3, 6)
    (warning,) = app.warning
    assert "would be right without strides" in warning.value
    assert "the sum of the strides" in warning.value
    assert "$P$ = 6** is right" in warning.value
    assert not components(app, "solution")
    answer(app, 10, 2, 6)
    assert not app.warning
    assert "$r$ = 10, $S$ = 2, $P$ = 6" in app.success[0].value
    assert score(app).startswith("Solved 1 of 1.")


def test_a_number_that_no_slip_gives_is_no_dead_end() -> None:
    app = answer(visit("3-3"), 999, 2, 6)
    assert "$r$ = 999** is too large" in app.warning[0].value
    hints = exercise(3, 3).hints
    for count, label in enumerate(["Hint", *(f"Hint ({n} left)" for n in (2, 1))], 1):
        press(app, label)
        assert [info.value for info in app.info] == list(hints[:count])


def test_an_incomplete_answer_is_no_answer() -> None:
    app = visit("3-3")
    fields(app)[0].set_value(10)
    press(app, "Check")
    assert not app.warning
    assert not app.success
    assert not score(app).startswith("Solved")


def test_the_score_counts_first_tries_and_not_what_was_looked_up() -> None:
    app = answer(visit("1-1"), *exercise(1, 1).answer)
    assert score(app).startswith("Solved 1 of 1, 1 of them at the first try.")
    press(app, "Next exercise")
    press(app, "Show the solution")
    answer(app, *exercise(1, 2).answer)
    assert score(app).startswith("Solved 1 of 2")


def test_three_in_a_row_lead_on_to_the_next_level() -> None:
    app = visit("1-1")
    for seed in range(1, 4):
        assert not any(label.startswith("Go up") for label in buttons(app))
        answer(app, *exercise(1, seed).answer)
        if seed < 3:
            press(app, "Next exercise")
    press(app, "Go up to level 2: Strides")
    assert exercise(2, 1).question in text(app)
    assert app.query_params["exercise"] == "2-1"


def test_the_address_goes_along() -> None:
    app = visit("5-17")
    assert app.segmented_control(key="exercise level").value == 5
    app.number_input(key="exercise number").set_value(18).run()
    assert exercise(5, 18).question in text(app)
    assert app.query_params["exercise"] == "5-18"


def test_only_letters_that_occur_are_explained() -> None:
    assert "<p>k kernel; s stride</p>" in network_html(exercise(2, 3).example)
    assert "d dilation; p padding at both ends" in network_html(exercise(4, 1).example)
    assert "cut off at both ends" in network_html(exercise(6, 1).example)
    uneven = network_html(exercise(6, 2).example)
    assert "where there is a q, p is the padding before and q the padding after" in uneven
    assert "both ends" not in uneven


@pytest.mark.parametrize("link", ["7-1", "1-0", "x", "3", "2-99999", "1-1-1"])
def test_a_link_to_no_exercise_says_so(link: str) -> None:
    app = visit(link)
    assert re.search("no exercise", app.warning[0].value)
    assert exercise(1, 1).question in text(app)
    press(app, "Show the solution")
    assert not app.warning
