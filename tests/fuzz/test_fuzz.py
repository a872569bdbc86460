"""Files that somebody damaged, or changed with intent, are opened or refused in one clear sentence.

These are a few hundred of them; ``make fuzz N=10000`` examines more.
"""

from __future__ import annotations

import pytest

from tests.fuzz.campaign import examine
from tests.fuzz.cases import first_cases, make_case, needs_tensorflow
from tests.fuzz.formats import FORMATS

SEED = 0
_SLOW_TO_MAKE = ("ONNX operators",)


@pytest.mark.slow
def test_no_mutated_file_finds_a_fault() -> None:
    """Whatever is done to a file, RF-Viz shows what is in it or says what is wrong with it.

    No error of another kind, no defect of ours, no process that ends, hangs or fills the memory.
    """
    numbers = []
    for form in FORMATS.keys() - set(_SLOW_TO_MAKE):
        cases = first_cases(60, form)
        quick = [number for number in cases if not needs_tensorflow(number)]
        slow = [number for number in cases if needs_tensorflow(number)]
        numbers += [*quick[:25], *slow[:5]]
    outcomes = examine(SEED, numbers)
    assert [outcome.number for outcome in outcomes] == sorted(numbers)
    faults = [outcome for outcome in outcomes if outcome.kind == "fault"]
    told = "\n\n".join(f"case {fault.number} ({fault.form}): {fault.text}" for fault in faults)
    assert not faults, f"python -m tests.fuzz --seed {SEED} --case {faults[0].number}\n{told}"
    # Mutations that only break files off, or change nothing, would examine little.
    reached = {outcome.kind for outcome in outcomes}
    assert {"ok", "sentence"} <= reached


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {*_SLOW_TO_MAKE, "Keras", "Keras JSON"}))
def test_a_case_is_the_same_whenever_it_is_made(form: str) -> None:
    """So that a fault can be looked at again by the number of its case."""
    for number in first_cases(3, form):
        assert make_case(SEED, number) == make_case(SEED, number)
