"""The guided lesson on the Learn page, without a browser."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.samples import SAMPLE_IMAGES
from rf_viz.inputs.images import fit, open_image
from rf_viz.lessons.glossary import GLOSSARY
from rf_viz.lessons.steps import STEPS
from rf_viz.ui.learn.lesson import TITLES
from rf_viz.ui.learn.opening.opening import CAPTIONS
from rf_viz.ui.learn.opening.reasons import REASONS
from tests.pages.driver import SCRIPT, components

PAGE = "pages/learn.py"
LAST = len(TITLES) - 1

WINDOWS = {
    "conv1": (3, 2, 0),
    "pool1": (3, 2, 0),
    "fire2/concat": (3, 1, 1),
    "fire3/concat": (3, 1, 1),
    "pool3": (3, 2, 0),
    "fire4/concat": (3, 1, 1),
    "fire5/concat": (3, 1, 1),
    "pool5": (3, 2, 0),
    **{f"fire{n}/concat": (3, 1, 1) for n in (6, 7, 8, 9)},
}
"""Kernel, stride and padding of the widest way through each part of SqueezeNet 1.1, as its authors
publish it; all else in it looks at single positions."""


def seen(layer: str, unit: int, length: int = 224) -> list[int]:
    """The rows of pixels that a row of cells sees, by plain loops over kernels."""
    names = list(WINDOWS)[: list(WINDOWS).index(layer) + 1]
    sizes = [length]
    for k, s, p in map(WINDOWS.get, names):
        sizes.append((sizes[-1] + 2 * p - k) // s + 1)
    units = {unit}
    for name, below in zip(reversed(names), sizes[-2::-1], strict=True):
        k, s, p = WINDOWS[name]
        taps = {s * u - p + tap for u in units for tap in range(k)}
        units = {u for u in taps if 0 <= u < below}
    return sorted(units)


def visit(step: int | None = None, **address: str) -> AppTest:
    """Opens the page, or a step of the lesson by its link."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page(PAGE)
    if step is not None:
        app.query_params["step"] = str(step)
    app.query_params.update(address)
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    """Heading of the step that shows."""
    return next(m.value for m in app.markdown if m.value.startswith("## "))


def slide(app: AppTest, number: int, name: str, value: int) -> AppTest:
    """A slider of a step has moved, as its component reports it."""
    app.session_state[f"learn step{number} {name}"] = value
    app.run()
    assert not app.exception
    return app


def figure(app: AppTest, number: int) -> dict[str, Any]:
    """The data of a step's figure."""
    (proto,) = components(app, "lesson figure")
    data = dict(json.loads(proto.json))
    assert data["name"] == f"step{number}"
    return data


def ticked(app: AppTest) -> list[str]:
    """Labels of the steps that are ticked."""
    steps = app.button_group(key="address step").proto.options
    return [option.content for option in steps if "check" in option.content_icon]


def opening(app: AppTest) -> dict[str, Any]:
    """The data of the opening's component."""
    (proto,) = components(app, "opening")
    return dict(json.loads(proto.json))


def reach(app: AppTest, at: int) -> AppTest:
    """The box of the opening comes to a layer, as its component reports it."""
    app.session_state["opening layer"] = at
    app.run()
    assert not app.exception
    return app


@pytest.fixture(scope="module")
def opened() -> AppTest:
    """The page as it opens, to look at only."""
    return visit()


# ---- the opening


def test_learn_opens_on_a_cell_and_what_it_gets(opened: AppTest) -> None:
    assert shown(opened) == f"## {TITLES[0]}"
    data = opening(opened)
    assert data["at"] == 0, "it plays"
    assert data["extent"] == [224, 224]
    names = [name.partition("/")[0] for name in WINDOWS]
    assert [layer["name"] for layer in data["layers"]] == names
    for layer, name in zip(data["layers"], WINDOWS, strict=True):
        for axis in range(2):
            rows = seen(name, layer["cell"][axis])
            assert rows == list(range(layer["start"][axis], layer["stop"][axis]))
    pixels = [layer["start"] + layer["stop"] for layer in data["layers"]]
    assert all(low <= 79 < high for box in pixels for low, high in zip(box, box[2:], strict=False))


def test_captions_tell_what_is_in_the_box(opened: AppTest) -> None:
    """What can be counted of them; the rest was looked at."""
    boxes = {layer["says"]: layer for layer in opening(opened)["layers"]}
    assert list(boxes) == list(CAPTIONS.values())
    cat = fit(open_image(str(SAMPLE_IMAGES["chelsea"].path)), (224, 224), "crop").astype(int)

    def crop(word: str) -> Any:  # noqa: ANN401
        (box,) = (layer for says, layer in boxes.items() if word in says)
        return cat[tuple(map(slice, box["start"], box["stop"]))]

    assert crop("Nine dark pixels").size == 9 * 3
    assert crop("Nine dark pixels").max() < 64
    left, right = np.array_split(crop("Dark on the left").mean(axis=(0, 2)), 2)
    assert left.mean() < right.mean()
    yellow = crop("beside something yellow")[:, -3:].mean(axis=(0, 1))
    assert yellow[2] < yellow[1]
    assert yellow[2] < yellow[0]
    (edge,) = (layer for says, layer in boxes.items() if "two edges" in says)
    assert (edge["start"], max(edge["stop"]) < 224) == ([0, 0], True)


