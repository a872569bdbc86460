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

START = """
import sys
from streamlit.testing.v1 import AppTest
import rf_viz
assert rf_viz.__file__.startswith(sys.argv[1]), rf_viz.__file__
app = AppTest.from_file("streamlit_app.py", default_timeout=120).run()
assert not app.exception, app.exception
assert app.sidebar.selectbox, "no models to choose from"
"""

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


def run_installed(code: str, wheel: Path, site: Path, folder: Path) -> None:
    """Run code in a folder with the wheel's content and nothing else of the tree."""
    ZipFile(wheel).extractall(site)
    subprocess.run(
        [sys.executable, "-P", "-c", code, str(site)],
        cwd=folder,
        env={"PYTHONPATH": str(site), "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
    )


def test_every_module_finds_its_files_when_installed(wheel: Path, tmp_path: Path) -> None:
    """Components read their HTML, styles and scripts when they are imported."""
    run_installed(IMPORT_ALL, wheel, tmp_path, tmp_path)


def test_the_app_starts_from_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    shutil.copy(ROOT / "streamlit_app.py", app)
    shutil.copytree(ROOT / "pages", app / "pages")
    (app / "assets").symlink_to(ROOT / "assets")
    run_installed(START, wheel, tmp_path / "site", app)
