"""The lesson and the exercises in a browser: what is right, what is wrong, what a link brings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from rf_viz.lessons.exercises import Exercise, exercise
from tests.browser.driver import open_page, settle
from tests.browser.visitors import visitor


@pytest.fixture(scope="module")
def learn(browser: Browser) -> Iterator[Page]:
    """A visitor's page that is on no page yet."""
    with visitor(browser) as page:
        yield page


def answer(page: Page, *numbers: int) -> None:
    """Fills in the numbers and presses Enter."""
    settle(page)
    fields = page.get_by_test_id("stForm").locator("input")
    expect(fields).to_have_count(len(numbers))
    for index, number in enumerate(numbers):
        fields.nth(index).fill(str(number))
    page.keyboard.press("Enter")


def see(page: Page, shown: Exercise) -> None:
    """Waits until an exercise shows."""
    expect(page.get_by_role("heading", name=shown.question)).to_be_visible()
    sizes = page.locator(".rf-stack .row i")
    rows = [f"{row.size} units" for row in reversed(shown.example.rows)]
    expect(sizes).to_have_text(rows)


def test_a_wrong_answer_is_explained_and_a_right_one_praised(learn: Page, url: str) -> None:
    first = exercise(3, 3)
    open_page(learn, f"{url}/learn?exercise=3-3")
    see(learn, first)
    answer(learn, 7, 2, 6)
    alert = learn.get_by_test_id("stAlert")
    expect(alert).to_contain_text("would be right without strides")
    answer(learn, *first.answer)
    expect(alert).to_contain_text(f"= {first.answer[0]}")
    expect(alert).not_to_contain_text("without strides")
    solution = learn.locator(".st-key-solution")
    expect(solution.locator(".unit.pinned")).to_be_visible()
    expect(solution.locator(".katex-display")).to_have_count(len(first.solution))
    expect(learn.get_by_text("Solved 1 of 1.")).to_be_visible()

    settle(learn)
    learn.get_by_role("button", name="Next exercise").click()
    see(learn, exercise(3, 4))
    expect(learn).to_have_url(re.compile(r"[?&]exercise=3-4(&|$)"))


def test_a_link_brings_the_same_exercise(learn: Page, url: str) -> None:
    learn.context.clear_cookies()  # Somebody else's browser.
    open_page(learn, f"{url}/learn?exercise=6-4")
    see(learn, exercise(6, 4))
    expect(learn.locator(".st-key-solution")).to_have_count(0)


def test_a_task_of_the_lesson_lights_up_and_the_last_step_leads_to_explore(
    learn: Page, url: str
) -> None:
    open_page(learn, f"{url}/learn?step=6")
    alert = learn.get_by_test_id("stAlert")
    expect(alert).to_contain_text("To do.")
    settle(learn)
    learn.locator('.unit[data-row="2"][data-unit="3"]').click()
    expect(alert).to_contain_text("Done.")

    open_page(learn, f"{url}/learn?step=10")
    slider = learn.get_by_test_id("stSlider").locator("input")
    slider.focus()
    slider.press("End")
    expect(alert).to_contain_text("207 of 224 rows")
    settle(learn)
    learn.get_by_role("button", name="Open fire9/concat in Explore").click()
    expect(learn.locator(".rf-about b")).to_have_text("fire9/concat")
    expect(learn.locator(".rf-answer [data-of=cell]")).to_have_text("(6, 6)")
