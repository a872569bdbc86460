"""The lesson and the exercises in a browser: what is right, what is wrong, what a link brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from rf_viz.lessons.exercises import Exercise, exercise
from rf_viz.lessons.worksheet import worksheet
from tests.browser.driver import open_page, settle
from tests.browser.visitors import WIDE, visitor


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
    expect(learn.locator(".st-key-exercise")).to_be_focused()
    settle(learn)
    learn.get_by_role("button", name="Show the solution").press("Enter")
    expect(solution).to_be_focused()
    expect(learn).to_have_url(re.compile(r"[?&]exercise=3-4(&|$)"))


def test_a_link_brings_the_same_exercise(learn: Page, url: str) -> None:
    learn.context.clear_cookies()  # Somebody else's browser.
    open_page(learn, f"{url}/learn?exercise=6-4")
    see(learn, exercise(6, 4))
    expect(learn.locator(".st-key-solution")).to_have_count(0)


def test_a_set_is_solved_by_keyboard_on_a_phone_and_survives_a_reload(
    learn: Page, url: str
) -> None:
    learn.context.clear_cookies()
    learn.set_viewport_size({"width": 390, "height": 844})
    open_page(learn, f"{url}/learn?part=exercises&set=1-1~3-3")
    see(learn, exercise(1, 1))
    answer(learn, *exercise(1, 1).answer)
    places = learn.get_by_role("radiogroup", name="Exercises of this set").or_(
        learn.get_by_test_id("stButtonGroup").filter(has_text="Summary")
    )
    ticks = places.get_by_test_id("stIconMaterial")
    expect(ticks).to_have_text(["check"])
    settle(learn)
    learn.get_by_role("button", name="Next", exact=True).press("Enter")
    see(learn, exercise(3, 3))
    expect(learn.locator(".st-key-exercise")).to_be_focused()
    expect(learn.locator(".rf-stack")).to_be_in_viewport(ratio=1)
    answer(learn, 7, 2, 6)
    expect(learn.get_by_test_id("stAlert")).to_contain_text("would be right without strides")
    expect(learn).to_have_url(re.compile(r"[?&]exercise=3-3(&|$)"))

    learn.reload()
    see(learn, exercise(3, 3))
    settle(learn)
    expect(ticks).to_have_text(["check"])
    learn.get_by_role("button", name="To the summary").press("Enter")
    summary = learn.get_by_test_id("stCode")
    expect(summary).to_contain_text("Solved 1 of 2, 1 of them at the first try.")
    expect(summary).to_contain_text("2. Exercise 3-3, Padding: not solved, 1 wrong answer")
    wide = "node => node.scrollWidth - node.clientWidth"
    assert learn.get_by_test_id("stMain").evaluate(wide) <= 0
    learn.set_viewport_size(WIDE)


def test_a_teacher_gets_a_link_and_a_worksheet(learn: Page, url: str) -> None:
    open_page(learn, f"{url}/learn?part=teaching&by=list&list=1-1,2-7&paper=Letter")
    code = learn.get_by_test_id("stCode")
    expect(code).to_contain_text("part=exercises&set=1-1~2-7")
    same = learn.get_by_role("link", name="Open it as your class does")
    assert same.get_attribute("href") == code.inner_text().strip()
    with learn.expect_download() as download:
        learn.get_by_role("button", name="Worksheet with solutions").click()
    html = download.value.path().read_text(encoding="utf-8")
    assert download.value.suggested_filename == "receptive-fields-solutions.html"
    assert f"1. {exercise(1, 1).question}" in html
    assert "set=1-1~2-7" in html
    assert "size: Letter" in html
    open_page(learn, str(same.get_attribute("href")))
    see(learn, exercise(1, 1))
    expect(learn.get_by_text("Exercise 1 of 2")).to_be_visible()


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_worksheets_fit_their_paper(
    learn: Page, paper: Literal["A4", "Letter"], size: tuple[int, int]
) -> None:
    links = [(level, number) for level in range(1, 7) for number in (1, 2)]
    address = "https://rf-viz.example.org/learn?part=exercises&set=" + "5-1234~" * 40
    html = worksheet(links, paper, solutions=True, address=address, note="Seed 7")
    learn.goto("about:blank")
    learn.set_content(html)
    learn.emulate_media(media="print")
    spilled = learn.evaluate("""() => [...document.querySelectorAll(".page, main")].filter(
      (node) => node.scrollHeight > node.clientHeight + 1 || node.scrollWidth > node.clientWidth + 1
    ).length""")
    room = learn.evaluate("""() => Math.min(...[...document.querySelectorAll(".room")].map(
      (node) => node.clientHeight))""")
    pages = learn.locator(".page").count()
    pdf = learn.pdf(prefer_css_page_size=True)
    learn.emulate_media(media="screen")
    assert spilled == 0
    assert room > 70
    sides = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(sides) == pages
    assert {(round(float(w)), round(float(h))) for w, h in sides} == {size}


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
