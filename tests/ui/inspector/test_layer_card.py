"""The card of a layer says its settings as people write them."""

from __future__ import annotations

import pytest

from rf_viz.ui.inspector.layer_card import _along


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ((3, 3), "3 x 3"),
        ((1000,), "1,000"),
        (((1, 1), (2, 2)), "1 x 2"),
        (((0, 1), (0, 1)), "0 before, 1 after"),
        (((0, 1), (2, 2)), "0 before, 1 after x 2"),
        ((0.5, 2), "0.5 x 2"),
    ],
)
def test_a_setting_is_said_for_each_axis(setting: tuple[object, ...], text: str) -> None:
    assert _along(setting) == text.replace("x", "\N{MULTIPLICATION SIGN}")
