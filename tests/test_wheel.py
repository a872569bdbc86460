"""A wheel built from the tree holds everything that its modules read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "rf_viz"

IMPORT_ALL = """
import pkgutil, sys
from importlib import import_module
import rf_viz
assert rf_viz.__file__.startswith(sys.argv[1]), rf_viz.__file__
for module in pkgutil.walk_packages(rf_viz.__path__, "rf_viz."):
    if not module.name.endswith(("__main__", "tflite.worker")):
        import_module(module.name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing an earlier build left behind gets in."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(PACKAGE, tree / "rf_viz", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", tree / "dist", tree),
        ],
        check=True,
    )
    (built,) = (tree / "dist").glob("rf_viz-*.whl")
    return built


def test_no_file_of_the_package_is_left_behind(wheel: Path) -> None:
    files = {
        file.relative_to(ROOT).as_posix()
        for file in PACKAGE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert len(files) > 200
    assert files - set(ZipFile(wheel).namelist()) == set()


def test_every_module_finds_its_files_when_installed(wheel: Path, tmp_path: Path) -> None:
    """Components read their HTML, styles and scripts when they are imported."""
    ZipFile(wheel).extractall(tmp_path)
    subprocess.run(
        [sys.executable, "-P", "-c", IMPORT_ALL, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
    )
