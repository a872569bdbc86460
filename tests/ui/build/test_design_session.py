"""Edits of a design as the table sends them, and their undoing."""

from __future__ import annotations

from typing import Any

import pytest

from rf_viz.design import PRESETS, Design, row
from rf_viz.ui.build.design_session import DesignSession, design_title, latest_study

SMALL = PRESETS["small"].build()


@pytest.fixture
def session() -> DesignSession:
    """Session with a small network, looking at row 3."""
    return DesignSession(SMALL, chosen=3)


def edited(session: DesignSession, what: str, **edit: Any) -> Design:  # noqa: ANN401
    """Design after one edit."""
    session.apply({"what": what, **edit})
    return session.design


def test_cells_change_their_row(session: DesignSession) -> None:
    assert edited(session, "set", row=1, name="kernel", value="7").rows[0].kernel == 7
    assert edited(session, "set", row=1, name="padding", value="valid").rows[0].padding == "valid"
    assert edited(session, "set", row=1, name="padding", value="2").rows[0].padding == 2
    assert edited(session, "set", row=3, name="from", value="0").rows[2].sources == (0,)
    assert edited(session, "set", row=3, name="from", value="").rows[2].sources == ()
    assert edited(session, "set", row=2, name="kind", value="GELU").rows[1] == row("GELU")
    assert session.chosen == 2


def test_the_input_changes_too(session: DesignSession) -> None:
    assert edited(session, "set", row=0, name="width", value="96").input == (3, 128, 96)
    assert edited(session, "set", row=0, name="channels", value="1").input == (1, 128, 96)
    assert edited(session, "set", row=0, name="axes", value="signal").input == (1, 2048)
    assert edited(session, "set", row=0, name="height", value="512").input == (1, 512)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"row": 1, "name": "kernel", "value": "0"}, "from 1 to 255"),
        (
            {"row": 1, "name": "kernel", "value": "wide"},
            "kernel is a whole number from 1 to",
        ),
        ({"row": 1, "name": "from", "value": "conv1"}, "From is a whole number"),
        ({"row": 0, "name": "width", "value": "99999"}, "1 to 2048"),
    ],
)
def test_what_no_row_can_have_is_refused(
    session: DesignSession, edit: dict[str, Any], message: str
) -> None:
    edited(session, "set", **edit)
    assert session.design == SMALL
    refusal = session.refusals[edit["row"], edit["name"]]
    assert refusal.typed == edit["value"]
    assert message in refusal.reason


def test_what_was_refused_stays_until_it_is_mended_undone_or_left(session: DesignSession) -> None:
    def refused(name: str) -> set[int]:
        edited(session, "set", row=2, name="kind", value="convolution")
        edited(session, "set", row=2, name=name, value="wide")
        return {row for row, _ in session.refusals}

    assert refused("kernel") == {2}
    edited(session, "insert", row=1, kind="ReLU")
    assert session.refusals.keys() == {(3, "kernel")}
    edited(session, "move", row=3, by=-1)
    assert session.refusals.keys() == {(2, "kernel")}
    design = edited(session, "set", row=2, name="stride", value="2")
    assert session.refusals.keys() == {(2, "kernel")}
    assert edited(session, "undo") == design
    assert not session.refusals
    refused("kernel")
    edited(session, "set", row=2, name="kernel", value="5")
    assert not session.refusals
    refused("kernel")
    edited(session, "forget", row=2, name="kernel")
    assert not session.refusals
    refused("kernel")
    edited(session, "remove", row=2)
    assert not session.refusals


def test_rows_come_move_and_go_and_all_of_it_is_undone_and_done_again(
    session: DesignSession,
) -> None:
    steps = [SMALL]
    for what, edit in (
        ("insert", {"row": 3, "kind": "dilated convolution"}),
        ("move", {"row": 4, "by": -2}),
        ("copy", {"row": 2}),
        ("remove", {"row": 1}),
    ):
        steps.append(edited(session, what, **edit))
    assert [r.kind for r in steps[1].rows[:4]][3] == "convolution"
    assert steps[1].rows[3].dilation == 2
    assert steps[2].rows[1].dilation == 2
    assert steps[3].rows[2] == steps[3].rows[1]
    assert len(steps[4].rows) == len(SMALL.rows) + 1
    for design in reversed(steps[:-1]):
        assert edited(session, "undo") == design
    assert edited(session, "undo") == SMALL
    for design in steps[1:]:
        assert edited(session, "redo") == design
    edited(session, "undo")
    edited(session, "insert", row=0, kind="ReLU")
    assert session.future == []


def test_a_new_residual_takes_the_nearest_row_that_fits(session: DesignSession) -> None:
    assert edited(session, "insert", row=4, kind="add").rows[4] == row("add", 3)
    assert edited(session, "insert", row=6, kind="add").rows[6] == row("add")  # nothing fits yet


def test_an_edit_of_a_row_that_is_gone_does_nothing(session: DesignSession) -> None:
    assert edited(session, "set", row=99, name="kernel", value="3") == SMALL


def test_the_last_good_network_stays(session: DesignSession) -> None:
    assert latest_study(session)[1] == 3
    edited(session, "set", row=1, name="groups", value="5")
    study, chosen = latest_study(session)
    assert study is not None
    assert (study.design, chosen) == (SMALL, 3)
    assert latest_study(DesignSession(session.design)) == (None, 0)


def test_a_network_is_called_by_its_preset_as_long_as_it_is_that(session: DesignSession) -> None:
    assert design_title(session.design) == "A small network"
    assert design_title(edited(session, "remove", row=1)) == "A network of 11 layers"
