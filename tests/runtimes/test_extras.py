"""What only some files need: extras of the project, and the line that installs them."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from rf_viz.runtimes import extras

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def requirements() -> set[str]:
    lines = [line for file in ROOT.glob("requirements*.txt") for line in file.open()]
    return {line.strip() for line in lines if line[0].isalpha()}


@pytest.mark.parametrize("extra", EXTRAS)
def test_extras_are_what_the_tests_run_with(extra: str) -> None:
    assert set(EXTRAS[extra]) <= requirements()


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_checkout_installs_the_packages_and_an_installation_the_extra(
    extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    names = " ".join(re.split("[<>=]", requirement)[0] for requirement in EXTRAS[extra])
    for distribution, line in (
        (absent, f"pip install {names}"),
        (str, f'pip install "rf-viz[{extra}]"'),
    ):
        monkeypatch.setattr(extras, "distribution", distribution)
        extras.install_line.cache_clear()
        assert extras.install_line(extra) == line
    extras.install_line.cache_clear()
