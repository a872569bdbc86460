"""Numbers read the same wherever people meet them."""

from __future__ import annotations

import pytest

from rf_viz.analysis.numbers import (
    by,
    count,
    difference,
    extent,
    file_size,
    fixed,
    number,
    percent,
    position,
    ranges,
    scaled,
    side,
    whole,
)

TIMES, LESS, TO = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}", "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (794.619384765625, "794.6"),
        (-0.37481, f"{LESS}0.3748"),
        (244203.0, "244,200"),
        (999_999.9, "1,000,000"),
        (2.5e7, f"2.50 {TIMES} 10⁷"),
        (-1.234e-15, f"{LESS}1.23 {TIMES} 10⁻¹⁵"),
        (float("nan"), "nan"),
        (float("-inf"), f"{LESS}inf"),
    ],
)
def test_a_value_has_four_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100%"), (0.9996, "100.0%"), (0.198, "19.8%"), (0.0791, "7.9%"), (1e-5, "0.001%")],
)
def test_a_share_is_a_percentage(share: float, text: str) -> None:
    assert percent(share) == text


def test_thousands_are_separated_and_a_minus_is_no_hyphen() -> None:
    assert whole(1234567) == "1,234,567"
    assert whole(-15) == f"{LESS}15"
    assert fixed(-1234.5678, 2) == f"{LESS}1,234.57"
    assert count(1, "layer") == "1 layer"
    assert count(1234, "layer") == "1,234 layers"
    assert count(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "weights", "0 weights"),
        (512, "weights", "512 weights"),
        (999, "weights", "999 weights"),
        (999_999, "weights", "1 M weights"),
        (61_100_840, "weights", "61.1 M weights"),
        (1.8e8, "FLOPs", "180 MFLOPs"),
        (7.74e9, "FLOPs", "7.74 GFLOPs"),
        (-2_400_000, "", f"{LESS}2.4 M"),
    ],
)
def test_what_is_large_has_a_prefix(value: float, unit: str, text: str) -> None:
    assert scaled(value, unit) == text


def test_a_difference_has_its_sign() -> None:
    assert difference(2_400_000, "weights") == "+2.4 M weights"
    assert difference(-1.8e8, "FLOPs") == f"{LESS}180 MFLOPs"


def test_extents_have_the_unit_of_their_input() -> None:
    assert by((3, 224, 224)) == f"3 {TIMES} 224 {TIMES} 224"
    assert by((1, 16000)) == f"1 {TIMES} 16,000"
    assert by((None, "any", -3)) == f"{TO} {TIMES} any {TIMES} {LESS}3"
    assert by(()) == "1"
    assert extent((63, 64)) == f"63 {TIMES} 64 px"
    assert extent((1024,)) == "1,024 samples"
    assert extent((8, 8, 8)) == f"8 {TIMES} 8 {TIMES} 8 voxels"
    assert side((63, 63)) == "63 px"
    assert side((63, 64)) == f"63 {TIMES} 64 px"


def test_positions_have_no_commas_but_those_between_them() -> None:
    assert position((3, 1400)) == "(3, 1400)"
    assert position((-0.5, 3.0)) == f"({LESS}0.5, 3)"
    assert position((3,)) == "3"
    assert ranges((0, 3), (2000, 9)) == [f"rows 0{TO}1,999", f"columns 3{TO}8"]


def test_files_are_measured_in_megabytes() -> None:
    assert file_size(512_000_000) == "512.0 MB"
    assert file_size(480_000) == "0.48 MB"
