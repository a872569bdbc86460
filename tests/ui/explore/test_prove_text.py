"""A proof in words."""

from __future__ import annotations

import numpy as np

from rf_viz.ui.explore.prove_text import (
    exact_text,
    inside_verdict,
    outside_verdict,
    report_text,
)
from rf_viz.verify import Check, Report, Result
from rf_viz.verify.experiment import Move, Outcome
from rf_viz.verify.proof import Proof, Trial


def outcome(
    move: Outcome, value: float, arrives: bool | None = None, holds: bool | None = None
) -> Trial:
    return Trial(10, value, Move(move, abs(value - 2.0)), arrives, holds)


def proof(**more: object) -> Proof:
    return Proof(np.ones((2, 2), bool), 2.0, None, None, **more)


def test_equal_is_told_from_nearly_equal() -> None:
    same = outside_verdict(proof(), outcome("same", 2.0, holds=True))
    noise = outside_verdict(proof(), outcome("noise", 2.000001, holds=True))
    assert (same.sign, same.word, same.holds) == ("=", "Equal", True)
    assert "difference is 0" in same.text
    assert (noise.sign, noise.word, noise.holds) == ("\N{ALMOST EQUAL TO}", "Equal", True)
    assert "1.00 \N{MULTIPLICATION SIGN} 10⁻⁶ is float noise" in noise.text


def test_an_outside_that_moves_the_cell_is_a_fault_unless_it_is_global_context() -> None:
    moved = outcome("moved", 2.5, holds=False)
    assert outside_verdict(proof(), moved).holds is False
    assert "region is wrong" in outside_verdict(proof(), moved).text
    gated = outside_verdict(proof(context=("gate",)), moved)
    assert gated.holds is None
    assert "moves by 0.5" in gated.text
    assert "global context through gate" in gated.text
    faint = outside_verdict(proof(context=("gate",)), outcome("noise", 2.000001))
    assert (faint.word, faint.holds) == ("Nearly equal", None)
    assert "global context through gate" in faint.text


def test_a_silent_cell_is_not_passed_off_as_one_that_changes() -> None:
    changes = inside_verdict(proof(), outcome("moved", 0.0, holds=True))
    silent = inside_verdict(proof(), outcome("same", 2.0, arrives=True, holds=True))
    unknown = inside_verdict(proof(no_twin="there is no twin"), outcome("same", 2.0))
    assert (changes.word, changes.holds) == ("Changes", True)
    assert (silent.sign, silent.word, silent.holds) == ("=", "Silent", True)
    assert "twin" in silent.text
    assert (unknown.word, unknown.holds) == ("Undecided", None)
    assert unknown.text.endswith("There is no twin.")


def test_without_the_model_the_twin_speaks() -> None:
    outside = outside_verdict(proof(), Trial(10, None, None, False, True))
    inside = inside_verdict(proof(), Trial(10, None, None, True, True))
    assert (outside.word, outside.holds) == ("Not reached", True)
    assert (inside.word, inside.holds) == ("Reached", True)
    assert outside.text.startswith("The model cannot be run.")


def test_a_report_counts_its_checks() -> None:
    def check(result: Result, cell: tuple[int, ...]) -> Check:
        return Check("a", cell, None, "outside", "", result, "model", "no twin")

    good = report_text(Report([check("agrees", (0,)), check("agrees", (1,))]))
    assert good.startswith("All 2 checks agree. For 2 cells ")
    open_ = report_text(Report([check("agrees", (0,)), check("undecided", (0,))]))
    assert open_.startswith("1 of 2 checks agree. For 1 cell ")
    assert open_.endswith("1 stay undecided: no twin.")
    bad = report_text(Report([check("agrees", (0,)), check("disagrees", (1,))]))
    assert bad.startswith("1 of 2 checks disagree")
    assert "a cell (1,)" in bad


def test_values_are_told_with_all_their_digits() -> None:
    assert exact_text(float(np.float32(794.6194))) == "794.6194"
    assert exact_text(0.0) == "0"
    assert exact_text(float(np.nextafter(np.float32(1), np.float32(2)))) == "1.0000001"