def test_the_last_layer_finishes_the_opening() -> None:
    app = visit()
    assert not app.success
    assert not ticked(app)
    reach(app, len(WINDOWS))
    size = len(seen("fire9/concat", opening(app)["layers"][-1]["cell"][0]))
    assert f"From 3 by 3 pixels to {size} by {size}" in app.success[0].value
    assert ticked(app) == ["The opening"]
    assert app.query_params["opening.layer"] == str(len(WINDOWS))


def test_a_link_shows_the_layer_that_it_names() -> None:
    assert opening(visit(0, **{"opening.layer": "7"}))["at"] == 7


def test_reasons_show_boxes_of_real_cells(opened: AppTest) -> None:
    html = next(h.proto.body for h in opened.get("html") if "rf-reasons" in h.proto.body)
    cards = html.split("<article>")[1:]
    assert len(cards) == len(REASONS) == 3
    for card, reason in zip(cards, REASONS, strict=True):
        assert reason.says in card
        marks = re.findall(r"top:(.*?)%;left:(.*?)%;height:(.*?)%;width:(.*?)%", card)
        for mark, (name, cell) in zip(marks, reason.cells, strict=True):
            spans = [seen(name, unit) for unit in cell]
            expected = [rows[0] for rows in spans] + [len(rows) for rows in spans]
            assert [float(n) * 2.24 for n in mark] == pytest.approx(expected, abs=0.01)
    first, second = (seen(name, cell[1]) for name, cell in REASONS[2].cells)
    assert f"{second[0] - first[0]} pixels apart" in REASONS[2].says


def test_the_black_of_the_small_box_is_black() -> None:
    (name, cell), _ = REASONS[1].cells
    pixels = fit(open_image(str(SAMPLE_IMAGES["astronaut"].path)), (224, 224), "crop")
    assert pixels[np.ix_(*(seen(name, unit) for unit in cell))].max() < 32


def test_the_words_stand_beside_their_picture(opened: AppTest) -> None:
    html = next(h.proto.body for h in opened.get("html") if "rf-words" in h.proto.body)
    assert re.findall(r"<dt>(.*?)</dt>", html) == list(GLOSSARY)
    assert html.count("class=marked") == 4, "one place in three channels, and one unit"


# ---- the steps


@pytest.mark.parametrize("number", range(1, LAST))
def test_every_step_says_what_to_do(number: int) -> None:
    app = visit(number)
    step = STEPS[number - 1]
    assert shown(app) == f"## {number}. {step.title}"
    assert step.task in app.info[0].value
    data = figure(app, number)
    assert [one["label"] for one in data["controls"]] == [one.label for one in step.sliders]
    assert data["details"]["closedForm"] == (number >= 4), "it is explained in step 4"


def test_a_task_that_is_done_lights_up_and_stays_ticked() -> None:
    app = slide(visit(2), 2, "layers", 3)
    assert STEPS[1].conclusion in app.success[0].value
    assert not app.info
    app.button(key="lesson next").click().run()
    assert shown(app) == "## 3. Stride"
    assert app.query_params["step"] == "3"
    assert ticked(app) == ["2 One layer on another"]
    assert any(caption.value == f"1 of {len(TITLES)} done" for caption in app.caption)
    app.button(key="lesson back").click().run()
    assert figure(app, 2)["values"]["layers"] == 3
    assert app.success


def test_ticks_outlast_a_session_in_the_same_browser_only() -> None:
    def browser(token: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page(PAGE)
        app.session_state["browser token"] = token
        app.query_params["step"] = "7"
        return app.run()

    slide(browser("a" * 43), 7, "dilation-d", 4)
    again = browser("a" * 43)
    assert ticked(again) == ["7 Dilation"]
    assert not again.success, "the slider is where it was at first"
    assert ticked(browser("b" * 43)) == []


def test_ticks_in_a_link_show_and_are_not_taken_over() -> None:
    app = visit(3, **{"lesson.done": "1~2"})
    assert [label[0] for label in ticked(app)] == ["1", "2"]


def test_a_unit_that_is_pinned_can_be_the_answer() -> None:
    app = visit(6, **{"step6.unit": "0,3"})
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


def test_the_last_step_leads_to_the_first_exercise_each_time() -> None:
    app = visit(LAST)
    for _ in range(2):
        app.button(key="lesson exercises").click().run()
        assert not app.exception
        assert app.segmented_control(key="address part").value == "exercises"
        assert (app.session_state["exercise level"], app.session_state["exercise number"]) == (1, 1)
        app.number_input(key="exercise number").set_value(5).run()
        app.segmented_control(key="address part").set_value("lesson").run()
        assert shown(app).startswith(f"## {LAST}.")


@pytest.mark.parametrize("link", ["11", "-1", "x"])
def test_a_link_to_no_step_begins_at_the_beginning(link: str) -> None:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page(PAGE)
    app.query_params["step"] = link
    app.run()
    assert not app.exception
    assert shown(app) == f"## {TITLES[0]}"


def test_the_last_step_leads_back_to_a_set_that_is_open() -> None:
    app = visit(None, part="exercises", set="1-3~2-7")
    app.segmented_control(key="address part").set_value("lesson").run()
    app.session_state["address step"] = str(LAST)
    app.run()
    app.button(key="lesson exercises").click().run()
    assert app.query_params["set"] == "1-3~2-7"
    assert not app.toast
