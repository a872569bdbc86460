"""The lab of the Learn page: training on the page, its task, and links."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest

from rf_viz.lessons.dots_training import final_accuracy
from tests.pages.driver import SCRIPT


def visit(**address: str) -> AppTest:
    """Opens the lab, and runs it until every training is done."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page("pages/learn.py")
    app.query_params["part"] = "lab"
    app.query_params.update(address)
    app.run()
    assert not app.exception
    return finish(app)


def finish(app: AppTest) -> AppTest:
    """Goes on until no training is left; in a browser the page calls itself for that."""
    for training in app.session_state["lab runs"].pending.values():
        while not training.finished:
            training.work()
    app.run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return " ".join(part.value for part in (*app.markdown, *app.success, *app.info))


def html(app: AppTest) -> str:
    return " ".join(part.proto.body for part in app.get("html"))


def slide(app: AppTest, key: str, value: int) -> None:
    app.slider(key=key).set_value(value).run()
    assert not app.exception


def train(app: AppTest) -> None:
    app.button(key="lab train").click().run()
    assert not app.exception
    depth = app.slider(key="lab depth").value
    assert len(app.session_state["lab runs"].chosen[depth].history) > 1  # the page has begun
    finish(app)


def test_the_smallest_depth_that_can_tell_is_found_by_training() -> None:
    app = visit()
    slide(app, "lab width", 5)
    slide(app, "lab depth", 1)
    assert "r = 1 + 2 \N{MULTIPLICATION SIGN} 1 = 3, smaller than d = 5" in text(app)
    assert "No window holds both dots" in text(app)
    train(app)
    assert "**50% of the answers are right, as if by tossing a coin.**" in text(app)
    assert "**To do.**" in text(app)
    slide(app, "lab depth", 2)
    assert "= 5, as large as d = 5" in text(app)
    train(app)
    assert "the network can tell.**" in text(app)
    assert "**Done.** With 1 layer r is 3, smaller than d = 5" in text(app)
    assert app.query_params["lab.trained"] == "1~2"
    slide(app, "lab width", 6)
    assert "**To do.**" in text(app)
    slide(app, "lab width", 5)
    assert "**Done.**" in text(app)


def test_a_link_trains_what_its_sender_had_trained() -> None:
    address = {"lab.d": "7", "lab.n": "1", "lab.seed": "4", "lab.trained": "1~2"}
    app = visit(**address, **{"lab.window": "-1"})
    accuracies = app.session_state["lab runs"].accuracies
    assert accuracies == {depth: final_accuracy(7, depth, 4) for depth in (1, 2)}
    assert app.slider(key="lab window").value == -1
    assert not app.toast


def test_windows_are_counted_for_both_kinds() -> None:
    app = visit()
    for width, depth in ((8, 2), (5, 2), (4, 6)):
        slide(app, "lab width", width)
        slide(app, "lab depth", depth)
        check_windows(html(app), width, 1 + 2 * depth)


def check_windows(html: str, width: int, size: int) -> None:
    """Compares the drawn rows with the numbers below them."""
    cells = [int(n) for n in re.findall(r"<td>(\d+)</td>", html)]
    narrow, wide = cells[:3], cells[3:]
    assert sum(narrow) == sum(wide) == 48 - size + 1
    assert narrow[2] == max(0, size - width + 1)
    assert (narrow == wide) == (size < width)
    rows = re.findall(r'aria-label="(\d+) units, dots ([^"]*)"', html)
    whole = [dots for units, dots in rows if units == "48"]
    seen = [dots for units, dots in rows if units == str(size)]
    assert (len(whole), len(seen)) == (6, 6)
    places = [[int(place) for place in re.findall(r"\d+", dots)] for dots in whole]
    assert {last - first + 1 for first, last in places[::2]} == {width}
    assert min(last - first + 1 for first, last in places[1::2]) > width
    assert all((" and " in dots) == (size >= width) for dots in seen[::2])
    assert seen[::2] == seen[1::2] or size >= width
