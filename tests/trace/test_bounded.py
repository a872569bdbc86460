"""Every question about a network ends, whatever extents its file claims."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.trace.every_question import NETWORKS

_PATIENCE = 600
"""Seconds after which a question is taken to be without an end."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited so on Linux only")
@pytest.mark.parametrize("name", NETWORKS)
def test_every_question_has_an_answer_or_a_sentence_in_bounded_memory(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.trace.every_question", name],
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout[-2000:]}\n{run.stderr[-3000:]}"
    assert run.stdout
