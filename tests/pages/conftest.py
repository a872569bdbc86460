"""Every test here runs a whole page."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder as slow; ``items`` are those of the whole session."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
