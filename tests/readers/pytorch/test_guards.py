"""The conditions under which an exported program computes what its module does."""

from __future__ import annotations

import pytest

from rf_viz.readers.pytorch.guards import broken

X, Y = {"x": (1, 3, 24, 16)}, {"args_0": (1, 3, 24, 16), "args_1": (1, 3, 24, 16)}


@pytest.mark.parametrize(
    "guard",
    [
        "L['x'].size()[2] > 20",
        "L['x'].size()[2] // 2 == 12 and not L['x'].size()[3] == 3",
        "20 <= L['x'].size()[2] <= 30",
        "L['x'].size()[3] == 8 or L['x'].size()[3] % 8 == 0",
        "1 + (((-1) + L['x'].size()[3]) // 2) != 8",
        "L['x'].size()[0] == 4",
        "L['z'].size()[2] == 4",
        "L['x'].stride()[1] == 4",
        "__import__('os').system('true') == 1",
        "(" * 300,
    ],
)
def test_what_holds_or_cannot_be_told_stops_nobody(guard: str) -> None:
    assert broken([guard], X, ["x"]) == ""


@pytest.mark.parametrize(
    ("guard", "shown"),
    [
        ("L['x'].size()[2] > 30", "x.shape[2] > 30"),
        ("L['x'].size()[3] == L['x'].size()[2]", "x.shape[3] == x.shape[2]"),
        ("L['x'].size()[2] // 2 == 12 and L['x'].size()[3] % 5 == 0",
         "x.shape[2] // 2 == 12 and x.shape[3] % 5 == 0"),
        ("not L['x'].size()[2] >= 3", "not x.shape[2] >= 3"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_shown(guard: str, shown: str) -> None:
    assert broken(["L['x'].size()[2] > 1", guard], X, ["x"]) == shown


def test_inputs_within_lists_go_by_their_places() -> None:
    assert broken(["L['args'][1].size()[2] == 9"], Y, []) == "args_1.shape[2] == 9"
    assert broken(["L['args'][0].size()[0] == 2"], Y, []) == "args_0.shape[0] == 2"
