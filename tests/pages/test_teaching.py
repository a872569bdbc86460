"""The teacher's page: the plans, the set and its link, and what learners believe."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.lessons import Conv
from rf_viz.lessons.comments import comment
from rf_viz.lessons.exercise_set import drawn_set, read_link, read_set
from rf_viz.lessons.exercises import LEVELS, exercise
from rf_viz.lessons.steps import STEPS
from rf_viz.ui.learn.figures import FIGURES
from rf_viz.ui.learn.lesson import TITLES
from rf_viz.ui.learn.teaching_plans import BELIEFS, PLANS, Belief
from tests.oracles.taps import seen
from tests.pages.driver import SCRIPT


def visit(**address: str) -> AppTest:
    """Opens the page with these parameters of the address."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page("pages/learn.py")
    for name, value in ({"part": "teaching"} | address).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return "\n".join(m.value for m in app.markdown)


def class_link(app: AppTest) -> dict[str, list[str]]:
    """The parameters of the link for the class."""
    (code,) = app.code
    return parse_qs(urlsplit(code.value).query)


def test_a_set_is_drawn_by_levels_and_by_a_seed() -> None:
    app = visit()
    assert class_link(app)["part"] == ["exercises"]
    assert read_set(class_link(app)["set"][0]) == drawn_set((2, 2, 1, 1, 1, 1), 1)
    app.number_input(key="set of level 1").set_value(0).run()
    app.number_input(key="set seed").set_value(5).run()
    assert read_set(class_link(app)["set"][0]) == drawn_set((0, 2, 1, 1, 1, 1), 5)
    assert "opens 6 exercises" in text(app)
    assert {"n1", "seed"} <= {*app.query_params}
    again = visit(n1="0", seed="5")
    assert class_link(again) == class_link(app)


def test_a_set_is_listed() -> None:
    app = visit(by="list")
    assert not app.code
    (field,) = app.text_input
    field.set_value("1-3, 2-7 5-2").run()
    assert class_link(app)["set"] == ["1-3~2-7~5-2"]
    field.set_value("1-3, <9-9>").run()
    assert not app.code
    assert "no exercise" in app.warning[0].value
    assert "<9-9>" not in app.warning[0].value


def test_no_exercise_is_no_set() -> None:
    app = visit(**{f"n{level}": "0" for level in range(1, 7)})
    assert not app.code
    assert "at least one" in app.info[0].value


def test_a_plan_takes_as_long_as_it_says() -> None:
    for minutes, stages in PLANS.items():
        assert sum(stage.minutes for stage in stages) == int(minutes)
    app = visit(plan="20")
    last = PLANS["20"][-1]
    assert f"### {20 - last.minutes} to 20 min \N{MIDDLE DOT} {last.title}" in text(app)


def test_links_of_the_plans_lead_somewhere() -> None:
    app = visit()
    parts = {*app.segmented_control(key="address part").options}
    assert {"Figures", "Lesson", "Exercises", "Teaching"} <= parts
    shows = " ".join(stage.shows for plan in PLANS.values() for stage in plan)
    links = re.findall(r"\[([^]]*)\]\(\?(.*?)\)", shows)
    assert len(links) > 20
    for words, link in links:
        address = {name: values[0] for name, values in parse_qs(link).items()}
        part = address.pop("part")
        assert part in ("lesson", "figures", "exercises", "playground", "lab", "teaching")
        if part == "exercises":
            assert read_link(address.pop("exercise"))
        if part == "figures":
            name = address.pop("figure")
            title = f"figure {[*FIGURES].index(name) + 1}, {FIGURES[name].title}"
            assert words.lower() == title.lower()
            for control in FIGURES[name].controls:
                if value := address.pop(f"{name}.{control.name}", None):
                    control.form.read(value)  # raises where the page would ignore it
        if part == "teaching":
            assert address.pop("plan") in PLANS
            assert {*address} == {f"n{level}" for level in range(1, len(LEVELS) + 1)}
            drawn = read_set(class_link(visit(**address))["set"][0])
            assert len(drawn) == sum(map(int, address.values()))
            address = {}
        if step := address.pop("step", None):
            assert 1 <= int(step) <= len(TITLES)
        assert not address


def test_plans_show_the_steps_that_they_talk_about() -> None:
    about = {"Kernels and layers": (1, 2), "Strides": (3,), "Padding and the border": (5, 6)}
    words = {1: "kernel", 2: "layer", 3: "stride", 5: "padding", 6: "border"}
    for plan in PLANS.values():
        for stage in plan:
            for step in about.get(stage.title, ()):
                assert f"step={step})" in stage.shows
                title = f"{STEPS[step - 1].title} {STEPS[step - 1].says}".lower()
                assert words[step] in title


def test_answers_to_expect_are_what_going_along_every_tap_finds() -> None:
    answers = dict(pair for plan in PLANS.values() for stage in plan for pair in stage.asks)

    def expected(words: str) -> str:
        (answer,) = (text for question, text in answers.items() if words in question)
        return answer

    def field(*layers: Conv, unit: int = 20) -> set[int]:
        return seen(layers, 200, unit)

    assert expected("has 5 taps").startswith(f"{len(field(Conv(5)))}, ")
    three = len(field(Conv(3), Conv(3), Conv(3)))
    assert f"It is {three}:" in expected("Three layers")
    strided = len(field(Conv(3, 2), Conv(3)))
    assert expected("stride of 2").startswith(
        f"{strided}: the first layer sees {len(field(Conv(3)))},"
    )
    assert len(field(Conv(3, 2), Conv(3, 2))) == strided, expected("last layer change")
    padded = len(field(Conv(5, 1, (2, 2)), unit=0))
    assert expected("padding 2").startswith(f"{padded}: the other two")
    taps = field(Conv(3, dilation=4))
    assert expected("Three taps, 4").startswith(
        f"{max(taps) - min(taps) + 1} wide, {len(taps)} read"
    )
    both = field(Conv(5, 1, (2, 2))) | field(Conv(3, 1, (1, 1)))
    assert expected("One path sees 5").startswith(f"{len(both)}, if")
    assert max(field(Conv(3), Conv(3), Conv(3))) - min(field(Conv(3), Conv(3), Conv(3))) < 9


@pytest.mark.parametrize("belief", BELIEFS, ids=[belief.says for belief in BELIEFS])
def test_what_learners_believe_leads_to_that_number(belief: Belief) -> None:
    says = {
        (2, 3): "sum of the kernels",
        (2, 1): "own stride multiplied in",
        (2, 2): "sum of the strides",
        (3, 3): "sum of the paddings",
        (3, 2): "counts padding as input",
        (4, 1): "$d k$ wide",
        (5, 1): "sum of both paths",
        (6, 5): "cut off at the ends of the input only",
        (1, 1): "counted from 1",
    }
    task = exercise(*belief.exercise)
    (part,) = [part for part in task.parts if part.symbol == belief.symbol]
    assert belief.number != part.answer
    assert says[belief.exercise] in comment(task, part, belief.number)


def test_beliefs_are_on_the_page_with_a_link_to_their_exercise() -> None:
    shown = text(visit())
    for belief in BELIEFS:
        level, number = belief.exercise
        assert belief.says in shown
        assert f"(?part=exercises&exercise={level}-{number})" in shown
    assert "leads to \N{MINUS SIGN}3 for the first input unit" in shown
