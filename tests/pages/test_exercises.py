"""The exercises on the Learn page, without a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.lessons.exercise_set import read_link
from rf_viz.lessons.exercises import LEVELS, exercise
from rf_viz.lessons.steps import STEPS
from rf_viz.ui.learn.explained import explained
from rf_viz.ui.learn.network_stack import network_html
from tests.pages.driver import SCRIPT, components

PAGE = "pages/learn.py"


def visit(link: str = "", **address: str) -> AppTest:
    """Opens an exercise by its link, or the page with these parameters of the address."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page(PAGE)
    for name, value in ({"exercise": link} | address if link else address).items():
        app.query_params[name] = value
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


@pytest.mark.parametrize("link", ["7-1", "1-0", "x", "3", "2-99999", "1-1-1", "9" * 5000])
def test_there_is_no_such_exercise(link: str) -> None:
    assert read_link(link) is None


def test_a_link_to_no_exercise_says_so() -> None:
    app = visit("7-1")
    assert re.search("no exercise", app.warning[0].value)
    assert exercise(1, 1).question in text(app)
    press(app, "Show the solution")
    assert not app.warning


def pill(app: AppTest) -> Any:  # noqa: ANN401
    """The way through a set."""
    (group,) = [g for g in app.get("button_group") if g.key == "exercise place"]
    return group


def test_a_set_is_gone_through_from_the_first_exercise_to_the_summary() -> None:
    app = visit(part="exercises", set="1-1~3-3")
    assert "**Exercise 1 of 2**" in text(app)
    assert exercise(1, 1).question in text(app)
    assert pill(app).options == ["1", "2", "Summary"]
    assert "Leave the set" in buttons(app)
    assert not [n for n in app.number_input if n.key == "exercise number"]
    answer(app, *exercise(1, 1).answer)
    assert [o.content_icon for o in pill(app).proto.options] == [":material/check:", "", ""]
    assert app.query_params["exercise"] == "1-1"
    press(app, "Next")
    assert exercise(3, 3).question in text(app)
    assert app.query_params["exercise"] == "3-3"
    answer(app, 7, 2, 6)
    press(app, "Hint")
    answer(app, *exercise(3, 3).answer)
    press(app, "To the summary")
    (summary,) = [code.value for code in app.code]
    assert summary.splitlines()[:3] == [
        "Solved 2 of 2, 1 of them at the first try, 1 with hints.",
        "1. Exercise 1-1, One layer: solved at the first try",
        "2. Exercise 3-3, Padding: solved at try 2, 1 hint",
    ]
    assert summary.endswith("part=exercises&set=1-1~3-3")
    assert app.query_params["exercise"] == "summary"
    press(app, "Previous")
    assert exercise(3, 3).question in text(app)


def test_a_summary_tells_what_was_not_solved() -> None:
    app = visit(part="exercises", set="1-1~1-2~1-3")
    answer(app, 0, 0)
    press(app, "Next")
    press(app, "Show the solution")
    app = press(app, "Next")
    pill(app).set_value(3).run()
    (summary,) = [code.value for code in app.code]
    assert summary.splitlines()[:4] == [
        "Solved 0 of 3.",
        "1. Exercise 1-1, One layer: not solved, 1 wrong answer",
        "2. Exercise 1-2, One layer: not solved, solution shown",
        "3. Exercise 1-3, One layer: not tried",
    ]


def test_an_address_leads_into_the_middle_of_a_set() -> None:
    app = visit("3-3", part="exercises", set="1-1~3-3")
    assert "**Exercise 2 of 2**" in text(app)
    assert not app.toast


def test_what_is_not_in_the_set_or_no_set_is_told() -> None:
    app = visit("2-2", part="exercises", set="1-1~3-3")
    assert "exercise=2-2" in app.toast[0].value.replace("\\", "")
    assert "**Exercise 1 of 2**" in text(app)
    app = visit(part="exercises", set="9-9")
    assert "set=9-9" in app.toast[0].value.replace("\\", "")
    assert exercise(1, 1).question in text(app)


def test_leaving_a_set_leads_to_all_exercises() -> None:
    app = visit("3-3", part="exercises", set="1-1~3-3")
    press(app, "Leave the set")
    assert "set" not in app.query_params
    assert [n for n in app.number_input if n.key == "exercise number"]


@pytest.mark.parametrize(
    ("link", "where"),
    [
        ("1-1", ["?part=lesson&step=1", "?part=lesson&step=3"]),
        ("2-1", ["?part=lesson&step=3", "?part=lesson&step=4"]),
        ("6-1", ["?part=figures&figure=upsampling"]),
        ("6-2", ["?part=lesson&step=6"]),
        ("6-3", ["?part=lesson&step=8"]),
    ],
)
def test_whoever_is_stuck_is_led_to_where_it_is_explained(link: str, where: list[str]) -> None:
    level, number = map(int, link.split("-"))
    assert re.findall(r"\((\?.*?)\)", explained(exercise(level, number))) == where


def test_the_way_to_the_lesson_is_there_until_the_exercise_is_solved() -> None:
    app = visit("1-1")
    assert explained(exercise(1, 1)) in [c.value for c in app.caption]
    answer(app, *exercise(1, 1).answer)
    assert explained(exercise(1, 1)) not in [c.value for c in app.caption]


def test_the_steps_that_explain_are_about_it() -> None:
    about = {1: "kernel", 3: "stride", 4: "closed form", 5: "padding", 6: "padding"}
    about |= {7: "dilation", 8: "aligned"}
    for step, word in about.items():
        assert word in STEPS[step - 1].says.lower(), step
