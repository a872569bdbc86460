"""A run that is ended from outside: the page says so, and what it lost comes when asked again."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.models.hungry import endless
from tests.pages.driver import upload, visit
from tests.pages.test_explore import choose_layer
from tests.workers.test_pool import of_pool

SLOW = endless(1_500_000)
"""A loop that takes seconds, and ends."""


def kill_the_first_busy_worker(end: float) -> None:
    """Kill a worker that has computed for half a second."""
    before: dict[int, int] = {}
    while time.monotonic() < end:
        time.sleep(0.5)
        now = {process: _ticks(process) for process in of_pool()[1:]}
        for process, ticks in now.items():
            if process in before and ticks - before[process] > 20:
                os.kill(process, signal.SIGKILL)
                return
        before = now


def _ticks(process: int) -> int:
    """The processor time of a process, in hundredths of a second."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[11])


def no_values(app: AppTest) -> list[str]:
    """What the page says where a layer has no values."""
    return [caption.value for caption in app.caption if "No values" in caption.value]


def test_a_killed_worker_loses_its_answer_only_and_the_page_offers_it_again() -> None:
    app = upload(visit(), "model", ("slow.onnx", SLOW))
    assert no_values(app) == []
    end = time.monotonic() + 60
    killer = threading.Thread(target=kill_the_first_busy_worker, args=(end,))
    killer.start()
    choose_layer(app, "y")
    killer.join()
    (told,) = (text.replace("\\", "") for text in no_values(app))
    assert "slow.onnx could not be run: its process was ended from outside" in told
    (button,) = (button for button in app.button if button.label == "Try again")
    button.click().run()
    assert not app.exception
    assert no_values(app) == []
