"""The guided lesson on the Learn page, without a browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.lessons.steps import STEPS
from rf_viz.ui.learn.lesson import TITLES
from tests.pages.driver import SCRIPT, components

PAGE = "pages/learn.py"
LAST = len(TITLES)


def visit(step: int) -> AppTest:
    """Opens a step of the lesson by its link."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page(PAGE)
    app.query_params["step"] = str(step)
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    """Heading of the step that shows."""
    return next(m.value for m in app.markdown if m.value.startswith("##"))


def slide(app: AppTest, number: int, label: str, value: int) -> AppTest:
    """Moves a slider of a step."""
    app.slider(key=f"lesson {number} {label}").set_value(value).run()
    assert not app.exception
    return app


@pytest.mark.parametrize("number", range(1, LAST))
def test_every_step_says_what_to_do(number: int) -> None:
    app = visit(number)
    step = STEPS[number - 1]
    assert shown(app) == f"## {number}. {step.title}"
    assert step.task in app.info[0].value
    assert [slider.label for slider in app.slider] == [slider.label for slider in step.sliders]
    assert len(components(app, "lesson diagram")) == 1


def test_a_task_that_is_done_lights_up_and_stays_ticked() -> None:
    app = slide(visit(2), 2, "Layers", 3)
    assert STEPS[1].conclusion in app.success[0].value
    assert not app.info
    app.button(key="lesson next").click().run()
    assert shown(app) == "## 3. Stride"
    assert app.query_params["step"] == "3"
    steps = app.button_group(key="address step").proto.options
    assert [option.content for option in steps if "check" in option.content_icon] == ["2"]
    app.button(key="lesson back").click().run()
    assert app.slider[0].value == 3
    assert app.success


def test_a_unit_that_is_pinned_can_be_the_answer() -> None:
    app = visit(6)
    app.session_state["lesson diagram 6"] = {"pinned": {"above": 0, "unit": 3}}
    app.run()
    assert STEPS[5].conclusion in app.success[0].value


def test_the_last_step_is_a_real_network() -> None:
    app = visit(LAST)
    assert not [b for b in app.button if b.key == "lesson next"]
    assert app.latex[0].value.startswith("$$\nr_0 = 3 ")
    app.select_slider(key="lesson layer").set_value("fire6/concat").run()
    assert app.info
    app.select_slider(key="lesson layer").set_value("fire7/concat").run()
    assert "143 of 224 rows, and as many columns" in app.success[0].value
    assert next(b.label for b in app.button if b.key == "lesson explore") == (
        "Open fire7/concat in Explore"
    )


@pytest.mark.parametrize("link", ["0", "11", "x"])
def test_a_link_to_no_step_begins_at_the_beginning(link: str) -> None:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page(PAGE)
    app.query_params["step"] = link
    app.run()
    assert not app.exception
    assert shown(app) == f"## 1. {TITLES[0]}"
