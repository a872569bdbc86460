"""Processes that do tasks: a part that ends one is tried again, and given up in the end."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rf_viz import ModelError
from rf_viz.survey.processes import TRIES, Processes


def fatal(folder: Any, part: int) -> bytes:  # noqa: ANN401
    """Ends the process at some parts: at 3 always, at 5 the first time."""
    mark = Path(folder) / f"{part}-{os.urandom(4).hex()}"
    mark.touch()
    if part == 3 or (part == 5 and len(list(Path(folder).glob("5-*"))) == 1):
        os._exit(9)
    if part == 8:
        raise ModelError("no 8")
    return bytes([part])


@pytest.mark.slow
def test_a_part_that_ends_its_process_again_and_again_is_given_up(tmp_path: Path) -> None:
    with closing(Processes(2)) as processes:
        results = dict(processes.results(fatal, tmp_path, range(8)))
    assert results == {**{part: bytes([part]) for part in range(8)}, 3: None}
    assert len(list(tmp_path.glob("3-*"))) == TRIES
    assert len(list(tmp_path.glob("5-*"))) == 2


def test_what_a_task_raises_comes_through(tmp_path: Path) -> None:
    with closing(Processes(1)) as processes, pytest.raises(ModelError, match="no 8"):
        list(processes.results(fatal, tmp_path, [8]))
