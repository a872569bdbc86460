"""The Build page without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import rf_viz
from rf_viz.design import PRESETS, Design, row
from tests.pages.driver import components, go_through_history

ENTRY = Path(__file__).resolve().parents[2] / "streamlit_app.py"


def visit(link: str = "") -> AppTest:
    """Opens the page, by a link if there is one."""
    app = AppTest.from_file(str(ENTRY), default_timeout=60).switch_page("pages/build.py")
    if link:
        app.query_params["net"] = link
    return run(app)


@pytest.fixture
def app() -> AppTest:
    """The page as it opens."""
    return visit()


def run(app: AppTest) -> AppTest:
    """Runs the page without an exception."""
    app.run()
    assert not app.exception
    return app


def show(app: AppTest, design: Design) -> AppTest:
    """Begins with another design."""
    app.session_state["bench"].begin(design)
    return run(app)


def table(app: AppTest) -> dict[str, Any]:
    """Data of the table."""
    (proto,) = components(app, "editor")
    return dict(json.loads(proto.json))


def in_view(app: AppTest) -> dict[str, Any]:
    """The header of what the linked view gets."""
    (proto,) = components(app, "built view")
    length = int.from_bytes(proto.bytes[:4], "little")
    return dict(json.loads(proto.bytes[4 : 4 + length]))


def test_the_table_tells_shapes_and_fields(app: AppTest) -> None:
    last = table(app)["rows"][-1]
    times = " \N{MULTIPLICATION SIGN} "
    assert last["shape"] == times.join(("64", "32", "32"))
    assert last["field"] == ["24", "4", "10"]
    assert last["sees"] == "24"
    assert in_view(app)["grid"] == [32, 32]
    assert in_view(app)["valued"]


@pytest.mark.parametrize(
    "key", ["lenet-5", "inception", "wavenet", "pixel-cnn", "swin", "misaligned"]
)
def test_presets_are_shown(app: AppTest, key: str) -> None:
    app.selectbox(key="preset").select(key).run()
    assert not app.exception
    shown = table(app)
    assert len(shown["rows"]) == len(PRESETS[key].build().rows)
    assert not any(row["problem"] for row in shown["rows"])
    assert in_view(app)["valued"]
    without = [row for row in shown["rows"] if row["field"] is None]
    assert all(row["note"] and row["sees"] for row in without)


def test_a_mistake_is_told_at_its_row_and_the_last_good_network_stays(app: AppTest) -> None:
    before = in_view(app)
    session = app.session_state["bench"]
    session.show(session.design.replaced(3, row("convolution", channels=16, groups=5)))
    run(app)
    rows = table(app)["rows"]
    assert rows[2]["problem"] == "16 input channels do not divide into 5 groups"
    assert [r["problem"] for r in rows[:2] + rows[3:]] == [""] * (len(rows) - 1)
    assert [r["field"] is not None for r in rows[:4]] == [True, True, False, False]
    assert in_view(app) == before
    assert any("is still shown" in info.value for info in app.info)


def test_a_link_holds_the_network(app: AppTest) -> None:
    design = Design((1, 400), (row("causal convolution", channels=4), row("ReLU")))
    show(app, design)
    link = design.compact()
    assert link in app.query_params["net"]
    opened = visit(link)
    assert opened.session_state["bench"].design == design
    assert in_view(opened)["extent"] == [400]


def test_an_address_that_lags_behind_undoes_nothing_and_going_back_can_be_undone(
    app: AppTest,
) -> None:
    session, addresses = app.session_state["bench"], [dict(app.query_params)]
    designs = [session.design]
    for kernel in (5, 7):
        session.show(session.design.replaced(1, row("convolution", channels=16, kernel=kernel)))
        addresses.append(dict(run(app).query_params))
        designs.append(session.design)
    session.undo()
    after = dict(run(app).query_params)
    app.query_params.update(addresses[2])  # the browser is not there yet
    run(app)
    assert (session.past, session.design, session.future) == (designs[:1], designs[1], designs[2:])
    assert dict(app.query_params) == after
    go_through_history(app, addresses[0])
    assert (session.past, session.design, session.future) == ([], designs[0], designs[:0:-1])
    go_through_history(app, addresses[2])
    assert (session.past, session.design, session.future) == (designs[:2], designs[2], [])


def test_a_damaged_link_is_told_and_the_page_works() -> None:
    app = visit("nonsense")
    assert "damaged" in app.error[0].value
    assert len(table(app)["rows"]) == 12


def test_nothing_at_all_can_be_built_upon(app: AppTest) -> None:
    app.session_state["bench"].show(Design((3, 32, 32)))
    run(app)
    assert table(app)["problem"] == "there is no layer yet: add one"


def test_channels_that_no_picture_has(app: AppTest) -> None:
    show(app, Design((5, 32, 32), (row("convolution"),)))
    assert table(app)["rows"][0]["field"] == ["3", "1", "1"]
    assert any("No image has 5 channels" in caption.value for caption in app.caption)


def test_a_network_that_ends_in_units(app: AppTest) -> None:
    show(app, Design((3, 16, 16), (row("dense"), row("ReLU"))))
    assert in_view(app)["grid"] in ([], [1, 1])


def test_goal_seek_applies_what_is_chosen(app: AppTest) -> None:
    app.number_input(key="goal size").set_value(60)
    app.button(key="find ways").click().run()
    assert not app.exception
    app.button(key="apply 0").click().run()
    assert not app.exception
    assert int(table(app)["rows"][-1]["field"][0]) >= 60
    assert any("It already does" in caption.value for caption in app.caption)
    assert table(app)["undo"]


def test_it_opens_in_explore(app: AppTest) -> None:
    app.button(key="open in explore").click().run()
    assert not app.exception
    visit = app.session_state["visit"]
    (file,) = visit.models.values()
    assert file.name == "a-small-network.onnx"
    assert rf_viz.load(file.source).trace()["relu12"].receptive_field.size == (24, 24)
