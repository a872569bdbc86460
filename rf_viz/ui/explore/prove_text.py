"""A proof in words: a verdict on each of its trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...verify.proof import Proof, Trial
from ...verify.report import Report
from ..text import count, listed, minus, number, whole

TWIN = "the model's twin, the same graph with every weight one and nothing that saturates"


@dataclass(frozen=True)
class Verdict:
    """The verdict on a trial of a cell.

    Attributes:
        sign, word: what the cell did.
        text: a sentence or two on it.
        holds: whether it is as it should be; None where that is undecided.
    """

    sign: str
    word: str
    text: str
    holds: bool | None


def outside_verdict(proof: Proof, trial: Trial) -> Verdict:
    """Judges the trial in which all pixels that the cell does not see were replaced."""
    move = trial.move
    if trial.arrives is not None:
        word, reached = ("Reached", "a") if trial.arrives else ("Not reached", "no")
        text = f"{_silence(trial)} In {TWIN}, {reached} signal from outside reaches the cell."
        return Verdict("\N{CHECK MARK}" if trial.holds else "!", word, text, trial.holds)
    if move is None or not trial.replaced or move.outcome == "not finite":
        return _undecided(proof, trial)
    if move.outcome == "same":
        return Verdict("=", "Equal", "To the last bit: the difference is 0.", True)
    difference = _difference(proof, trial)
    if move.outcome == "noise" and proof.context:
        text = (
            f"The difference of {difference} may be float noise, or come from elsewhere in the "
            f"image as global context through {listed(proof.context)}."
        )
        return Verdict("\N{ALMOST EQUAL TO}", "Nearly equal", text, None)
    if move.outcome == "noise":
        text = f"The difference of {difference} is float noise: the same sums in another order."
        return Verdict("\N{ALMOST EQUAL TO}", "Equal", text, True)
    if proof.context:
        text = (
            f"It moves by {difference}, because more of the image also reaches this cell, as "
            f"global context through {listed(proof.context)}. The region is its local part."
        )
        return Verdict("\N{NOT EQUAL TO}", "Moves", text, None)
    text = f"It moves by {difference}, and should not: the region is wrong. Please report it."
    return Verdict("\N{NOT EQUAL TO}", "Moves", text, False)


def inside_verdict(proof: Proof, trial: Trial) -> Verdict:
    """Judges the trial in which all pixels that the cell sees were replaced."""
    move = trial.move
    if move and trial.replaced and move.outcome == "moved":
        text = f"It moves by {_difference(proof, trial)}."
        return Verdict("\N{NOT EQUAL TO}", "Changes", text, True)
    if trial.arrives is None:
        return _undecided(proof, trial)
    silent = move is not None and trial.replaced and move.outcome != "not finite"
    text = f"{_silence(trial)} In {TWIN}, a signal from inside reaches the cell."
    if not trial.arrives:
        text = f"{_silence(trial)} In {TWIN}, no signal from inside reaches it: please report it."
    if silent:
        return Verdict("=", "Silent", text, trial.holds)
    word = "Reached" if trial.arrives else "Not reached"
    return Verdict("\N{CHECK MARK}" if trial.holds else "!", word, text, trial.holds)


def report_text(report: Report) -> str:
    """Sums up the result of ``verify`` for a layer in a few sentences."""
    checks = len(report.checks)
    parts = []
    if report.disagreements:
        parts.append(
            f"{len(report.disagreements)} of {whole(checks)} checks disagree, please report it: "
            f"{report.disagreements[0]}."
        )
    elif report.agreed:
        agreed = "All" if len(report.agreed) == checks else f"{len(report.agreed)} of"
        parts.append(f"{agreed} {whole(checks)} checks agree.")
    cells = len({check.cell for check in report.checks if check.kind != "shape"})
    twins = sum(check.how == "twin" for check in report.agreed)
    if cells:
        parts.append(
            f"For {count(cells, 'cell')} random values replaced all that lies outside, "
            "and the cell had to stay; then the pixels along each side of the region, and it had "
            "to move."
        )
    if twins:
        parts.append(f"{twins} of the checks were decided by {TWIN}.")
    if report.undecided:
        reasons = dict.fromkeys(check.detail for check in report.undecided)
        parts.append(f"{len(report.undecided)} stay undecided: {listed(list(reasons))}.")
    return " ".join(parts)


def exact_text(value: float) -> str:
    """A value with all the digits that tell a float32 from its neighbours."""
    return minus(str(np.float32(value)).removesuffix(".0"))


def _difference(proof: Proof, trial: Trial) -> str:
    assert proof.value is not None
    assert trial.value is not None
    return number(trial.value - proof.value)


def _silence(trial: Trial) -> str:
    """The reason why the model itself shows nothing."""
    if trial.move is None:
        return "The model cannot be run."
    if trial.move.outcome == "not finite":
        return "The model's values are not finite here."
    if not trial.replaced:
        return "The pixels there are the same as what replaces them."
    return "On this input the cell does not react, like a unit that is off."


def _undecided(proof: Proof, trial: Trial) -> Verdict:
    why = proof.no_twin[:1].upper() + proof.no_twin[1:]
    return Verdict("?", "Undecided", f"{_silence(trial)} {why}.", None)
