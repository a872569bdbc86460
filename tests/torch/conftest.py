"""What the comparison of the ways in comes to is told at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NOTES = pytest.StashKey[list[str]]()


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
def note(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401
    """Adds a line to what is told at the end."""
    return request.config.stash.setdefault(NOTES, []).append


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:  # noqa: ANN401
    lines = config.stash.get(NOTES, [])
    if lines:
        terminalreporter.section("the ways in")
    for line in lines:
        terminalreporter.write_line(line)
