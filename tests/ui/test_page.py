"""The set-up of pages: what the library logs gets into the server's log, once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REPORT = """
import logging
import sys
from rf_viz.ui import cache, page

logging.getLogger("rf_viz").addHandler(logging.NullHandler())
exec(sys.argv[1])
for _ in range(3):
    page.log_to_server()
try:
    with cache.reported(cache.File("net.onnx", "", b""), "traced"):
        raise RuntimeError("gone")
except cache.DefectError:
    pass
"""


def logged(before: str = "") -> str:
    """All that a server writes of a defect whose page ran several times."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, before], capture_output=True, text=True, check=True
    )
    return done.stderr


def test_a_defect_is_logged_once_with_its_traceback() -> None:
    text = logged()
    assert text.count("ERROR rf_viz.ui.cache: net.onnx could not be traced") == 1
    assert text.count("RuntimeError: gone") == 1


def test_a_log_that_somebody_set_up_gets_it_once_too() -> None:
    assert logged("logging.basicConfig()").count("RuntimeError: gone") == 1


def test_the_first_page_imports_all_that_plotly_looks_for() -> None:
    """A figure that is drawn while another page's run imports pandas fails."""
    script = (
        "import sys; from streamlit.testing.v1 import AppTest;"
        "app = AppTest.from_file('streamlit_app.py', default_timeout=60).run();"
        "assert not app.exception; print('pandas' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "True"
