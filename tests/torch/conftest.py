"""Options of the tests that need PyTorch, and what they tell beside passing or not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exports", help="folder in which exported files are kept, and looked for")


@pytest.fixture(scope="session")
def exports(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of exported files."""
    folder = request.config.getoption("--exports")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        yield Path(folder)
        return
    with tempfile.TemporaryDirectory(prefix="rf_viz_exports_") as temporary:
        yield Path(temporary)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Writes a line to the terminal, at once."""
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")

    def write(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\n{line}")

    return write
