"""Names and lists read as they should on the pages."""

from __future__ import annotations

import pytest

from rf_viz.ui.text import listed, plain


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
