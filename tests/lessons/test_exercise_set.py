"""Sets of exercises: what a link spells, what a seed draws, what a list may hold."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from rf_viz.lessons.exercise_set import MOST, drawn_set, read_set, write_set


@pytest.mark.parametrize(
    "text", ["1-3,2-7", "1-3, 2-7", " 1-3~2-7 ", "1-3;2-7;", "1-3\n2-7", "1-3,2-7,1-3"]
)
def test_a_list_is_read_however_it_is_typed(text: str) -> None:
    assert read_set(text) == ((1, 3), (2, 7))


def test_a_set_is_spelled_so_that_an_address_needs_no_escapes() -> None:
    links = drawn_set((6, 6, 6, 6, 6, 6), 12)
    text = write_set(links)
    assert quote(text) == text
    assert read_set(text) == links
    assert len(links) == 36 <= MOST


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "''"),
        ("7-1", "7-1"),
        ("1-3,x", "'x'"),
        ("1-0", "1-0"),
        ("1-3-4", "1-3-4"),
        ("<b>1-3</b>", "<b>1-3</b>"),
        (",".join(f"1-{n}" for n in range(1, MOST + 2)), f"at most {MOST}"),
        ("9" * 5000, "9" * 12),
    ],
)
def test_what_is_no_set_is_refused_in_one_short_sentence(text: str, part: str) -> None:
    with pytest.raises(ValueError, match="exercise") as error:
        read_set(text)
    assert part in str(error.value)
    assert len(str(error.value)) < 100


def test_a_seed_draws_the_same_set_everywhere() -> None:
    """Links are handed around: what a seed draws must not change."""
    assert drawn_set((2, 0, 1), 1) == ((1, 335), (1, 938), (3, 553))
    assert drawn_set((1, 0, 1), 1) == ((1, 335), (3, 553))
    assert drawn_set((2, 0, 1), 2) != drawn_set((2, 0, 1), 1)


def test_a_set_has_no_exercise_twice() -> None:
    for seed in range(1, 200):
        links = drawn_set((6, 6, 6, 6, 6, 6), seed)
        assert len(set(links)) == 36
        assert [level for level, _ in links] == sorted(6 * [1, 2, 3, 4, 5, 6])
