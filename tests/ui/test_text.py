"""Numbers read the same wherever the pages tell them."""

from __future__ import annotations

import pytest

from rf_viz.ui.text import (
    by,
    listed,
    number,
    percent,
    plain,
    position,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (794.619384765625, "794.6"),
        (-0.37481, "-0.3748"),
        (244203.0, "244200"),
        (2.5e7, "2.50e+07"),
        (-1.234e-5, "-1.23e-05"),
        (float("nan"), "nan"),
    ],
)
def test_a_value_has_four_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100 %"), (0.9996, "100.0 %"), (0.198, "19.8 %"), (0.0791, "7.9 %"), (1e-5, "0.001 %")],
)
def test_a_share_is_a_percentage(share: float, text: str) -> None:
    assert percent(share) == text


def test_extents_and_positions() -> None:
    assert by((3, 224, 224)) == "3 \N{MULTIPLICATION SIGN} 224 \N{MULTIPLICATION SIGN} 224"
    assert by(()) == "1"
    assert position((3, 4)) == "(3, 4)"
    assert position((3,)) == "3"


def test_a_long_list_is_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("tf.__operators__.add", r"tf.\_\_operators\_\_.add"),
        ("[log in](https://x.example)", r"\[log in\](https\://x.example)"),
        ("![](x) <b>", r"!\[\](x) \<b\>"),
        ("fire5/concat", "fire5/concat"),
    ],
)
def test_a_name_means_nothing_in_markdown(text: str, marked: str) -> None:
    assert plain(text) == marked
